"""What the reader hands to one symbol: its messages in order, and how far each partition has been read."""

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from connectors.recorded.letters import Reason
from operators.errors import PhoenixError
from operators.rows import NEVER

MOST_MESSAGES: Final = 20_000
MOST_BYTES: Final = 32 << 20
"""Nothing is read while one holds more; a batch that was read before finds room, up to twice as much."""
Position = dict[int, int]
"""By partition, the offset from which on nothing has been taken."""


class Item(NamedTuple):
    """A message as the broker keeps it; without a text, only that nothing before `offset` is left."""

    partition: int
    offset: int
    sent_ms: int = 0
    """By the broker, 0 if it does not say."""
    raw: bytes | None = None
    reason: Reason | None = None
    """Why nobody has to read it."""


Entry = tuple[int, int, int, bytes | None, Reason | None]
"""An item without its names, which cost more than all else that is done with most of them."""


class Inbox:
    """One symbol's messages between the reader, which posts, and its tape, which takes."""

    def __init__(self, position: Mapping[int, int]) -> None:
        self.taken: Position = dict(position)
        """What a checkpoint holds; only `take` moves it."""
        self.posted: Position = dict(position)
        self.n_posted = 0
        """Of messages, without those that nobody has to read."""
        self.closed = False
        """Whether nobody takes anything any more."""
        self.failure: PhoenixError | None = None
        self.starved = False
        """Whether somebody asked for a message, and there was none."""
        self.missed: set[int] = set()
        """Partitions of which messages did not find room: they are to be read again."""
        self._items: deque[Entry] = deque()
        self._bytes_in = self._bytes_out = 0

    @property
    def full(self) -> bool:
        """Whether the reader has to wait."""
        return self._holds(1)

    @property
    def behind(self) -> bool:
        """Whether there is room again for what did not find any."""
        return bool(self.missed) and not self._holds(0.5)

    def post(self, item: Entry) -> None:
        """Append a message, unless it was posted before or finds no room."""
        partition, offset, _, raw, reason = item
        if self.closed or offset < self.posted.get(partition, NEVER):
            return
        if partition in self.missed or self._holds(2):
            self.missed.add(partition)
            return
        self.posted[partition] = offset + 1
        self.n_posted += reason is None
        self._bytes_in += len(raw or b"")
        self._items.append(item)
        self.starved = False

    def post_all(self, items: Sequence[Entry]) -> None:
        """Post messages in their order; where nothing can keep one out, that is not asked of each."""
        n_bytes = sum(len(raw or b"") for _, _, _, raw, _ in items)
        if self.closed or self.missed or self._holds(2, len(items), n_bytes):
            for item in items:
                self.post(item)
            return
        posted, fresh = self.posted, list[Entry]()
        for item in items:
            partition, offset, _, raw, _ = item
            if offset >= posted.get(partition, NEVER):
                posted[partition] = offset + 1
                fresh.append(item)
            else:
                n_bytes -= len(raw or b"")
        self.n_posted += sum(reason is None for *_, reason in fresh)
        self._bytes_in += n_bytes
        self._items.extend(fresh)
        self.starved = self.starved and not fresh

    def pass_by(self, partition: int, offset: int) -> None:
        """Note that nothing before an offset is left for this symbol."""
        if self.closed or partition in self.missed:
            return
        if offset > self.posted.get(partition, offset):
            self.posted[partition] = offset
            self._items.append((partition, offset, 0, None, None))

    def waiting(self, n: int) -> list[Item]:
        """Return the next messages without taking them, so many or as many as there are.

        Raises:
            PhoenixError: as `take` does.
        """
        while self._items and self._items[0][3] is None:
            partition, offset, *_ = self._items.popleft()
            self.taken[partition] = offset
        if not self._items and self.failure is not None:
            raise self.failure
        found: list[Item] = []
        for k in range(len(self._items)):  # By number: the reader appends meanwhile.
            if len(found) == n:
                break
            item = self._items[k]
            if item[3] is not None:
                found.append(Item._make(item))
        self.starved = self.starved or not found
        return found

    def holds(self, n: int) -> bool:
        """Say whether so many messages are there; one who has to wait for them starves.

        Raises:
            PhoenixError: as `take` does.
        """
        failure = self.failure
        there = len(self.waiting(n)) == n
        self.starved = self.starved or not there
        if not there and failure is not None:
            raise failure
        return there

    def texts(self, n: int) -> list[bytes]:
        """Return the texts of messages among the next `n` entries, without taking them; `skip` takes them.

        What nobody has to read is empty here: it may look like a message.
        """
        items = self._items
        entries = [items[k] for k in range(min(n, len(items)))]
        return [raw if reason is None else b"" for _, _, _, raw, reason in entries if raw is not None]

    def skip(self, n: int) -> None:
        """Take so many messages that were looked at."""
        pop, taken, n_bytes = self._items.popleft, self.taken, 0
        while n > 0:
            partition, offset, _, raw, _ = pop()
            if raw is None:
                taken[partition] = offset
            else:
                taken[partition] = offset + 1
                n_bytes += len(raw)
                n -= 1
        self._bytes_out += n_bytes

    def take(self) -> Item | None:
        """Return the next message, or None when there is nothing yet.

        Raises:
            PhoenixError: reading came to an end that it cannot go on from.
        """
        while self._items:
            item = self._items.popleft()
            partition, offset, _, raw, _ = item
            if raw is None:
                self.taken[partition] = offset
                continue
            self.taken[partition] = offset + 1
            self._bytes_out += len(raw)
            return Item._make(item)
        if self.failure is not None:
            raise self.failure
        self.starved = True
        return None

    def _holds(self, times: float, n_more: int = 0, bytes_more: int = 0) -> bool:
        """Say whether more waits, or would with more, than so many times the most that is read on with."""
        if self.closed:
            return False
        n, n_bytes = len(self._items) + n_more, self._bytes_in - self._bytes_out + bytes_more
        return n > MOST_MESSAGES * times or n_bytes > MOST_BYTES * times
