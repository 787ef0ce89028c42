"""The touch: best prices and sizes, from the ring or the best bid/offer rows, whichever is newer."""

from typing import Final

from operators.kernel import Record, kernel
from operators.ring import BROKEN, CROSSED, NO_ASK, NO_BID, SYNCED, UNKNOWN, Book, lots_at, side_index
from operators.rows import BUY, SELL

# What a touch is worth (`state` of a top).
VALID: Final = 1
EMPTY: Final = 2
INVALID: Final = 3
UNFINISHED: Final = 4


class Top(Record):
    """The touch after a row, and when the market last spoke."""

    bid_ticks: int
    ask_ticks: int
    bid_lots: int
    ask_lots: int
    state: int
    updated_ns: int
    lag_ns: int
    """How old the newest message was when it came."""


@kernel
def quote_is_newer(book: Book) -> bool:
    """Say whether the touch is the best bid/offer rows' rather than the ring's."""
    return book.quote_id > book.depth_id


@kernel
def touch_ticks(book: Book, side: int) -> int:
    """Return the best price of a side, from the newer of ring and best bid/offer."""
    i = side_index(side)
    return int(book.quote_ticks[i] if quote_is_newer(book) else book.best[i])


@kernel
def touch_lots(book: Book, side: int) -> int:
    """Return the lots at the best price of a side."""
    i = side_index(side)
    if quote_is_newer(book):
        return int(book.quote_lots[i])
    return max(0, lots_at(book, side, book.best[i]))


@kernel
def lots_ahead(book: Book, side: int, price_ticks: int) -> int:
    """Return the lots at a price by the newest word on it, or UNKNOWN."""
    i = side_index(side)
    if quote_is_newer(book):
        beyond = side * (price_ticks - book.quote_ticks[i])
        if beyond >= 0:
            return int(book.quote_lots[i]) if beyond == 0 else 0
    if book.depth in (BROKEN, CROSSED):
        return UNKNOWN
    if side * (price_ticks - book.best[i]) > 0 and book.depth == SYNCED:
        return 0
    return lots_at(book, side, price_ticks)


@kernel
def read_top(book: Book, top: Top) -> None:
    """Write the touch and what it is worth."""
    top.bid_ticks = touch_ticks(book, BUY)
    top.ask_ticks = touch_ticks(book, SELL)
    top.bid_lots = touch_lots(book, BUY)
    top.ask_lots = touch_lots(book, SELL)
    top.updated_ns = book.updated_ns
    top.lag_ns = book.lag_ns
    if book.unfinished != 0:
        top.state = UNFINISHED
    elif book.depth in (BROKEN, CROSSED) or top.bid_ticks >= top.ask_ticks:
        top.state = INVALID
    elif top.bid_ticks == NO_BID or top.ask_ticks == NO_ASK:
        top.state = EMPTY
    else:
        top.state = VALID
