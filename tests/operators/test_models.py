import math
from fractions import Fraction

import numpy as np
import pytest

from operators.calibration import FITTED, POOR
from operators.depths import half_ticks, lay_table, shift_ticks
from operators.kernel import Cell, kernel
from operators.models import avellaneda_stoikov, fill_depths, glft
from operators.quotes import AVELLANEDA_STOIKOV, FIXED, GLFT, GLFT_EXACT, OWN, Asmm, AsmmParams

BITCOIN = {"sigma": 81.2, "a": 0.57, "k": 0.026}


@kernel
def _fill(cell: Cell[Asmm], setup: Cell[AsmmParams]) -> None:
    fill_depths(cell[0], setup[0])


@kernel
def _depths(cell: Cell[Asmm], lots: int) -> tuple[float, float]:
    shift, half = shift_ticks(cell[0].depths, lots), half_ticks(cell[0].depths, lots)
    return half - shift, half + shift


@kernel
def _lay(cell: Cell[Asmm], order_lots: int, max_lots: int) -> int:
    return lay_table(cell[0].depths, order_lots, max_lots)


def learnt(sigma=81.2, a=0.57, k=0.026, status=FITTED, twice_mid=1_200_000):
    state = Asmm.cell()
    cal = state[0].calibration
    cal.sigma, cal.status, cal.twice_mid = sigma, status, twice_mid
    for side in (cal.bid, cal.ask):
        side.a_per_s, side.k_per_tick = a, k
    return state


def depths_of(model, inventory, state=None, **changes):
    """Return how far bid and ask are quoted for an inventory."""
    usual = {"order_lots": 1, "max_inventory_lots": 30, "risk_aversion": 0.001, "horizon_s": 2.0}
    state = learnt() if state is None else state
    _fill(state, AsmmParams.cell(model=model, **{**usual, **changes}))
    return _depths(state, inventory)


def test_without_risk_aversion_glft_quotes_one_over_k_and_skews_by_the_root_of_gamma():
    half, skew = glft(81.2, 0.57, 0.026, 0.0, 1)
    assert (half, skew) == (1 / 0.026, 0.0)
    gamma = 1e-9
    half, skew = glft(81.2, 0.57, 0.026, gamma, 1)
    assert half == pytest.approx(1 / 0.026, rel=1e-3)
    assert skew == pytest.approx(81.2 * math.sqrt(gamma * math.e / (2 * 0.57 * 0.026)), rel=1e-6)


def test_glft_is_the_papers_formula_for_orders_of_any_size():
    sigma, a, k, gamma, lots = 81.2, 0.57, 0.026, 1e-4, 10
    x = gamma * lots
    c1 = math.log(1 + x / k) / x
    c2 = math.sqrt(gamma / (2 * a * lots * k) * (1 + x / k) ** (k / x + 1))
    paper = c1 + lots * sigma * c2 / 2, sigma * c2
    assert glft(sigma, a, k, gamma, lots) == pytest.approx(paper, rel=1e-12)


def test_one_order_of_ten_lots_is_an_order_of_one_lot_ten_times_as_large():
    """In units of the order, x is what risk aversion means."""
    half, skew = glft(81.2, 0.57, 0.026, 1e-4, 10)
    assert glft(81.2, 0.57, 0.026, 1e-3, 1) == pytest.approx((half, 10 * skew), rel=1e-12)


def test_the_closed_form_over_skews():
    """Ten orders long at Q = 30: 298.4 ticks against 189.5."""
    assert depths_of(GLFT, 10)[0] == pytest.approx(298.4, abs=0.05)
    assert depths_of(GLFT_EXACT, 10)[0] == pytest.approx(189.5, abs=0.05)


def test_where_risk_is_small_the_closed_form_is_the_table():
    for q in range(-10, 11):
        mild = learnt(sigma=0.3, a=0.9, k=0.3)
        closed = depths_of(GLFT, q, mild, risk_aversion=0.01)
        exact = depths_of(GLFT_EXACT, q, mild, risk_aversion=0.01)
        assert exact == pytest.approx(closed, abs=0.002)
    flat = learnt(sigma=0.3, a=0.9, k=0.3)
    assert depths_of(GLFT, 0, flat, risk_aversion=0.01)[0] == pytest.approx(3.3129, abs=5e-5)
    assert depths_of(GLFT_EXACT, 0, flat, risk_aversion=0.01)[0] == pytest.approx(3.3130, abs=5e-5)


def test_avellaneda_and_stoikov_with_a_horizon_that_never_ends():
    half, skew = avellaneda_stoikov(3.0, 0.5, 0.02, 1, 10.0)
    assert skew == pytest.approx(0.02 * 9 * 10, rel=1e-12)
    assert half == pytest.approx(0.02 * 9 * 10 / 2 + math.log(1 + 0.02 / 0.5) / 0.02, rel=1e-12)
    bid, ask = depths_of(AVELLANEDA_STOIKOV, 4, learnt(3.0, 1.0, 0.5), risk_aversion=0.02, horizon_s=10.0)
    assert (bid, ask) == pytest.approx((half + 4 * skew, half - 4 * skew), rel=1e-12)


def test_fixed_is_what_is_set_whatever_was_learnt():
    for state in (learnt(), learnt(status=POOR), Asmm.cell()):
        assert depths_of(FIXED, 8, state, half_spread_ticks=5.0, skew_ticks_per_lot=0.25) == (7.0, 3.0)


@pytest.mark.parametrize("model", [GLFT, GLFT_EXACT, AVELLANEDA_STOIKOV, OWN])
def test_where_the_fit_is_poor_the_volatility_alone_is_quoted_by(model):
    """Half a σ; a full inventory moves the reservation price by one half spread."""
    poor = learnt(status=POOR)
    assert depths_of(model, 0, poor, vol_spread_factor=0.5) == pytest.approx((40.6, 40.6))
    assert depths_of(model, 30, poor, vol_spread_factor=0.5) == pytest.approx((81.2, 0.0), abs=1e-9)
    assert poor[0].asks == 0
    least = depths_of(model, 30, poor, vol_spread_factor=0.5, min_half_spread_bps=1.0)
    assert least == pytest.approx((40.6 + 60, 40.6 - 60)), "the half spread that is quoted is the minimum"


def test_nothing_learnt_at_all_is_no_half_spread_but_the_minimum():
    assert depths_of(GLFT, 5, Asmm.cell(), vol_spread_factor=0.5) == (0.0, 0.0)


def test_the_sides_are_pooled_so_that_chance_in_one_leans_no_quote():
    state = learnt()
    cal = state[0].calibration
    cal.bid.a_per_s, cal.ask.a_per_s = 0.4, 0.9
    cal.bid.k_per_tick, cal.ask.k_per_tick = 0.02, 0.03
    for model in (GLFT, GLFT_EXACT):
        pooled = depths_of(model, 3, learnt(a=0.6, k=0.025))
        assert depths_of(model, 3, state) == pytest.approx(pooled, rel=1e-12)
        bid, ask = depths_of(model, 0, state)
        assert bid == pytest.approx(ask, rel=1e-12)


@pytest.mark.parametrize("model", [GLFT, GLFT_EXACT, AVELLANEDA_STOIKOV])
def test_depths_mirror_with_the_inventory_and_rise_with_it(model):
    grid = [depths_of(model, q) for q in range(-29, 30)]
    assert [ask for _, ask in grid][::-1] == pytest.approx([bid for bid, _ in grid], rel=1e-12)
    assert np.diff([bid for bid, _ in grid]).min() > 0
    shifts = [(ask - bid) / 2 for bid, ask in grid]
    assert np.diff(shifts).max() < 0


@pytest.mark.parametrize("model", [GLFT, GLFT_EXACT, AVELLANEDA_STOIKOV])
def test_the_livelier_the_market_the_wider_the_quotes_and_the_larger_the_lean(model):
    told = [depths_of(model, 5, learnt(sigma=sigma)) for sigma in (0.0, 1.0, 20.0, 81.2, 300.0)]
    flat = [depths_of(model, 0, learnt(sigma=sigma))[0] for sigma in (0.0, 1.0, 20.0, 81.2, 300.0)]
    assert np.diff(flat).min() > 0
    assert np.diff([bid - ask for bid, ask in told]).min() > 0


@pytest.mark.parametrize("order_lots", [1, 7])
def test_the_table_is_read_by_straight_lines_between_orders_and_beyond_them(order_lots):
    size = {"order_lots": order_lots, "max_inventory_lots": 30 * order_lots}
    size["risk_aversion"] = 0.001 / order_lots
    state = learnt()
    for q in (-30, -3, 0, 12):
        here, there = (depths_of(GLFT_EXACT, lots * order_lots, state, **size)[0] for lots in (q, q + 1))
        for part in range(order_lots):
            share = Fraction(part, order_lots)
            expected = here + float(share) * (there - here)
            assert depths_of(GLFT_EXACT, q * order_lots + part, state, **size)[0] == pytest.approx(expected)
    last, before = (
        depths_of(GLFT_EXACT, 30 * order_lots, state, **size)[0],
        depths_of(GLFT_EXACT, 29 * order_lots, state, **size)[0],
    )
    beyond = depths_of(GLFT_EXACT, 31 * order_lots, state, **size)[0]
    assert beyond - last == pytest.approx(last - before)


@pytest.mark.parametrize("limit", [1, 2])
def test_a_table_of_one_or_two_orders(limit):
    bid, ask = depths_of(GLFT_EXACT, 0, max_inventory_lots=limit)
    assert bid == pytest.approx(ask)
    assert math.isfinite(sum(depths_of(GLFT_EXACT, limit, max_inventory_lots=limit)))


@pytest.mark.parametrize(
    ("orders", "limit", "apart", "reach", "step"),
    [(1, 30, 1, 30, 1), (10, 105, 1, 10, 10), (1, 128, 1, 128, 1), (1, 129, 2, 64, 2), (3, 3000, 8, 125, 24)],
)
def test_more_orders_than_a_table_holds_make_its_points_coarser(orders, limit, apart, reach, step):
    state = Asmm.cell()
    assert _lay(state, orders, limit) == apart
    assert (state[0].depths.reach, state[0].depths.step_lots) == (reach, step)


def test_a_model_of_ones_own_is_asked_only_once_there_is_something_to_go_by():
    state = learnt()
    _fill(state, AsmmParams.cell(model=OWN, order_lots=1, max_inventory_lots=5))
    assert state[0].asks == 1
