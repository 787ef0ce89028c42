"""Our place in the queue, worked by hand."""

import pytest

from operators.queue import FAR_BACK, PROB, RISK_AVERSE
from operators.ring import UNKNOWN
from operators.rows import (
    BUY,
    FILLED,
    PLACE,
    SELL,
)
from tests.oracles.venue_world import Report, World, a_world, with_a_bid


def test_an_unknown_level_is_not_filled_at_its_price_until_told():
    world = a_world()
    world.ask_for(PLACE, 1, BUY, 998, 5)
    assert (world.orders[0].front_lots, world.orders[0].level_lots) == (FAR_BACK, UNKNOWN)
    assert world.trade(SELL, 998, 1_000_000) == []
    world.level(BUY, 998, 3)
    assert world.trade(SELL, 998, 4) == [Report(FILLED, 1, 998, 1)]
    assert world.trade(SELL, 997, 1) == [Report(FILLED, 1, 998, 4)]


def test_after_a_new_snapshot_begins_a_level_is_unknown_but_our_place_is_kept():
    world = with_a_bid()
    world.trade(SELL, 1000, 4)
    world.clear()
    assert (world.orders[0].level_lots, world.orders[0].front_lots) == (UNKNOWN, 6)
    world.level(BUY, 1000, 50)
    assert (world.orders[0].level_lots, world.orders[0].front_lots) == (50, 6)


def test_a_fall_of_the_level_by_hand():
    world = with_a_bid()
    world.level(BUY, 1000, 20)
    assert world.orders[0].front_lots == 10  # what joins, joins behind us
    world.level(BUY, 1000, 12)
    assert world.orders[0].front_lots == 10 - 0.5**3 * 8  # front 10 of 20: 1/8 of a fall of 8 is ahead
    careful = with_a_bid(queue=RISK_AVERSE)
    careful.level(BUY, 1000, 20)
    careful.level(BUY, 1000, 12)
    assert careful.orders[0].front_lots == 10
    careful.level(BUY, 1000, 7)
    assert careful.orders[0].front_lots == 7  # never more than there is


def test_a_fall_larger_than_what_is_behind_us_is_ahead_of_us():
    world = with_a_bid()
    world.level(BUY, 1000, 11)
    world.level(BUY, 1000, 3)
    assert world.orders[0].front_lots == pytest.approx(3)
    world.level(BUY, 1000, 0)
    assert world.orders[0].front_lots == 0


def test_no_exponent_puts_us_before_the_first():
    world = World(power=0.1)
    world.message((BUY, 1000, 900), (SELL, 1001, 1))
    world.ask_for(PLACE, 1, BUY, 1000, 100)
    world.level(BUY, 1000, 1000)
    world.level(BUY, 1000, 50)
    assert world.orders[0].front_lots == 0
    assert world.trade(SELL, 1000, 1) == [Report(FILLED, 1, 1000, 1)]


def test_a_fall_that_trades_explain_moves_us_once():
    world = with_a_bid()
    world.level(BUY, 1000, 20)
    world.trade(SELL, 1000, 4)
    world.level(BUY, 1000, 16)
    assert (world.orders[0].front_lots, world.orders[0].traded_lots) == (6, 0)
    world.trade(SELL, 1000, 3)
    world.level(BUY, 1000, 15)  # two joined behind us meanwhile
    assert world.orders[0].front_lots == 3


def test_best_rows_tell_the_size_of_our_level_too():
    world = with_a_bid()
    world.best(BUY, 1000, 4)
    assert world.orders[0].front_lots == 4


@pytest.mark.parametrize("side", [BUY, SELL])
@pytest.mark.parametrize("queue", [PROB, RISK_AVERSE])
def test_a_best_price_behind_us_leaves_us_first(side, queue):
    world = a_world(queue=queue)
    price = 1000 if side == BUY else 1001
    for number, back in enumerate((0, 1, 4, 5)):
        world.ask_for(PLACE, number, side, price - back * side, 2)
    world.best(side, price - 4 * side, 7)
    assert [order.front_lots for order in world.orders] == [0, 0, 7, FAR_BACK]
    assert world.trade(-side, price - side, 1) == [
        Report(FILLED, 0, price, 2),
        Report(FILLED, 1, price - side, 1),
    ]
    world.best(side, price, 5)
    assert [order.front_lots for order in world.orders] == [0, 7, FAR_BACK], "what comes now stands behind us"
