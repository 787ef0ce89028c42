"""How the venue treats our orders, by worked examples and by laws: bids are around 1000 ticks."""

import numpy as np
import pytest

from operators.queue import FAR_BACK, PROB, RISK_AVERSE
from operators.rows import (
    ACCEPTED,
    AMEND,
    AMEND_REJECTED,
    AMENDED,
    BELOW_MINIMUM,
    BUY,
    CANCEL,
    CANCEL_REJECTED,
    CANCELED,
    FILLED,
    PLACE,
    REJECTED,
    SELL,
    UNKNOWN_ORDER,
    VENUE_FULL,
    WOULD_CROSS,
)
from operators.venue import SLOTS
from tests.oracles.venue_world import Report, World, a_world, with_a_bid


def test_prints_eat_the_queue_ahead_then_us_in_parts():
    world = with_a_bid()
    assert world.orders[0].front_lots == 10
    assert world.trade(SELL, 1000, 8) == []
    assert world.orders[0].front_lots == 2
    assert world.trade(SELL, 1000, 5) == [Report(FILLED, 1, 1000, 3)]
    assert world.orders[0].leaves_lots == 2
    assert world.trade(SELL, 1000, 9) == [Report(FILLED, 1, 1000, 2)]
    assert world.orders == []


def test_without_partial_fills_the_print_that_reaches_us_fills_all():
    world = with_a_bid(partial=False)
    assert world.trade(SELL, 1000, 10) == []
    assert world.trade(SELL, 1000, 1) == [Report(FILLED, 1, 1000, 5)]


def test_a_trade_through_our_price_fills_us_at_our_price():
    assert with_a_bid().trade(SELL, 999, 1) == [Report(FILLED, 1, 1000, 5)]


def test_an_ask_mirrors_a_bid():
    world = a_world()
    world.ask_for(PLACE, 1, SELL, 1001, 5)
    assert world.trade(BUY, 1001, 12) == [Report(FILLED, 1, 1001, 2)]
    assert world.trade(BUY, 1002, 1) == [Report(FILLED, 1, 1001, 3)]


@pytest.mark.parametrize("side", [BUY, 0])
def test_prints_by_our_own_side_or_by_nobody_known_do_not_reach_us(side):
    world = with_a_bid()
    assert world.trade(side, 990, 100) == []
    assert world.trade(side, 1000, 100) == []
    assert world.orders[0].front_lots == 10


@pytest.mark.parametrize("how", [World.level, World.best])
def test_a_quote_that_reaches_us_from_the_other_side_fills_us(how):
    world = with_a_bid()
    world.ask_for(PLACE, 2, BUY, 999, 1)
    assert how(world, SELL, 1000, 1) == [Report(FILLED, 1, 1000, 5)]
    assert [order.number for order in world.orders] == [2]


def test_a_word_older_than_the_touch_fills_nobody():
    world = with_a_bid()
    world._id = 100
    world.best(SELL, 1001, 1)
    world._id = 50
    assert world.level(SELL, 1000, 1) == []
    world._id = 200
    world.level(BUY, 999, 1)
    world._id = 150
    assert world.best(SELL, 1000, 1) == []


@pytest.mark.parametrize("side", [BUY, SELL])
@pytest.mark.parametrize("order", [1, -1])
def test_a_best_price_that_a_message_deletes_reaches_nobody(side, order):
    """The best bid/offer said long before that it is gone; a diff lists its levels by price."""
    world = a_world()
    gone = 1000 if side == BUY else 1001
    world.message((side, gone - 2 * side, 5), (side, gone - 5 * side, 5))
    world.best(side, gone - 2 * side, 5)
    world.ask_for(PLACE, 1, -side, gone, 3)
    levels = [(side, gone - 5 * side, 6), (side, gone, 0), (side, gone - 2 * side, 4)]
    assert world.message(*levels[::order], (-side, gone + 4 * side, 1)) == []
    assert [resting.leaves_lots for resting in world.orders] == [3]
    assert world.message((side, gone - 5 * side, 1), (side, gone, 1)) == [Report(FILLED, 1, gone, 3)]


@pytest.mark.parametrize("side", [BUY, SELL])
def test_a_price_that_still_stands_where_a_message_ends_reaches_us(side):
    """The newer of ring and best bid/offer is believed, also where the ring has nothing new to say of it."""
    world = a_world()
    price = 1000 if side == BUY else 1001
    world.best(side, price - 2 * side, 5)
    assert world.ask_for(PLACE, 1, -side, price, 3) == [Report(ACCEPTED, 1, price, 3)]
    levels = [(-side, price + 3 * side, 1), (-side, price + 4 * side, 1)]
    assert world.message(*levels) == [Report(FILLED, 1, price, 3)]


def test_two_own_orders_at_a_level_share_a_print():
    world = with_a_bid(lots=2)
    world.ask_for(PLACE, 2, BUY, 1000, 4)
    assert world.trade(SELL, 1000, 13) == [Report(FILLED, 1, 1000, 2), Report(FILLED, 2, 1000, 1)]


def test_what_one_own_order_took_is_not_taken_again_by_the_next():
    world = with_a_bid(lots=2)
    world.ask_for(PLACE, 2, BUY, 1000, 4)
    assert world.trade(SELL, 1000, 12) == [Report(FILLED, 1, 1000, 2)]
    assert world.trade(SELL, 1000, 1) == [Report(FILLED, 2, 1000, 1)]


@pytest.mark.parametrize(("side", "price_ticks"), [(BUY, 1001), (BUY, 1005), (SELL, 1000), (SELL, 990)])
def test_an_order_that_would_cross_on_arrival_is_rejected(side, price_ticks):
    world = a_world()
    assert world.ask_for(PLACE, 1, side, price_ticks, 5) == [Report(REJECTED, 1, price_ticks, 5, WOULD_CROSS)]
    assert world.orders == []


def test_an_order_inside_the_spread_is_first():
    world = a_world()
    world.level(SELL, 1001, 0)
    world.best(BUY, 1000, 10)
    world.best(SELL, 1003, 2)
    world.ask_for(PLACE, 1, BUY, 1002, 5)
    assert world.orders[0].front_lots == 0
    assert world.trade(SELL, 1002, 1) == [Report(FILLED, 1, 1002, 1)]


def test_an_amend_loses_the_queue_and_keeps_what_is_left():
    world = with_a_bid()
    world.level(BUY, 999, 7)
    world.trade(SELL, 1000, 12)
    world.reports()
    assert world.ask_for(AMEND, 1, BUY, 999, 3) == [Report(AMENDED, 1, 999, 3)]
    order = world.orders[0]
    assert (order.price_ticks, order.leaves_lots, order.front_lots, order.traded_lots) == (999, 3, 7, 0)


def test_an_amended_order_stands_behind_our_own_at_its_new_price():
    world = a_world()
    world.level(BUY, 999, 7)
    world.ask_for(PLACE, 1, BUY, 999, 2)
    world.ask_for(PLACE, 2, BUY, 1000, 2)
    world.ask_for(AMEND, 1, BUY, 1000, 2)
    assert world.trade(SELL, 1000, 11) == [Report(FILLED, 2, 1000, 1)]


def test_an_amend_that_would_cross_cancels():
    world = with_a_bid()
    assert world.ask_for(AMEND, 1, BUY, 1001, 5) == [Report(CANCELED, 1, 1000, 5, WOULD_CROSS)]
    assert world.orders == []


def test_requests_about_orders_that_are_gone_are_rejected():
    world = with_a_bid()
    world.trade(SELL, 999, 1)
    assert world.ask_for(CANCEL, 1, BUY, 1000, 5) == [Report(CANCEL_REJECTED, 1, 1000, 5, UNKNOWN_ORDER)]
    assert world.ask_for(AMEND, 1, BUY, 999, 5) == [Report(AMEND_REJECTED, 1, 999, 5, UNKNOWN_ORDER)]


def test_a_cancel_removes_its_order_alone():
    world = with_a_bid()
    world.ask_for(PLACE, 2, BUY, 1000, 4)
    assert world.ask_for(CANCEL, 1, BUY, 1000, 5) == [Report(CANCELED, 1, 1000, 5)]
    assert [(order.number, order.leaves_lots) for order in world.orders] == [(2, 4)]


@pytest.mark.parametrize(("lots", "answer"), [(5, REJECTED), (6, ACCEPTED)])
def test_an_order_below_the_minimum_notional_is_rejected(lots, answer):
    world = a_world(minimum=5001)
    reason = BELOW_MINIMUM if answer == REJECTED else 0
    assert world.ask_for(PLACE, 1, BUY, 1000, lots) == [Report(answer, 1, 1000, lots, reason)]


def test_a_full_venue_takes_no_more():
    world = a_world()
    for number in range(SLOTS):
        assert world.ask_for(PLACE, number, BUY, 1000, 1)[0].kind == ACCEPTED
    assert world.ask_for(PLACE, 99, BUY, 1000, 1) == [Report(REJECTED, 99, 1000, 1, VENUE_FULL)]
    assert len(world.trade(SELL, 999, 1)) == SLOTS


def a_story(world: World, seed: int, steps: int):
    """Yield what each of many random facts and requests brought about."""
    draw = np.random.default_rng(seed)
    number = 0
    for _ in range(steps):
        side = int(draw.choice([BUY, SELL]))
        price = 1000 + int(draw.integers(-3, 4))
        lots = int(draw.integers(0, 9))
        what = int(draw.integers(0, 10))
        if what < 4:
            yield "told", world.level(side, price, lots)
        elif what < 6:
            yield "told", world.trade(side, price, lots + 1)
        elif what < 8:
            number += 1
            yield "asked", world.ask_for(PLACE, number, side, price, lots)
        elif what == 8:
            yield "asked", world.ask_for(CANCEL, number - lots, side, price, lots)
        else:
            mine = [order for order in world.orders if order.number == number - lots]
            yield "asked", world.ask_for(AMEND, number - lots, mine[0].side if mine else side, price, lots)


@pytest.mark.parametrize("queue", [PROB, RISK_AVERSE])
@pytest.mark.parametrize("partial", [True, False])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_fills_and_leaves_always_add_up_and_nobody_moves_back(queue, partial, seed):
    world = World(queue=queue, partial=partial)
    left: dict[int, int] = {}
    fronts: dict[int, float] = {}
    fills = 0
    for _, reports in a_story(world, seed, 400):
        for said in reports:
            if said.kind == ACCEPTED:
                left[said.number] = said.lots
            elif said.kind == FILLED:
                assert said.lots > 0
                left[said.number] -= said.lots
                fills += 1
            elif said.kind == CANCELED:
                del left[said.number]
            elif said.kind == AMENDED:
                del fronts[said.number]
        assert {order.number: order.leaves_lots for order in world.orders} == {
            n: q for n, q in left.items() if q
        }
        for order in world.orders:
            assert 0 <= order.front_lots <= fronts.get(order.number, FAR_BACK)
            fronts[order.number] = order.front_lots
    assert fills > 20


@pytest.mark.parametrize("seed", [4, 5])
def test_no_resting_order_ever_crosses_the_book(seed):
    world = World()
    for _, _ in a_story(world, seed, 400):
        bid, ask = world.books[0].best
        assert all(order.price_ticks < ask for order in world.orders if order.side == BUY)
        assert all(order.price_ticks > bid for order in world.orders if order.side == SELL)


@pytest.mark.parametrize("seed", [6, 7])
def test_a_print_at_our_price_gives_no_more_than_it_has(seed):
    world = a_world()
    draw = np.random.default_rng(seed)
    for number in range(200):
        if len(world.orders) < 6:
            world.ask_for(PLACE, number, BUY, 1000, int(draw.integers(1, 5)))
        lots = int(draw.integers(1, 7))
        assert sum(said.lots for said in world.trade(SELL, 1000, lots)) <= lots
        world.level(BUY, 1000, int(draw.integers(5, 20)))
