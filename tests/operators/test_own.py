import random

import pytest

from operators.book import BookParams
from operators.own import PLACES, own_lots
from operators.rows import (
    ACCEPTED,
    AMENDED,
    BUY,
    CANCELED,
    EXPIRED,
    FILLED,
    REJECTED,
    SELL,
    STATE,
)
from tests.oracles.book_world import MID, Desk, touch


@pytest.fixture
def desk():
    desk = Desk(BookParams.cell(shows_own=1))
    desk.snapshot()
    return desk


def test_our_size_is_taken_out_of_the_level_that_it_shares(desk):
    desk.diff((BUY, MID - 1, 8))
    assert touch(desk.told(ACCEPTED, 1, BUY, MID - 1, 3)) == (MID - 1, 5, MID + 1, 8)
    assert touch(desk.told(FILLED, 1, BUY, MID - 1, 2)) == (MID - 1, 7, MID + 1, 8)


@pytest.mark.parametrize("side", [BUY, SELL])
def test_a_level_that_is_ours_alone_gives_way_to_the_next(desk, side):
    desk.diff((side, MID, 4))
    top = desk.told(ACCEPTED, 1, side, MID, 4)
    assert touch(top) == (MID - 1, 5, MID + 1, 8)
    # Two of ours, one behind the other, and what is behind both.
    top = desk.told(ACCEPTED, 2, side, MID - side, 5 if side > 0 else 8)
    assert touch(top) == ((MID - 2, 6, MID + 1, 8) if side > 0 else (MID - 1, 5, MID + 2, 9))


def test_a_side_that_is_ours_alone_stays_as_it_is(desk):
    desk.snapshot([(BUY, MID - 1, 5), (SELL, MID + 1, 8)])
    assert touch(desk.told(ACCEPTED, 1, SELL, MID + 1, 8)) == (MID - 1, 5, MID + 1, 8)


@pytest.mark.parametrize("gone", [CANCELED, REJECTED, EXPIRED])
def test_what_is_gone_is_not_taken_out_any_more(desk, gone):
    desk.told(ACCEPTED, 1, BUY, MID - 1, 3)
    assert desk.told(AMENDED, 1, BUY, MID - 2, 2).bid_lots == 5
    assert own_lots(desk.own[0], BUY, MID - 2) == 2
    desk.told(STATE, 1, BUY, MID - 1, 1)
    assert desk.told(gone, 1, BUY, MID - 1, 1).bid_lots == 5
    assert own_lots(desk.own[0], BUY, MID - 1) == 0


def test_a_recording_does_not_show_our_orders_and_nothing_is_taken_out():
    desk = Desk()
    desk.snapshot()
    assert touch(desk.told(ACCEPTED, 1, BUY, MID - 1, 5)) == (MID - 1, 5, MID + 1, 8)


def test_orders_without_a_place_are_counted_and_places_are_used_again(desk):
    for number in range(PLACES + 2):
        desk.told(ACCEPTED, number, BUY, MID - 5, 1)
    assert desk.own[0].n_lost == 2
    desk.told(CANCELED, 3, BUY, MID - 5, 1)
    desk.told(ACCEPTED, 99, SELL, MID + 5, 1)
    assert (
        desk.own[0].n_lost,
        own_lots(desk.own[0], BUY, MID - 5),
        own_lots(desk.own[0], SELL, MID + 5),
    ) == (
        2,
        PLACES - 1,
        1,
    )


@pytest.mark.parametrize("seed", range(30))
def test_the_touch_is_that_of_the_same_market_without_us(seed):
    """Two books: one in which our orders rest, and one in which they never were."""
    chance = random.Random(seed)
    shared, others = Desk(BookParams.cell(shows_own=1)), Desk()
    sizes = {side: {MID - side * k: chance.randint(0, 3) for k in range(1, 12)} for side in (BUY, SELL)}
    for side in (BUY, SELL):
        sizes[side][MID - side * 9] = 5
    ours: dict[int, tuple[int, int, int]] = {}
    others.snapshot([(side, price, n) for side, known in sizes.items() for price, n in known.items()])
    shared.snapshot([(side, price, n) for side, known in sizes.items() for price, n in known.items()])
    for number in range(1, 60):
        side = chance.choice((BUY, SELL))
        price = MID - side * chance.randint(1, 8)
        if chance.random() < 0.4:
            sizes[side][price] = chance.randint(0, 4)
        elif ours and chance.random() < 0.4:
            gone = chance.choice(list(ours))
            side, price, lots = ours.pop(gone)
            shared.told(CANCELED, gone, side, price, lots)
        elif len(ours) < PLACES:
            ours[number] = (side, price, chance.randint(1, 3))
            shared.told(ACCEPTED, number, *ours[number])
        mine = sum(lots for at, where, lots in ours.values() if (at, where) == (side, price))
        told = others.diff((side, price, sizes[side][price]))
        assert touch(shared.diff((side, price, sizes[side][price] + mine))) == touch(told)
