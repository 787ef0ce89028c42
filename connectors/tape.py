"""What a source of market data looks like: a tape, read in chunks, for one symbol.

A chunk holds the same facts in two orders: as they reached us (`desk`, by
`ts_recv`) and as they happened (`venue`, by `ts_event`). Either is
non-decreasing within a chunk and across chunks. A fact may stand in an earlier
chunk of one order than of the other.
"""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from operators.rows import Rows


class DeadLetter(NamedTuple):
    """An input that could not be used: why, where it stood, and what it said."""

    ts: int
    """Receive time, ns, of the input, or of the last good one before it."""
    symbol: str
    reason: str
    """One short word in snake_case: the label it is counted under."""
    where: str
    """The file's name and the line (or row) number, from 1: `btcusdt.gz:17`."""
    text: str
    """The raw text, as received (bytes that are no UTF-8 are escaped)."""


class Chunk(NamedTuple):
    """A stretch of one symbol's tape.

    Every row with `ts_recv < desk_until` and every row with `ts_event <
    venue_until` stands in this chunk or an earlier one. Both are NEVER in the
    last chunk. While more may come, `desk_until` is at most the receive time of
    the last desk row read, so that the end of a tape does not depend on what
    trails it.
    """

    desk: Rows
    venue: Rows
    desk_until: int
    venue_until: int
    letters: tuple[DeadLetter, ...] = ()


class Tally(NamedTuple):
    """What the source of a symbol counted over the whole run."""

    source: dict[str, int]
    """Messages by kind, and what was lost or left out of them, by name."""
    venue_fault: int


State = tuple[object, ...]
"""Plain tuples, numbers, strings and bytes, a version first: what a checkpoint may hold."""


class Tape(Protocol):
    """One symbol's market, read forward in chunks. Reading is deterministic."""

    symbol: str

    @property
    def quality(self) -> Mapping[str, int]:
        """What was counted so far, by name; part of the snapshot."""

    def read(self) -> Chunk | None:
        """Return the next chunk, or None after the last."""

    def snapshot(self) -> State:
        """Return where reading stands, so that `restore` goes on with the very next chunk."""

    def restore(self, state: State) -> None:
        """Go on where `snapshot` was taken; chunks after it are the same."""

    def close(self) -> None:
        """Give files back."""
