"""A quoting model of one's own: ordinary Python, asked for depths whenever the market was fitted anew.

It is asked before the decision that would be the first to go by it, wherever frames are cut, and must
depend on what it is given alone: then the orders are the same for every cut and by both drivers.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from operators.asmm import asmm_from, asmm_on_frame
from operators.depths import lay_table
from operators.kernel import Cell, Table, kernel
from operators.models import fall_back
from operators.quotes import Asmm, AsmmParams, Quotes
from operators.rows import LIMIT, Rows
from operators.touch import Top
from operators.toxicity import Reading


class Side(NamedTuple):
    """A side's fill intensity A·exp(−k·δ), and how much of it the fit explains."""

    a_per_s: float
    k_per_tick: float
    r2: float


class Fitted(NamedTuple):
    """What a model is told: the market's numbers, and ours."""

    sigma: float
    """Ticks per √s."""
    bid: Side
    ask: Side
    risk_aversion: float
    """1/(tick·lot)."""
    order_lots: int
    max_inventory_lots: int
    mid_ticks: float


Floats = NDArray[np.float64]
Model = Callable[[Fitted, NDArray[np.int64]], tuple[Floats, Floats]]
"""Depths of bid and ask, ticks from the fair price, for each of the inventories, in lots."""


@kernel
def _lay(cell: Cell[Asmm], setup: Cell[AsmmParams]) -> None:
    lay_table(cell[0].depths, setup[0].order_lots, setup[0].max_inventory_lots)


@kernel
def _fall_back(cell: Cell[Asmm], setup: Cell[AsmmParams]) -> None:
    cell[0].n_refused += 1
    fall_back(cell[0], setup[0])


def usable(given: object, inventory: NDArray[np.int64]) -> tuple[Floats, Floats] | None:
    """Return what a model gave as two arrays, or None unless both have a finite depth for each inventory.

    Depths beyond 2^53 ticks are none: a line between two of them may not be finite any more.
    """
    try:
        bid, ask = (np.asarray(depths, np.float64) for depths in given)  # type: ignore[attr-defined]
    except (TypeError, ValueError, OverflowError):
        return None
    if bid.shape != inventory.shape or ask.shape != inventory.shape:
        return None
    return (bid, ask) if (np.abs([bid, ask]) < LIMIT).all() else None


def ask(model: Model, cell: Cell[Asmm], setup: Cell[AsmmParams]) -> None:
    """Fill the depths with what a model says; where that is of no use, quote by the volatility alone."""
    _lay(cell, setup)
    asmm, params = cell[0], setup[0]
    reach, depths = int(asmm.depths.reach), np.asarray(cell)["depths"]
    inventory = np.arange(-reach, reach + 1) * int(asmm.depths.step_lots)
    try:
        made = usable(model(_fitted(asmm, params), inventory), inventory)
    except Exception:  # noqa: BLE001 - whatever it raises: a desk goes on without it, and counts it
        made = None
    if made is None:
        _fall_back(cell, setup)
    else:
        for name, values in zip(("bid", "ask"), made, strict=True):
            depths[name][0, : len(inventory)] = values


def _fitted(asmm: Asmm, params: AsmmParams) -> Fitted:
    cal = asmm.calibration
    bid, ask = (Side(float(s.a_per_s), float(s.k_per_tick), float(s.r2)) for s in (cal.bid, cal.ask))
    return Fitted(
        float(cal.sigma),
        bid,
        ask,
        float(params.risk_aversion),
        int(params.order_lots),
        int(params.max_inventory_lots),
        0.5 * int(cal.twice_mid),
    )


def quotes_on_frame(
    cell: Cell[Asmm],
    setup: Cell[AsmmParams],
    rows: Rows,
    tops: Table[Top],
    readings: Table[Reading],
    out: Table[Quotes],
    model: Model | None = None,
) -> int:
    """Decide after each row that calls for it, by a compiled model or one's own; return how often."""
    if model is None:
        return asmm_on_frame(cell, setup, rows, tops, readings, out)
    at, n = asmm_from(cell, setup, rows, tops, readings, out, (0, 0))
    while at < len(rows):
        ask(model, cell, setup)
        at, n = asmm_from(cell, setup, rows, tops, readings, out, (at, n))
    return n
