"""The levels of a book: a ring of `SPAN` ticks around the market, re-centred as it moves.

Prices index the ring, so a level is one store and the next best price is a
short walk. A level that nobody has told us about is UNKNOWN, not empty.
"""

from typing import Annotated, Final

import numpy as np
from numpy.typing import NDArray

from operators.kernel import Record, kernel
from operators.rows import BUY, SELL

SPAN: Final = 1 << 16
REACH: Final = SPAN // 2
NO_BID: Final = -(1 << 60)
NO_ASK: Final = 1 << 60
UNKNOWN: Final = -1

# What the depth is worth (`depth` of a book).
NEVER_SEEN: Final = 0
SYNCED: Final = 1
BROKEN: Final = 2
CROSSED: Final = 3


class Book(Record):
    """Both sides of one symbol. Index 0 is the bid side, 1 the ask side."""

    anchor: int
    depth: int
    depth_id: int
    """Update id of the newest depth row."""
    unfinished: int
    """A message has begun and not ended."""
    snapshot: int
    """That message is a snapshot."""
    stepped_over: int
    """Within this message a best price stepped behind one of the other side."""
    n_gaps: int
    n_crossed: int
    n_resyncs: int
    """How often a snapshot made a book whole that was broken or crossed."""
    updated_ns: int
    lag_ns: int
    """How late the newest message reached the rules, by the venue's clock."""
    stepped_from: Annotated[NDArray[np.int64], np.int64, (2,)]
    """The best prices that they stepped from, the best of each side."""
    best: Annotated[NDArray[np.int64], np.int64, (2,)]
    deepest: Annotated[NDArray[np.int64], np.int64, (2,)]
    quote_id: int
    """Update id of the newest best bid/offer rows."""
    quote_ticks: Annotated[NDArray[np.int64], np.int64, (2,)]
    quote_lots: Annotated[NDArray[np.int64], np.int64, (2,)]
    lots: Annotated[NDArray[np.int64], np.int64, (2, SPAN)]


@kernel
def side_index(side: int) -> int:
    """Return 0 for the bid side, 1 for the ask side."""
    return 0 if side > 0 else 1


@kernel
def clear_side(book: Book, side: int) -> None:
    """Forget every level of one side: each is unknown again."""
    i = side_index(side)
    book.lots[i, :] = UNKNOWN
    book.best[i] = book.deepest[i] = NO_BID if side > 0 else NO_ASK


@kernel
def set_level(book: Book, side: int, price_ticks: int, size_lots: int) -> None:
    """Set the lots resting at a price; out of the ring's reach they are ignored.

    A best price out of reach leaves the book behind: what rests around it may never have been told.
    """
    i = side_index(side)
    best = book.best[i]
    if abs(price_ticks - book.anchor) >= REACH:
        if size_lots > 0 and side * (price_ticks - best) > 0:
            _lose_the_market(book)
        return
    book.lots[i, price_ticks & (SPAN - 1)] = size_lots
    if size_lots > 0:
        if best in (NO_BID, NO_ASK) or side * (book.deepest[i] - price_ticks) > 0:
            book.deepest[i] = price_ticks
        if side * (price_ticks - best) > 0:
            book.best[i] = price_ticks
            _step_behind(book, side, price_ticks)
            if abs(price_ticks - book.anchor) > REACH // 2:
                recentre(book, price_ticks)
    elif price_ticks == best:
        book.best[i] = next_level(book, side, price_ticks)


@kernel
def _lose_the_market(book: Book) -> None:
    if book.depth == SYNCED and book.snapshot == 0:
        book.depth = BROKEN
        book.n_gaps += 1


@kernel
def next_level(book: Book, side: int, price_ticks: int) -> int:
    """Walk away from the market to the next price with size."""
    i = side_index(side)
    deepest = book.deepest[i]
    while side * (price_ticks - deepest) > 0:
        price_ticks -= side
        if book.lots[i, price_ticks & (SPAN - 1)] > 0:
            return price_ticks
    return NO_BID if side > 0 else NO_ASK


@kernel
def _step_behind(book: Book, side: int, price_ticks: int) -> None:
    """Newer information wins: the other side's best steps back behind `price_ticks`."""
    other = side_index(-side)
    best = book.best[other]
    if side * (price_ticks - best) >= 0:
        if book.stepped_over == 0:
            book.stepped_over = 1
            book.stepped_from[0], book.stepped_from[1] = NO_BID, NO_ASK
        if side * (book.stepped_from[other] - best) > 0:
            book.stepped_from[other] = best
        book.best[other] = next_level(book, -side, price_ticks)


@kernel
def recentre(book: Book, anchor_ticks: int) -> None:
    """Move the ring with the market; levels that enter it are unknown."""
    distance = anchor_ticks - book.anchor
    if abs(distance) >= SPAN:
        book.lots[:, :] = UNKNOWN
    else:
        step = 1 if distance > 0 else -1
        edge = book.anchor - step * REACH
        for _ in range(abs(distance)):
            book.lots[0, edge & (SPAN - 1)] = UNKNOWN
            book.lots[1, edge & (SPAN - 1)] = UNKNOWN
            edge += step
    book.anchor = anchor_ticks
    _forget_beyond(book, BUY)
    _forget_beyond(book, SELL)


@kernel
def _forget_beyond(book: Book, side: int) -> None:
    """Keep best and deepest inside the ring."""
    i = side_index(side)
    if book.best[i] in (NO_BID, NO_ASK):
        return
    edge = book.anchor - side * (REACH - 1)
    if side * (edge - book.deepest[i]) > 0:
        book.deepest[i] = edge
    if side * (edge - book.best[i]) > 0 or side * (book.best[i] - book.anchor) >= REACH:
        book.best[i] = book.deepest[i] = NO_BID if side > 0 else NO_ASK


@kernel
def lots_at(book: Book, side: int, price_ticks: int) -> int:
    """Return the lots resting at a price by depth, or UNKNOWN."""
    if abs(price_ticks - book.anchor) >= REACH:
        return UNKNOWN
    return int(book.lots[side_index(side), price_ticks & (SPAN - 1)])
