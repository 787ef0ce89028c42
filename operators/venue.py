"""A simulated venue: its own clock and book, our resting orders, their places in the queue.

Queue model: `prob` takes a fall of the level to be behind us with probability
1 − (front / (front + back))^n (Rigtorp 2013; n = 3 is hftbacktest's
power_prob_queue_model3); `risk_averse` lets trades alone advance us. Our orders
do not move the recorded market.
"""

from typing import Annotated, Final

import numpy as np
from numpy.typing import NDArray

from operators.book import (
    NO_ASK,
    NO_BID,
    UNKNOWN,
    Book,
    BookParams,
    apply_row,
    lots_ahead,
    quote_is_newer,
    side_index,
    touch_ticks,
)
from operators.kernel import Cell, Record, Table, kernel
from operators.rows import (
    ACCEPTED,
    AMEND,
    AMEND_REJECTED,
    AMENDED,
    BELOW_MINIMUM,
    BEST,
    CANCEL,
    CANCEL_REJECTED,
    CANCELED,
    CLEAR,
    FILLED,
    LAST,
    LEVEL,
    MAKER,
    NEVER,
    REJECTED,
    TRADE,
    UNKNOWN_ORDER,
    VENUE_FULL,
    WOULD_CROSS,
    Row,
    Rows,
)

SLOTS: Final = 32
RING: Final = 256
ROOM: Final = 2 * SLOTS
"""Reports that one fact can cause at most."""
FAR_BACK: Final = float(1 << 53)
"""The queue ahead at a level that nobody told us about: only trades through it fill us."""
PROB: Final = 0
RISK_AVERSE: Final = 1


class VenueParams(Record):
    """How the venue treats us."""

    entry_ns: int
    response_ns: int
    queue: int
    partial_fills: int
    min_notional_tick_lots: int
    queue_power: float


class Resting(Record):
    """One of our orders in the queue."""

    number: int
    side: int
    price_ticks: int
    leaves_lots: int
    level_lots: int
    """Size of its level when last told, UNKNOWN if never."""
    traded_lots: int
    """Traded at its level since then."""
    front_lots: float
    """Queue ahead of us."""


class Venue(Record):
    """Everything the venue remembers, the wires to and from it included."""

    now_ns: int
    n_resting: int
    fault: int
    requests_head: int
    requests_tail: int
    reports_head: int
    reports_tail: int
    nearest: Annotated[NDArray[np.int64], np.int64, (2,)]
    """Price of our best resting bid and ask: what the market must reach to fill any."""
    deepest: Annotated[NDArray[np.int64], np.int64, (2,)]
    resting: Annotated[Table[Resting], Resting.dtype, (SLOTS,)]
    requests: Annotated[Rows, Row.dtype, (RING,)]
    reports: Annotated[Rows, Row.dtype, (RING,)]


@kernel
def submit(cell: Cell[Venue], setup: Cell[VenueParams], requests: Rows, n: int) -> None:
    """Put requests on the wire; each arrives `entry_ns` after it was made."""
    venue, params = cell[0], setup[0]
    for k in range(n):
        if venue.requests_tail - venue.requests_head == RING:
            venue.fault = 1
            return
        slot = venue.requests_tail % RING
        venue.requests[slot] = requests[k]
        venue.requests[slot].ts_event = requests[k].ts_recv + params.entry_ns
        venue.requests_tail += 1


@kernel
def on_market(venue: Venue, book: Book, rules: BookParams, params: VenueParams, row: Row) -> None:
    """Live through one fact of the market."""
    apply_row(book, rules, row)
    if venue.n_resting == 0:
        return
    kind = row.kind
    if (kind == LEVEL and book.quote_id <= row.id) or (kind == BEST and quote_is_newer(book)):
        _on_touch(venue, book, params, row)
    elif kind == TRADE:
        on_print(venue, params, row)
    elif kind == CLEAR:
        for k in range(venue.n_resting):
            venue.resting[k].level_lots = UNKNOWN


@kernel
def _on_touch(venue: Venue, book: Book, params: VenueParams, row: Row) -> None:
    """News of a price: our orders there may move up, and those that it reaches are filled."""
    side, i = row.side, side_index(row.side)
    behind, beyond = side * (venue.nearest[i] - row.price_ticks), side * (row.price_ticks - venue.deepest[i])
    if behind >= 0 and beyond >= 0:
        _queues_shrink(venue, params, row)
    reached = touch_ticks(book, side)
    if side * (reached - venue.nearest[1 - i]) >= 0:
        _fill_reached(venue, params, row, reached)


@kernel
def _queues_shrink(venue: Venue, params: VenueParams, row: Row) -> None:
    for k in range(venue.n_resting):
        order = venue.resting[k]
        if order.side == row.side and order.price_ticks == row.price_ticks:
            on_level_size(order, params, row.size_lots)


@kernel
def on_level_size(order: Resting, params: VenueParams, lots: int) -> None:
    """Share a fall in the level's size, beyond what traded, between those before and behind us."""
    before, front = order.level_lots, order.front_lots
    gone = before - lots - order.traded_lots
    order.level_lots = lots
    order.traded_lots = 0
    if params.queue == PROB and before > 0 and gone >= 0:
        behind = before - front
        p_behind = 1.0 - (front / before) ** params.queue_power
        front = front - (1.0 - p_behind) * gone + min(behind - p_behind * gone, 0.0)
    order.front_lots = min(front, order.front_lots, float(lots))


@kernel
def _fill_reached(venue: Venue, params: VenueParams, row: Row, reached: int) -> None:
    """A quote that reaches our order from the other side fills it."""
    k = 0
    while k < venue.n_resting:
        order = venue.resting[k]
        if order.side != row.side and row.side * (reached - order.price_ticks) >= 0:
            fill(venue, params, k, order.leaves_lots, row.ts_event)
        else:
            k += 1


@kernel
def on_print(venue: Venue, params: VenueParams, row: Row) -> None:
    """A trade through our price fills us; at our price it eats the queue, then us, in our order."""
    k = given = 0
    while k < venue.n_resting:
        order = venue.resting[k]
        beyond = row.side * (row.price_ticks - order.price_ticks)
        against = order.side != row.side or row.side == 0
        lots = 0
        if against and row.side != 0 and beyond > 0:
            lots = order.leaves_lots
        elif against and row.side != 0 and beyond == 0:
            lots = eaten(order, params, row.size_lots, given)
            given += lots
        gone = lots > 0 and lots == order.leaves_lots
        if lots > 0:
            fill(venue, params, k, lots, row.ts_event)
        if not gone:
            k += 1


@kernel
def eaten(order: Resting, params: VenueParams, traded_lots: int, given: int) -> int:
    """Return how much of our order a trade at its price takes; `given` went to our orders before it."""
    order.front_lots -= traded_lots
    order.traded_lots += traded_lots
    past_front = round(-order.front_lots) - given
    order.front_lots = max(0.0, order.front_lots)
    if past_front <= 0:
        return 0
    return min(past_front, order.leaves_lots) if params.partial_fills != 0 else order.leaves_lots


@kernel
def fill(venue: Venue, params: VenueParams, k: int, lots: int, ts_ns: int) -> None:
    """Fill an order at its price, and forget it when nothing is left."""
    order = venue.resting[k]
    order.leaves_lots -= lots
    report(venue, params, FILLED, order.number, order.side, order.price_ticks, lots, ts_ns)
    if order.leaves_lots == 0:
        _remove(venue, k)


@kernel
def _remove(venue: Venue, k: int) -> None:
    for j in range(k, venue.n_resting - 1):
        venue.resting[j] = venue.resting[j + 1]
    venue.n_resting -= 1
    _survey(venue)


@kernel
def _survey(venue: Venue) -> None:
    """Note which of our orders stand nearest to the market, and which deepest."""
    venue.nearest[0] = venue.deepest[1] = NO_BID
    venue.nearest[1] = venue.deepest[0] = NO_ASK
    for k in range(venue.n_resting):
        order = venue.resting[k]
        i = side_index(order.side)
        if order.side * (order.price_ticks - venue.nearest[i]) > 0:
            venue.nearest[i] = order.price_ticks
        if order.side * (venue.deepest[i] - order.price_ticks) > 0:
            venue.deepest[i] = order.price_ticks


@kernel
def report(
    venue: Venue, params: VenueParams, kind: int, number: int, side: int, ticks: int, lots: int, ts_ns: int
) -> None:
    """Tell us, `response_ns` later."""
    row = venue.reports[venue.reports_tail % RING]
    row.ts_event = ts_ns
    row.ts_recv = ts_ns + params.response_ns
    row.id = number
    row.kind = kind
    row.side = side
    row.price_ticks = ticks
    row.size_lots = lots
    row.marks = LAST | MAKER
    row.reason = 0
    row.lag_us = 0
    venue.reports_tail += 1


@kernel
def _answer(venue: Venue, params: VenueParams, kind: int, row: Row, reason: int) -> None:
    """Answer a request about itself, with why it failed."""
    slot = venue.reports_tail % RING
    report(venue, params, kind, row.id, row.side, row.price_ticks, row.size_lots, row.ts_event)
    venue.reports[slot].reason = reason


@kernel
def _slot_of(venue: Venue, number: int) -> int:
    for k in range(venue.n_resting):
        if venue.resting[k].number == number:
            return k
    return -1


@kernel
def on_request(venue: Venue, book: Book, params: VenueParams, row: Row) -> None:
    """Place, amend or cancel, as it arrives."""
    k = _slot_of(venue, row.id)
    if row.kind == CANCEL:
        if k < 0:
            _answer(venue, params, CANCEL_REJECTED, row, UNKNOWN_ORDER)
        else:
            _remove(venue, k)
            _answer(venue, params, CANCELED, row, 0)
    elif row.kind == AMEND:
        _on_amend(venue, book, params, row, k)
    else:
        _on_place(venue, book, params, row)


@kernel
def _crosses(book: Book, row: Row) -> bool:
    return row.side * (row.price_ticks - touch_ticks(book, -row.side)) >= 0


@kernel
def _queue_up(venue: Venue, book: Book, row: Row, lots: int) -> None:
    """Rest behind everything at the price, our own orders included."""
    order = venue.resting[venue.n_resting]
    venue.n_resting += 1
    order.number = row.id
    order.side = row.side
    order.leaves_lots = lots
    order.price_ticks = row.price_ticks
    order.traded_lots = 0
    order.level_lots = lots_ahead(book, row.side, row.price_ticks)
    order.front_lots = FAR_BACK if order.level_lots == UNKNOWN else float(order.level_lots)
    _survey(venue)


@kernel
def _on_place(venue: Venue, book: Book, params: VenueParams, row: Row) -> None:
    reason = 0
    if row.size_lots <= 0 or row.size_lots < -(-params.min_notional_tick_lots // max(1, row.price_ticks)):
        reason = BELOW_MINIMUM
    elif _crosses(book, row):
        reason = WOULD_CROSS
    elif venue.n_resting == SLOTS:
        reason = VENUE_FULL
    if reason != 0:
        _answer(venue, params, REJECTED, row, reason)
        return
    _queue_up(venue, book, row, row.size_lots)
    _answer(venue, params, ACCEPTED, row, 0)


@kernel
def _on_amend(venue: Venue, book: Book, params: VenueParams, row: Row, k: int) -> None:
    """Move an order to the back of another level; one that would cross is cancelled."""
    if k < 0:
        _answer(venue, params, AMEND_REJECTED, row, UNKNOWN_ORDER)
    elif _crosses(book, row):
        _remove(venue, k)
        _answer(venue, params, CANCELED, row, WOULD_CROSS)
    else:
        lots = venue.resting[k].leaves_lots
        _remove(venue, k)
        _queue_up(venue, book, row, lots)
        _answer(venue, params, AMENDED, row, 0)


@kernel
def has_room(venue: Venue) -> bool:
    """Say whether all that one fact can cause still fits among the waiting reports."""
    return RING - (venue.reports_tail - venue.reports_head) >= ROOM


@kernel
def next_request_ns(venue: Venue) -> int:
    """Return when the next request arrives, or NEVER."""
    if venue.requests_head < venue.requests_tail:
        return venue.requests[venue.requests_head % RING].ts_event
    return NEVER


@kernel
def next_report_ns(venue: Venue) -> int:
    """Return when the next report reaches us, or NEVER."""
    if venue.reports_head < venue.reports_tail:
        return venue.reports[venue.reports_head % RING].ts_recv
    return NEVER
