"""Best bid/offer rows made from depth, for a source that has none of its own."""

from operators.book import BookParams, apply_row
from operators.kernel import Cell, Record, kernel
from operators.ring import NO_ASK, NO_BID, SYNCED, Book, lots_at
from operators.rows import BEST, BUY, LAST, SELL, Row, Rows


class Bests(Record):
    """The touch as it was told last."""

    own: int
    """1: the source tells best prices itself, so that none are made any more."""
    bid_ticks: int
    bid_lots: int
    ask_ticks: int
    ask_lots: int


@kernel
def with_bests(cell: Cell[Bests], books: Cell[Book], setup: Cell[BookParams], rows: Rows, out: Rows) -> int:
    """Copy rows to `out`, three times as long, with two more after each depth message that moved the touch.

    They carry the update id of the depth that they are made from, so a book takes
    them for no news. Return the number of rows.
    """
    bests, book = cell[0], books[0]
    n = 0
    for i in range(len(rows)):
        row = rows[i]
        out[n] = row
        n += 1
        if row.kind == BEST:
            bests.own = 1
        elif bests.own == 0:
            apply_row(book, setup[0], row)
            if (row.marks & LAST) != 0 and moved(bests, book):
                _tell(out[n], row, BUY, bests.bid_ticks, bests.bid_lots)
                _tell(out[n + 1], row, SELL, bests.ask_ticks, bests.ask_lots)
                out[n + 1].marks = LAST
                n += 2
    return n


@kernel
def moved(bests: Bests, book: Book) -> bool:
    """Note the touch of a whole book with both sides; return whether it differs from the one told last."""
    bid, ask = book.best[0], book.best[1]
    if book.depth != SYNCED or bid == NO_BID or ask == NO_ASK or bid >= ask:
        return False
    bid_lots, ask_lots = lots_at(book, BUY, bid), lots_at(book, SELL, ask)
    same_bid = bid == bests.bid_ticks and bid_lots == bests.bid_lots
    if same_bid and ask == bests.ask_ticks and ask_lots == bests.ask_lots:
        return False
    bests.bid_ticks, bests.bid_lots = bid, bid_lots
    bests.ask_ticks, bests.ask_lots = ask, ask_lots
    return True


@kernel
def _tell(out: Row, row: Row, side: int, ticks: int, lots: int) -> None:
    out.ts_event, out.ts_recv, out.lag_us = row.ts_event, row.ts_recv, row.lag_us
    out.id, out.kind, out.side = row.id, BEST, side
    out.price_ticks, out.size_lots = ticks, lots
    out.marks = out.reason = 0
