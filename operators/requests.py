"""What we ask of the simulated venue, and how it answers."""

from typing import Final

from operators.chance import REFUSAL, happens
from operators.kernel import kernel
from operators.matching import recall, remember, remove
from operators.queue import FAR_BACK, Resting, VenueParams
from operators.ring import UNKNOWN, Book
from operators.rows import (
    ACCEPTED,
    AMEND,
    AMENDED,
    BELOW_MINIMUM,
    BUY,
    CANCEL,
    CANCELED,
    EXPIRED,
    IMMEDIATE,
    LIMIT,
    NO_LIQUIDITY,
    NOTIONAL_LIMIT,
    OFF_GRID,
    PLACE,
    POST_ONLY,
    QUERY,
    RATE_LIMITED,
    REFUSED,
    REJECTED,
    STATE,
    UNKNOWN_ORDER,
    VENUE_FULL,
    WOULD_CROSS,
    Row,
)
from operators.taking import crosses, take
from operators.touch import lots_ahead
from operators.venue import SLOTS, Venue, in_outage, report, survey

NS_PER_MS: Final = 1_000_000


@kernel
def on_request(venue: Venue, book: Book, params: VenueParams, row: Row) -> None:
    """Place, amend, cancel or look up an order as the request arrives; an outage loses it."""
    ts_ns = row.ts_event
    if in_outage(params, ts_ns):
        venue.n_requests_lost += 1
        return
    k = slot_of(venue, row.id)
    reason = _refusal(venue, book, params, row, k)
    order = venue.resting[k] if k >= 0 else introduced(venue, row)
    if reason != 0:
        lots = order.leaves_lots if k >= 0 else row.size_lots
        report(venue, params, row.kind - PLACE + REJECTED, order, lots, 0, reason, ts_ns)
    elif row.kind == QUERY:
        report(venue, params, STATE, order, order.leaves_lots if k >= 0 else 0, 0, 0, ts_ns)
    elif row.kind == CANCEL:
        _cancel(venue, params, k, 0, ts_ns)
    elif row.kind == AMEND:
        _amend(venue, book, params, row, k)
    else:
        _place(venue, book, params, row)
        return
    if k < 0:
        remember(venue, order)


@kernel
def slot_of(venue: Venue, number: int) -> int:
    """Return where an order rests, or -1."""
    for k in range(venue.n_resting):
        if venue.resting[k].number == number:
            return k
    return -1


@kernel
def introduced(venue: Venue, row: Row) -> Resting:
    """Return an order that does not rest, as a request names it and as far as it is remembered."""
    order = venue.resting[venue.n_resting]
    order.number = row.id
    order.side = row.side
    order.price_ticks = row.price_ticks
    order.leaves_lots = row.size_lots
    order.expires_ns = 0
    k = recall(venue, row.id)
    order.filled_lots = venue.gone[k].filled_lots if k >= 0 else 0
    order.n_reports = venue.gone[k].n_reports if k >= 0 else 0
    return order


@kernel
def _refusal(venue: Venue, book: Book, params: VenueParams, row: Row, k: int) -> int:
    """Return why a request fails, or 0."""
    reason = _at_the_door(venue, params, row, k)
    if reason != 0 or row.kind in (CANCEL, QUERY):
        return reason
    if not _on_grid(row):
        return OFF_GRID
    lots = row.size_lots if k < 0 else venue.resting[k].leaves_lots + venue.resting[k].filled_lots
    if lots < -(-params.min_notional_tick_lots // row.price_ticks):
        return BELOW_MINIMUM
    return _no_place(venue, book, row) if row.kind == PLACE else 0


@kernel
def _at_the_door(venue: Venue, params: VenueParams, row: Row, k: int) -> int:
    """Return why a request is refused whatever it asks for, or 0."""
    if row.kind == QUERY:
        return 0
    if row.kind != CANCEL and _too_many(venue, params, row.ts_event):
        return RATE_LIMITED
    if happens(params.reject_share, params.key, REFUSAL + 16 * int(row.kind), row.id, row.ts_recv):
        return REFUSED
    if row.kind == PLACE:
        return REFUSED if k >= 0 else 0
    return UNKNOWN_ORDER if k < 0 else 0


@kernel
def _too_many(venue: Venue, params: VenueParams, ts_ns: int) -> bool:
    """Count a request in its window of the rate limit; say whether the window had no room for it."""
    if params.max_requests == 0:
        return False
    window = ts_ns // params.rate_window_ns
    if window != venue.rate_window:
        venue.rate_window = window
        venue.n_in_window = 0
    venue.n_in_window += 1
    return venue.n_in_window > params.max_requests


@kernel
def _on_grid(row: Row) -> bool:
    """Say whether price and size are such that an order can have them, and be counted."""
    if not (0 < row.price_ticks < LIMIT and 0 < row.size_lots < LIMIT and abs(row.side) == BUY):
        return False
    return row.size_lots <= NOTIONAL_LIMIT // row.price_ticks


@kernel
def _no_place(venue: Venue, book: Book, row: Row) -> int:
    if row.marks & POST_ONLY and crosses(book, row.side, row.price_ticks):
        return WOULD_CROSS
    if venue.n_resting == SLOTS and row.marks & IMMEDIATE == 0:
        return VENUE_FULL
    return 0


@kernel
def _place(venue: Venue, book: Book, params: VenueParams, row: Row) -> None:
    """Accept an order: it takes what it may, and the rest rests or expires."""
    ts_ns = row.ts_event
    order = venue.resting[venue.n_resting]
    report(venue, params, ACCEPTED, order, order.leaves_lots, 0, 0, ts_ns)
    take(venue, book, params, order, ts_ns)
    if order.leaves_lots > 0 and row.marks & IMMEDIATE == 0:
        if row.lag_us > 0:
            order.expires_ns = ts_ns + int(row.lag_us) * NS_PER_MS
        _queue_up(venue, book)
        return
    if order.leaves_lots > 0:
        report(venue, params, EXPIRED, order, order.leaves_lots, 0, NO_LIQUIDITY, ts_ns)
    remember(venue, order)


@kernel
def _queue_up(venue: Venue, book: Book) -> None:
    """Rest behind everything at the price, our own orders included."""
    order = venue.resting[venue.n_resting]
    venue.n_resting += 1
    order.traded_lots = 0
    order.level_lots = lots_ahead(book, order.side, order.price_ticks)
    order.front_lots = FAR_BACK if order.level_lots == UNKNOWN else float(order.level_lots)
    survey(venue)


@kernel
def _cancel(venue: Venue, params: VenueParams, k: int, reason: int, ts_ns: int) -> None:
    order = venue.resting[k]
    report(venue, params, CANCELED, order, order.leaves_lots, 0, reason, ts_ns)
    remove(venue, k)


@kernel
def _amend(venue: Venue, book: Book, params: VenueParams, row: Row, k: int) -> None:
    """Move an order to the back of another level; post-only, one that would cross is cancelled."""
    if row.marks & POST_ONLY and crosses(book, row.side, row.price_ticks):
        _cancel(venue, params, k, WOULD_CROSS, row.ts_event)
        return
    venue.resting[venue.n_resting] = venue.resting[k]
    for j in range(k, venue.n_resting):
        venue.resting[j] = venue.resting[j + 1]
    venue.n_resting -= 1
    order = venue.resting[venue.n_resting]
    order.price_ticks = row.price_ticks
    report(venue, params, AMENDED, order, order.leaves_lots, 0, 0, row.ts_event)
    take(venue, book, params, order, row.ts_event)
    if order.leaves_lots > 0:
        _queue_up(venue, book)
    else:
        remember(venue, order)
        survey(venue)
