"""A message as rows: contiguous, of one time and id, the last one marked."""

import struct
from collections.abc import Sequence
from typing import Final, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from connectors.recorded.levels import Levels
from operators.rows import BEST, BUY, CLEAR, GAP, LAST, LEVEL, MARK, SELL, TRADE, Row, Rows

Block = NDArray[np.void]
"""Rows, seen as columns."""

WHOLE: Final = np.dtype((np.void, Row.dtype.itemsize))
ONE: Final = struct.Struct("=5qi4b")
TWO: Final = struct.Struct("=5qi4b5qi4b")


class Page:
    """Rows that are being collected, in order."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._bytes = 0

    def __len__(self) -> int:
        return self._bytes // ONE.size

    def add(self, rows: bytes) -> None:
        """Append the rows of one message."""
        self._pieces.append(rows)
        self._bytes += len(rows)

    def block(self) -> Block:
        """Return everything that was collected."""
        return load_block(b"".join(self._pieces))


def load_block(rows: bytes) -> Block:
    """Return rows from their bytes."""
    return np.frombuffer(bytearray(rows), Row.dtype)


def join(blocks: Sequence[Block]) -> Block:
    """Return one block of several. As plain bytes: NumPy copies named fields one by one, 20 times slower."""
    return np.concatenate([block.view(WHOLE) for block in blocks]).view(Row.dtype)


def pick(block: Block, which: NDArray[np.intp]) -> Block:
    """Return these rows, in this order."""
    return block.view(WHOLE).take(which).view(Row.dtype)


def as_rows(block: Block) -> Rows:
    """Return the same rows as the graph sees them."""
    return cast("Rows", block)


def trade_row(ts_event: int, ts_recv: int, trade_id: int, ticks: int, lots: int, aggressor: int) -> bytes:
    """Return a print."""
    return ONE.pack(ts_event, ts_recv, trade_id, ticks, lots, 0, TRADE, aggressor, LAST, 0)


def mark_row(ts_event: int, ts_recv: int, ticks: int, rate_e8: int, next_ns: int) -> bytes:
    """Return a mark price and the funding it foretells."""
    return ONE.pack(ts_event, ts_recv, next_ns, ticks, rate_e8, 0, MARK, 0, LAST, 0)


def best_rows(
    ts_event: int, ts_recv: int, update_id: int, bid: tuple[int, int], ask: tuple[int, int]
) -> bytes:
    """Return the best bid, then the best ask, each as (ticks, lots)."""
    return TWO.pack(
        *(ts_event, ts_recv, update_id, *bid, 0, BEST, BUY, 0, 0),
        *(ts_event, ts_recv, update_id, *ask, 0, BEST, SELL, LAST, 0),
    )


def gap_block(ts_event: int, update_id: int) -> Block:
    """Return the row that says that the book is unknown from here."""
    return block(1, ts_event=ts_event, id=update_id, kind=GAP, marks=LAST)


def diff_block(ts_event: int, update_id: int, levels: Levels) -> Block:
    """Return the levels that a diff sets, in its order."""
    sides, ticks, lots = levels
    rows = block(
        len(ticks), ts_event=ts_event, id=update_id, kind=LEVEL, side=sides, price_ticks=ticks, size_lots=lots
    )
    rows["marks"][-1:] = LAST
    return rows


def snapshot_block(ts_event: int, update_id: int, levels: Levels) -> Block:
    """Return a clearing row, then the levels."""
    clear = block(1, ts_event=ts_event, id=update_id, kind=CLEAR, marks=LAST)
    rows = join([clear, diff_block(ts_event, update_id, levels)])
    rows["marks"][:-1] = 0
    return rows


def block(n: int, **fields: ArrayLike) -> Block:
    """Return rows with these fields, and zero elsewhere."""
    rows = np.zeros(n, Row.dtype)
    for name, value in fields.items():
        rows[name] = value
    return rows
