"""Limits: the last look at a wanted order before it becomes a request.

The cap on total notional is divided into budgets, one per symbol, so it holds
without any coordination. An order is allowed only if the position, plus all
that is live or on its way on its side, plus the order, stays within the budget.
"""

from typing import Annotated, Final

import numpy as np
from numpy.typing import NDArray

from operators.asmm import Quotes
from operators.kernel import Cell, Record, Table, kernel
from operators.orders import (
    CANCELING,
    NOTHING,
    Orders,
    OrdersParams,
    amend,
    dearest_ticks,
    keep_or_move,
    live_lots,
    on_report,
    place,
    send_cancels,
)
from operators.rows import ACCEPTED, BUY, FILLED, SELL, Row, Rows

ALLOWED: Final = 0
OVER_BUDGET: Final = 1
ORDER_TOO_LARGE: Final = 2
OUTSIDE_BAND: Final = 3
TOO_SMALL: Final = 4
N_CODES: Final = 8

DENIALS: Final = {
    OVER_BUDGET: "over_budget",
    ORDER_TOO_LARGE: "order_too_large",
    OUTSIDE_BAND: "outside_band",
    TOO_SMALL: "too_small",
}
"""Why an order was denied: the label it is counted under."""


class RiskParams(Record):
    """Hard limits of one symbol, in tick·lots of notional."""

    budget_tick_lots: int
    max_order_tick_lots: int
    min_notional_tick_lots: int
    price_band_bps: float


class Risk(Record):
    """Our own count of the position, kept apart from the strategy's, and what was denied."""

    position_lots: int
    n_denied: int
    denied: Annotated[NDArray[np.int64], np.int64, (N_CODES,)]


@kernel
def exposure_lots(risk: Risk, orders: Orders, side: int, more_lots: int) -> int:
    """Return the position, away from flat on this side, if all that may fill there does."""
    return side * risk.position_lots + live_lots(orders, side) + more_lots


@kernel
def check(
    risk: Risk,
    orders: Orders,
    params: RiskParams,
    side: int,
    ticks: int,
    lots: int,
    more_lots: int,
    mid: float,
) -> int:
    """Return ALLOWED or the code of the first limit that the order breaks.

    Exposure is valued at the dearest of the order, the mid and all that is live on its side.
    `more_lots` is what it adds to what is live: its size, or 0 when it moves an order.
    """
    price = max(ticks, int(mid) + 1)
    if lots > params.max_order_tick_lots // price:
        return ORDER_TOO_LARGE
    if lots < -(-params.min_notional_tick_lots // ticks):
        return TOO_SMALL
    if abs(ticks - mid) > params.price_band_bps * 1e-4 * mid:
        return OUTSIDE_BAND
    dearest = max(price, dearest_ticks(orders, side))
    if exposure_lots(risk, orders, side, more_lots) > params.budget_tick_lots // dearest:
        return OVER_BUDGET
    return ALLOWED


@kernel
def _deny(risk: Risk, code: int) -> None:
    risk.n_denied += 1
    risk.denied[code] += 1


@kernel
def _converge_side(
    risk: Risk,
    orders: Orders,
    limits: RiskParams,
    habits: OrdersParams,
    quotes: Quotes,
    side: int,
    out: Rows,
    n: int,
) -> int:
    ticks, lots = (quotes.bid_ticks, quotes.bid_lots) if side > 0 else (quotes.ask_ticks, quotes.ask_lots)
    slot = keep_or_move(orders, habits, quotes.ts_ns, side, ticks, lots)
    n = send_cancels(orders, quotes.ts_ns, out, n)
    if slot == NOTHING:
        return n
    moved = slot >= 0
    size = orders.slots[slot].leaves_lots if moved else lots
    code = check(risk, orders, limits, side, ticks, size, 0 if moved else lots, quotes.mid_ticks)
    if code == ALLOWED:
        if moved:
            return amend(orders, quotes.ts_ns, slot, ticks, out, n)
        return place(orders, quotes.ts_ns, side, ticks, lots, out, n)
    _deny(risk, code)
    if moved:
        orders.slots[slot].stage = CANCELING
        orders.slots[slot].moved_ns = -1
        return send_cancels(orders, quotes.ts_ns, out, n)
    return n


@kernel
def converge(
    risk: Risk, orders: Orders, limits: RiskParams, habits: OrdersParams, quotes: Quotes, out: Rows, n: int
) -> int:
    """Bring live orders to a decision, as far as limits allow; return the number of requests in `out`."""
    n = _converge_side(risk, orders, limits, habits, quotes, BUY, out, n)
    return _converge_side(risk, orders, limits, habits, quotes, SELL, out, n)


@kernel
def learn(risk: Risk, orders: Orders, row: Row) -> None:
    """Take a report in; other rows change nothing."""
    if row.kind >= ACCEPTED:
        on_report(orders, row)
        if row.kind == FILLED:
            risk.position_lots += row.side * row.size_lots


@kernel
def risk_on_frame(
    cell: Cell[Risk],
    desk: Cell[Orders],
    setup: Cell[RiskParams],
    habits: Cell[OrdersParams],
    rows: Rows,
    decisions: Table[Quotes],
    n_decisions: int,
    out: Rows,
) -> int:
    """Take reports in and bring live orders to each decision; return the number of requests."""
    risk, orders = cell[0], desk[0]
    n = k = 0
    for i in range(len(rows)):
        learn(risk, orders, rows[i])
        if k < n_decisions and decisions[k].row == i:
            n = converge(risk, orders, setup[0], habits[0], decisions[k], out, n)
            k += 1
    return n
