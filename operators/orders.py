"""The life of our orders as we know it.

One table says what a report makes of an order:

| stage | ACCEPTED | AMENDED | FILLED | CANCELED | REJECTED | AMEND_REJECTED | CANCEL_REJECTED | EXPIRED |
|---|---|---|---|---|---|---|---|---|
| PENDING | WORKING | illegal | PENDING | FREE | FREE | illegal | illegal | FREE |
| WORKING | WORKING | WORKING | WORKING | FREE | illegal | WORKING | WORKING | FREE |
| AMENDING | AMENDING | WORKING | AMENDING | FREE | illegal | WORKING | AMENDING | FREE |
| CANCELING | CANCELING | CANCELING | CANCELING | FREE | illegal | CANCELING | WORKING | FREE |
| UNKNOWN | WORKING | WORKING | UNKNOWN | FREE | FREE | UNKNOWN | UNKNOWN | FREE |

A fill of all that is left frees the order in any stage. A request that the venue
refuses because it does not know the order makes it UNKNOWN, as does one that
stays unanswered: it counts as live, nothing is sent in its place, and the venue
is asked for its state. STATE answers in every stage: the order is gone, or it
works, though a move or a cancel that was asked for since is still on its way.

A report about an order that is gone is a stray: expected after a cancel crossed a
fill, and counted. One that says that such an order is live takes it in again, so
that it can be cancelled.
"""

from typing import Annotated, Final

import numpy as np

from operators.kernel import Record, Table, kernel
from operators.rows import (
    ACCEPTED,
    AMEND_REJECTED,
    AMENDED,
    CANCEL_REJECTED,
    EXPIRED,
    FILLED,
    REJECTED,
    STATE,
    UNKNOWN_ORDER,
    Row,
)

SLOTS: Final = 32

FREE: Final = 0
PENDING: Final = 1
WORKING: Final = 2
AMENDING: Final = 3
CANCELING: Final = 4
UNKNOWN: Final = 5
ILLEGAL: Final = -1

TRANSITIONS: Final = np.array(
    [
        [ILLEGAL, ILLEGAL, ILLEGAL, ILLEGAL, ILLEGAL, ILLEGAL, ILLEGAL, ILLEGAL],
        [WORKING, ILLEGAL, PENDING, FREE, FREE, ILLEGAL, ILLEGAL, FREE],
        [WORKING, WORKING, WORKING, FREE, ILLEGAL, WORKING, WORKING, FREE],
        [AMENDING, WORKING, AMENDING, FREE, ILLEGAL, WORKING, AMENDING, FREE],
        [CANCELING, CANCELING, CANCELING, FREE, ILLEGAL, CANCELING, WORKING, FREE],
        [WORKING, WORKING, UNKNOWN, FREE, FREE, UNKNOWN, UNKNOWN, FREE],
    ],
    np.int64,
)
"""Next stage, by stage and by report counted from ACCEPTED."""


class OrdersParams(Record):
    """When a working order is moved, how, and how long an answer may take."""

    requote_ticks: int
    min_requote_ns: int
    amends: int
    """1: move an order with one amend; 0: cancel it and place another."""
    level_step_ticks: int
    unknown_after_ns: int
    """Without an answer for so long a request's outcome is unknown, and asked for; 0 is never."""
    confirm_after_ns: int
    """An order that nothing was heard of for so long is asked for; 0 is never."""
    life_ms: int
    """How long an order lives at the venue; 0 is for ever."""


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
    """When we last asked for it to be placed, moved or cancelled."""
    heard_ns: int
    """When it was last heard or asked of."""
    accepted: int
    """1: the venue had it, as any report on it shows."""
    claim: int
    """While quotes are brought about: what becomes of it."""


class Orders(Record):
    """Our orders, and how many there have been."""

    last_number: int
    n_slots: int
    """Slots from here on are free."""
    n_placed: int
    n_amended: int
    n_canceled: int
    n_accepted: int
    n_with_fill: int
    n_rejected: int
    n_expired: int
    n_unknown: int
    """Orders whose outcome was unknown for a while."""
    n_queries: int
    n_stray: int
    n_adopted: int
    """Orders that were taken to be gone, and were not."""
    n_illegal: int
    fault: int
    slots: Annotated[Table[Order], Order.dtype, (SLOTS,)]


@kernel
def find(orders: Orders, number: int) -> int:
    """Return the slot of a live order, or -1."""
    for s in range(orders.n_slots):
        order = orders.slots[s]
        if order.stage != FREE and order.number == number:
            return s
    return -1


@kernel
def free_slot(orders: Orders) -> int:
    """Return a slot for one more order, or -1 where each holds one."""
    for s in range(SLOTS):
        if orders.slots[s].stage == FREE:
            orders.n_slots = max(orders.n_slots, s + 1)
            return s
    return -1


@kernel
def is_full(orders: Orders) -> bool:
    """Say whether every slot holds an order, so that a new one must wait."""
    for s in range(SLOTS):
        if orders.slots[s].stage == FREE:
            return False
    return True


@kernel
def _release(orders: Orders, order: Order) -> None:
    order.stage = FREE
    while orders.n_slots > 0 and orders.slots[orders.n_slots - 1].stage == FREE:
        orders.n_slots -= 1


@kernel
def on_report(orders: Orders, row: Row) -> None:
    """Learn what became of a request or an order."""
    s = find(orders, row.id)
    if s < 0:
        _on_stray(orders, row)
        return
    order = orders.slots[s]
    order.heard_ns = row.ts_recv
    if row.kind == STATE:
        _on_state(orders, order, row)
        return
    stage = TRANSITIONS[order.stage, row.kind - ACCEPTED]
    if stage == ILLEGAL:
        orders.n_illegal += 1
        return
    _accept(orders, order, row)
    _take_in(orders, order, row)
    order.stage = stage
    if stage == FREE or (row.kind == FILLED and order.leaves_lots <= 0):
        _release(orders, order)
    elif row.reason == UNKNOWN_ORDER:
        _lose(orders, order)
    elif stage == WORKING:
        order.wanted_ticks = order.price_ticks


@kernel
def _accept(orders: Orders, order: Order, row: Row) -> None:
    """Count an order as accepted once, by whatever shows it first."""
    if order.accepted == 0 and row.kind in (ACCEPTED, AMENDED, FILLED, STATE):
        order.accepted = 1
        orders.n_accepted += 1


@kernel
def _take_in(orders: Orders, order: Order, row: Row) -> None:
    if row.kind == FILLED:
        if order.leaves_lots == order.size_lots:
            orders.n_with_fill += 1
        order.leaves_lots -= row.size_lots
    elif row.kind == AMENDED:
        order.price_ticks = row.price_ticks
    elif row.kind == EXPIRED:
        orders.n_expired += 1
    elif row.kind in (REJECTED, AMEND_REJECTED, CANCEL_REJECTED):
        orders.n_rejected += 1


@kernel
def _lose(orders: Orders, order: Order) -> None:
    """Its outcome is unknown, and is asked for at the next occasion."""
    orders.n_unknown += 1
    order.stage = UNKNOWN
    order.moved_ns = order.heard_ns = 0


@kernel
def _on_state(orders: Orders, order: Order, row: Row) -> None:
    """The venue says where an order stands, or that it does not."""
    if row.size_lots <= 0:
        _release(orders, order)
        return
    _accept(orders, order, row)
    order.price_ticks = row.price_ticks
    order.leaves_lots = row.size_lots
    if order.stage not in (AMENDING, CANCELING):
        order.stage = WORKING
        order.wanted_ticks = row.price_ticks


@kernel
def _on_stray(orders: Orders, row: Row) -> None:
    """Nothing is known of the order: if it is live, it is ours all the same."""
    orders.n_stray += 1
    if row.kind not in (ACCEPTED, AMENDED, STATE) or row.size_lots <= 0:
        return
    s = free_slot(orders)
    if s < 0:
        orders.fault = 1
        return
    orders.n_adopted += 1
    order = orders.slots[s]
    order.number = row.id
    order.side = row.side
    order.price_ticks = order.wanted_ticks = row.price_ticks
    order.size_lots = order.leaves_lots = row.size_lots
    order.accepted = 1
    order.stage = WORKING
    order.moved_ns = order.heard_ns = row.ts_recv


@kernel
def live_lots(orders: Orders, side: int) -> int:
    """Return all lots that may still fill on one side, requests on their way included."""
    lots = 0
    for s in range(orders.n_slots):
        order = orders.slots[s]
        if order.stage != FREE and order.side == side:
            lots += order.leaves_lots
    return lots


@kernel
def dearest_ticks(orders: Orders, side: int) -> int:
    """Return the highest price that anything live on one side may fill at, 0 without any."""
    ticks = 0
    for s in range(orders.n_slots):
        order = orders.slots[s]
        if order.stage != FREE and order.side == side:
            ticks = max(ticks, order.price_ticks, order.wanted_ticks)
    return ticks


@kernel
def meets_own(orders: Orders, side: int, ticks: int) -> bool:
    """Say whether an order would reach anything of ours that may be live on the other side."""
    for s in range(orders.n_slots):
        order = orders.slots[s]
        if (
            order.stage != FREE
            and order.side != side
            and (side * (ticks - order.price_ticks) >= 0 or side * (ticks - order.wanted_ticks) >= 0)
        ):
            return True
    return False
