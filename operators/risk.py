"""Limits: the last look at a wanted order before it becomes a request, and the state of trading.

The cap on total notional is divided into budgets, one per symbol, so it holds
without any coordination. An order is allowed only if the position, plus all
that is live or on its way on its side, plus the order, stays within the budget.

Trading is active, reducing (orders may only flatten the position, by all that
could fill) or halted (everything is cancelled, nothing is new). Exposure beyond
the budget reduces until it is back within; a loss beyond its limit, an operator
or a broken invariant restrict trading until an operator resumes it.
"""

from typing import Annotated, Final

import numpy as np
from numpy.typing import NDArray

from operators.kernel import Record, kernel
from operators.ledger import Ledger, equity_tick_lots
from operators.limits import (
    ACTIVE,
    ALLOWED,
    BROKEN_INVARIANT,
    CLOCK_LAG,
    DAILY_LOSS,
    DRAWDOWN,
    HALTED,
    INVALID_BOOK,
    N_CODES,
    NOT_REDUCING,
    OFF_GRID,
    OPERATOR,
    ORDER_TOO_LARGE,
    OUTSIDE_BAND,
    OVER_BUDGET,
    OVER_INVENTORY,
    REDUCING,
    SELF_CROSS,
    STALE_BOOK,
    TOO_SMALL,
    RiskParams,
)
from operators.orders import Orders, dearest_ticks, live_lots, meets_own, on_report
from operators.quotes import Quotes
from operators.rows import ACCEPTED, BUY, FILLED, HALT, LIMIT, REDUCE, SELL, STATE, Row
from operators.touch import VALID, Top

DAY_NS: Final = 86_400_000_000_000


class Risk(Record):
    """Our own count of the position, kept apart from the strategy's, what was denied, and the state."""

    position_lots: int
    state: int
    reason: int
    """The code that the state stands for; ALLOWED while active."""
    ordered: int
    """The state that stands until an operator resumes trading."""
    ordered_reason: int
    n_transitions: int
    n_faults: int
    """Of the orders, when last looked at."""
    day: int
    """Days of UTC since 1970."""
    day_equity_tick_lots: int
    """When it began."""
    peak_equity_tick_lots: int
    next_order_ns: int
    """When the next order is due at the allowed rate."""
    n_denied: int
    denied: Annotated[NDArray[np.int64], np.int64, (N_CODES,)]


@kernel
def learn(risk: Risk, orders: Orders, row: Row) -> None:
    """Take a report in; other rows change nothing."""
    if ACCEPTED <= row.kind <= STATE:
        on_report(orders, row)
        if row.kind == FILLED:
            risk.position_lots += row.side * row.size_lots


@kernel
def deny(risk: Risk, code: int) -> None:
    """Count an order that was kept back."""
    risk.n_denied += 1
    risk.denied[code] += 1


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
    code = _check_alone(params, ticks, lots, mid)
    return code if code != ALLOWED else _check_among(risk, orders, params, side, ticks, more_lots, mid)


@kernel
def _check_alone(params: RiskParams, ticks: int, lots: int, mid: float) -> int:
    """Hold an order to what depends on nothing but itself and the mid."""
    code = ALLOWED
    price = max(ticks, int(mid) + 1)
    if not 0 < ticks < LIMIT or not 0 < lots < LIMIT:
        code = OFF_GRID
    elif lots > params.max_order_tick_lots // price:
        code = ORDER_TOO_LARGE
    elif lots < -(-params.min_notional_tick_lots // ticks):
        code = TOO_SMALL
    elif abs(ticks - mid) > params.price_band_bps * 1e-4 * mid:
        code = OUTSIDE_BAND
    return code


@kernel
def _check_among(
    risk: Risk, orders: Orders, params: RiskParams, side: int, ticks: int, more_lots: int, mid: float
) -> int:
    """Hold an order to what is held and live already."""
    code = ALLOWED
    exposure = exposure_lots(risk, orders, side, more_lots)
    dearest = max(ticks, int(mid) + 1, dearest_ticks(orders, side))
    if meets_own(orders, side, ticks):
        code = SELF_CROSS
    elif 0 < params.max_inventory_lots <= side * risk.position_lots:
        code = OVER_INVENTORY
    elif exposure > params.budget_tick_lots // dearest:
        code = OVER_BUDGET
    elif risk.state == REDUCING and exposure > 0:
        code = NOT_REDUCING
    return code


@kernel
def market_code(params: RiskParams, top: Top, ts_ns: int) -> int:
    """Return ALLOWED, or what is wrong with the market that an order would be sent into."""
    if top.state != VALID:
        return INVALID_BOOK
    if 0 < params.stale_after_ns < ts_ns - top.updated_ns:
        return STALE_BOOK
    if 0 < params.max_lag_ns < top.lag_ns:
        return CLOCK_LAG
    return ALLOWED


@kernel
def spend(risk: Risk, params: RiskParams, ts_ns: int) -> bool:
    """Count one more order against the allowed rate; return whether it is within it."""
    if params.order_gap_ns <= 0:
        return True
    due = max(risk.next_order_ns, ts_ns)
    if due - ts_ns > params.burst_ns:
        return False
    risk.next_order_ns = due + params.order_gap_ns
    return True


@kernel
def wanted_lots(risk: Risk, side: int, lots: int) -> int:
    """Return how much of a wanted order the trading state leaves, where anything may be sent at all."""
    if risk.state == ACTIVE:
        return lots
    return min(lots, max(0, -side * risk.position_lots))


@kernel
def restrict(risk: Risk, state: int, reason: int) -> None:
    """Order a state that stands until trading is resumed; a lesser one changes nothing."""
    if state > risk.ordered:
        risk.ordered = state
        risk.ordered_reason = reason


@kernel
def command(risk: Risk, ledger: Ledger, wish: int) -> None:
    """Do what an operator wants: halt, reduce, or resume, from which on losses are counted anew."""
    if wish == HALT:
        restrict(risk, HALTED, OPERATOR)
    elif wish == REDUCE:
        restrict(risk, REDUCING, OPERATOR)
    else:
        risk.ordered = ACTIVE
        risk.ordered_reason = ALLOWED
        risk.day_equity_tick_lots = risk.peak_equity_tick_lots = equity_tick_lots(ledger)


@kernel
def watch_losses(risk: Risk, params: RiskParams, ledger: Ledger, ts_ns: int) -> None:
    """Hold equity against where the day began and against its peak."""
    equity = equity_tick_lots(ledger)
    if ts_ns // DAY_NS != risk.day:
        risk.day = ts_ns // DAY_NS
        risk.day_equity_tick_lots = equity
    risk.peak_equity_tick_lots = max(risk.peak_equity_tick_lots, equity)
    if 0 < params.daily_loss_tick_lots <= risk.day_equity_tick_lots - equity:
        restrict(risk, params.loss_state, DAILY_LOSS)
    if 0 < params.drawdown_tick_lots <= risk.peak_equity_tick_lots - equity:
        restrict(risk, params.loss_state, DRAWDOWN)


@kernel
def is_over_budget(risk: Risk, orders: Orders, params: RiskParams, ledger: Ledger) -> bool:
    """Say whether what is held and live exceeds the budget at today's prices."""
    price = ledger.twice_mid_ticks // 2 + 1
    for side in (BUY, SELL):
        exposure = exposure_lots(risk, orders, side, 0)
        if exposure > params.budget_tick_lots // max(price, dearest_ticks(orders, side)):
            return True
    return False


@kernel
def judge(risk: Risk, orders: Orders, params: RiskParams, ledger: Ledger, ts_ns: int) -> bool:
    """Bring the trading state up to date; return whether it changed."""
    watch_losses(risk, params, ledger, ts_ns)
    faults = orders.n_illegal + orders.fault
    if faults > risk.n_faults:
        risk.n_faults = faults
        restrict(risk, HALTED, BROKEN_INVARIANT)
    return settle_state(risk, is_over_budget(risk, orders, params, ledger))


@kernel
def settle_state(risk: Risk, over_budget: bool) -> bool:
    """Take the stricter of what is ordered and what the exposure calls for; return whether it changed."""
    state, reason = risk.ordered, risk.ordered_reason
    if over_budget and state == ACTIVE:
        state, reason = REDUCING, OVER_BUDGET
    changed = state != risk.state or (state != ACTIVE and reason != risk.reason)
    risk.state, risk.reason = state, reason
    risk.n_transitions += 1 if changed else 0
    return changed


@kernel
def allowed(risk: Risk, params: RiskParams, top: Top, quotes: Quotes) -> int:
    """Return ALLOWED, or why nothing at all may be sent now: the trading state, or the market's."""
    if risk.state == HALTED:
        return risk.reason
    return market_code(params, top, quotes.ts_ns)
