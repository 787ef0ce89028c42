import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.recorded.blocks import as_rows, join, load_block, trade_row
from connectors.trades.stretch import Stretch
from flows.vpin.meter import BINS, Meter
from flows.vpin.settings import setup
from flows.vpin.study import Study
from flows.vpin.suggest import sizes_between
from flows.vpin.summary import deciles
from operators.rows import BUY, SELL
from tests.oracles.plain_vpin import buckets_of, mean_abs

LOTS, WINDOW = 10, 4
SETUP = {"tick_size": 1, "lot_size": 1, "bucket_size": LOTS, "n_buckets": WINDOW}
TRADES = st.lists(
    st.tuples(st.sampled_from([BUY, SELL]), st.integers(1, LOTS * WINDOW)), min_size=1, max_size=30
)


def rows_of(trades):
    """Trades of (side, lots), or of (side, lots, ticks), a nanosecond apart."""
    each = [(side, lots, *rest, *(100,)[len(rest) :]) for side, lots, *rest in trades]
    return join(
        [load_block(trade_row(i, i, 0, ticks, lots, side)) for i, (side, lots, ticks) in enumerate(each, 1)]
    )


def studied(trades, **changes):
    study = Study(setup({**SETUP, **changes}), 7)
    rows = rows_of(trades)
    n = len(rows)
    study.on(Stretch(rows, np.arange(n), np.zeros(n, np.int8), {}))
    study.chance.end()
    return study


@given(TRADES, st.integers(1, WINDOW))
def test_every_close_counts_also_where_one_trade_made_many(trades, min_buckets):
    meter = Meter(setup({**SETUP, "min_buckets": min_buckets}).params)
    meter.on(as_rows(rows_of(trades)))
    imbalances = buckets_of(trades, LOTS)
    exact = [mean_abs(imbalances[: k + 1], WINDOW, LOTS) for k in range(min_buckets - 1, len(imbalances))]
    closes = meter.closes[0]
    assert closes.n_counted == len(exact)
    assert closes.total == pytest.approx(float(sum(exact)), abs=1e-12)
    assert closes.highest == pytest.approx(float(max(exact, default=Fraction(0))), abs=1e-12)
    assert closes.above.tolist() == [
        sum(value > Fraction(level) / 10 for value in exact) for level in (7, 8, 9)
    ]
    if exact:
        ranked = [sorted(exact)[math.ceil(len(exact) * k / 10) - 1] for k in range(1, 10)]
        assert deciles(closes) == [pytest.approx(float(value), abs=1 / BINS) for value in ranked]


def test_a_trade_of_many_windows_counts_every_bucket_that_it_fills():
    meter = Meter(setup(SETUP).params)
    meter.on(as_rows(rows_of([(SELL, LOTS), (BUY, 1000 * LOTS)])))
    closes = meter.closes[0]
    assert (closes.n_counted, closes.n_seen, closes.highest) == (1001, 1001, 1.0)
    assert closes.total == pytest.approx(1001)


def test_classifiers_are_held_against_the_flag():
    # By the change of price: buy (the first), buy, sell, sell (unchanged).
    study = studied([(BUY, 1, 100), (SELL, 1, 101), (SELL, 1, 100), (0, 1, 100), (BUY, 1, 100)])
    flow = study.flow[0]
    assert (flow.n_flagged, flow.tick_agrees, flow.n_quoted) == (4, 2, 0)


def test_runs_are_of_sides_as_classified():
    study = studied([(BUY, 2), (BUY, 3), (SELL, 9), (0, 1), (SELL, 1), (BUY, 1)])
    flow = study.flow[0]
    assert (flow.longest.tolist(), flow.longest_steps.tolist()) == ([2, 3], [5, 11])
    assert (flow.longest_ns.tolist(), flow.longest_until_ns.tolist()) == ([1, 3], [2, 5])


def test_a_shuffle_keeps_the_volume_and_the_sides():
    rng = np.random.default_rng(3)
    trades = [(int(side), 1) for side in rng.choice((BUY, BUY, SELL), 3000)]
    study = studied(trades)
    bought = sum(side > 0 for side, _ in trades)
    for meter in (study.meter, study.chance.meter):
        vpin = meter.vpin[0]
        assert (vpin.total_steps, vpin.n_closed) == (3000, 300)
    one = studied(trades, bucket_size=3000, min_buckets=1).chance.meter
    assert one.closes[0].total == pytest.approx((2 * bought - 3000) / 3000)


def test_sizes_to_try_reach_from_the_first_to_the_last():
    assert sizes_between(5, 5) == [5]
    assert sizes_between(3, 4) == [3, 4]
    for low, high in ((1, 10**15), (123_456_789, 987_654_321), (7, 70)):
        sizes = sizes_between(low, high)
        assert (sizes[0], sizes[-1], len(sizes)) == (low, high, len(set(sizes)))
        assert sizes == sorted(sizes)
