"""Our own size at the touch, taken out: a maker that leans on its own orders chases itself.

A live feed shows our orders among the others', a recording does not. What the
venue says of them is kept here, by price; of the touch it is subtracted, and a
level that is ours alone gives way to the next. The feed and the reports travel
apart, so that for a moment either may know of an order that the other does not.
"""

from typing import Annotated, Final

from operators.kernel import Record, Table, kernel
from operators.ring import NO_ASK, NO_BID, Book, lots_at, next_level
from operators.rows import (
    ACCEPTED,
    AMENDED,
    BUY,
    CANCELED,
    EXPIRED,
    FILLED,
    REJECTED,
    SELL,
    STATE,
    Row,
)
from operators.touch import Top

PLACES: Final = 32


class Standing(Record):
    """One of our orders as it rests at the venue; 0 lots is a free place."""

    number: int
    side: int
    price_ticks: int
    lots: int


class Own(Record):
    """All of them."""

    n_places: int
    """Places from here on are free."""
    n_lost: int
    """Orders for which there was no place: their size stays in the touch."""
    standing: Annotated[Table[Standing], Standing.dtype, (PLACES,)]


@kernel
def own_on_row(own: Own, row: Row) -> None:
    """Learn from a report what of ours rests where; other rows change nothing."""
    kind = row.kind
    if kind in (ACCEPTED, AMENDED, STATE):
        _stand(own, row)
    elif kind in (FILLED, CANCELED, REJECTED, EXPIRED):
        for k in range(own.n_places):
            order = own.standing[k]
            if order.number == row.id and order.lots > 0:
                order.lots = max(0, order.lots - row.size_lots) if kind == FILLED else 0


@kernel
def _stand(own: Own, row: Row) -> None:
    place = -1
    for k in range(PLACES):
        order = own.standing[k]
        if order.lots > 0 and order.number == row.id:
            place = k
            break
        if order.lots == 0 and place < 0:
            place = k
    if place < 0:
        own.n_lost += 1
        return
    own.n_places = max(own.n_places, place + 1)
    order = own.standing[place]
    order.number, order.side = row.id, row.side
    order.price_ticks, order.lots = row.price_ticks, row.size_lots


@kernel
def own_lots(own: Own, side: int, price_ticks: int) -> int:
    """Return how much of a level is ours."""
    lots = 0
    for k in range(own.n_places):
        order = own.standing[k]
        if order.side == side and order.price_ticks == price_ticks:
            lots += order.lots
    return lots


@kernel
def without_own(own: Own, book: Book, top: Top) -> None:
    """Take our size out of the touch; where nothing else is known on a side, it stays as it was."""
    top.bid_ticks, top.bid_lots = _others(own, book, BUY, top.bid_ticks, top.bid_lots)
    top.ask_ticks, top.ask_lots = _others(own, book, SELL, top.ask_ticks, top.ask_lots)


@kernel
def _others(own: Own, book: Book, side: int, ticks: int, lots: int) -> tuple[int, int]:
    price, size = ticks, lots
    while price not in (NO_BID, NO_ASK):
        size -= own_lots(own, side, price)
        if size > 0:
            return price, size
        price = next_level(book, side, price)
        size = lots_at(book, side, price)
    return ticks, lots
