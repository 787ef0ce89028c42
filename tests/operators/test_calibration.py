import math

import numpy as np
import pytest

from operators.calibration import FITTED, MOST_STEPS, POOR, WARMING
from operators.kernel import COMPILED
from operators.quotes import Asmm
from operators.rows import BEST, GAP, LAST, TRADE, Row
from operators.touch import INVALID, VALID, Top
from tests.oracles.fill_flow import STEP, Flow, learn, rows_of, setup

long = pytest.mark.skipif(not COMPILED, reason="interpreted, an hour of market takes half a minute")


def numbers(fit):
    return [float(value) for value in (fit.a_per_s, fit.k_per_tick, fit.r2)]


def learnt(flow, seconds, seed=1, **changes):
    return learn(*rows_of(flow.events(seconds, seed)), setup(**changes))[0].calibration


@long
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize(
    ("flow", "seconds", "changes"),
    [
        (Flow(), 620, {}),
        (Flow(sigma=25.0, a=(20.0, 20.0), k=(0.05, 0.05)), 400, {}),
        (Flow(sigma=6.0, a=(40.0, 40.0), k=(0.3, 0.3)), 620, {"from_bps": 0.2, "to_bps": 2.0}),
        (Flow(sigma=81.0, a=(2.0, 2.0), k=(0.025, 0.025), mid=600_000.0), 3600, {"window_steps": 36_000}),
        (Flow(a=(4.0, 4.0), k=(0.1, 0.1)), 1500, {"window_steps": 15_000}),
    ],
)
def test_known_volatility_and_fill_intensity_are_found_within_five_percent(flow, seconds, changes, seed):
    changes = {"from_bps": 5 / flow.mid * 1e4, "to_bps": 50 / flow.mid * 1e4} | changes
    if flow.k[0] < 0.04:
        changes |= {"to_bps": 100 / flow.mid * 1e4}
    cal = learnt(flow, seconds, seed, **changes)
    assert cal.status == FITTED
    assert cal.sigma == pytest.approx(flow.sigma, rel=0.05)
    assert math.sqrt(cal.bid.a_per_s * cal.ask.a_per_s) == pytest.approx(flow.a[0], rel=0.05)
    assert 0.5 * (cal.bid.k_per_tick + cal.ask.k_per_tick) == pytest.approx(flow.k[0], rel=0.05)
    assert min(cal.bid.r2, cal.ask.r2) > 0.97


@long
@pytest.mark.parametrize("seed", [1, 2])
def test_each_side_has_its_own_numbers_within_five_percent(seed):
    """Bids are filled by sells: they have A = 30 and k = 0.2, asks 8 and 0.08."""
    cal = learnt(Flow(a=(30.0, 8.0), k=(0.2, 0.08)), 3600, seed, window_steps=MOST_STEPS)
    assert (cal.bid.a_per_s, cal.ask.a_per_s) == pytest.approx((30, 8), rel=0.05)
    assert (cal.bid.k_per_tick, cal.ask.k_per_tick) == pytest.approx((0.2, 0.08), rel=0.05)


def test_a_mirrored_market_gets_the_sides_exchanged():
    flow = Flow(a=(30.0, 8.0), k=(0.2, 0.08))
    events = flow.events(100, 3)
    image = [
        (ts, -side, 200_000 - price if side else 0, 400_000 - twice) for ts, side, price, twice in events
    ]
    one, other = (learn(*rows_of(each), setup())[0].calibration for each in (events, image))
    assert numbers(other.bid) == pytest.approx(numbers(one.ask), rel=1e-3)
    assert numbers(other.ask) == pytest.approx(numbers(one.bid), rel=1e-3)
    assert other.sigma == pytest.approx(one.sigma, rel=1e-12)


@long
def test_the_plain_share_of_steps_would_count_a_busy_market_a_third_too_low():
    """At 10 a second a step sees no print at the touch with probability 1/e: 0.63 of steps, not 1."""
    cal = learnt(Flow(), 620)
    reach = np.asarray(cal.counts).sum(axis=1) / cal.n_steps
    near = 0.1 * 10 * math.exp(-0.1 * 5)
    assert reach == pytest.approx([1 - math.exp(-near)] * 2, rel=0.06)
    assert reach[0] / near < 0.8
    assert cal.bid.a_per_s == pytest.approx(10, rel=0.06)


@long
def test_where_the_mid_moves_within_steps_a_quote_is_reached_more_often_as_it_should():
    """A quote that stood since the step's start: prints off by s make it exp(k²s²/2)."""
    flow, k = Flow(sigma=0.0, a=(20.0, 20.0)), 0.1
    draw = np.random.default_rng(5)
    events = [
        (ts, side, price + int(np.rint(draw.normal(0, 6))) if side else 0, twice)
        for ts, side, price, twice in flow.events(620, 1)
    ]
    cal = learn(*rows_of(events), setup(from_bps=1.5))[0].calibration
    assert cal.bid.a_per_s == pytest.approx(20 * math.exp(k * k * 36 / 2), rel=0.06)
    assert cal.bid.k_per_tick == pytest.approx(k, rel=0.05)


def test_every_window_length_comes_to_the_same_as_a_fresh_start_on_its_last_steps():
    flow = Flow()
    rows, tops = rows_of(flow.events(130, 4))
    whole = learn(rows, tops, setup(window_steps=600, keep=0.0))[0].calibration
    last = int(rows["ts_recv"][-1]) // STEP
    since = int(np.searchsorted(rows["ts_recv"], (last - 600) * STEP - STEP // 50))
    fresh = learn(rows[since:], tops[since:], setup(window_steps=600, keep=0.0))[0].calibration
    assert (whole.n_steps, fresh.n_steps, whole.n_odd) == (600, 600, fresh.n_odd)
    assert np.array_equal(whole.counts, fresh.counts)


@long
def test_a_full_hour_of_steps_is_kept():
    state = learn(*rows_of(Flow(a=(0.5, 0.5)).events(3700, 1)), setup(window_steps=MOST_STEPS))
    cal = state[0].calibration
    assert cal.n_steps == MOST_STEPS
    assert cal.bid.n_prints == pytest.approx(36_000 * (1 - math.exp(-0.05 * math.exp(-0.5))), rel=0.1)


END = (210, 0, 0, 2000)


def market(*told, params=None):
    """Show single facts: (ms, side or 0, price, twice the mid or 0 where the book is not valid)."""
    rows, tops = Row.table(len(told)), Top.table(len(told))
    for i, (ms, side, price, twice) in enumerate(told):
        rows[i].ts_recv, rows[i].marks, rows[i].size_lots = ms * 1_000_000, LAST, 1
        rows[i].kind, rows[i].side, rows[i].price_ticks = (TRADE if price else BEST), side, price
        tops[i].state = VALID if twice else INVALID
        tops[i].bid_ticks, tops[i].ask_ticks = (twice - 1) // 2, twice - (twice - 1) // 2
        tops[i].updated_ns = ms * 1_000_000
    return learn(rows, tops, params or setup())[0].calibration


def deepest(cal):
    return np.asarray(cal.deepest)[: cal.n_steps].tolist()


def test_depths_are_whole_half_ticks_of_the_deepest_print_on_either_side_of_the_mid_at_its_start():
    cal = market(
        (90, 0, 0, 2001),
        (110, 1, 1003, 2001),
        (120, -1, 998, 2001),
        (130, -1, 1000, 2001),
        (140, 0, 0, 2010),  # counts from the next step on
        (150, 1, 1004, 2010),
        (250, 0, 0, 2010),
        (350, 0, 0, 2010),
    )
    assert deepest(cal) == [[5, 7], [-2, -2]]
    assert (cal.n_odd, cal.step_mid) == (1, 2010)


def test_a_print_without_a_flag_is_on_the_side_of_the_mid_that_it_is_on():
    cal = market(
        (90, 0, 0, 2000), (110, 0, 1003, 2000), (120, 0, 996, 2000), (130, 0, 1000, 2000), (210, 0, 0, 2000)
    )
    assert deepest(cal) == [[8, 6]]


def test_a_print_inside_the_mid_reaches_nobody():
    assert deepest(market((90, 0, 0, 2001), (110, 1, 1000, 2001), (210, 0, 0, 2001))) == [[-1, -1]]


@pytest.mark.parametrize("price", [1, 10**9, 2**52])
def test_an_absurd_print_is_as_deep_as_can_be_remembered(price):
    cal = market((90, 0, 0, 2000), (110, 0, price, 2000), (210, 0, 0, 2000))
    assert max(deepest(cal)[0]) == min(abs(2 * price - 2000), 32_766)
    odd = market((90, 0, 0, 2001), (110, 0, price, 2001), (210, 0, 0, 2001))
    assert max(deepest(odd)[0]) == min(abs(2 * price - 2001), 32_767)


def test_steps_that_no_valid_book_began_or_ended_teach_nothing():
    cal = market(
        (90, 0, 0, 2000),
        (110, 1, 1005, 2000),
        (150, 0, 0, 0),  # the book breaks
        (250, 1, 1005, 0),
        (350, 0, 0, 3000),
        (450, 0, 0, 3000),
        (550, 0, 0, 3000),
    )
    assert deepest(cal) == [[-2, -2]]
    assert cal.squares == 0.0
    assert cal.weight > 0.0


def test_silence_is_steps_without_prints_or_changes_as_long_as_quotes_would_stand():
    params = setup(quiet_steps=50)
    assert market((90, 0, 0, 2000), (150, 0, 0, 2004), (650, 0, 0, 2004), params=params).n_steps == 5
    lost = market((90, 0, 0, 2000), (150, 0, 0, 2004), (60_000, 0, 0, 2004), params=params)
    assert lost.n_steps == 50
    one = market((90, 0, 0, 2000), (150, 0, 0, 2004), (250, 0, 0, 2004), params=params)
    assert one.squares / one.weight == pytest.approx(4.0)
    kept = params[0].calibration.keep
    assert lost.squares == pytest.approx(4.0 * (1 - kept) * kept**49, rel=1e-9)
    assert lost.weight == pytest.approx(1 - kept**50, rel=1e-9)


def test_a_first_change_is_believed_at_once():
    """The weight of a past that was not seen is taken out: 2 ticks in 51 steps of 100 ms."""
    cal = market((90, 0, 0, 2000), (150, 0, 0, 2004), (250, 0, 0, 2004), (5300, 0, 0, 2004))
    assert (cal.n_refits, cal.n_steps) == (2, 51)
    assert cal.sigma == pytest.approx(2.0 / math.sqrt(5.1), rel=0.02)


def test_it_is_fitted_anew_every_five_seconds_and_counts_once_it_is_warm():
    flow = Flow()
    rows, tops = rows_of(flow.events(60, 1))
    seen = []
    state, params = Asmm.cell(), setup()
    for n in range(0, len(rows), 20):
        learn(rows[n : n + 20], tops[n : n + 20], params, state)
        cal = state[0].calibration
        seen.append(
            (int(rows["ts_recv"][min(n + 20, len(rows)) - 1]) / 1e9, int(cal.n_refits), int(cal.status))
        )
    assert seen[-1][1] in (12, 13)
    assert {status for seconds, _, status in seen if seconds < 29} == {WARMING}
    assert {status for seconds, _, status in seen if seconds > 36} == {FITTED}


def test_nothing_is_learnt_where_nothing_is_asked_for():
    cal = learnt(Flow(), 20, window_steps=0)
    assert (cal.n_refits, cal.step, cal.sigma) == (0, 0, 0)


def poor(events, **changes):
    cal = learn(*rows_of(events), setup(**changes))[0].calibration
    assert np.isfinite([cal.sigma, *numbers(cal.bid), *numbers(cal.ask)]).all()
    return cal.status == POOR


def test_without_trades_or_with_trades_of_one_side_only_the_fit_is_poor():
    events = Flow().events(60, 1)
    assert poor([event for event in events if event[1] == 0])
    assert poor([event for event in events if event[1] >= 0])
    assert not poor(events)


def test_prints_all_of_one_depth_are_poor():
    events = [(ts, side, twice // 2 + 30 * side, twice) for ts, side, _, twice in Flow().events(60, 1)]
    assert poor([event if event[1] else (*event[:2], 0, event[3]) for event in events])


def test_depths_that_no_exponential_explains_are_poor():
    """Most prints at the touch, the rest far out, nothing between: R² is below 0.7."""
    draw = np.random.default_rng(2)
    events = [
        (ts, side, twice // 2 + side * int(draw.choice([6, 48], p=[0.95, 0.05])) if side else 0, twice)
        for ts, side, _, twice in Flow().events(200, 1)
    ]
    assert poor(events)


def test_deeper_prints_where_there_should_be_fewer_are_poor():
    """Every step has a print at the far end: ln λ does not fall."""
    events = [
        (ts, side, twice // 2 + side * 60 if side else 0, twice)
        for ts, side, _, twice in Flow().events(60, 2)
    ]
    assert poor(events)


def test_a_mid_that_never_moves_has_no_volatility():
    cal = learnt(Flow(sigma=0.0), 60)
    assert (cal.sigma, cal.status) == (0.0, FITTED)


def test_a_price_that_doubles_moves_the_distances_that_are_fitted():
    params = setup()
    flow = Flow(sigma=1.0)
    rows, tops = rows_of(flow.events(60, 1))
    state = learn(rows, tops, params)
    assert state[0].calibration.nearest == 10
    later, above = rows_of(Flow(sigma=1.0, mid=200_000.0).events(60, 2))
    later["ts_recv"] += rows["ts_recv"][-1]
    above["updated_ns"] = later["ts_recv"]
    cal = learn(later, above, params, state)[0].calibration
    assert (cal.nearest, cal.shaped_mid // 1000) == (20, 400)
    window = np.asarray(cal.deepest)[: cal.n_steps, 0]
    assert np.asarray(cal.counts)[0].sum() == np.count_nonzero(window >= 20)


@long
def test_coarse_ticks_are_fitted_from_the_touch_over_eight_ticks():
    cal = learnt(Flow(sigma=1.0, a=(20.0, 20.0), k=(0.5, 0.5), mid=1000.0), 620, from_bps=0.08, to_bps=1.6)
    assert (cal.nearest, cal.width, cal.n_bins) == (1, 2, 9)
    assert cal.bid.a_per_s == pytest.approx(20, rel=0.06)
    assert cal.bid.k_per_tick == pytest.approx(0.5, rel=0.06)


def test_distances_beyond_what_is_remembered_are_cut_off():
    params = setup(from_bps=900.0, to_bps=1000.0)
    cal = market((90, 0, 0, 2**50), *((100 * n, 0, 0, 2**50) for n in range(1, 60)), params=params)
    assert cal.nearest + (cal.n_bins - 1) * cal.width <= 32_767 + 16


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_cuts_and_checkpoints_change_nothing(seed):
    rows, tops = rows_of(Flow().events(60, seed))
    params = setup(window_steps=100)
    whole = learn(rows, tops, params)
    draw, state, at = np.random.default_rng(seed), Asmm.cell(), 0
    while at < len(rows):
        until = at + int(draw.integers(1, 400))
        state = learn(rows[at:until], tops[at:until], params, Asmm.load(state.tobytes()))
        at = until
    assert state.tobytes() == whole.tobytes()


def test_a_gap_row_is_a_row():
    rows, tops = rows_of(Flow().events(5, 1))
    rows["kind"][10] = GAP
    assert learn(rows, tops, setup())[0].calibration.n_steps > 40
