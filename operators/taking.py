"""Taking: an order that crosses on arrival is filled by what the recorded market shows, level by level.

What is taken stays where it was: the recorded market does not know of us.
"""

from typing import Final

from operators.kernel import kernel
from operators.matching import book_fill
from operators.queue import Resting, VenueParams
from operators.ring import (
    BROKEN,
    CROSSED,
    NO_ASK,
    NO_BID,
    REACH,
    SYNCED,
    Book,
    lots_at,
    next_level,
    side_index,
)
from operators.touch import quote_is_newer, touch_lots, touch_ticks
from operators.venue import Venue

MOST_LEVELS: Final = 16
"""Levels that one order can take from: each is a report."""


@kernel
def crosses(book: Book, side: int, price_ticks: int) -> bool:
    """Say whether an order at a price would meet the other side's best."""
    return side * (price_ticks - touch_ticks(book, -side)) >= 0


@kernel
def take(venue: Venue, book: Book, params: VenueParams, order: Resting, ts_ns: int) -> None:
    """Fill an order from the other side's levels within its limit; without depth, from the touch."""
    if not quote_is_newer(book) and book.depth in (BROKEN, CROSSED):
        return
    limit_ticks, side = order.price_ticks, order.side
    ticks, lots = touch_ticks(book, -side), touch_lots(book, -side)
    for _ in range(MOST_LEVELS):
        if order.leaves_lots == 0 or side * (limit_ticks - ticks) < 0:
            break
        if lots > 0:
            order.price_ticks = ticks
            book_fill(venue, params, order, min(lots, order.leaves_lots), 0, ts_ns)
        ticks = _level_behind(book, -side, ticks)
        lots = lots_at(book, -side, ticks)
    order.price_ticks = limit_ticks


@kernel
def _level_behind(book: Book, side: int, price_ticks: int) -> int:
    """Return the next price of a side that depth knows of, or that there is none."""
    nowhere = NO_BID if side > 0 else NO_ASK
    known = book.depth == SYNCED and book.best[side_index(side)] != nowhere
    if not known or abs(price_ticks - book.anchor) >= REACH:
        return nowhere
    return next_level(book, side, price_ticks)
