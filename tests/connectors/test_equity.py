import math
import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.equity import FEWEST, MOST, EquitySeries, sharpe
from operators.samples import Sample

SPELLS = st.lists(st.tuples(st.floats(-1e6, 1e6), st.integers(1, 4000)), min_size=1, max_size=12)


def series_of(spells):
    series = EquitySeries()
    for equity, n in spells:
        series.add(equity, n)
    return series


def kept_of(values):
    """Return what is kept of a list: all of it, or every second, fourth and so on."""
    stride = 1
    while math.ceil(len(values) / stride) > MOST:
        stride *= 2
    return values[::stride], stride


@given(SPELLS)
def test_every_value_is_kept_until_there_are_too_many_then_every_second(spells):
    series = series_of(spells)
    values, stride = kept_of([equity for equity, n in spells for _ in range(n)])
    assert (list(series.values), series.stride) == (values, stride)


def test_a_year_of_seconds_is_kept_short():
    series = series_of([(1.0, 10), (2.0, 365 * 86_400), (3.0, 1)])
    assert MOST // 2 <= len(series.values) <= MOST
    assert series.stride * len(series.values) >= series.n == 365 * 86_400 + 11


@given(SPELLS, SPELLS)
def test_a_series_goes_on_from_its_checkpoint(before, after):
    whole, first = series_of([*before, *after]), series_of(before)
    again = EquitySeries.load(first.dump())
    for equity, n in after:
        again.add(equity, n)
    assert again.dump() == whole.dump()


def test_samples_count_from_the_first_and_silences_are_filled_with_what_followed_them():
    samples = Sample.table(3)
    for k, (n_intervals, twice, less) in enumerate([(5, 20, 0), (1, 21, 250_000), (3, -4, 0)]):
        sample = samples[k]
        sample.n_intervals, sample.twice_equity, sample.less_micro = n_intervals, twice, less
    series = EquitySeries()
    series.take(samples)
    assert list(series.values) == [10.0, 10.25, -2.0, -2.0, -2.0]


def test_the_ratio_is_the_mean_over_the_deviation():
    changes = np.array([0.5, -1.0, 2.0, 0.0, 1.5] * 10)
    found = sharpe(changes, 60.0)
    assert found is not None
    assert found.per_interval == pytest.approx(statistics.mean(changes) / statistics.stdev(changes))
    assert found.yearly == pytest.approx(math.sqrt(365 * 24 * 60))
    assert (found.n, found.block, found.interval_s) == (50, 4, 60.0)
    assert found.low < found.per_interval < found.high


@pytest.mark.parametrize("changes", [np.arange(FEWEST - 1.0), np.full(500, 3.0), np.zeros(500)])
def test_too_few_changes_or_none_that_differs_have_no_ratio(changes):
    assert sharpe(changes, 1.0) is None


def test_the_interval_holds_the_true_ratio_about_as_often_as_it_says():
    rng, held = np.random.default_rng(5), 0
    for _ in range(200):
        found = sharpe(rng.normal(0.1, 1.0, 400), 1.0)
        held += found is not None and found.low <= 0.1 <= found.high
    assert 176 <= held <= 198


def test_changes_that_hang_together_widen_the_interval():
    rng = np.random.default_rng(7)
    noise = rng.normal(0.0, 1.0, 3000)
    linked = np.float64(0.02) + np.convolve(noise, np.ones(10) / 10, mode="valid").astype(np.float64)
    apart = rng.permutation(linked)
    widths = [found.high - found.low for found in (sharpe(linked, 1.0), sharpe(apart, 1.0)) if found]
    assert widths[0] > 1.8 * widths[1]


def test_the_same_changes_have_the_same_interval_whatever_their_unit():
    changes = np.random.default_rng(3).normal(1.0, 5.0, 321)
    one, other = sharpe(changes, 1.0), sharpe(changes * 1e-9, 1.0)
    assert one == sharpe(changes.copy(), 1.0)
    assert one is not None
    assert other is not None
    assert (other.low, other.high) == pytest.approx((one.low, one.high))
