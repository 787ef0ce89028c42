"""Entries of a file judged and put on the grid: which are trades, and why the others are none."""

from typing import Final

import numpy as np
import polars as pl

from connectors.recorded.channels import newer
from connectors.recorded.grid import Floats, Grid, Grids, Steps
from connectors.recorded.letters import Reason
from connectors.trades.columns import measures, sides, wholes
from connectors.trades.stretch import (
    CODES,
    DUPLICATE,
    TOO_MANY_FIELDS,
    Codes,
    Entries,
    Marked,
    Stretch,
    rows_of,
)
from operators.rows import NOTIONAL_LIMIT

NEEDED: Final = ("ts_ns", "price", "qty", "side")
OPTIONAL: Final = ("bid", "ask", "trade_id")
EXTRA: Final = "more than there are names"
"""The column that holds what stands behind the last named one."""
BAD_QUOTE: Final = "bad_quote"
"""A bid and ask of which one is missing, off the grid or not positive, or that do not stand apart."""


class Judge:
    """Judges frame after frame of one file; remembers the last time and the last trade id."""

    def __init__(self, grids: Grids) -> None:
        self._grids = grids
        self._ts_ns, self._id = 0, 0

    def on(self, frame: pl.DataFrame) -> Stretch:
        """Return what a frame of the columns `NEEDED`, and any of `OPTIONAL`, becomes."""
        codes = np.zeros(len(frame), np.int8)
        ts_ns, ids, ticks, lots, side = self._columns(frame, codes)
        self._drop_repeated(codes, ids)
        good = np.flatnonzero(codes == 0)
        bids, asks, lost = self._touch(frame, good)
        ts_recv = np.maximum.accumulate(np.append(self._ts_ns, ts_ns[good]))[1:]
        self._ts_ns = int(ts_recv[-1]) if len(good) else self._ts_ns
        entries = Entries(ts_ns[good], ts_recv, ids[good], ticks[good], lots[good], side[good], bids, asks)
        rows, where = rows_of(entries)
        at = np.full(len(frame), -1, np.int64)
        at[good] = where
        return Stretch(rows, at, codes, lost)

    def _columns(self, frame: pl.DataFrame, codes: Codes) -> tuple[Steps, Steps, Steps, Steps, Steps]:
        """Return times, ids, ticks, lots and sides; note what is wrong with them, most telling first."""
        if EXTRA in frame.columns:
            _note(codes, frame[EXTRA].is_not_null().to_numpy(), TOO_MANY_FIELDS)
        ts, price, size = wholes(frame["ts_ns"]), measures(frame["price"]), measures(frame["qty"])
        ids = wholes(
            frame["trade_id"] if "trade_id" in frame.columns else pl.repeat(0, len(frame), eager=True)
        )
        side = sides(frame["side"])
        _note(codes, ts.missing | price.missing | size.missing, Reason.MISSING_FIELD)
        _note(codes, ts.wrong | price.wrong | size.wrong | side.wrong | ids.wrong, Reason.WRONG_TYPE)
        ticks = _steps(codes, price.values, self._grids.price, Reason.ZERO_PRICE)
        lots = _steps(codes, size.values, self._grids.size, Reason.ZERO_SIZE)
        _note(codes, lots > NOTIONAL_LIMIT // np.maximum(ticks, 1), Reason.OVERFLOW)
        _note(codes, ts.values < 0, Reason.BAD_TIME)
        _note(codes, ids.values < 0, Reason.NEGATIVE)
        return ts.values, ids.values, ticks, lots, side.values

    def _drop_repeated(self, codes: Codes, ids: Steps) -> None:
        named = np.flatnonzero((codes == 0) & (ids > 0))
        new, self._id = newer(ids, named, self._id)
        repeated = np.zeros(len(ids), np.bool_)
        repeated[np.setdiff1d(named, new)] = True
        _note(codes, repeated, DUPLICATE)

    def _touch(self, frame: pl.DataFrame, good: Steps) -> tuple[Steps, Steps, dict[str, int]]:
        """Return best bids and asks of the good entries, 0 where there is none that can be used."""
        if not {"bid", "ask"} <= set(frame.columns):
            none = np.zeros(len(good), np.int64)
            return none, none, {}
        bid, ask = measures(frame["bid"]), measures(frame["ask"])
        given = ~(bid.missing & ask.missing)[good]
        codes = np.zeros(len(frame), np.int8)
        for column in (bid, ask):
            _note(codes, column.wrong | column.missing, Reason.WRONG_TYPE)
        bids, asks = (_steps(codes, each.values, self._grids.price, Reason.ZERO_PRICE) for each in (bid, ask))
        usable = ((codes == 0) & (bids < asks))[good]
        lost = int(np.count_nonzero(given & ~usable))
        found = {BAD_QUOTE: lost} if lost else {}
        return np.where(usable, bids[good], 0), np.where(usable, asks[good], 0), found


def _steps(codes: Codes, values: Floats, grid: Grid, zero: Reason) -> Steps:
    """Return whole steps; note why a value has none."""
    steps, faults = grid.judge(values)
    for i, reason in faults.items():
        codes[i] = codes[i] or CODES[reason]
    _note(codes, steps == 0, zero)
    return steps


def _note(codes: Codes, which: Marked, reason: str) -> None:
    """Note a reason for those that have none yet."""
    codes[which & (codes == 0)] = CODES[reason]
