"""Level-2 order book: the size resting at each price, kept from differences.

Prices index a ring of `SPAN` ticks around the market, so a level is one store
and the next best price is a short walk. A level that nobody has told us about
is UNKNOWN, not empty. Best bid/offer rows stand beside the ring with their
update id; the touch is the newer of the two.
"""

from typing import Annotated, Final

import numpy as np
from numpy.typing import NDArray

from operators.kernel import Cell, Record, Table, kernel
from operators.rows import BEST, BUY, CLEAR, GAP, LAST, LEVEL, SELL, Row, Rows, settles

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

# What a touch is worth (`state` of a top).
VALID: Final = 1
EMPTY: Final = 2
INVALID: Final = 3
UNFINISHED: Final = 4


class BookParams(Record):
    """What a crossed book means."""

    newer_wins: int
    """1: the newer side is right; 0: the book is invalid until the next snapshot."""


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
    updated_ns: int
    stepped_from: Annotated[NDArray[np.int64], np.int64, (2,)]
    """The best prices that they stepped from, the best of each side."""
    best: Annotated[NDArray[np.int64], np.int64, (2,)]
    deepest: Annotated[NDArray[np.int64], np.int64, (2,)]
    quote_id: int
    """Update id of the newest best bid/offer rows."""
    quote_ticks: Annotated[NDArray[np.int64], np.int64, (2,)]
    quote_lots: Annotated[NDArray[np.int64], np.int64, (2,)]
    lots: Annotated[NDArray[np.int64], np.int64, (2, SPAN)]


class Top(Record):
    """The touch after a row, and when the market last spoke."""

    bid_ticks: int
    ask_ticks: int
    bid_lots: int
    ask_lots: int
    state: int
    updated_ns: int


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
def open_book(cell: Cell[Book]) -> None:
    """Start knowing nothing; the first snapshot places the ring."""
    book = cell[0]
    clear_side(book, BUY)
    clear_side(book, SELL)
    book.quote_ticks[0], book.quote_ticks[1] = NO_BID, NO_ASK


@kernel
def set_level(book: Book, side: int, price_ticks: int, size_lots: int) -> None:
    """Set the lots resting at a price; out of the ring's reach they are ignored."""
    if abs(price_ticks - book.anchor) >= REACH:
        return
    i = side_index(side)
    book.lots[i, price_ticks & (SPAN - 1)] = size_lots
    best = book.best[i]
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
    if side * (price_ticks - book.best[i]) > 0 and book.depth == SYNCED:
        return 0
    return lots_at(book, side, price_ticks)


@kernel
def apply_row(book: Book, params: BookParams, row: Row) -> None:
    """Take in one fact of the market; other rows change nothing."""
    kind = row.kind
    if kind == LEVEL:
        if book.snapshot != 0 and book.best[0] == NO_BID and book.best[1] == NO_ASK:
            book.anchor = row.price_ticks
        set_level(book, row.side, row.price_ticks, row.size_lots)
        book.unfinished = 1
        book.depth_id = row.id
    elif kind == BEST:
        _on_best(book, row)
    elif kind == CLEAR:
        _on_clear(book, row)
    elif kind == GAP:
        book.n_gaps += 1
        book.depth = BROKEN
        book.snapshot = 0
    else:
        return
    if row.marks & LAST:
        _end_message(book, params, row.ts_recv)


@kernel
def _on_best(book: Book, row: Row) -> None:
    i = side_index(row.side)
    book.quote_id = row.id
    book.quote_ticks[i] = row.price_ticks
    book.quote_lots[i] = row.size_lots
    book.unfinished = 1


@kernel
def _on_clear(book: Book, row: Row) -> None:
    if row.side >= 0:
        clear_side(book, BUY)
    if row.side <= 0:
        clear_side(book, SELL)
    book.unfinished = book.snapshot = 1
    book.depth_id = row.id


@kernel
def _end_message(book: Book, params: BookParams, ts_recv: int) -> None:
    """Judge the book where a message ends: it may have been crossed within it."""
    empty = book.best[0] == NO_BID and book.best[1] == NO_ASK
    if book.snapshot != 0 and not empty:
        _fill_in(book, BUY)
        _fill_in(book, SELL)
        book.depth = SYNCED
        book.snapshot = 0
    if book.stepped_over != 0:
        book.stepped_over = 0
        if params.newer_wins == 0 and _left_behind(book):
            book.n_crossed += 1
            book.depth = CROSSED
    book.unfinished = 0
    book.updated_ns = ts_recv


@kernel
def _fill_in(book: Book, side: int) -> None:
    """Within a snapshot, a price that it leaves out is empty, and so is all that is better."""
    i = side_index(side)
    if book.best[i] in (NO_BID, NO_ASK):
        return
    price_ticks = book.deepest[i]
    while abs(price_ticks - book.anchor) < REACH:
        slot = price_ticks & (SPAN - 1)
        if book.lots[i, slot] == UNKNOWN:
            book.lots[i, slot] = 0
        price_ticks += side


@kernel
def _left_behind(book: Book) -> bool:
    """Say whether size still rests beyond the other side's best: the book is crossed."""
    for side in (BUY, SELL):
        i = side_index(side)
        other = book.best[side_index(-side)]
        for price_ticks in range(other, book.stepped_from[i] + side, side):
            if abs(price_ticks - book.anchor) < REACH and book.lots[i, price_ticks & (SPAN - 1)] > 0:
                return True
    return False


@kernel
def read_top(book: Book, top: Top) -> None:
    """Write the touch and what it is worth."""
    top.bid_ticks = touch_ticks(book, BUY)
    top.ask_ticks = touch_ticks(book, SELL)
    top.bid_lots = touch_lots(book, BUY)
    top.ask_lots = touch_lots(book, SELL)
    top.updated_ns = book.updated_ns
    if book.unfinished != 0:
        top.state = UNFINISHED
    elif book.depth in (BROKEN, CROSSED) or top.bid_ticks >= top.ask_ticks:
        top.state = INVALID
    elif top.bid_ticks == NO_BID or top.ask_ticks == NO_ASK:
        top.state = EMPTY
    else:
        top.state = VALID


@kernel
def book_on_frame(cell: Cell[Book], setup: Cell[BookParams], rows: Rows, tops: Table[Top]) -> None:
    """Apply each row in turn; after each that settles, write the touch that it leaves."""
    book, params = cell[0], setup[0]
    for n in range(len(rows)):
        row = rows[n]
        apply_row(book, params, row)
        if settles(row):
            read_top(book, tops[n])


def pack_book(cell: Cell[Book]) -> tuple[bytes, bytes, bytes, bytes]:
    """Return a book in a few kilobytes: its fields, which levels are known, where size is and how much."""
    book = np.asarray(cell)
    lots = book["lots"][0]
    where = np.flatnonzero(lots > 0).astype(np.int32)
    head = np.zeros(1, HEAD)
    for name in HEAD.names or ():
        head[name] = book[name]
    known = np.packbits(lots.ravel() >= 0)
    return head.tobytes(), known.tobytes(), where.tobytes(), lots.ravel()[where].tobytes()


def unpack_book(packed: tuple[bytes, bytes, bytes, bytes]) -> Cell[Book]:
    """Return the book that `pack_book` packed."""
    head_bytes, known, where, sizes = packed
    cell = Book.cell()
    head, book = np.frombuffer(head_bytes, HEAD), np.asarray(cell)
    for name in HEAD.names or ():
        book[name] = head[name]
    lots = book["lots"][0].reshape(-1)
    lots[:] = np.unpackbits(np.frombuffer(known, np.uint8)).astype(np.int64) - 1
    lots[np.frombuffer(where, np.int32)] = np.frombuffer(sizes, np.int64)
    return cell


HEAD: Final = np.dtype([(n, Book.dtype[n]) for n in Book.dtype.names or () if n != "lots"])
"""A book without its levels."""
