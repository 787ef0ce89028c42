"""The life of our orders as we know it: the wanted set against the working set.

Each decision states all quotes that are wanted; the difference from what is
live becomes place, amend and cancel requests. One table says what a report
makes of an order:

| stage | ACCEPTED | AMENDED | FILLED | CANCELED | REJECTED | AMEND_REJECTED | CANCEL_REJECTED |
|---|---|---|---|---|---|---|---|
| PENDING | WORKING | illegal | PENDING | FREE | FREE | illegal | illegal |
| WORKING | WORKING | illegal | WORKING | FREE | illegal | WORKING | WORKING |
| AMENDING | AMENDING | WORKING | AMENDING | FREE | illegal | WORKING | AMENDING |
| CANCELING | CANCELING | CANCELING | CANCELING | FREE | illegal | CANCELING | WORKING |

A fill of all that is left frees the order in any stage. A report about an order
that is gone is a stray: expected after a cancel crossed a fill, and counted.
"""

from typing import Annotated, Final

import numpy as np

from operators.kernel import Record, Table, kernel
from operators.rows import (
    ACCEPTED,
    AMEND,
    AMEND_REJECTED,
    AMENDED,
    CANCEL,
    CANCEL_REJECTED,
    FILLED,
    LAST,
    PLACE,
    POST_ONLY,
    REJECTED,
    Row,
    Rows,
)

SLOTS: Final = 16

FREE: Final = 0
PENDING: Final = 1
WORKING: Final = 2
AMENDING: Final = 3
CANCELING: Final = 4
ILLEGAL: Final = -1

# What a side calls for when there is no slot to move.
NEW_ORDER: Final = -1
NOTHING: Final = -2

TRANSITIONS: Final = np.array(
    [
        [ILLEGAL, ILLEGAL, ILLEGAL, ILLEGAL, ILLEGAL, ILLEGAL, ILLEGAL],
        [WORKING, ILLEGAL, PENDING, FREE, FREE, ILLEGAL, ILLEGAL],
        [WORKING, ILLEGAL, WORKING, FREE, ILLEGAL, WORKING, WORKING],
        [AMENDING, WORKING, AMENDING, FREE, ILLEGAL, WORKING, AMENDING],
        [CANCELING, CANCELING, CANCELING, FREE, ILLEGAL, CANCELING, WORKING],
    ],
    np.int64,
)
"""Next stage, by stage and by report counted from ACCEPTED."""


class OrdersParams(Record):
    """When a working order is moved, and how."""

    requote_ticks: int
    min_requote_ns: int
    amends: int
    """1: move an order with one amend; 0: cancel it and place another."""


class Order(Record):
    """One of our orders."""

    number: int
    side: int
    price_ticks: int
    wanted_ticks: int
    """Where an amend on its way moves it; else its price."""
    size_lots: int
    leaves_lots: int
    stage: int
    moved_ns: int


class Orders(Record):
    """Our orders, and how many there have been."""

    last_number: int
    n_placed: int
    n_amended: int
    n_canceled: int
    n_accepted: int
    n_with_fill: int
    n_rejected: int
    n_stray: int
    n_illegal: int
    fault: int
    slots: Annotated[Table[Order], Order.dtype, (SLOTS,)]


@kernel
def find(orders: Orders, number: int) -> int:
    """Return the slot of a live order, or -1."""
    for s in range(SLOTS):
        order = orders.slots[s]
        if order.stage != FREE and order.number == number:
            return s
    return -1


@kernel
def on_report(orders: Orders, row: Row) -> None:
    """Learn what became of a request or an order."""
    s = find(orders, row.id)
    if s < 0:
        orders.n_stray += 1
        return
    order = orders.slots[s]
    stage = TRANSITIONS[order.stage, row.kind - ACCEPTED]
    if stage == ILLEGAL:
        orders.n_illegal += 1
        return
    _take_in(orders, order, row)
    order.stage = FREE if row.kind == FILLED and order.leaves_lots <= 0 else stage
    if order.stage == WORKING:
        order.wanted_ticks = order.price_ticks


@kernel
def _take_in(orders: Orders, order: Order, row: Row) -> None:
    if row.kind == FILLED:
        if order.leaves_lots == order.size_lots:
            orders.n_with_fill += 1
        order.leaves_lots -= row.size_lots
    elif row.kind == ACCEPTED:
        orders.n_accepted += 1
    elif row.kind == AMENDED:
        order.price_ticks = row.price_ticks
    elif row.kind in (REJECTED, AMEND_REJECTED, CANCEL_REJECTED):
        orders.n_rejected += 1


@kernel
def live_lots(orders: Orders, side: int) -> int:
    """Return all lots that may still fill on one side, requests on their way included."""
    lots = 0
    for s in range(SLOTS):
        order = orders.slots[s]
        if order.stage != FREE and order.side == side:
            lots += order.leaves_lots
    return lots


@kernel
def dearest_ticks(orders: Orders, side: int) -> int:
    """Return the highest price that anything live on one side may fill at, 0 without any."""
    ticks = 0
    for s in range(SLOTS):
        order = orders.slots[s]
        if order.stage != FREE and order.side == side:
            ticks = max(ticks, order.price_ticks, order.wanted_ticks)
    return ticks


@kernel
def keep_or_move(
    orders: Orders, params: OrdersParams, ts_ns: int, side: int, want_ticks: int, want_lots: int
) -> int:
    """Return the slot to move to the wanted price, NEW_ORDER when one is needed, or NOTHING.

    An order with more left than is wanted now is not kept: it could fill beyond what is wanted.
    Working orders that stand elsewhere and are not moved are marked CANCELING, to be sent by `send_cancels`.
    """
    kept, movable, busy = False, NEW_ORDER, False
    for s in range(SLOTS):
        order = orders.slots[s]
        if order.stage == FREE or order.side != side:
            continue
        fits = order.leaves_lots <= want_lots and order.stage != CANCELING
        near = abs(order.wanted_ticks - want_ticks) <= params.requote_ticks
        young = ts_ns - order.moved_ns < params.min_requote_ns
        if fits and (near or young) and not kept:
            kept = True
        elif order.stage == WORKING:
            if params.amends != 0 and fits and movable < 0:
                movable = s
            else:
                order.stage = CANCELING
                order.moved_ns = -1
                busy = busy or not fits
        else:
            busy = True
    if movable >= 0 and kept:
        orders.slots[movable].stage = CANCELING
        orders.slots[movable].moved_ns = -1
    waits = movable < 0 and ((params.amends != 0 and busy) or is_full(orders))
    return NOTHING if want_lots <= 0 or kept or waits else movable


@kernel
def is_full(orders: Orders) -> bool:
    """Say whether every slot holds an order, so that a new one must wait."""
    for s in range(SLOTS):
        if orders.slots[s].stage == FREE:
            return False
    return True


@kernel
def send_cancels(orders: Orders, ts_ns: int, out: Rows, n: int) -> int:
    """Write a cancel for every order that was just marked; return the number of requests in `out`."""
    for s in range(SLOTS):
        order = orders.slots[s]
        if order.stage == CANCELING and order.moved_ns < 0:
            order.moved_ns = ts_ns
            orders.n_canceled += 1
            n = _request(out, n, ts_ns, CANCEL, order, order.price_ticks)
    return n


@kernel
def place(orders: Orders, ts_ns: int, side: int, ticks: int, lots: int, out: Rows, n: int) -> int:
    """Write a new post-only order; return the number of requests in `out`."""
    for s in range(SLOTS):
        order = orders.slots[s]
        if order.stage == FREE:
            orders.last_number += 1
            orders.n_placed += 1
            order.number = orders.last_number
            order.side = side
            order.price_ticks = order.wanted_ticks = ticks
            order.size_lots = order.leaves_lots = lots
            order.stage = PENDING
            order.moved_ns = ts_ns
            return _request(out, n, ts_ns, PLACE, order, ticks)
    orders.fault = 1
    return n


@kernel
def amend(orders: Orders, ts_ns: int, s: int, ticks: int, out: Rows, n: int) -> int:
    """Write a move of a working order to another price; return the number of requests in `out`."""
    order = orders.slots[s]
    orders.n_amended += 1
    order.wanted_ticks = ticks
    order.stage = AMENDING
    order.moved_ns = ts_ns
    return _request(out, n, ts_ns, AMEND, order, ticks)


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
