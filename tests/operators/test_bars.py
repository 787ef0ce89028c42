"""Bulk volume: what a bar of time is judged by, and how its lots are poured."""

import math
from fractions import Fraction
from typing import Any

import pytest

from operators.bars import bought_share
from operators.buckets import bought_of, carry_after
from operators.toxicity import OK, WARMING, WHOLE
from tests.oracles.exact_vpin import Clock, Setup, Trade
from tests.oracles.toxic_tapes import SECOND, START, last, read_all


def by_bars(**settings: Any) -> Setup:
    """Settings with bars of a second."""
    return Setup(classifier="bvc", bar_ns=SECOND, **settings)


def bar(n, price, lots):
    return Trade(START + n * SECOND, 0, price, lots)


@pytest.mark.parametrize(
    ("change", "sigma"), [(0, 1.0), (1, 1.0), (-1, 1.0), (3, 2.5), (-40, 1.0), (40, 1.0)]
)
def test_the_share_is_the_normal_distribution_of_the_change_over_sigma(change, sigma):
    share = bought_share(float(change), sigma**2) / WHOLE
    assert share == pytest.approx(0.5 * (1 + math.erf(change / sigma / math.sqrt(2))), abs=1e-15)


def test_one_standard_deviation_up_is_84_percent():
    assert bought_share(2.0, 4.0) / WHOLE == pytest.approx(0.8413447460685429, abs=1e-15)


def test_without_variance_the_share_is_a_half():
    assert bought_share(5.0, 0.0) == WHOLE // 2


def test_a_bar_is_poured_when_time_passes_its_end_and_not_before():
    setup = by_bars(bucket=10)
    _, readings = read_all(setup, [bar(0, 100, 10), Clock(START + SECOND - 1), Clock(START + SECOND)])
    assert [reading.n_closed for reading in readings] == [0, 0, 1]
    assert [reading.status for reading in readings] == [WARMING, WARMING, OK]


def test_bars_begin_where_time_is_a_multiple_of_their_length():
    setup = by_bars(bucket=1)
    trade = Trade(START + SECOND - 1, 0, 100, 1)
    assert last(setup, [trade, Clock(START + SECOND)]).n_closed == 1


def test_the_first_two_bars_are_split_in_halves_and_the_third_is_judged_by_the_second():
    """Changes: none, +2, +2. Variance before the third: 4, so one standard deviation: 0.8413."""
    setup = by_bars(bucket=1000, n_buckets=1)
    bars = [bar(0, 100, 1000), bar(1, 102, 1000), bar(2, 104, 1000)]
    values = [reading.net_imbalance for reading in read_all(setup, bars)[1]]
    assert values == [0.0, 0.0, 0.0]
    _, readings = read_all(setup, [*bars, Clock(START + 3 * SECOND)])
    assert [reading.n_closed for reading in readings] == [0, 1, 2, 3]
    assert readings[-1].net_imbalance == pytest.approx((841 - 159) / 1000, abs=1e-12)


def test_the_variance_fades_by_its_decay():
    """Squares 4 then 16, decay 0.75: variance 0.75·4 + 0.25·16 = 7."""
    setup = by_bars(bucket=100, decay=0.75)
    state, _ = read_all(setup, [bar(0, 100, 1), bar(1, 102, 1), bar(2, 106, 1), Clock(START + 3 * SECOND)])
    assert (state[0].bar_variance, state[0].n_bars) == (7.0, 2)


def test_bars_that_stood_still_count_in_the_variance():
    """Squares 0 then 4, decay 0.94: variance 0.06·4 = 0.24."""
    state, _ = read_all(
        by_bars(), [bar(0, 100, 1), bar(1, 100, 1), bar(2, 102, 1), Clock(START + 3 * SECOND)]
    )
    assert state[0].bar_variance == pytest.approx(0.24, rel=1e-15)


def test_a_bar_without_a_trade_is_no_bar():
    setup = by_bars(bucket=1)
    state, _ = read_all(setup, [bar(0, 100, 1), bar(5, 103, 1), Clock(START + 9 * SECOND)])
    assert (state[0].n_bars, state[0].bar_variance, state[0].n_closed) == (1, 9.0, 2)


def test_shares_of_a_lot_are_carried_to_the_next_bar():
    """Halves of one lot each: none, one, none, one."""
    setup = by_bars(bucket=100)
    state, bought = None, []
    for n in range(5):
        state, _ = read_all(setup, [bar(n, 100, 1)], state)
        bought.append(int(state[0].open_buy))
    assert bought == [0, 0, 1, 1, 2]


def test_the_sides_of_a_bar_are_spread_over_the_buckets_it_fills():
    """84 percent of 30 lots: 8, 16.8 and 25.2 after each ten."""
    setup = by_bars(bucket=10, n_buckets=50)
    told = [bar(0, 100, 10), bar(1, 102, 10), bar(2, 104, 30), Clock(START + 3 * SECOND)]
    state, _ = read_all(setup, told)
    assert state[0].imbalance[:5].tolist() == [0, 0, 6, 6, 8]
    assert state[0].carry / WHOLE == pytest.approx(30 * 0.8413447460685429 - 25, abs=1e-12)


def test_the_venues_flag_means_nothing_to_bars():
    told = [(0, 100, 7), (1, 101, 9), (2, 99, 20), (3, 99, 5)]
    setup = by_bars(bucket=3)
    values = []
    for flag in (1, -1, 0):
        trades = [Trade(START + n * SECOND, flag, price, lots) for n, price, lots in told]
        values.append(last(setup, [*trades, Clock(START + 9 * SECOND)]).value)
    assert values[0] == values[1] == values[2]


@pytest.mark.parametrize("share", [0, 1, WHOLE // 3, WHOLE // 2, WHOLE - 1, WHOLE])
@pytest.mark.parametrize("steps", [1, 2, 999, (1 << 27) - 1, 1 << 27, (1 << 59) + 12_345, (1 << 60) - 1])
@pytest.mark.parametrize("carry", [0, WHOLE // 2, WHOLE - 1])
def test_splitting_is_exact_up_to_the_largest_volume(share, steps, carry):
    exact = Fraction(share * steps + carry, WHOLE)
    assert bought_of(share, steps, carry) == math.floor(exact)
    assert carry_after(share, steps, carry) == (exact - math.floor(exact)) * WHOLE


def test_a_bar_takes_in_any_volume():
    huge = (1 << 60) - 1
    state, readings = read_all(by_bars(bucket=1 << 40), [*[bar(0, 100, huge)] * 20, Clock(START + SECOND)])
    assert state[0].total_steps == 1 << 60
    assert (readings[-1].status, readings[-1].value) == (OK, 0.0)
