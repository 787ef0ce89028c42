import random

import numpy as np
import pytest

from operators.book import BookParams
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
    lots_at,
)
from operators.rows import BUY, CLEAR, CLOCK, GAP, LEVEL, MARK, SELL, TRADE
from operators.touch import EMPTY, INVALID, VALID
from tests.oracles.book_world import AROUND, MID, Desk, touch
from tests.oracles.dict_book import DictBook, Level


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


def test_only_a_snapshot_that_mends_a_book_is_a_resync(desk):
    assert desk.book.n_resyncs == 0
    desk.snapshot()
    assert desk.book.n_resyncs == 0
    for n, broken in enumerate([(GAP, 0, 0, 0), (LEVEL, BUY, MID + 1, 3)], start=1):
        assert desk.hears(broken).state == INVALID
        assert desk.diff((BUY, MID - 1, 4)).state == INVALID
        assert desk.book.n_resyncs == n - 1
        desk.snapshot()
        assert desk.book.n_resyncs == n


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
