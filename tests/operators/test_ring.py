import pytest

from operators.ring import (
    BROKEN,
    NO_ASK,
    NO_BID,
    REACH,
    SPAN,
    UNKNOWN,
    clear_side,
    lots_at,
    recentre,
)
from operators.rows import BUY, SELL
from operators.touch import EMPTY, INVALID, VALID
from tests.oracles.book_world import MID, Desk, touch


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


@pytest.mark.parametrize("side", [BUY, SELL])
def test_a_market_that_leaps_out_of_reach_is_lost_until_a_snapshot(desk, side):
    new = MID + side * (REACH + 300)
    gone = [(each, MID - each * n, 0) for each in (BUY, SELL) for n in (1, 2, 5)]
    come = [(side, new, 4), (side, new - side * 400, 3), (-side, new + side, 5)]
    top = desk.diff(*come, *gone)
    assert (top.state, desk.book.depth, desk.book.n_gaps) == (INVALID, BROKEN, 1)
    assert desk.diff((side, new - 2 * side, 4), (-side, new + 2 * side, 4)).state == INVALID
    assert desk.book.n_gaps == 1
    assert desk.snapshot().state == VALID


@pytest.mark.parametrize("side", [BUY, SELL])
def test_a_best_price_out_of_reach_of_a_side_that_was_empty_is_lost_too(desk, side):
    desk.diff(*[(side, MID - side * n, 0) for n in (1, 2, 5)])
    assert desk.diff((side, MID - side * (REACH + 300), 4)).state == INVALID
    assert desk.diff((side, MID - side, 4)).state == INVALID
    assert desk.snapshot().state == VALID


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


def test_a_cleared_side_is_unknown_and_the_other_is_kept(desk):
    clear_side(desk.book, SELL)
    assert (desk.book.lots[1] == UNKNOWN).all()
    assert desk.book.best.tolist() == [MID - 1, NO_ASK]
