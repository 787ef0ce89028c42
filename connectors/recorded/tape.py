"""One symbol's recording as a tape: whatever feeds it, in both orders, with its quality."""

from typing import Final, NamedTuple, Protocol, cast

from connectors.recorded.blocks import Block, as_rows
from connectors.recorded.quality import Quality
from connectors.recorded.reorder import Reorder, ReorderState
from connectors.tape import Chunk, DeadLetter, State
from operators.errors import CheckpointRefused
from operators.rows import NEVER

VERSION: Final = 1


class Batch(NamedTuple):
    """Rows in the order of arrival, whole messages only, and what could not be used."""

    rows: Block
    letters: tuple[DeadLetter, ...]
    ended: bool


class Feed(Protocol):
    """Where a tape's rows come from."""

    def fill(self, n_rows: int) -> Batch:
        """Return about this many rows; fewer when much was read that made none."""

    def snapshot(self) -> State:
        """Return where reading stands."""

    def restore(self, state: State) -> None:
        """Go on from a snapshot, in a feed that has not read."""

    def close(self) -> None:
        """Give files back."""


class RecordedTape:
    """Recorded market data of one symbol; `quality` counts what was met."""

    def __init__(self, symbol: str, feed: Feed, quality: Quality, chunk_rows: int) -> None:
        self.symbol, self.quality = symbol, quality
        self._feed, self._chunk_rows = feed, chunk_rows
        self._order = Reorder(quality)
        self._until, self._ended = 0, False

    @property
    def waiting_rows(self) -> int:
        """How many rows have been read and wait for their place in the venue's order."""
        return len(self._order)

    def read(self) -> Chunk | None:
        """Return the next chunk, or None after the last."""
        if self._ended:
            return None
        desk, letters, self._ended = self._feed.fill(self._chunk_rows)
        if len(desk):
            self._until = int(desk["ts_recv"][-1])
        until = NEVER if self._ended else self._until
        venue, venue_until = self._order.push(desk, until)
        return Chunk(as_rows(desk), as_rows(venue), until, venue_until, letters)

    def snapshot(self) -> State:
        """Return where reading stands, so that `restore` goes on with the very next chunk."""
        counts = tuple(self.quality.items())
        return VERSION, self._until, self._ended, counts, self._order.snapshot(), self._feed.snapshot()

    def restore(self, state: State) -> None:
        """Go on where `snapshot` was taken, in a tape that has not read; chunks after it are the same.

        Raises:
            CheckpointRefused: the snapshot was taken by another version.
        """
        if state[0] != VERSION:
            raise CheckpointRefused("tape version", str(VERSION), str(state[0]))
        _, until, ended, counts, order, feed = cast(
            "tuple[int, int, bool, tuple[tuple[str, int], ...], ReorderState, State]", state
        )
        self._until, self._ended = until, ended
        self.quality.clear()
        self.quality.update(counts)
        self._order.restore(order)
        self._feed.restore(feed)

    def close(self) -> None:
        """Give files back."""
        self._feed.close()
