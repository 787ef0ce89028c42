import pytest

from operators.book import book_on_frame
from operators.own import Own
from operators.ring import (
    REACH,
    UNKNOWN,
)
from operators.rows import BUY, CLOCK, GAP, LAST, LEVEL, SELL, Row
from operators.touch import INVALID, UNFINISHED, VALID, Top, lots_ahead, quote_is_newer
from tests.oracles.book_world import MID, Desk, touch


def test_inside_a_message_the_touch_is_unfinished(desk):
    rows, tops = Row.table(3), Top.table(3)
    for i, kind in enumerate([LEVEL, CLOCK, LEVEL]):
        rows[i].kind, rows[i].side, rows[i].price_ticks, rows[i].ts_recv = kind, BUY, MID - 1 - i, 9 + i
    rows[2].marks = LAST
    book_on_frame(desk.cell, Own.cell(), desk.setup, rows, tops)
    assert [tops[i].state for i in range(3)] == [0, UNFINISHED, VALID]
    assert [tops[i].updated_ns for i in (1, 2)] == [1, 11]


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
    desk.diff((BUY, MID - 1, 0), (SELL, MID + 1, 0))
    desk.diff((BUY, MID - 2, 0), (SELL, MID + 2, 0))
    assert [ahead(d) for d in (1, 2, 1 - 2 * REACH)] == [0, 0, 0]


@pytest.mark.parametrize("side", [BUY, SELL])
def test_after_a_gap_only_the_best_prices_know_what_is_ahead(desk, side):
    def ahead(distance):
        return lots_ahead(desk.book, side, MID - side * distance)

    desk.hears((GAP, 0, 0, 0))
    desk.diff((BUY, MID - 2, 30), (SELL, MID + 2, 30))
    assert [ahead(d) for d in (0, 1, 2)] == [UNKNOWN] * 3
    desk.best((MID - 1, 20), (MID + 1, 20))
    assert [ahead(d) for d in (0, 1, 2)] == [0, 20, UNKNOWN]
