"""Keeps a depth stream and its snapshots in one unbroken chain, as the venue documents it.

A snapshot is a whole book as of its last update id; a diff is what changed
since. Diffs wait until a snapshot stands. Then those that it contains are
dropped, the first that remains must bridge it, and each later one must follow
the one before. Where one does not, the book is unknown until the next snapshot.

| | contained in the snapshot | bridges it | follows the diff before |
|---|---|---|---|
| futures | u < lastUpdateId | U ≤ lastUpdateId ≤ u, or pu = lastUpdateId | pu = previous u |
| spot | u ≤ lastUpdateId | U ≤ lastUpdateId + 1 ≤ u | U = previous u + 1 |

A snapshot that is newer than an intact book is not needed and would only blur
what is known of deeper levels; the newest is held, and used when a gap opens.
Tables keep no U and no pu: there any later id follows, and a newer snapshot is
taken at once, because nothing else could show that updates are missing.
"""

from collections import deque
from collections.abc import Callable
from typing import Final, NamedTuple

from connectors.recorded.blocks import Block, gap_block, load_block
from connectors.recorded.quality import Quality

MOST_DIFFS: Final = 1000
MOST_ROWS: Final = 200_000

WAITING: Final = 0
"""No book stands."""
ANCHORED: Final = 1
"""A snapshot stands, and no diff has followed it yet."""
CHAINED: Final = 2


class Diff(NamedTuple):
    """What changed; `usable` is False where its levels cannot be trusted."""

    first: int
    last: int
    previous: int
    ts_event: int
    rows: Block
    usable: bool = True


class Snapshot(NamedTuple):
    """A whole book as of its last update id."""

    last: int
    ts_event: int
    rows: Block


class Gap(NamedTuple):
    """The chain broke before, or at, this update id."""

    last: int
    ts_event: int

    @property
    def rows(self) -> Block:
        """The row that says so."""
        return gap_block(self.ts_event, self.last)


Event = Diff | Snapshot | Gap
SyncState = tuple[
    int, int, int, bool, tuple[tuple[int, int, int, int, bytes, bool], ...], tuple[int, int, bytes] | None
]


class Chain(NamedTuple):
    """A venue's rules; the second argument is the last update id of the book so far."""

    contains: Callable[[Diff, int], bool]
    bridges: Callable[[Diff, int], bool]
    follows: Callable[[Diff, int], bool]
    names_previous: bool = False
    checks: bool = True


FUTURES: Final = Chain(
    contains=lambda diff, last: diff.last < last,
    bridges=lambda diff, last: diff.first <= last <= diff.last or diff.previous == last,
    follows=lambda diff, last: diff.previous == last,
    names_previous=True,
)
SPOT: Final = Chain(
    contains=lambda diff, last: diff.last <= last,
    bridges=lambda diff, last: diff.first <= last + 1 <= diff.last,
    follows=lambda diff, last: diff.first == last + 1,
)


def unchecked(chain: Chain) -> Chain:
    """Return the same rules for a recording without U and pu."""
    return Chain(chain.contains, lambda *_: True, lambda *_: True, checks=False)


class BookSync:
    """Says of each depth message what it does to the book, in order."""

    def __init__(self, chain: Chain, quality: Quality) -> None:
        self._chain, self._quality = chain, quality
        self._standing = WAITING
        self._link, self._last = -1, -1
        self._waiting: deque[Diff] = deque()
        self._rows_waiting = 0
        self._held: Snapshot | None = None
        self._lost = False

    @property
    def buffered(self) -> int:
        """How many diffs are waiting for a snapshot."""
        return len(self._waiting)

    def on_diff(self, diff: Diff) -> list[Event]:
        """Return what becomes of the book: the diff itself, a gap, or nothing yet."""
        if self._standing == WAITING:
            self._quality["diffs_before_snapshot"] += 1
        return self._take(diff)

    def on_snapshot(self, snapshot: Snapshot) -> list[Event]:
        """Return the snapshot and the diffs that follow it, or nothing if it is of no use."""
        if self._standing == WAITING:
            return self._anchor(snapshot)
        if snapshot.last <= self._last:
            self._quality["snapshots_ignored"] += 1
            return []
        if not self._chain.checks:
            return self._anchor(snapshot)
        self._quality["snapshots_held"] += 1
        self._held = snapshot
        return []

    def on_loss(self, ts_event: int) -> list[Event]:
        """Return a gap: something that may have changed the book cannot be read."""
        self._lost = True
        return [] if self._standing == WAITING else self._break(self._last, ts_event)

    def snapshot(self) -> SyncState:
        """Return where the chain stands, with what is buffered."""
        waiting = tuple((*diff[:4], diff.rows.tobytes(), diff.usable) for diff in self._waiting)
        held = (*self._held[:2], self._held.rows.tobytes()) if self._held else None
        return self._standing, self._link, self._last, self._lost, waiting, held

    def restore(self, state: SyncState) -> None:
        """Go on from a snapshot."""
        self._standing, self._link, self._last, self._lost, waiting, held = state
        self._waiting = deque(Diff(*diff[:4], load_block(diff[4]), diff[5]) for diff in waiting)
        self._rows_waiting = sum(len(diff.rows) for diff in self._waiting)
        self._held = Snapshot(held[0], held[1], load_block(held[2])) if held else None

    def _take(self, diff: Diff) -> list[Event]:
        if self._standing == WAITING:
            self._wait(diff)
            return []
        if self._is_old(diff):
            return []
        follows = self._chain.bridges if self._standing == ANCHORED else self._chain.follows
        if self._link < diff.last <= self._last or not (diff.usable and follows(diff, self._last)):
            return self._break(diff.last, diff.ts_event, diff)
        self._link, self._last, self._standing = self._last, diff.last, CHAINED
        return [diff]

    def _is_old(self, diff: Diff) -> bool:
        if self._standing == ANCHORED:
            name, old = "diffs_stale", self._chain.contains(diff, self._last)
        else:
            # An id within the last link was never one of this chain: it is no repetition.
            name, old = "duplicate_diff", diff.last == self._last or diff.last <= self._link
        self._quality[name] += old
        return old

    def _wait(self, diff: Diff) -> None:
        # What was lost stood somewhere before this diff, so that only a snapshot of both makes up for it.
        self._waiting.append(diff._replace(rows=diff.rows.copy(), usable=diff.usable and not self._lost))
        self._lost = False
        self._rows_waiting += len(diff.rows)
        while len(self._waiting) > (MOST_DIFFS if self._rows_waiting <= MOST_ROWS else 1):
            self._rows_waiting -= len(self._waiting.popleft().rows)
            self._quality["diffs_forgotten"] += 1

    def _break(self, last: int, ts_event: int, diff: Diff | None = None) -> list[Event]:
        self._quality["gaps"] += 1
        self._standing = WAITING
        if diff:
            self._wait(diff)
        held, self._held = self._held, None
        return [Gap(last, ts_event), *(self._anchor(held) if held else [])]

    def _anchor(self, snapshot: Snapshot) -> list[Event]:
        waiting = sorted(self._waiting, key=lambda diff: diff.last)
        fresh = [diff for diff in waiting if not self._is_in(snapshot, diff)]
        if fresh and not (fresh[0].usable and self._chain.bridges(fresh[0], snapshot.last)):
            self._quality["snapshots_rejected"] += 1
            return []
        self._quality["diffs_stale"] += len(waiting) - len(fresh)
        self._waiting.clear()
        self._rows_waiting = 0
        self._standing, self._held, self._lost = ANCHORED, None, False
        self._link = self._last = snapshot.last
        return [snapshot, *(event for diff in fresh for event in self._take(diff))]

    def _is_in(self, snapshot: Snapshot, diff: Diff) -> bool:
        return self._chain.contains(diff, snapshot.last) or not (diff.usable or diff.last > snapshot.last)
