"""Wanted quotes against working orders: the difference becomes place, amend and cancel requests.

Each decision states all quotes that are wanted. Per side, orders that stand where
one is wanted are kept; with amends the others move; what is left over is cancelled.
"""

from typing import Final

from operators.kernel import kernel
from operators.orders import (
    AMENDING,
    CANCELING,
    FREE,
    PENDING,
    UNKNOWN,
    WORKING,
    Order,
    Orders,
    OrdersParams,
    free_slot,
)
from operators.rows import AMEND, CANCEL, LAST, PLACE, POST_ONLY, QUERY, Rows

# What becomes of an order (`claim`) while its side is brought to what is wanted.
LEFT: Final = 0
KEPT: Final = 1
MOVES: Final = 2

NONE: Final = -1
ROOM: Final = 64
"""More than what is asked for in one decision."""


@kernel
def keep(
    orders: Orders, params: OrdersParams, ts_ns: int, side: int, ticks: int, lots: int, levels: int
) -> int:
    """Claim the orders that may stay; return which levels have one, as bits.

    An order with more left than is wanted now is not kept: it could fill beyond what is wanted.
    """
    met = 0
    for s in range(orders.n_slots):
        orders.slots[s].claim = LEFT
    for young in range(2 if params.min_requote_ns > 0 else 1):
        for s in range(orders.n_slots):
            order = orders.slots[s]
            if order.side == side and order.claim == LEFT and _fits(order, lots):
                level = _level_of(params, order, side, ticks, levels, met)
                if young != 0 and level < 0 and ts_ns - order.moved_ns < params.min_requote_ns:
                    level = _first_unmet(levels, met)
                if level >= 0:
                    order.claim = KEPT
                    met |= 1 << level
    return met


@kernel
def _fits(order: Order, lots: int) -> bool:
    return order.stage in (PENDING, WORKING, AMENDING) and order.leaves_lots <= lots


@kernel
def level_ticks(params: OrdersParams, side: int, ticks: int, level: int) -> int:
    """Return the price of a level, the first being the nearest to the market."""
    return ticks - side * level * params.level_step_ticks


@kernel
def _level_of(params: OrdersParams, order: Order, side: int, ticks: int, levels: int, met: int) -> int:
    for level in range(levels):
        away = abs(order.wanted_ticks - level_ticks(params, side, ticks, level))
        if (met >> level) & 1 == 0 and away <= params.requote_ticks:
            return level
    return NONE


@kernel
def _first_unmet(levels: int, met: int) -> int:
    for level in range(levels):
        if (met >> level) & 1 == 0:
            return level
    return NONE


@kernel
def part(
    orders: Orders, params: OrdersParams, ts_ns: int, side: int, lots: int, unmet: int, out: Rows, n: int
) -> tuple[int, int]:
    """Let orders move as far as levels are unmet, and cancel the others that can be.

    Returns how many new orders may be placed besides, and the number of requests in `out`.
    With amends a new order waits for those on their way; an unknown one is waited for in any case.
    """
    wanted = unmet
    for s in range(orders.n_slots):
        order = orders.slots[s]
        if order.stage == FREE or order.side != side or order.claim == KEPT:
            continue
        if order.stage != WORKING:
            wanted -= 1 if params.amends != 0 or order.stage == UNKNOWN else 0
        elif params.amends != 0 and unmet > 0 and order.leaves_lots <= lots:
            order.claim = MOVES
            unmet -= 1
            wanted -= 1
        else:
            n = cancel(orders, ts_ns, s, out, n)
            wanted -= 1 if params.amends != 0 else 0
    return max(0, wanted), n


@kernel
def movable(orders: Orders, side: int) -> int:
    """Return the slot of an order that is to move, or NONE."""
    for s in range(orders.n_slots):
        order = orders.slots[s]
        if order.side == side and order.claim == MOVES and order.stage == WORKING:
            return s
    return NONE


@kernel
def place(
    orders: Orders, params: OrdersParams, ts_ns: int, side: int, ticks: int, lots: int, out: Rows, n: int
) -> int:
    """Write a new post-only order; return the number of requests in `out`."""
    s = free_slot(orders)
    if s < 0:
        orders.fault = 1
        return n
    order = orders.slots[s]
    orders.last_number += 1
    orders.n_placed += 1
    order.number = orders.last_number
    order.side = side
    order.price_ticks = order.wanted_ticks = ticks
    order.size_lots = order.leaves_lots = lots
    order.accepted = 0
    order.stage = PENDING
    order.claim = KEPT
    order.moved_ns = order.heard_ns = ts_ns
    n = _request(out, n, ts_ns, PLACE, order, ticks)
    out[n - 1].lag_us = params.life_ms
    return n


@kernel
def amend(orders: Orders, ts_ns: int, s: int, ticks: int, out: Rows, n: int) -> int:
    """Write a move of a working order to another price; return the number of requests in `out`."""
    order = orders.slots[s]
    orders.n_amended += 1
    order.wanted_ticks = ticks
    order.stage = AMENDING
    order.claim = KEPT
    order.moved_ns = order.heard_ns = ts_ns
    return _request(out, n, ts_ns, AMEND, order, ticks)


@kernel
def cancel(orders: Orders, ts_ns: int, s: int, out: Rows, n: int) -> int:
    """Write a cancel of a working order; return the number of requests in `out`."""
    order = orders.slots[s]
    orders.n_canceled += 1
    order.stage = CANCELING
    order.claim = LEFT
    order.moved_ns = order.heard_ns = ts_ns
    return _request(out, n, ts_ns, CANCEL, order, order.price_ticks)


@kernel
def cancel_all(orders: Orders, ts_ns: int, out: Rows, n: int) -> int:
    """Write a cancel of every order that can be cancelled."""
    for s in range(orders.n_slots):
        if orders.slots[s].stage == WORKING:
            n = cancel(orders, ts_ns, s, out, n)
    return n


@kernel
def ask_after(orders: Orders, params: OrdersParams, ts_ns: int, out: Rows, n: int) -> int:
    """Ask for an order whose request stays unanswered, or that is quiet: for one in each decision."""
    asked = False
    for s in range(orders.n_slots):
        order = orders.slots[s]
        patience = params.confirm_after_ns if order.stage == WORKING else params.unknown_after_ns
        if order.stage == FREE or patience <= 0 or ts_ns - order.heard_ns < patience:
            continue
        if order.stage in (PENDING, AMENDING, CANCELING):
            orders.n_unknown += 1
            order.stage = UNKNOWN
        if not asked:
            asked = True
            orders.n_queries += 1
            order.heard_ns = ts_ns
            n = _request(out, n, ts_ns, QUERY, order, order.price_ticks)
    return n


@kernel
def _request(out: Rows, n: int, ts_ns: int, kind: int, order: Order, ticks: int) -> int:
    row = out[n]
    row.ts_event = row.ts_recv = ts_ns
    row.id = order.number
    row.price_ticks = ticks
    row.size_lots = order.leaves_lots
    row.kind = kind
    row.side = order.side
    row.marks = LAST | POST_ONLY
    row.reason = 0
    row.lag_us = 0
    return n + 1
