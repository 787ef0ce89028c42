"""Level-2 order book: the size resting at each price, kept from snapshots and differences.

The ring holds depth. Best bid/offer rows stand beside it with their update id;
the touch is the newer of the two. A book is judged where a message ends.
"""

from operators.kernel import Cell, Record, Table, kernel
from operators.own import Own, own_on_row, without_own
from operators.ring import (
    BROKEN,
    CROSSED,
    NO_ASK,
    NO_BID,
    REACH,
    SPAN,
    SYNCED,
    UNKNOWN,
    Book,
    clear_side,
    set_level,
    side_index,
)
from operators.rows import BEST, BUY, CLEAR, GAP, LAST, LEVEL, SELL, Row, Rows, settles
from operators.touch import Top, read_top


class BookParams(Record):
    """What a crossed book means."""

    newer_wins: int
    """1: the newer side is right; 0: the book is invalid until the next snapshot."""
    shows_own: int
    """1: the feed's sizes hold our own orders, which are taken out of the touch."""


@kernel
def open_book(cell: Cell[Book]) -> None:
    """Start knowing nothing; the first snapshot places the ring."""
    book = cell[0]
    clear_side(book, BUY)
    clear_side(book, SELL)
    book.quote_ticks[0], book.quote_ticks[1] = NO_BID, NO_ASK


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
        _end_message(book, params, row)


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
def _end_message(book: Book, params: BookParams, row: Row) -> None:
    """Judge the book where a message ends: it may have been crossed within it."""
    empty = book.best[0] == NO_BID and book.best[1] == NO_ASK
    if book.snapshot != 0 and not empty:
        _fill_in(book, BUY)
        _fill_in(book, SELL)
        book.n_resyncs += book.depth in (BROKEN, CROSSED)
        book.depth = SYNCED
        book.snapshot = 0
    if book.stepped_over != 0:
        book.stepped_over = 0
        if params.newer_wins == 0 and _left_behind(book):
            book.n_crossed += 1
            book.depth = CROSSED
    book.unfinished = 0
    book.updated_ns = row.ts_recv
    book.lag_ns = row.ts_recv - row.ts_event + 1000 * row.lag_us


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
def book_on_frame(
    cell: Cell[Book], held: Cell[Own], setup: Cell[BookParams], rows: Rows, tops: Table[Top]
) -> None:
    """Apply each row in turn; after each that settles, write the touch that it leaves.

    Our own orders are taken out of it where the feed shows them.
    """
    book, own, params = cell[0], held[0], setup[0]
    for n in range(len(rows)):
        row = rows[n]
        apply_row(book, params, row)
        if settles(row):
            read_top(book, tops[n])
            if params.shows_own != 0:
                own_on_row(own, row)
                without_own(own, book, tops[n])
