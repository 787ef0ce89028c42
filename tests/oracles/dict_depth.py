"""A book kept in dictionaries, one row at a time: slow, and obviously right."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from operators.rows import BUY, CLEAR, GAP, LAST, LEVEL


class Standing(NamedTuple):
    """The book after a whole depth message; not valid before a snapshot and after a gap."""

    row: int
    id: int
    valid: bool
    bids: dict[int, int]
    asks: dict[int, int]


def books(rows: NDArray[np.void]) -> Iterator[Standing]:
    """Yield the book after each depth message; the dictionaries go on changing."""
    bids: dict[int, int] = {}
    asks: dict[int, int] = {}
    valid = False
    columns = [rows[name].tolist() for name in ("kind", "side", "price_ticks", "size_lots", "id", "marks")]
    for i, (kind, side, ticks, lots, update_id, marks) in enumerate(zip(*columns, strict=True)):
        if kind not in (CLEAR, LEVEL, GAP):
            continue
        if kind == CLEAR:
            valid = True
            bids.clear()
            asks.clear()
        elif kind == GAP:
            valid = False
        else:
            levels = bids if side == BUY else asks
            levels.pop(ticks, None)
            if lots:
                levels[ticks] = lots
        if marks & LAST:
            yield Standing(i, update_id, valid, bids, asks)
