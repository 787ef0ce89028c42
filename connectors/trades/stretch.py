"""What any file of trades is read as: rows of the tape, and which of them each entry of the file became."""

from collections.abc import Iterator
from typing import Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from connectors.recorded.blocks import Block, block
from connectors.recorded.grid import Steps
from connectors.recorded.letters import Reason
from operators.rows import BEST, BUY, LAST, SELL, TRADE

Codes = NDArray[np.int8]
Marked = NDArray[np.bool_]

STRETCH: Final = 1 << 16
"""Entries of a stretch: bounds memory, and is the same for every kind of file."""
TOO_MANY_FIELDS: Final = "too_many_fields"
"""A line has more fields than the first line has names."""
DUPLICATE: Final = "duplicate_trade"
"""A trade id is not greater than one before it."""
REASONS: Final = ("", *(reason.value for reason in Reason), TOO_MANY_FIELDS, DUPLICATE)
"""Why an entry is no trade, by code; 0 is a good one."""
CODES: Final = {reason: code for code, reason in enumerate(REASONS)}


class Stretch(NamedTuple):
    """Some entries of a file, in its order, and the rows they became."""

    rows: Block
    at: Steps
    """Of each entry, where in `rows` its trade stands; -1 for one that is no trade."""
    reasons: Codes
    """Of each entry, why it is no trade: an index of `REASONS`."""
    lost: dict[str, int]
    """What else could not be used, by name."""


class Stretches(Protocol):
    """A file on its way through the reader."""

    total: int | None
    """Bytes or entries in all; None while nobody knows."""

    @property
    def done(self) -> int:
        """How much of the total was read."""

    def __iter__(self) -> Iterator[Stretch]:
        """Read on."""

    def close(self) -> None:
        """Give the file back."""


class Entries(NamedTuple):
    """Good trades of a stretch, column by column, with the touch before each where it is known."""

    ts_event: Steps
    ts_recv: Steps
    ids: Steps
    ticks: Steps
    lots: Steps
    sides: Steps
    bids: Steps
    asks: Steps
    """0 where there is no usable touch."""


def rows_of(entries: Entries) -> tuple[Block, Steps]:
    """Return best bid, best ask and trade for each entry, and where the trades stand.

    >>> one = np.ones(1, np.int64)
    >>> rows, at = rows_of(Entries(one, one, one, 5 * one, one, one, 4 * one, 6 * one))
    >>> rows["price_ticks"].tolist(), at.tolist()
    ([4, 6, 5], [2])
    """
    quoted = entries.bids > 0
    at = np.cumsum(1 + 2 * quoted) - 1
    rows = block(int(at[-1]) + 1 if len(at) else 0, marks=LAST)
    _write(rows, at, entries, TRADE, entries.sides, entries.ticks)
    rows["id"][at], rows["size_lots"][at] = entries.ids, entries.lots
    touch = Entries(*(column[quoted] for column in entries))
    _write(rows, at[quoted] - 2, touch, BEST, BUY, touch.bids)
    _write(rows, at[quoted] - 1, touch, BEST, SELL, touch.asks)
    rows["marks"][at[quoted] - 2] = 0
    return rows, at


def _write(rows: Block, at: Steps, entries: Entries, kind: int, side: Steps | int, ticks: Steps) -> None:
    rows["kind"][at], rows["side"][at], rows["price_ticks"][at] = kind, side, ticks
    rows["ts_event"][at], rows["ts_recv"][at] = entries.ts_event, entries.ts_recv
