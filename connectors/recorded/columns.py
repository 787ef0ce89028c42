"""The tables of a recording: their columns, and what a row of each must be.

| table | columns |
|---|---|
| l2 | ts_ns, recv_ns, side (+1 bid, -1 ask), price, qty (absolute, 0 deletes), is_snapshot, update_id |
| book | ts_ns, recv_ns, bid_px, bid_qty, ask_px, ask_qty, update_id |
| trades | ts_ns, recv_ns, price, qty, side (aggressor, +1 buy, -1 sell, 0 unknown), trade_id |
| mark_funding | ts_ns, recv_ns, mark; funding_rate and next_funding_ns may be there |

A column `symbol` may stand beside them; others are passed over. Where rows of
several tables were received at the same instant, they come in this order.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from connectors.recorded.clock import time_faults
from connectors.recorded.funding import judge_rates, untimely
from connectors.recorded.grid import Floats, Grid, Grids
from connectors.recorded.letters import Reason
from operators.rows import BUY, NOTIONAL_LIMIT, SELL

Columns = dict[str, NDArray[np.int64]]
"""Whole numbers by name, all of one length."""
Measures = dict[str, Floats]
Faults = dict[int, Reason]
"""Why a row is unusable, by its position."""


class Table(NamedTuple):
    """One kind of table: whole numbers, measures, and how its rows are read."""

    name: str
    whole: tuple[str, ...]
    measures: tuple[str, ...]
    read: Callable[[Columns, Measures, Grids], Faults]
    in_messages: bool = False
    """Several rows make a message: those with the same time and id."""
    more_whole: tuple[str, ...] = ()
    """Whole numbers that may be there; 0 where they are not."""
    more_measures: tuple[str, ...] = ()

    @property
    def needed(self) -> tuple[str, ...]:
        """Every column that must be there."""
        return ("ts_ns", "recv_ns", *self.whole, *self.measures)

    @property
    def more(self) -> tuple[str, ...]:
        """Every column that may be there."""
        return (*self.more_whole, *self.more_measures)


def read_rows(table: Table, columns: Columns, measures: Measures, grids: Grids) -> Faults:
    """Add ticks and lots to the columns; return which rows are unusable, the first reason of each."""
    found = table.read(columns, measures, grids)
    for name in table.whole:
        if name.endswith("_id"):
            found |= where(columns[name] < 0, Reason.NEGATIVE)
    return found | time_faults(columns["ts_ns"], columns["recv_ns"])


def _read_level(columns: Columns, measures: Measures, grids: Grids) -> Faults:
    found = _steps(columns, "lots", measures["qty"], grids.size)
    found |= _price(columns, "ticks", measures["price"], grids.price)
    return found | where(abs(columns["side"]) != BUY, Reason.WRONG_TYPE)


def _read_best(columns: Columns, measures: Measures, grids: Grids) -> Faults:
    found: Faults = {}
    for side in ("bid", "ask"):
        found |= _size(columns, f"{side}_lots", measures[f"{side}_qty"], grids.size)
        found |= _price(columns, f"{side}_ticks", measures[f"{side}_px"], grids.price)
    crossed = columns["bid_ticks"] >= columns["ask_ticks"]
    return where(crossed, Reason.CROSSED_BEST) | found


def _read_trade(columns: Columns, measures: Measures, grids: Grids) -> Faults:
    found = _size(columns, "lots", measures["qty"], grids.size)
    found |= _price(columns, "ticks", measures["price"], grids.price)
    found |= where(columns["lots"] > NOTIONAL_LIMIT // np.maximum(columns["ticks"], 1), Reason.OVERFLOW)
    return found | where((columns["side"] > BUY) | (columns["side"] < SELL), Reason.WRONG_TYPE)


def _read_mark(columns: Columns, measures: Measures, grids: Grids) -> Faults:
    # Marks are averages, finer than the grid of prices.
    near, found = grids.price.judge_near(measures["mark"])
    columns["ticks"] = near
    columns["rate_e8"], wrong = judge_rates(measures["funding_rate"])
    late = where(untimely(columns["next_funding_ns"], columns["ts_ns"]), Reason.BAD_TIME)
    return late | wrong | where(near == 0, Reason.ZERO_PRICE) | found


def _price(columns: Columns, name: str, floats: Floats, grid: Grid) -> Faults:
    found = _steps(columns, name, floats, grid)
    return where(columns[name] == 0, Reason.ZERO_PRICE) | found


def _size(columns: Columns, name: str, floats: Floats, grid: Grid) -> Faults:
    found = _steps(columns, name, floats, grid)
    return where(columns[name] == 0, Reason.ZERO_SIZE) | found


def _steps(columns: Columns, name: str, floats: Floats, grid: Grid) -> Faults:
    columns[name], found = grid.judge(floats)
    return found


def where(wrong: NDArray[np.bool_], reason: Reason) -> Faults:
    """Return this reason for each position that is marked."""
    return dict.fromkeys(np.flatnonzero(wrong).tolist(), reason)


L2: Final = Table("l2", ("side", "is_snapshot", "update_id"), ("price", "qty"), _read_level, in_messages=True)
BOOK: Final = Table("book", ("update_id",), ("bid_px", "bid_qty", "ask_px", "ask_qty"), _read_best)
TRADES: Final = Table("trades", ("side", "trade_id"), ("price", "qty"), _read_trade)
MARKS: Final = Table(
    "mark_funding",
    (),
    ("mark",),
    _read_mark,
    more_whole=("next_funding_ns",),
    more_measures=("funding_rate",),
)
TABLES: Final = (L2, BOOK, TRADES, MARKS)
