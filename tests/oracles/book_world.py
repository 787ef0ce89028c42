"""A book spoken to in plain numbers: bids end at 599,999 ticks, asks begin at 600,001."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from operators.book import BookParams, book_on_frame, open_book
from operators.kernel import Cell
from operators.own import Own
from operators.ring import Book
from operators.rows import BEST, BUY, CLEAR, LAST, LEVEL, SELL, Row
from operators.touch import Top
from tests.oracles.dict_book import Level

MID = 600_000
AROUND = [(BUY, MID - 1, 5), (BUY, MID - 2, 6), (BUY, MID - 5, 7)]
AROUND += [(SELL, MID + 1, 8), (SELL, MID + 2, 9), (SELL, MID + 5, 10)]


def opened() -> Cell[Book]:
    """Return a book that has heard nothing."""
    cell = Book.cell()
    open_book(cell)
    return cell


@dataclass
class Desk:
    """A book that is told one message at a time and answers with the touch."""

    setup: Cell[BookParams] = field(default_factory=BookParams.cell)
    cell: Cell[Book] = field(default_factory=opened)
    own: Cell[Own] = field(default_factory=Own.cell)
    n: int = 0

    @property
    def book(self):
        return self.cell[0]

    def hears(self, *rows: tuple[int, int, int, int], last: bool = True, update_id: int = 0) -> Top:
        """Rows of (kind, side, ticks, lots); the last one ends the message."""
        self.n += 1
        table, tops = Row.table(len(rows)), Top.table(len(rows))
        for i, (kind, side, ticks, lots) in enumerate(rows):
            row = table[i]
            row.kind, row.side, row.price_ticks, row.size_lots = kind, side, ticks, lots
            row.id, row.ts_recv = update_id or 10 * self.n, self.n
        table[len(rows) - 1].marks = LAST if last else 0
        book_on_frame(self.cell, self.own, self.setup, table, tops)
        return tops[len(rows) - 1]

    def told(self, kind: int, number: int, side: int, ticks: int, lots: int) -> Top:
        """Hear what the venue reports of an order of ours."""
        self.n += 1
        rows, tops = Row.table(1), Top.table(1)
        row = rows[0]
        row.kind, row.id, row.side, row.price_ticks, row.size_lots = kind, number, side, ticks, lots
        row.marks, row.ts_recv = LAST, self.n
        book_on_frame(self.cell, self.own, self.setup, rows, tops)
        return tops[0]

    def snapshot(self, levels: Sequence[Level] = AROUND, **how) -> Top:
        return self.hears((CLEAR, 0, 0, 0), *[(LEVEL, *level) for level in levels], **how)

    def diff(self, *levels: Level, **how) -> Top:
        return self.hears(*[(LEVEL, *level) for level in levels], **how)

    def best(self, bid: tuple[int, int], ask: tuple[int, int], **how) -> Top:
        return self.hears((BEST, BUY, *bid), (BEST, SELL, *ask), **how)


def touch(top: Top) -> tuple[int, int, int, int]:
    """Return best bid, its lots, best ask, its lots."""
    return top.bid_ticks, top.bid_lots, top.ask_ticks, top.ask_lots
