"""A model of one's own, asked between rows."""

from itertools import pairwise

import numpy as np
import pytest

from operators.models import glft, pooled_a, pooled_k
from operators.quoter import Fitted, Side, quotes_on_frame, usable
from operators.quotes import GLFT, OWN, Asmm, Quotes
from operators.toxicity import OK, Reading
from tests.oracles.fill_flow import Flow, rows_of, setup

ROWS, TOPS = rows_of(Flow(a=(12.0, 8.0)).events(60, 1))


def maker(model):
    params = setup()
    params[0].model, params[0].risk_aversion, params[0].vol_spread_factor = model, 1e-3, 0.5
    params[0].max_improve_ticks = 1 << 40
    return params


def decided(params, model, cuts=()):
    """Return all decisions, and the quoter in the end."""
    state, made = Asmm.cell(), []
    edges = [0, *cuts, len(ROWS)]
    for begin, end in pairwise(edges):
        out = Quotes.table(end - begin)
        n = quotes_on_frame(
            state, params, ROWS[begin:end], TOPS[begin:end], Reading.table(end - begin), out, model
        )
        table = np.asarray(out)[:n].copy()
        table["row"] += begin
        made.append(table)
    return np.concatenate(made), state


def closed_form(fitted: Fitted, inventory):
    """The default model once more, in Python."""
    a = (fitted.bid.a_per_s * fitted.ask.a_per_s) ** 0.5
    k = 0.5 * (fitted.bid.k_per_tick + fitted.ask.k_per_tick)
    half, skew = glft(fitted.sigma, a, k, fitted.risk_aversion, fitted.order_lots)
    return half + skew * inventory, half - skew * inventory


def test_the_default_model_written_in_python_quotes_as_the_compiled_one():
    compiled, _ = decided(maker(GLFT), None)
    own, _ = decided(maker(OWN), closed_form)
    assert len(own) == len(compiled) == len(ROWS)
    for name in ("reservation_ticks", "half_spread_ticks"):
        assert own[name] == pytest.approx(compiled[name], rel=1e-12)
    assert np.ptp(own["half_spread_ticks"]) > 1, "before and after it is warm"


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_frames_cut_anywhere_give_the_same_decisions_and_the_same_state(seed):
    whole, state = decided(maker(OWN), closed_form)
    cuts = sorted(np.random.default_rng(seed).integers(1, len(ROWS), 40).tolist())
    cut, other = decided(maker(OWN), closed_form, cuts)
    assert cut.tobytes() == whole.tobytes()
    assert other.tobytes() == state.tobytes()
    single, other = decided(maker(OWN), closed_form, range(1, len(ROWS)))
    assert (single.tobytes(), other.tobytes()) == (whole.tobytes(), state.tobytes())


def test_it_is_told_what_was_fitted_once_per_fit_that_counts():
    told = []

    def model(fitted, inventory):
        told.append((fitted, inventory.tolist()))
        return closed_form(fitted, inventory)

    _, state = decided(maker(OWN), model)
    cal = state[0].calibration
    assert 5 <= len(told) <= 7, "warm after 30 s of 60, fitted every 5"
    fitted, inventory = told[-1]
    assert inventory == list(range(-10, 11))
    assert fitted.bid == Side(cal.bid.a_per_s, cal.bid.k_per_tick, cal.bid.r2)
    assert fitted.ask == Side(cal.ask.a_per_s, cal.ask.k_per_tick, cal.ask.r2)
    assert (fitted.sigma, fitted.risk_aversion) == (cal.sigma, 1e-3)
    assert (fitted.order_lots, fitted.max_inventory_lots) == (1, 10)
    assert fitted.mid_ticks == pytest.approx(100_000, abs=500)
    a = (fitted.bid.a_per_s * fitted.ask.a_per_s) ** 0.5
    assert (pooled_a(cal), pooled_k(cal)) == pytest.approx(
        (a, 0.5 * (fitted.bid.k_per_tick + fitted.ask.k_per_tick))
    )


def raises(_fitted, inventory):
    return 1 / np.zeros_like(inventory).tolist()[0], inventory


@pytest.mark.parametrize(
    "model",
    [
        raises,
        lambda *_: None,
        lambda *_: (1.0, 2.0),
        lambda _, inventory: (inventory[1:], inventory[1:]),
        lambda _, inventory: (inventory * np.nan, inventory),
        lambda _, inventory: (inventory, inventory + np.inf),
        lambda _, inventory: (inventory, inventory, inventory),
        lambda _, inventory: (["wide"] * len(inventory), inventory),
        lambda _, inventory: ([10**400] * len(inventory), inventory),
        lambda _, inventory: (1e308 * (-1.0) ** inventory, -1e308 * (-1.0) ** inventory),
        lambda _, inventory: (1 / 0 for _ in inventory),
    ],
)
def test_what_is_of_no_use_is_counted_and_the_volatility_alone_is_quoted_by(model):
    made, state = decided(maker(OWN), model)
    assert state[0].n_refused >= 5
    half = made["half_spread_ticks"][-1]
    assert half == pytest.approx(0.5 * state[0].calibration.sigma)
    assert (made["bid_lots"] > 0).all()


def decided_at(vpin, held, **changes):
    """Return the last of the decisions by a model of one's own, all while toxicity is such."""
    params, state, n = maker(OWN), Asmm.cell(), len(ROWS)
    usual = {"threshold": 0.7, "multiplier": 0.2, "pause_threshold": 0.9, "pause_ns": 1 << 50}
    for name, value in {**usual, **changes}.items():
        setattr(params[0], name, value)
    state[0].inventory_lots = held
    readings, out = Reading.table(n), Quotes.table(n)
    for name, value in (("value", vpin), ("level", vpin), ("status", OK), ("n_closed", 1)):
        np.asarray(readings)[name] = value
    assert quotes_on_frame(state, params, ROWS, TOPS, readings, out, closed_form) == n
    assert state[0].depths.curved == 1, "it was asked"
    return out[n - 1]


def test_toxic_flow_widens_withdraws_and_leans_a_model_of_ones_own_too():
    calm, toxic = decided_at(0.0, 3), decided_at(0.8, 3)
    assert toxic.half_spread_ticks == pytest.approx(1.16 * calm.half_spread_ticks, rel=1e-12)
    assert toxic.reservation_ticks == calm.reservation_ticks
    paused = decided_at(0.95, 3)
    assert (paused.bid_lots, paused.ask_lots, paused.paused) == (0, 0, 1)
    leaning = decided_at(0.8, 3, toxic_skew=1.5)
    assert leaning.reservation_ticks - calm.reservation_ticks == pytest.approx(
        1.5 * calm.shift_ticks, rel=1e-9
    )
    assert calm.shift_ticks < 0


def test_depths_are_two_finite_numbers_for_each_inventory():
    inventory = np.arange(3)
    given = usable(([1, 2, 3], (4.0, 5, 6)), inventory)
    assert given is not None
    assert [depths.tolist() for depths in given] == [[1, 2, 3], [4, 5, 6]]
    assert usable(np.ones((2, 3)), inventory) is not None
    assert usable(np.ones((3, 2)), inventory) is None
    assert usable(np.full((2, 3), 2.0**53 - 1), inventory) is not None
    assert usable(np.full((2, 3), -(2.0**53)), inventory) is None
