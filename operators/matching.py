"""What the market, and time, do to our orders at the simulated venue.

Our orders do not move the recorded market.
"""

from operators.book import BookParams, apply_row
from operators.kernel import kernel
from operators.queue import Resting, VenueParams, eaten, on_level_size
from operators.ring import UNKNOWN, Book, side_index
from operators.rows import (
    BEST,
    BUY,
    CLEAR,
    EXPIRED,
    FILLED,
    LAST,
    LEVEL,
    LIFE_ENDED,
    MAKER,
    MARK,
    SELL,
    TRADE,
    Row,
)
from operators.settlement import begin_settlement, on_mark, settle
from operators.touch import quote_is_newer, touch_ticks
from operators.venue import MEMORY, Venue, let_go, report, schedule, survey, unsettled_until_ns


@kernel
def on_market(venue: Venue, book: Book, rules: BookParams, params: VenueParams, row: Row) -> None:
    """Live through one fact of the market."""
    apply_row(book, rules, row)
    kind = row.kind
    if kind == MARK:
        on_mark(venue, params, row)
    elif venue.n_resting == 0:
        return
    elif (kind == LEVEL and book.quote_id <= row.id) or (kind == BEST and quote_is_newer(book)):
        _on_touch(venue, book, params, row)
    elif kind == TRADE:
        on_print(venue, params, row)
    elif kind == CLEAR:
        for k in range(venue.n_resting):
            venue.resting[k].level_lots = UNKNOWN


@kernel
def on_time(venue: Venue, params: VenueParams, ts_ns: int) -> None:
    """Do what is due at this instant: lives end, settlements begin or wait no longer, reports go on."""
    k = 0
    while k < venue.n_resting:
        order = venue.resting[k]
        if 0 < order.expires_ns <= ts_ns:
            report(venue, params, EXPIRED, order, order.leaves_lots, 0, LIFE_ENDED, ts_ns)
            remove(venue, k)
        else:
            k += 1
    if 0 < venue.settles_ns <= ts_ns:
        begin_settlement(venue, params, ts_ns)
    if 0 < unsettled_until_ns(venue) <= ts_ns:
        settle(venue, params, ts_ns)
    if 0 < venue.held_ns <= ts_ns:
        let_go(venue, params, ts_ns)
    schedule(venue)


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
    book_fill(venue, params, order, lots, MAKER, ts_ns)
    if order.leaves_lots == 0:
        remove(venue, k)


@kernel
def book_fill(venue: Venue, params: VenueParams, order: Resting, lots: int, marks: int, ts_ns: int) -> None:
    """Count what an order got, and tell us."""
    order.leaves_lots -= lots
    order.filled_lots += lots
    venue.position_lots += order.side * lots
    report(venue, params, FILLED, order, lots, marks, 0, ts_ns)


@kernel
def remove(venue: Venue, k: int) -> None:
    """Let an order rest no more; what it got is remembered for a while."""
    remember(venue, venue.resting[k])
    for j in range(k, venue.n_resting - 1):
        venue.resting[j] = venue.resting[j + 1]
    venue.n_resting -= 1
    survey(venue)


@kernel
def remember(venue: Venue, order: Resting) -> None:
    """Keep what is asked for of an order that is gone, or never was, in place of the one longest gone."""
    k = recall(venue, order.number)
    if k < 0:
        k = venue.n_gone % MEMORY
        venue.n_gone += 1
    gone = venue.gone[k]
    gone.number = order.number
    gone.filled_lots = order.filled_lots
    gone.n_reports = order.n_reports


@kernel
def recall(venue: Venue, number: int) -> int:
    """Return where an order is remembered that no longer rests, or -1."""
    for k in range(min(venue.n_gone, MEMORY)):
        if venue.gone[k].number == number:
            return k
    return -1
