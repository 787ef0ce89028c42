"""What the rows of each table become, once they stand in the order of arrival.

A channel is handed the rows that left its lane, which of them are good, and
when each reached us. It returns rows of the tape, each with the position, in
what it was handed, of the row that brought it.
"""

from typing import Protocol, cast

import numpy as np

from connectors.recorded.blocks import Block, block
from connectors.recorded.grid import Steps
from connectors.recorded.lanes import Taken
from connectors.recorded.quality import Quality
from operators.rows import BEST, BUY, LAST, MARK, SELL, TRADE

Written = tuple[Steps, Block]


class Channel(Protocol):
    """One table's part of the tape."""

    def write(self, taken: Taken, good: Steps, ts_recv: Steps) -> Written:
        """Return rows, and the position of what brought each."""

    def snapshot(self) -> object:
        """Return what is remembered."""

    def restore(self, state: object) -> None:
        """Go on from a snapshot."""


class Prints:
    """Trades, one row each, each id once."""

    def __init__(self, quality: Quality) -> None:
        self._quality, self._last = quality, -1

    def write(self, taken: Taken, good: Steps, ts_recv: Steps) -> Written:
        """Return a row for each print that is new."""
        c = taken.columns
        at, self._last = newer(c["trade_id"], good, self._last)
        self._quality["trades"] += len(good)
        self._quality["duplicate_trade"] += len(good) - len(at)
        rows = block(len(at), kind=TRADE, marks=LAST, ts_event=c["ts_ns"][at], ts_recv=ts_recv[at])
        rows["id"], rows["side"] = c["trade_id"][at], c["side"][at]
        rows["price_ticks"], rows["size_lots"] = c["ticks"][at], c["lots"][at]
        return at, rows

    def snapshot(self) -> object:
        """Return the last id."""
        return self._last

    def restore(self, state: object) -> None:
        """Go on after it."""
        self._last = cast("int", state)


class Bests:
    """Best bids and asks, two rows each, each update id once."""

    def __init__(self, quality: Quality) -> None:
        self._quality, self._last = quality, -1

    def write(self, taken: Taken, good: Steps, ts_recv: Steps) -> Written:
        """Return two rows for each update that is new."""
        c = taken.columns
        new, self._last = newer(c["update_id"], good, self._last)
        self._quality["bests"] += len(good)
        self._quality["stale_best"] += len(good) - len(new)
        at = np.repeat(new, 2)
        rows = block(len(at), kind=BEST, ts_event=c["ts_ns"][at], ts_recv=ts_recv[at], id=c["update_id"][at])
        for first, side, name in ((0, BUY, "bid"), (1, SELL, "ask")):
            rows["side"][first::2] = side
            rows["price_ticks"][first::2] = c[f"{name}_ticks"][new]
            rows["size_lots"][first::2] = c[f"{name}_lots"][new]
        rows["marks"][1::2] = LAST
        return at, rows

    def snapshot(self) -> object:
        """Return the last id."""
        return self._last

    def restore(self, state: object) -> None:
        """Go on after it."""
        self._last = cast("int", state)


class Marks:
    """Mark prices and the funding they foretell, one row each."""

    def __init__(self, quality: Quality) -> None:
        self._quality = quality

    def write(self, taken: Taken, good: Steps, ts_recv: Steps) -> Written:
        """Return a row for each price."""
        self._quality["marks"] += len(good)
        c = taken.columns
        rows = block(len(good), kind=MARK, marks=LAST, ts_event=c["ts_ns"][good], ts_recv=ts_recv[good])
        rows["price_ticks"] = c["ticks"][good]
        rows["size_lots"], rows["id"] = c["rate_e8"][good], c["next_funding_ns"][good]
        return good, rows

    def snapshot(self) -> object:
        """Return nothing: a mark stands alone."""

    def restore(self, state: object) -> None:
        """Remember nothing."""


def newer(ids: Steps, which: Steps, last: int) -> tuple[Steps, int]:
    """Return which of these have an id above all before them, and the highest."""
    highest = np.maximum.accumulate(np.append(last, ids[which]))
    return which[ids[which] > highest[:-1]], int(highest[-1])
