"""What holds of quotes whatever the model: they mirror, they move the right way, they never cross."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from operators.asmm import asmm_on_frame
from operators.calibration import FITTED, WARMING
from operators.kernel import Cell
from operators.quotes import AVELLANEDA_STOIKOV, FIXED, GLFT, GLFT_EXACT, Asmm, AsmmParams, Quotes
from operators.rows import BEST, LAST, MARK, Row
from operators.touch import VALID, Top
from operators.toxicity import OK, Reading

SECOND = 1_000_000_000
MODELS = {"fixed": FIXED, "glft": GLFT, "exact": GLFT_EXACT, "avellaneda_stoikov": AVELLANEDA_STOIKOV}
USUAL = {
    "half_spread_ticks": 40.0,
    "skew_ticks_per_lot": 1.5,
    "risk_aversion": 1e-4,
    "horizon_s": 5.0,
    "vol_spread_factor": 0.5,
    "order_lots": 10,
    "max_inventory_lots": 100,
    "levels": 3,
    "max_improve_ticks": 1 << 40,
    "stale_after_ns": 5 * SECOND,
    "threshold": 0.7,
    "multiplier": 0.2,
    "pause_threshold": 0.9,
    "pause_ns": 5 * SECOND,
}
every_model = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)


def maker(model, **changes) -> Cell[AsmmParams]:
    params = AsmmParams.cell(model=model, **{**USUAL, **changes})
    funding = params[0].funding
    funding.bias, funding.horizon_s, funding.max_fraction = 1.0, 100.0, 0.5
    return params


def quotes(params, held=0, learnt=(80.0, 0.6, 0.026), vpin=None, top=(617_000, 617_001, 5, 5), funding=None):
    """Return what is wanted by one decision at 100 s.

    `learnt` is σ, A and k, or None; `funding` is the rate in 1e-8 and the seconds to its settlement.
    """
    state, rows, tops, readings = Asmm.cell(), Row.table(2), Top.table(2), Reading.table(2)
    state[0].inventory_lots = held
    cal = state[0].calibration
    cal.twice_mid, cal.status = top[0] + top[1], FITTED if learnt else WARMING
    cal.sigma, a, k = learnt or (80.0, 0.0, 0.0)
    for side in (cal.bid, cal.ask):
        side.a_per_s, side.k_per_tick = a, k
    rate, seconds = funding or (0, 0.0)
    rows[0].kind, rows[0].size_lots, rows[0].id = MARK, rate, 100 * SECOND + int(seconds * SECOND)
    rows[1].kind = BEST
    for i in range(2):
        rows[i].marks, rows[i].ts_recv = LAST, 100 * SECOND
        tops[i].state, tops[i].updated_ns = VALID, 100 * SECOND
        tops[i].bid_ticks, tops[i].ask_ticks, tops[i].bid_lots, tops[i].ask_lots = top
        if vpin is not None:
            readings[i].value = readings[i].level = vpin
            readings[i].status, readings[i].n_closed = OK, 1
    out = Quotes.table(2)
    assert asmm_on_frame(state, params, rows, tops, readings, out) == 2
    return out[1]


@every_model
def test_the_more_is_held_the_lower_both_quotes_and_the_reservation_price(model):
    made = [quotes(maker(model), held) for held in range(-99, 100, 3)]
    assert np.diff([each.reservation_ticks for each in made]).max() < 0
    assert np.diff([each.bid_ticks for each in made]).max() <= 0
    assert np.diff([each.ask_ticks for each in made]).max() <= 0
    assert made[0].bid_ticks > made[-1].bid_ticks


@every_model
def test_the_more_toxic_the_wider_by_the_same_factor_for_every_model(model):
    plain = quotes(maker(model), vpin=None)
    made = [quotes(maker(model), vpin=value) for value in (0.0, 0.2, 0.5, 0.8, 0.9)]
    assert np.diff([each.half_spread_ticks for each in made]).min() > 0
    assert made[3].half_spread_ticks / plain.half_spread_ticks == pytest.approx(1.16, rel=1e-12)
    assert made[3].widening == pytest.approx(1.16, rel=1e-12)
    assert [each.reservation_ticks for each in made] == [plain.reservation_ticks] * 5


@every_model
def test_above_the_pause_threshold_every_model_is_withdrawn(model):
    paused = quotes(maker(model), vpin=0.95)
    assert (paused.bid_lots, paused.ask_lots, paused.levels) == (0, 0, 1)
    calm = quotes(maker(model), vpin=0.9)
    assert (calm.bid_lots, calm.ask_lots, calm.levels) == (10, 10, 3)


@every_model
@pytest.mark.parametrize("held", [-50, 0, 50])
def test_toxic_flow_leans_by_what_the_model_leans(model, held):
    plain = quotes(maker(model), held, vpin=0.8)
    leaning = quotes(maker(model, toxic_skew=1.5), held, vpin=0.8)
    shift = plain.shift_ticks
    assert leaning.reservation_ticks - plain.reservation_ticks == pytest.approx(1.5 * shift, abs=1e-9)
    assert math.copysign(1, shift) == -math.copysign(1, held) or shift == 0
    calm = quotes(maker(model, toxic_skew=1.5), held, vpin=0.6)
    assert calm.reservation_ticks == plain.reservation_ticks


@pytest.mark.parametrize(
    ("held", "rate", "factor"), [(50, 100, 2), (50, -100, 1), (-50, -100, 2), (-50, 100, 1)]
)
def test_toxic_flow_leans_twice_as_far_right_before_a_settlement_that_the_position_pays(held, rate, factor):
    params = maker(GLFT, toxic_skew=1.0)
    params[0].funding.bias = 0.0
    plain = quotes(maker(GLFT), held, vpin=0.8)
    near = quotes(params, held, vpin=0.8, funding=(rate, 1e-6))
    lean = near.reservation_ticks - plain.reservation_ticks
    assert lean == pytest.approx(factor * plain.shift_ticks, rel=1e-6)
    half = quotes(params, held, vpin=0.8, funding=(rate, 50.0))
    lean = half.reservation_ticks - plain.reservation_ticks
    assert lean == pytest.approx((1 + (factor - 1) * math.exp(-0.5)) * plain.shift_ticks, rel=1e-9)


@pytest.mark.parametrize("model", [GLFT, GLFT_EXACT, AVELLANEDA_STOIKOV])
def test_the_livelier_the_market_the_wider(model):
    made = [
        quotes(maker(model), learnt=(sigma, 0.6, 0.026)).half_spread_ticks
        for sigma in (0.0, 10.0, 80.0, 300.0)
    ]
    assert np.diff(made).min() > 0


@every_model
def test_funding_that_the_long_pay_lowers_both_quotes_by_half_a_half_spread_at_most(model):
    plain = quotes(maker(model))
    low = quotes(maker(model), funding=(10_000, 10.0))
    high = quotes(maker(model), funding=(-10_000, 10.0))
    moved = low.reservation_ticks - plain.reservation_ticks
    assert moved == pytest.approx(low.funding_ticks)
    assert low.funding_ticks == -high.funding_ticks < 0
    assert abs(moved) == pytest.approx(min(61.7 * math.exp(-0.1), plain.half_spread_ticks / 2), rel=1e-3)
    assert low.bid_ticks < plain.bid_ticks
    assert low.ask_ticks < plain.ask_ticks
    assert low.half_spread_ticks == plain.half_spread_ticks


@every_model
def test_fees_are_added_after_toxicity_has_widened(model):
    plain = quotes(maker(model), vpin=0.8)
    fees = quotes(maker(model, fee=0.0002), vpin=0.8)
    assert fees.half_spread_ticks == pytest.approx(plain.half_spread_ticks + 0.0002 * 617_000.5, rel=1e-12)


@every_model
def test_no_model_quotes_nearer_than_the_minimum(model):
    least = quotes(maker(model, min_half_spread_bps=10.0))
    assert least.half_spread_ticks == pytest.approx(617.0005, rel=1e-12)


@every_model
@pytest.mark.parametrize("held", [0, 1, -37, 95, -100])
@pytest.mark.parametrize("vpin", [None, 0.8])
def test_the_mirrored_book_and_inventory_get_the_mirrored_quotes(model, held, vpin):
    """The sizes at the touch change sides, as the inventory and the funding rate do."""
    params = maker(model, microprice=1, toxic_skew=1.5)
    bid, ask = 617_000, 617_004
    here = quotes(params, held, vpin=vpin, top=(bid, ask, 7, 2), funding=(3_000, 40.0))
    image = quotes(params, -held, vpin=vpin, top=(bid, ask, 2, 7), funding=(-3_000, 40.0))
    assert here.reservation_ticks != here.mid_ticks
    assert (here.bid_lots, here.ask_lots) == (image.ask_lots, image.bid_lots)
    assert (image.bid_ticks, image.ask_ticks) == (bid + ask - here.ask_ticks, bid + ask - here.bid_ticks)


TOPS = st.tuples(st.integers(1, 10**7), st.integers(1, 50), st.integers(0, 99), st.integers(0, 99))
NUMBERS = st.tuples(
    st.floats(0, 1e6), st.floats(1e-12, 1e9), st.floats(1e-12, 1e4), st.floats(0, 1e6), st.integers(-500, 500)
)


@pytest.mark.parametrize("fitted", [True, False])
@every_model
@settings(max_examples=40)
@given(TOPS, NUMBERS, st.sampled_from([None, 0.8]), st.integers(-(10**9), 10**9))
def test_whatever_the_numbers_quotes_do_not_cross_and_mirror_with_the_market(
    model, fitted, market, numbers, vpin, rate
):
    bid, spread, bid_lots, ask_lots = market
    sigma, a, k, gamma, held = numbers
    changes = {"risk_aversion": gamma, "min_half_spread_bps": 1.0, "toxic_skew": 1.0, "fee": 1e-4}
    told = {"learnt": (sigma, a, k) if fitted else None, "vpin": vpin, "funding": (rate, 30.0)}
    top = (bid, bid + spread, bid_lots, ask_lots)
    micro = quotes(maker(model, microprice=1, **changes), held, top=top, **told)
    assert np.isfinite([micro.reservation_ticks, micro.half_spread_ticks, micro.shift_ticks]).all()
    assert bid - 2**40 < micro.bid_ticks < bid + spread
    assert micro.ask_ticks > bid
    assert (micro.bid_lots > 0, micro.ask_lots > 0) == (held < 100 and micro.bid_ticks > 0, held > -100)
    here = quotes(maker(model, **changes), held, top=top, **told)
    image = quotes(maker(model, **changes), -held, top=top, **{**told, "funding": (-rate, 30.0)})
    assert image.half_spread_ticks == pytest.approx(here.half_spread_ticks, rel=1e-9)
    assert abs(here.funding_ticks) <= 0.5 * here.half_spread_ticks
    away = here.reservation_ticks - here.mid_ticks
    assert image.reservation_ticks - image.mid_ticks == pytest.approx(-away, rel=1e-9, abs=1e-8 * bid)
