import numpy as np

from operators.bests import Bests, with_bests
from operators.book import BookParams, open_book
from operators.ring import Book
from operators.rows import BEST, BUY, CLEAR, GAP, LAST, LEVEL, SELL, TRADE, Row

SETUP = BookParams.cell(newer_wins=1)


def told(*facts):
    """Return what follows each of (kind, side, ticks, lots, last) as (side, ticks, lots, id, last)."""
    bests, book, rows, out = Bests.cell(), Book.cell(), Row.table(len(facts)), Row.table(3 * len(facts))
    open_book(book)
    for n, (kind, side, ticks, lots, last) in enumerate(facts):
        row = rows[n]
        row.kind, row.side, row.price_ticks, row.size_lots = kind, side, ticks, lots
        row.marks, row.id, row.ts_recv, row.ts_event = (LAST if last else 0), n + 1, n + 10, n
    n = with_bests(bests, book, SETUP, rows, out)
    made = np.asarray(out)[:n]
    assert [row["ts_recv"] for row in made] == sorted(row["ts_recv"] for row in made)
    return [
        tuple(int(row[name]) for name in ("side", "price_ticks", "size_lots", "id", "marks"))
        for row in made
        if row["kind"] == BEST
    ]


SNAPSHOT = [(CLEAR, 0, 0, 0, False), (LEVEL, BUY, 100, 5, False), (LEVEL, SELL, 102, 7, True)]


def test_the_touch_is_told_where_a_message_ends():
    assert told(*SNAPSHOT) == [(BUY, 100, 5, 3, 0), (SELL, 102, 7, 3, LAST)]


def test_it_is_told_again_only_when_it_moves():
    still = [(LEVEL, BUY, 99, 9, True), (TRADE, BUY, 102, 1, True)]
    assert len(told(*SNAPSHOT, *still)) == 2
    larger = told(*SNAPSHOT, (LEVEL, BUY, 100, 6, True))
    assert larger[2:] == [(BUY, 100, 6, 4, 0), (SELL, 102, 7, 4, LAST)]
    better = told(*SNAPSHOT, (LEVEL, SELL, 101, 1, True))
    assert better[2:] == [(BUY, 100, 5, 4, 0), (SELL, 101, 1, 4, LAST)]


def test_nothing_is_told_of_a_book_that_is_broken_or_has_one_side():
    assert told((LEVEL, BUY, 100, 5, True)) == []
    assert told((CLEAR, 0, 0, 0, False), (LEVEL, BUY, 100, 5, True)) == []
    gone = told(*SNAPSHOT, (GAP, 0, 0, 0, True), (LEVEL, BUY, 101, 6, True))
    assert len(gone) == 2


def test_a_source_with_best_prices_of_its_own_is_left_alone():
    own = [(BEST, BUY, 100, 5, False), (BEST, SELL, 102, 7, True)]
    assert told(*own, *SNAPSHOT) == [(BUY, 100, 5, 1, 0), (SELL, 102, 7, 2, LAST)]
