"""Who bought: each classifier on tapes that can be judged by eye."""

import itertools
import random

import numpy as np
import pytest

from operators.classify import hash_side
from operators.rows import BUY, SELL, Row
from operators.toxicity import INVALID_FLAG, MIDS, OK
from tests.oracles.exact_sides import hashed_side
from tests.oracles.exact_vpin import Best, Setup, Trade
from tests.oracles.toxic_tapes import SECOND, START, last, read_all

MS = 1_000_000
UNFILLED = 1 << 40


def sides(events, **settings):
    """The side each trade was given, from what lies in a bucket that never fills."""
    setup = Setup(bucket=UNFILLED, **settings)
    bought, given, state = 0, [], None
    for event in events:
        state, _ = read_all(setup, [event], state)
        if isinstance(event, Trade):
            given.append(BUY if state[0].open_buy > bought else SELL)
        bought = int(state[0].open_buy)
    return given


def prints(*prices, flag=0):
    return [Trade(START + n, flag, price, 1) for n, price in enumerate(prices)]


PRICES, DIRECTIONS = (100, 99, 99, 100, 100, 98), [BUY, SELL, SELL, BUY, BUY, SELL]


def test_the_tick_rule_follows_the_last_change_of_price_and_no_flag():
    assert sides(prints(*PRICES, flag=SELL), classifier="tick") == DIRECTIONS


@pytest.mark.parametrize("classifier", ["aggressor", "lee_ready"])
def test_without_flag_or_mid_a_trade_goes_by_the_tick_rule(classifier):
    assert sides(prints(*PRICES), classifier=classifier) == DIRECTIONS


@pytest.mark.parametrize("classifier", ["aggressor", "lee_ready", "tick"])
def test_a_first_trade_that_nothing_can_classify_counts_as_a_buy(classifier):
    assert sides(prints(100), classifier=classifier) == [BUY]


def test_the_venues_flag_is_believed_whatever_mid_and_price_say():
    quote = Best(START, 99, 101)
    told = [quote, Trade(START, SELL, 200, 1), Trade(START, BUY, 50, 1)]
    assert sides(told) == [SELL, BUY]


def test_after_an_unchanged_price_an_unflagged_trade_repeats_the_last_trades_side():
    told = [Trade(START, SELL, 101, 1), Trade(START, 0, 101, 1), Trade(START, 0, 102, 1)]
    assert sides(told) == [SELL, SELL, BUY]


def test_an_unflagged_trade_is_held_against_the_mid_where_there_is_one():
    told = [Best(START, 99, 101), Trade(START, SELL, 102, 1), Trade(START, 0, 102, 1), Trade(START, 0, 99, 1)]
    assert sides(told) == [SELL, BUY, SELL]


def test_lee_ready_buys_above_the_mid_and_sells_below_whatever_the_flag():
    told = [Best(START, 99, 102), *prints(101, 100, 102, 99, flag=SELL)]
    assert sides(told, classifier="lee_ready") == [BUY, SELL, BUY, SELL]


def test_at_the_mid_lee_ready_goes_by_the_tick_rule():
    told = [Best(START, 99, 101), *prints(99, 100, 101, 100, 100)]
    assert sides(told, classifier="lee_ready") == [SELL, BUY, BUY, SELL, SELL]


def test_at_the_mid_a_hash_decides_if_asked_the_same_way_every_time():
    told = [Best(START, 99, 101), *prints(*[100] * 400)]
    given = sides(told, classifier="lee_ready", mid_tie="hash", key=77)
    assert given == [hashed_side(77, trade.ts, 100, 1) for trade in told[1:]]
    assert given == sides(told, classifier="lee_ready", mid_tie="hash", key=77)
    assert given != sides(told, classifier="lee_ready", mid_tie="hash", key=78)
    assert abs(sum(given)) < 80, "four standard errors of 400 coins"


@pytest.mark.parametrize("vary", ["ts_event", "price_ticks", "size_lots"])
def test_the_hash_is_a_fair_coin_in_each_word_and_independent_of_its_neighbour(vary):
    row, n = Row.table(1)[0], 4000
    row.ts_event, row.price_ticks, row.size_lots = START, 95_000, 17
    given = []
    for _ in range(n):
        setattr(row, vary, getattr(row, vary) + 1)
        given.append(hash_side(123, row))
    coins = np.array(given)
    assert abs(coins.sum()) < 4 * n**0.5
    assert abs((coins[1:] * coins[:-1]).sum()) < 4 * n**0.5


def test_the_hash_sees_the_upper_bits_of_each_word():
    row = Row.table(1)[0]
    for name in ("ts_event", "price_ticks", "size_lots"):
        given = set()
        for k in range(20):
            setattr(row, name, k << 40)
            given.add(hash_side(5, row))
        assert given == {BUY, SELL}


def test_a_quote_lag_holds_a_trade_against_the_mid_of_that_long_before():
    told = [
        Best(START, 99, 101),
        Best(START + 10 * MS, 103, 105),
        Trade(START + 15 * MS - 1, 0, 102, 1),
        Trade(START + 15 * MS, 0, 102, 1),
    ]
    lagged = {"classifier": "lee_ready", "quote_lag_ns": 5 * MS}
    assert sides(told, classifier="lee_ready") == [SELL, SELL]
    assert sides(told, **lagged) == [BUY, SELL]


def test_before_any_mid_is_old_enough_a_quote_lag_leaves_the_tick_rule():
    told = [Best(START, 99, 101), Trade(START + 1, 0, 90, 1), Trade(START + 2, 0, 80, 1)]
    assert sides(told, classifier="lee_ready", quote_lag_ns=5 * MS) == [BUY, SELL]


def test_a_lag_beyond_the_mids_that_are_remembered_leaves_the_tick_rule():
    quotes = [Best(START + n, 1000 + n, 1002 + n) for n in range(MIDS + 100)]
    oldest = 1001 + 100
    now = START + 1000
    told = [*quotes, Trade(now, 0, oldest - 1, 1), Trade(now, 0, oldest - 2, 1)]
    assert sides(told, classifier="lee_ready", quote_lag_ns=SECOND) == [BUY, SELL]


@pytest.mark.parametrize("broken", [(101, 101), (102, 101), (0, 101), (-3, 101)])
def test_a_touch_that_cannot_be_leaves_the_mid_as_it_was(broken):
    told = [Best(START, 99, 101), Best(START, *broken), *prints(101, 99)]
    assert sides(told, classifier="lee_ready") == [BUY, SELL]


def test_a_mid_waits_for_the_end_of_its_message():
    state, _ = read_all(Setup(), [Best(START, 99, 101)])
    assert (state[0].twice_mid, state[0].n_mids) == (200, 1)
    state, _ = read_all(Setup(), [Best(START, 99, 101)], state)
    assert state[0].n_mids == 1, "only changes are kept"


def walk(n, seed=3, drift=0.0):
    """Prices that step up or down by one."""
    rng, price, prices = random.Random(seed), 100_000, []
    for _ in range(n):
        price += 1 if rng.random() < 0.5 + drift / 2 else -1
        prices.append(price)
    return prices


def test_a_flag_that_always_says_sell_is_found_out_at_the_thousandth_trade():
    setup = Setup(bucket=20, n_buckets=5)
    state, readings = read_all(setup, prints(*walk(1400), flag=SELL))
    statuses = [reading.status for reading in readings]
    assert set(statuses[19:999]) == {OK}
    assert set(statuses[999:]) == {INVALID_FLAG}
    assert (state[0].n_broken, state[0].broken) == (1, 1)
    assert readings[998].value == 1.0
    after = [reading.value for reading in readings[1200:]]
    assert 0.05 < np.mean(after) < 0.4, "about what coins give twenty trades a bucket: 0.18"


def test_a_genuine_sweep_does_not_trip_the_guard():
    state, readings = read_all(Setup(bucket=20), prints(*walk(3000, drift=-0.98), flag=SELL))
    assert (state[0].n_broken, readings[-1].status) == (0, OK)


@pytest.mark.parametrize(("others", "trips"), [(9, True), (10, False)])
@pytest.mark.parametrize("other", [BUY, 0])
def test_more_than_990_of_1000_flags_are_too_many(others, other, trips):
    prices = walk(1000)
    flags = [other] * others + [SELL] * (1000 - others)
    trades = [Trade(START, flag, price, 1) for flag, price in zip(flags, prices, strict=True)]
    assert read_all(Setup(), trades)[0][0].n_broken == trips


@pytest.mark.parametrize("side", [BUY, SELL])
@pytest.mark.parametrize(("along", "trips"), [(799, True), (800, False)])
def test_less_than_800_of_1000_moves_along_are_too_few(side, along, trips):
    """The first trade counts as a buy: it is one of those against a falling price."""
    moves = [side] * along + [-side] * (1000 - along)
    if side == SELL:
        moves = moves[::-1]
    prices = np.cumsum([10_000, *moves[1:]])
    told = [Trade(START, side, int(price), 1) for price in prices]
    assert read_all(Setup(), told)[0][0].n_broken == trips


def test_the_guard_recovers_by_itself_and_counts_each_time():
    setup = Setup(bucket=20)
    honest = walk(1100, seed=8)
    flagged = [Trade(START, BUY if b > a else SELL, b, 1) for a, b in itertools.pairwise(honest)]
    broken = prints(*walk(1000), flag=SELL)
    state, readings = read_all(setup, [*broken, *flagged[:9]])
    assert (readings[-1].status, state[0].n_broken) == (INVALID_FLAG, 1)
    state, readings = read_all(setup, flagged[9:], state)
    assert readings[-1].status == OK
    state, readings = read_all(setup, prints(*walk(1200, seed=4), flag=BUY), state)
    assert (readings[-1].status, state[0].n_broken) == (INVALID_FLAG, 2)


@pytest.mark.parametrize("classifier", ["lee_ready", "tick", "bvc"])
def test_a_classifier_that_does_not_use_the_flag_does_not_judge_it(classifier):
    reading = last(Setup(bucket=20, classifier=classifier, bar_ns=1), prints(*walk(1100), flag=SELL))
    assert reading.status == OK
