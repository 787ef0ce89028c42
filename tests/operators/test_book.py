import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest

from operators.book import BookParams, book_on_frame, open_book
from operators.kernel import Cell
from operators.packing import pack_book, unpack_book
from operators.ring import (
    BROKEN,
    CROSSED,
    NEVER_SEEN,
    NO_ASK,
    NO_BID,
    REACH,
    SPAN,
    SYNCED,
    UNKNOWN,
    Book,
    clear_side,
    lots_at,
    recentre,
)
from operators.rows import BEST, BUY, CLEAR, CLOCK, GAP, LAST, LEVEL, MARK, SELL, TRADE, Row
from operators.touch import EMPTY, INVALID, UNFINISHED, VALID, Top, lots_ahead, quote_is_newer
from tests.oracles.dict_book import DictBook, Level

MID = 600_000
AROUND = [(BUY, MID - 1, 5), (BUY, MID - 2, 6), (BUY, MID - 5, 7)]
AROUND += [(SELL, MID + 1, 8), (SELL, MID + 2, 9), (SELL, MID + 5, 10)]


def opened() -> Cell[Book]:
    cell = Book.cell()
    open_book(cell)
    return cell


@dataclass
class Desk:
    """A book that is told one message at a time and answers with the touch."""

    setup: Cell[BookParams] = field(default_factory=BookParams.cell)
    cell: Cell[Book] = field(default_factory=opened)
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
        book_on_frame(self.cell, self.setup, table, tops)
        return tops[len(rows) - 1]

    def snapshot(self, levels: Sequence[Level] = AROUND, **how) -> Top:
        return self.hears((CLEAR, 0, 0, 0), *[(LEVEL, *level) for level in levels], **how)

    def diff(self, *levels: Level, **how) -> Top:
        return self.hears(*[(LEVEL, *level) for level in levels], **how)

    def best(self, bid: tuple[int, int], ask: tuple[int, int], **how) -> Top:
        return self.hears((BEST, BUY, *bid), (BEST, SELL, *ask), **how)


def touch(top):
    return top.bid_ticks, top.bid_lots, top.ask_ticks, top.ask_lots


@pytest.fixture(scope="module")
def synced():
    """A snapshot walks the whole ring, which takes a while interpreted: one is enough."""
    desk = Desk()
    desk.snapshot()
    return desk.cell


@pytest.fixture
def desk(synced):
    return Desk(cell=synced.copy(), n=1)


def test_a_book_that_heard_nothing_knows_nothing():
    desk = Desk()
    top = desk.hears((CLOCK, 0, 0, 0))
    assert (top.state, top.bid_ticks, top.ask_ticks, top.updated_ns) == (EMPTY, NO_BID, NO_ASK, 0)
    assert desk.book.depth == NEVER_SEEN
    assert lots_at(desk.book, BUY, 1) == UNKNOWN


def test_a_snapshot_gives_the_touch_and_empties_what_it_leaves_out():
    desk = Desk()
    top = desk.snapshot()
    assert (top.state, touch(top), top.updated_ns) == (VALID, (MID - 1, 5, MID + 1, 8), 1)
    assert desk.book.depth == SYNCED
    assert [lots_at(desk.book, BUY, MID - i) for i in range(7)] == [0, 5, 6, 0, 0, 7, UNKNOWN]
    assert [lots_at(desk.book, SELL, MID + i) for i in range(7)] == [0, 8, 9, 0, 0, 10, UNKNOWN]
    assert lots_at(desk.book, SELL, MID + SPAN) == UNKNOWN


def test_a_snapshot_of_one_side_leaves_the_other_unknown():
    desk = Desk()
    assert desk.snapshot(AROUND[:3]).state == EMPTY
    assert lots_at(desk.book, SELL, MID) == UNKNOWN


def test_a_new_snapshot_forgets_the_old_one(desk):
    top = desk.snapshot([(SELL, 70, 2), (BUY, 60, 1)])
    assert touch(top) == (60, 1, 70, 2)
    assert lots_at(desk.book, BUY, MID - 1) == UNKNOWN


def test_one_side_may_be_cleared_alone(desk):
    top = desk.hears((CLEAR, BUY, 0, 0), (LEVEL, BUY, MID - 3, 4))
    assert touch(top) == (MID - 3, 4, MID + 1, 8)
    top = desk.hears((CLEAR, SELL, 0, 0), (LEVEL, SELL, MID + 3, 2))
    assert touch(top) == (MID - 3, 4, MID + 3, 2)


def test_a_deleted_best_uncovers_the_next_and_the_last_leaves_none(desk):
    assert touch(desk.diff((BUY, MID - 1, 0)))[:2] == (MID - 2, 6)
    assert touch(desk.diff((BUY, MID - 2, 0)))[:2] == (MID - 5, 7)
    top = desk.diff((BUY, MID - 5, 0))
    assert (top.state, touch(top)[:2]) == (EMPTY, (NO_BID, 0))
    top = desk.diff((BUY, MID - 9, 3))
    assert (top.state, touch(top)[:2]) == (VALID, (MID - 9, 3))


def test_out_of_reach_a_level_is_ignored(desk):
    before = desk.book.lots.copy()
    desk.diff((BUY, MID - 1 - REACH, 9), (SELL, MID - 1 + REACH, 9))
    assert (desk.book.lots == before).all()


def test_inside_a_message_the_touch_is_unfinished(desk):
    rows, tops = Row.table(3), Top.table(3)
    for i, kind in enumerate([LEVEL, CLOCK, LEVEL]):
        rows[i].kind, rows[i].side, rows[i].price_ticks, rows[i].ts_recv = kind, BUY, MID - 1 - i, 9 + i
    rows[2].marks = LAST
    book_on_frame(desk.cell, desk.setup, rows, tops)
    assert [tops[i].state for i in range(3)] == [0, UNFINISHED, VALID]
    assert [tops[i].updated_ns for i in (1, 2)] == [1, 11]


def test_trades_marks_and_clocks_change_nothing(desk):
    before = desk.cell.tobytes()
    for kind in (TRADE, MARK, CLOCK):
        assert desk.hears((kind, BUY, MID + 3, 4)).state == VALID
    assert desk.cell.tobytes() == before


def test_a_gap_breaks_the_book_until_the_next_snapshot(desk):
    assert desk.hears((GAP, 0, 0, 0)).state == INVALID
    assert (desk.book.depth, desk.book.n_gaps) == (BROKEN, 1)
    assert desk.diff((BUY, MID - 1, 4)).state == INVALID
    assert desk.best((MID - 1, 1), (MID + 1, 1)).state == INVALID
    assert desk.snapshot().state == VALID


def test_a_gap_within_a_snapshot_makes_it_no_snapshot():
    desk = Desk()
    desk.snapshot(last=False)
    assert desk.hears((GAP, 0, 0, 0)).state == INVALID
    assert desk.diff((BUY, MID - 1, 4)).state == INVALID


@pytest.mark.parametrize("side", [BUY, SELL])
@pytest.mark.parametrize("beyond", [0, 1])
def test_a_side_left_crossed_or_locked_invalidates_until_a_snapshot(desk, side, beyond):
    top = desk.diff((side, MID + side * (1 + beyond), 3))
    assert (top.state, desk.book.depth, desk.book.n_crossed) == (INVALID, CROSSED, 1)
    assert desk.diff((-side, MID + 10 * side, 3)).state == INVALID
    assert desk.snapshot().state == VALID


@pytest.mark.parametrize("side", [BUY, SELL])
def test_where_the_newer_side_wins_the_other_steps_back(desk, side):
    desk.setup = BookParams.cell(newer_wins=1)
    top = desk.diff((side, MID + side, 3))
    assert (top.state, desk.book.depth, desk.book.n_crossed) == (VALID, SYNCED, 0)
    ours, theirs = (MID + side, 3), (MID + 2 * side, 9 if side == BUY else 6)
    assert touch(top) == (ours + theirs if side == BUY else theirs + ours)


@pytest.mark.parametrize("side", [BUY, SELL])
def test_crossed_within_a_message_and_put_right_by_its_end_is_not_crossed(desk, side):
    top = desk.diff((side, MID + side * 2, 3), (-side, MID + side, 0), (-side, MID + side * 2, 0))
    assert (top.state, desk.book.depth, desk.book.n_crossed) == (VALID, SYNCED, 0)
    assert MID + side * 2 in touch(top)


@pytest.mark.parametrize("side", [BUY, SELL])
def test_a_level_left_far_behind_still_counts_as_crossed(desk, side):
    theirs = [(-side, MID + side * i, 0) for i in (2, 5)]
    top = desk.diff((side, MID + side * 90, 3), *theirs, (side, MID + side * 900, 3))
    assert (top.state, desk.book.n_crossed) == (INVALID, 1)


def test_a_snapshot_that_crosses_itself_is_crossed():
    desk = Desk()
    assert desk.snapshot([(BUY, MID, 1), (SELL, MID - 1, 1)]).state == INVALID
    assert desk.book.depth == CROSSED


def test_the_touch_is_the_newer_of_depth_and_best(desk):
    top = desk.best((MID, 2), (MID + 3, 4), update_id=30)
    assert quote_is_newer(desk.book)
    assert touch(top) == (MID, 2, MID + 3, 4)
    assert touch(desk.diff((BUY, MID - 1, 9), update_id=29)) == (MID, 2, MID + 3, 4)
    assert touch(desk.diff((BUY, MID - 2, 1), update_id=30)) == (MID - 1, 9, MID + 1, 8)
    assert not quote_is_newer(desk.book)


def test_best_bid_and_offer_alone_make_a_touch():
    top = Desk().best((50, 2), (51, 3))
    assert (top.state, touch(top)) == (VALID, (50, 2, 51, 3))
    assert Desk().best((51, 2), (51, 3)).state == INVALID


@pytest.mark.parametrize("side", [BUY, SELL])
def test_what_is_ahead_at_a_price_is_the_newest_word_on_it(desk, side):
    def ahead(distance):
        return lots_ahead(desk.book, side, MID - side * distance)

    first, second = (5, 6) if side == BUY else (8, 9)
    assert [ahead(d) for d in (0, 1, 2, 3, 9)] == [0, first, second, 0, UNKNOWN]
    desk.best((MID - 2, 20), (MID + 2, 20))
    assert [ahead(d) for d in (0, 1, 2, 3, 9)] == [0, 0, 20, 0, UNKNOWN]
    desk.hears((GAP, 0, 0, 0))
    desk.diff((BUY, MID - 1, 0), (SELL, MID + 1, 0))
    desk.diff((BUY, MID - 2, 0), (SELL, MID + 2, 0))
    assert ahead(1 - 2 * REACH) == UNKNOWN
    assert ahead(2) == 0


@pytest.mark.parametrize("side", [BUY, SELL])
def test_the_ring_follows_the_market_and_forgets_what_it_leaves(desk, side):
    far = MID + side * (REACH // 2 + 9)
    desk.diff((-side, MID + side, 0), (-side, MID + side * 2, 0), (-side, MID + side * 5, 0))
    desk.diff((side, far, 3))
    assert desk.book.anchor == far
    assert lots_at(desk.book, side, MID - side) > 0
    farther = far + side * (REACH // 2 + 9)
    desk.diff((side, farther, 4))
    assert desk.book.anchor == farther
    assert lots_at(desk.book, side, MID - side) == UNKNOWN
    assert lots_at(desk.book, side, MID - side + SPAN * side) == UNKNOWN
    desk.diff((side, farther, 0), (side, far, 0))
    assert desk.book.best[0 if side == BUY else 1] == (NO_BID if side == BUY else NO_ASK)


def test_a_snapshot_wider_than_the_ring_is_filled_in_as_far_as_the_ring_reaches():
    desk, best = Desk(), MID + 40_000
    desk.snapshot([(BUY, MID, 1), (BUY, MID + 20_000, 2), (BUY, best, 3)])
    edge = best - REACH + 1
    assert [lots_at(desk.book, BUY, p) for p in (edge - 1, edge, best - 1)] == [UNKNOWN, 0, 0]
    assert touch(desk.diff((BUY, best, 0)))[:2] == (MID + 20_000, 2)


@pytest.mark.parametrize("distance", [REACH + 50, 2 * SPAN, -REACH - 50, -2 * SPAN])
def test_a_ring_moved_off_its_market_has_no_best(desk, distance):
    recentre(desk.book, MID + distance)
    assert desk.book.best.tolist() == [NO_BID, NO_ASK]
    assert not (desk.book.lots > 0).any()
    recentre(desk.book, MID)
    assert desk.book.best.tolist() == [NO_BID, NO_ASK]


def random_levels(chance: random.Random, mid: int, n: int) -> list[Level]:
    """Mostly a few ticks from the mid, some hundreds away, half of them deleted."""
    levels = []
    for _ in range(n):
        side = chance.choice([BUY, SELL])
        away = chance.choice([chance.randint(-1, 12), chance.randint(1, 400)])
        levels.append((side, mid - side * away, chance.choice([0, chance.randint(1, 50)])))
    return levels


def agree(book: Book, twin: DictBook) -> None:
    """Compare every slot of the ring, and the best of both sides."""
    assert book.anchor == twin.anchor
    assert book.best.tolist() == [twin.best[BUY], twin.best[SELL]]
    for i, side in enumerate((BUY, SELL)):
        lots = np.full(SPAN, UNKNOWN)
        for price, size in twin.known[side].items():
            lots[price % SPAN] = size
        assert (
            np.delete(book.lots[i], (twin.anchor + REACH) % SPAN)
            == np.delete(lots, (twin.anchor + REACH) % SPAN)
        ).all()


@pytest.mark.parametrize("seed", range(4))
def test_it_equals_a_book_of_dictionaries(seed):
    chance, mid = random.Random(seed), MID
    desk, twin = Desk(BookParams.cell(newer_wins=1)), DictBook()
    first = [
        (side, mid - side * away, chance.randint(1, 9)) for away in range(1, 40, 3) for side in (BUY, SELL)
    ]
    desk.snapshot(first)
    twin.snapshot(first)
    agree(desk.book, twin)
    for n in range(60):
        mid += chance.randint(-8, 8) if n % 20 else chance.choice([-1, 1]) * chance.randint(17_000, 40_000)
        levels = random_levels(chance, mid, chance.randint(1, 12))
        desk.diff(*levels)
        twin.message(levels)
        assert desk.book.best.tolist() == [twin.best[BUY], twin.best[SELL]]
        if n % 10 == 0:
            agree(desk.book, twin)
    agree(desk.book, twin)


def test_it_is_crossed_exactly_where_a_book_of_dictionaries_is(synced):
    chance, seen = random.Random(5), set()
    for _ in range(25):
        desk, twin = Desk(cell=synced.copy(), n=1), DictBook(anchor=MID)
        twin.message(AROUND)
        for _ in range(8):
            away = [chance.choice([2, 70]) * i for i in (-1, 0, 1, 2)]
            levels = [
                (side, MID - side * chance.choice(away), chance.choice([0, 0, 1])) for side in (BUY, SELL) * 2
            ]
            levels += [(side, p, 0) for side, p, _ in AROUND if chance.random() < 0.5]
            desk.diff(*levels)
            twin.message(levels)
            seen.add(twin.crossed)
            assert (desk.book.depth == CROSSED) == twin.crossed
            if twin.crossed:
                break
    assert seen == {False, True}


def test_a_packed_book_is_small_and_comes_back_whole(desk):
    desk.diff((BUY, MID - 1, 0), (SELL, MID + 40, 1 << 50))
    desk.best((MID - 1, 2), (MID + 1, 3))
    packed = pack_book(desk.cell)
    assert unpack_book(packed).tobytes() == desk.cell.tobytes()
    assert sum(map(len, packed)) < 20_000
    assert unpack_book(pack_book(opened())).tobytes() == opened().tobytes()


def test_an_unpacked_book_goes_on_as_the_original_does(desk):
    other = Desk(cell=unpack_book(pack_book(desk.cell)), n=desk.n)
    for d in (desk, other):
        d.diff((BUY, MID, 3), (SELL, MID + 1, 0))
    assert other.cell.tobytes() == desk.cell.tobytes()


def test_a_cleared_side_is_unknown_and_the_other_is_kept(desk):
    clear_side(desk.book, SELL)
    assert (desk.book.lots[1] == UNKNOWN).all()
    assert desk.book.best.tolist() == [MID - 1, NO_ASK]
