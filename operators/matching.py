"""How the simulated venue treats our orders: what the market does to them, and what we ask of it.

Our orders do not move the recorded market.
"""

from operators.book import BookParams, apply_row
from operators.kernel import kernel
from operators.queue import FAR_BACK, VenueParams, eaten, on_level_size
from operators.ring import UNKNOWN, Book, side_index
from operators.rows import (
    ACCEPTED,
    AMEND,
    AMEND_REJECTED,
    AMENDED,
    BELOW_MINIMUM,
    BEST,
    BUY,
    CANCEL,
    CANCEL_REJECTED,
    CANCELED,
    CLEAR,
    FILLED,
    LAST,
    LEVEL,
    REJECTED,
    SELL,
    TRADE,
    UNKNOWN_ORDER,
    VENUE_FULL,
    WOULD_CROSS,
    Row,
)
from operators.touch import lots_ahead, quote_is_newer, touch_ticks
from operators.venue import SLOTS, Venue, answer, report, survey


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
    """News of a price: our orders there may move up, and those that it reaches are filled.

    Within a message the ring may still hold a best price that the message is about to delete, so that
    only the level itself is believed; the touch is, where the message ends.
    """
    side, i = row.side, side_index(row.side)
    behind, beyond = side * (venue.nearest[i] - row.price_ticks), side * (row.price_ticks - venue.deepest[i])
    if behind >= 0 and (beyond >= 0 or row.kind == BEST):
        _queues_shrink(venue, params, row)
    if row.size_lots > 0:
        _fill_reached(venue, params, side, row.price_ticks, row.ts_event)
    if row.marks & LAST:
        for each in (BUY, SELL):
            _fill_reached(venue, params, each, touch_ticks(book, each), row.ts_event)


@kernel
def _queues_shrink(venue: Venue, params: VenueParams, row: Row) -> None:
    """A level tells its size; a best price also tells that nothing stands before it."""
    for k in range(venue.n_resting):
        order = venue.resting[k]
        if order.side == row.side and order.price_ticks == row.price_ticks:
            on_level_size(order, params, row.size_lots)
        elif (
            order.side == row.side
            and row.kind == BEST
            and row.side * (order.price_ticks - row.price_ticks) > 0
        ):
            on_level_size(order, params, 0)


@kernel
def _fill_reached(venue: Venue, params: VenueParams, side: int, reached: int, ts_ns: int) -> None:
    """A quote of `side` that reaches our orders on the other fills them."""
    if side * (reached - venue.nearest[side_index(-side)]) < 0:
        return
    k = 0
    while k < venue.n_resting:
        order = venue.resting[k]
        if order.side != side and side * (reached - order.price_ticks) >= 0:
            fill(venue, params, k, order.leaves_lots, ts_ns)
        else:
            k += 1


@kernel
def on_print(venue: Venue, params: VenueParams, row: Row) -> None:
    """A trade through our price fills us; at our price it eats the queue, then us, in our order."""
    k = given = 0
    while k < venue.n_resting:
        order = venue.resting[k]
        beyond = row.side * (row.price_ticks - order.price_ticks)
        lots = 0
        if order.side == -row.side and beyond > 0:
            lots = order.leaves_lots
        elif order.side == -row.side and beyond == 0:
            lots = eaten(order, params, row.size_lots, given)
            given += lots
        gone = lots > 0 and lots == order.leaves_lots
        if lots > 0:
            fill(venue, params, k, lots, row.ts_event)
        if not gone:
            k += 1


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
    survey(venue)


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
            answer(venue, params, CANCEL_REJECTED, row, UNKNOWN_ORDER)
        else:
            _remove(venue, k)
            answer(venue, params, CANCELED, row, 0)
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
    survey(venue)


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
        answer(venue, params, REJECTED, row, reason)
        return
    _queue_up(venue, book, row, row.size_lots)
    answer(venue, params, ACCEPTED, row, 0)


@kernel
def _on_amend(venue: Venue, book: Book, params: VenueParams, row: Row, k: int) -> None:
    """Move an order to the back of another level; one that would cross is cancelled."""
    if k < 0:
        answer(venue, params, AMEND_REJECTED, row, UNKNOWN_ORDER)
    elif _crosses(book, row):
        _remove(venue, k)
        answer(venue, params, CANCELED, row, WOULD_CROSS)
    else:
        lots = venue.resting[k].leaves_lots
        _remove(venue, k)
        _queue_up(venue, book, row, lots)
        answer(venue, params, AMENDED, row, 0)
