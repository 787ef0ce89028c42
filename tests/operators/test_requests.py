"""What we ask of the venue, and every answer it has."""

import pytest

from operators.queue import FAR_BACK
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
    EXPIRED,
    FILLED,
    GAP,
    IMMEDIATE,
    LAST,
    LIFE_ENDED,
    LIMIT,
    MAKER,
    NO_LIQUIDITY,
    OFF_GRID,
    PLACE,
    POST_ONLY,
    QUERY,
    RATE_LIMITED,
    REFUSED,
    REJECTED,
    SELL,
    STATE,
    TRADE,
    UNKNOWN_ORDER,
    VENUE_FULL,
    WOULD_CROSS,
)
from operators.taking import MOST_LEVELS
from operators.venue import MEMORY, RING, SLOTS
from tests.oracles.venue_world import Report, World, a_deep_world, a_row, a_world, with_a_bid

MS = 1_000_000
S = 1_000 * MS


def marks_of(world: World, n: int) -> list[int]:
    """Return the marks of the newest reports."""
    tail = world.venue.reports_tail
    return [int(world.venue.reports[k % RING].row.marks) for k in range(tail - n, tail)]


@pytest.mark.parametrize("side", [BUY, SELL])
def test_an_immediate_order_takes_level_by_level_and_the_rest_expires(side):
    world = a_deep_world()
    touch = 1001 if side == BUY else 1000
    said = world.ask_for(PLACE, 1, side, touch + 2 * side, 16, marks=IMMEDIATE)
    assert said == [
        Report(ACCEPTED, 1, touch + 2 * side, 16),
        Report(FILLED, 1, touch, 10),
        Report(FILLED, 1, touch + side, 4),
        Report(EXPIRED, 1, touch + 2 * side, 2, NO_LIQUIDITY),
    ]
    assert world.wires[-4:] == [(0, 1), (10, 2), (14, 3), (14, 4)]
    assert marks_of(world, 4) == [LAST] * 4, "it took: it is no maker"
    assert world.orders == []
    assert world.venue.position_lots == side * 14


def test_an_immediate_order_that_gets_everything_needs_no_further_word():
    said = a_deep_world().ask_for(PLACE, 1, BUY, 1001, 10, marks=IMMEDIATE)
    assert said == [Report(ACCEPTED, 1, 1001, 10), Report(FILLED, 1, 1001, 10)]


@pytest.mark.parametrize("marks", [IMMEDIATE, IMMEDIATE | POST_ONLY])
def test_an_immediate_order_that_meets_nobody_expires(marks):
    said = a_deep_world().ask_for(PLACE, 1, BUY, 1000, 3, marks=marks)
    assert said == [Report(ACCEPTED, 1, 1000, 3), Report(EXPIRED, 1, 1000, 3, NO_LIQUIDITY)]


def test_without_depth_an_immediate_order_takes_the_touch():
    world = World()
    world.best(BUY, 1000, 10)
    world.best(SELL, 1001, 6)
    said = world.ask_for(PLACE, 1, BUY, 1010, 9, marks=IMMEDIATE)
    assert said[1:] == [Report(FILLED, 1, 1001, 6), Report(EXPIRED, 1, 1010, 3, NO_LIQUIDITY)]


def test_a_newer_best_price_goes_before_the_levels_of_depth():
    world = a_deep_world()
    world.best(SELL, 1002, 1)
    world.best(BUY, 1000, 10)
    said = world.ask_for(PLACE, 1, BUY, 1004, 9, marks=IMMEDIATE)
    assert said[1:] == [
        Report(FILLED, 1, 1002, 1),
        Report(FILLED, 1, 1004, 7),
        Report(EXPIRED, 1, 1004, 1, 8),
    ]


def test_a_best_price_without_size_gives_nothing_and_what_stands_behind_it_does():
    world = a_deep_world()
    world.best(SELL, 1001, 0)
    assert world.ask_for(PLACE, 1, BUY, 1002, 3, marks=IMMEDIATE)[1:] == [Report(FILLED, 1, 1002, 3)]


def test_a_broken_book_gives_nothing():
    world = a_deep_world()
    world.market(a_row(GAP, 0, 0, 0))
    said = world.ask_for(PLACE, 1, BUY, 1004, 9, marks=IMMEDIATE)
    assert said == [Report(ACCEPTED, 1, 1004, 9), Report(EXPIRED, 1, 1004, 9, NO_LIQUIDITY)]


def test_a_side_that_depth_does_not_know_ends_at_the_touch():
    world = World()
    world.clear()
    world.message((BUY, 1000, 5), (BUY, 999, 5))
    world.best(SELL, 1001, 2)
    said = world.ask_for(PLACE, 1, BUY, 1004, 9, marks=IMMEDIATE)
    assert said[1:] == [Report(FILLED, 1, 1001, 2), Report(EXPIRED, 1, 1004, 7, NO_LIQUIDITY)]


def test_an_order_takes_from_so_many_levels_at_most():
    world = World()
    world.clear()
    world.message(*((SELL, 1001 + k, 1) for k in range(MOST_LEVELS + 4)), (BUY, 1000, 1))
    said = world.ask_for(PLACE, 1, BUY, 2000, 99, marks=IMMEDIATE)
    assert [report.kind for report in said[1:-1]] == [FILLED] * MOST_LEVELS
    assert said[-1] == Report(EXPIRED, 1, 2000, 99 - MOST_LEVELS, NO_LIQUIDITY)


def test_a_plain_order_takes_what_crosses_and_rests_with_the_rest():
    world = a_deep_world()
    said = world.ask_for(PLACE, 1, BUY, 1001, 13, marks=0)
    assert said == [Report(ACCEPTED, 1, 1001, 13), Report(FILLED, 1, 1001, 10)]
    order = world.orders[0]
    assert (order.price_ticks, order.leaves_lots, order.filled_lots, order.front_lots) == (1001, 3, 10, 0)
    assert world.trade(SELL, 1001, 2) == [Report(FILLED, 1, 1001, 2)]
    assert marks_of(world, 2) == [LAST, LAST | MAKER]
    assert world.wires[-1] == (12, 3)


def test_one_order_filled_in_two_parts_leaves_the_whole_position():
    world = with_a_bid(lots=1000)
    assert world.trade(SELL, 1000, 410) == [Report(FILLED, 1, 1000, 400)]
    assert world.trade(SELL, 1000, 900) == [Report(FILLED, 1, 1000, 600)]
    assert world.wires[-2:] == [(400, 2), (1000, 3)]
    assert world.venue.position_lots == 1000
    assert world.orders == []


def test_a_plain_amend_takes_what_it_crosses():
    world = a_deep_world()
    world.ask_for(PLACE, 1, BUY, 1000, 13)
    said = world.ask_for(AMEND, 1, BUY, 1001, 13, marks=0)
    assert said == [Report(AMENDED, 1, 1001, 13), Report(FILLED, 1, 1001, 10)]
    assert [(order.price_ticks, order.leaves_lots) for order in world.orders] == [(1001, 3)]
    assert world.ask_for(AMEND, 1, BUY, 1002, 3, marks=0)[1:] == [Report(FILLED, 1, 1001, 3)]
    assert world.orders == []
    assert world.ask_for(QUERY, 1) == [Report(STATE, 1, 0, 0)]
    assert world.wires[-1] == (13, 6)


def test_an_amend_below_the_minimum_notional_leaves_the_order():
    world = with_a_bid(minimum=4996)
    assert world.ask_for(AMEND, 1, BUY, 999, 5) == [Report(AMEND_REJECTED, 1, 1000, 5, BELOW_MINIMUM)]
    world.trade(SELL, 1000, 12)
    assert world.ask_for(AMEND, 1, BUY, 1000, 3)[0].kind == AMENDED, (
        "the whole order counts, not what is left"
    )


@pytest.mark.parametrize(
    ("side", "price_ticks", "lots"),
    [
        *((BUY, 0, 5), (BUY, -3, 5), (BUY, 1000, 0), (BUY, 1000, -2), (0, 1000, 5), (3, 1000, 5)),
        *((BUY, LIMIT, 5), (BUY, 1000, LIMIT), (BUY, LIMIT - 1, 1 << 8)),
    ],
)
def test_what_is_off_the_grid_is_rejected(side, price_ticks, lots):
    world = with_a_bid()
    refused = world.ask_for(PLACE, 2, side, price_ticks, lots)
    assert refused == [Report(REJECTED, 2, price_ticks, lots, OFF_GRID)]
    assert world.ask_for(AMEND, 1, side, price_ticks, lots) == [Report(AMEND_REJECTED, 1, 1000, 5, OFF_GRID)]
    assert [order.number for order in world.orders] == [1]


def test_a_number_that_rests_is_not_taken_twice():
    world = with_a_bid()
    assert world.ask_for(PLACE, 1, BUY, 999, 5) == [Report(REJECTED, 1, 1000, 5, REFUSED)]
    assert len(world.orders) == 1


def test_a_full_venue_still_takes_what_does_not_rest():
    world = a_deep_world()
    for number in range(1, SLOTS + 1):
        world.ask_for(PLACE, number, BUY, 900, 1)
    assert world.ask_for(PLACE, 50, BUY, 900, 1)[0].reason == VENUE_FULL
    assert world.ask_for(PLACE, 51, BUY, 1001, 2, marks=IMMEDIATE)[1] == Report(FILLED, 51, 1001, 2)
    assert world.ask_for(AMEND, 1, BUY, 899, 1) == [Report(AMENDED, 1, 899, 1)]
    assert [order.number for order in world.orders] == [*range(2, SLOTS + 1), 1]


def test_a_cancel_races_a_fill():
    world = with_a_bid()
    world.trade(SELL, 1000, 12)
    assert world.ask_for(CANCEL, 1) == [Report(CANCELED, 1, 1000, 3)]
    assert world.wires[-1] == (2, 3), "the cancel tells what was filled before it"
    assert world.ask_for(CANCEL, 1, BUY, 1000) == [Report(CANCEL_REJECTED, 1, 1000, 0, UNKNOWN_ORDER)]
    assert world.wires[-1] == (2, 4)


def test_a_cancel_after_the_last_fill_is_told_the_total():
    world = with_a_bid()
    world.trade(SELL, 999, 1)
    assert world.ask_for(CANCEL, 1, BUY, 1000)[0].reason == UNKNOWN_ORDER
    assert world.wires[-1] == (5, 3)


def test_a_query_tells_what_is_left_and_what_was_filled():
    world = with_a_bid()
    world.trade(SELL, 1000, 12)
    assert world.ask_for(QUERY, 1) == [Report(STATE, 1, 1000, 3)]
    assert world.wires[-1] == (2, 3)
    world.trade(SELL, 999, 1)
    assert world.ask_for(QUERY, 1, BUY, 1000, 5) == [Report(STATE, 1, 1000, 0)]
    assert world.wires[-1] == (5, 5)


def test_a_query_of_an_order_that_never_came_tells_that_nothing_is_there():
    world = a_world()
    assert world.ask_for(QUERY, 9, SELL, 1002, 5) == [Report(STATE, 9, 1002, 0)]
    assert world.ask_for(QUERY, 9, SELL, 1002, 5) == [Report(STATE, 9, 1002, 0)]
    assert world.wires[-2:] == [(0, 1), (0, 2)]


def test_orders_that_are_gone_are_remembered_for_a_while():
    world = with_a_bid()
    world.trade(SELL, 999, 1)
    for number in range(2, MEMORY + 1):
        world.ask_for(PLACE, number, BUY, 1005, 1)
    assert (world.ask_for(QUERY, 1), world.wires[-1]) == ([Report(STATE, 1, 0, 0)], (5, 3))
    world.ask_for(PLACE, 99, BUY, 1005, 1)
    assert (world.ask_for(QUERY, 1), world.wires[-1]) == ([Report(STATE, 1, 0, 0)], (0, 1))


def test_a_life_ends_at_its_instant():
    world = a_world()
    world.ask_for(PLACE, 1, BUY, 1000, 5, life_ms=30, ts_ns=7)
    world.ask_for(PLACE, 2, BUY, 1000, 5, life_ms=20, ts_ns=8)
    world.ask_for(PLACE, 3, BUY, 1000, 5, ts_ns=8)
    assert world.venue.timed_ns == 20 * MS + 8
    assert world.until(20 * MS + 7) == []
    assert world.until(20 * MS + 8) == [Report(EXPIRED, 2, 1000, 5, LIFE_ENDED)]
    world.ask_for(AMEND, 1, BUY, 999, 5)
    assert world.orders[-1].front_lots == FAR_BACK
    assert world.until(30 * MS + 7) == [Report(EXPIRED, 1, 999, 5, LIFE_ENDED)], (
        "an amend does not prolong it"
    )
    assert world.venue.timed_ns == 0
    assert [order.number for order in world.orders] == [3]


def test_a_rate_limit_counts_what_is_placed_and_amended_by_window():
    world = a_world(max_requests=2, rate_window_ns=S)
    assert world.ask_for(PLACE, 1, BUY, 1000, 5, ts_ns=S)[0].kind == ACCEPTED
    assert world.ask_for(CANCEL, 7, ts_ns=S)[0].reason == UNKNOWN_ORDER
    assert world.ask_for(QUERY, 1, ts_ns=S)[0].kind == STATE
    assert world.ask_for(AMEND, 1, BUY, 999, 5, ts_ns=S + 1)[0].kind == AMENDED
    assert world.ask_for(AMEND, 1, BUY, 998, 5, ts_ns=S + 2)[0].reason == RATE_LIMITED
    assert world.ask_for(PLACE, 2, BUY, 998, 5, ts_ns=2 * S - 1) == [
        Report(REJECTED, 2, 998, 5, RATE_LIMITED)
    ]
    assert world.ask_for(CANCEL, 1, ts_ns=2 * S - 1)[0].kind == CANCELED
    assert world.ask_for(PLACE, 3, BUY, 998, 5, ts_ns=2 * S)[0].kind == ACCEPTED


def test_a_share_of_requests_is_refused_and_always_the_same_ones():
    def refusals() -> list[int]:
        world = a_world(reject_share=0.3, key=5)
        said = [world.ask_for(PLACE, number, BUY, 900, 1) for number in range(1, 25)]
        said += [
            world.ask_for(kind, number, BUY, 899, 1) for number in range(1, 25) for kind in (AMEND, CANCEL)
        ]
        kinds = {(REJECTED, REFUSED), (AMEND_REJECTED, REFUSED), (CANCEL_REJECTED, REFUSED)}
        assert kinds <= {(one[0].kind, one[0].reason) for one in said}
        return [n for n, one in enumerate(said) if one[0].reason == REFUSED]

    first = refusals()
    assert 10 <= len(first) <= 34
    assert refusals() == first
    assert a_world(reject_share=1.0).ask_for(QUERY, 1)[0].kind == STATE


def test_in_an_outage_requests_are_lost_and_so_is_what_becomes_of_orders():
    world = with_a_bid(outage_every_ns=60 * S, outage_for_ns=5 * S, ts_ns=5 * S)
    assert world.ask_for(CANCEL, 1, ts_ns=60 * S) == []
    assert world.ask_for(PLACE, 2, BUY, 1000, 1, ts_ns=65 * S - 1) == []
    assert world.venue.n_requests_lost == 2
    assert world.market(a_row(TRADE, SELL, 1000, 12, 0, 62 * S)) == []
    assert (world.venue.position_lots, world.venue.n_reports_lost) == (2, 1)
    assert world.ask_for(QUERY, 1, ts_ns=65 * S) == [Report(STATE, 1, 1000, 3)]
    assert world.wires[-1] == (2, 3), "the lost fill is in the total"


def test_a_post_only_order_may_join_but_not_cross():
    assert a_world().ask_for(PLACE, 1, SELL, 1000, 5)[0].reason == WOULD_CROSS
    assert a_world().ask_for(PLACE, 1, SELL, 1001, 5)[0].kind == ACCEPTED
