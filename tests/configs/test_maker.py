"""How a symbol is quoted, from settings to ticks, lots and steps."""

import pytest

from configs.coherence import MODELS
from configs.rules import rules_for
from operators.quotes import AVELLANEDA_STOIKOV, FIXED, GLFT, GLFT_EXACT, OWN

ETH = "symbols: {ETHUSDC: {synthetic: {price: 2500}}}"


@pytest.fixture
def asmm(loaded):
    """Return the parameters that a text comes to: a tick is 0.01, a lot 0.001."""

    def asmm_of(text):
        settings = loaded(f"{text}\n{ETH}")
        return rules_for(settings.symbols["ETHUSDC"], settings.source).asmm[0]

    return asmm_of


@pytest.mark.parametrize(
    ("named", "model"),
    [
        ("fixed", FIXED),
        ("glft", GLFT),
        ("glft_exact", GLFT_EXACT),
        ("avellaneda_stoikov", AVELLANEDA_STOIKOV),
        ("some.place:make", OWN),
    ],
)
def test_models_by_their_names(asmm, named, model):
    assert asmm(f"quoting: {{model: '{named}'}}").model == model


def test_without_a_word_of_it_quotes_follow_glft(asmm):
    params = asmm("")
    assert (params.model, params.levels, params.fee) == (GLFT, 1, 0.0)


def test_risk_aversion_is_per_tick_of_a_lot(asmm):
    assert asmm("quoting: {risk_aversion: 2}").risk_aversion == pytest.approx(2e-5, rel=1e-12)
    assert asmm("quoting: {horizon_s: 7, vol_spread_factor: 0.3}").horizon_s == 7
    assert asmm("quoting: {vol_spread_factor: 0.3, levels: 4}").vol_spread_factor == 0.3
    assert asmm("quoting: {levels: 4}").levels == 4


@pytest.mark.parametrize(
    ("covers", "bps", "fee"), [("on", 2, 2e-4), ("off", 2, 0.0), ("on", 0, 0.0), ("on", -1, 0.0)]
)
def test_fees_are_covered_if_asked_for_and_a_rebate_is_none(asmm, covers, bps, fee):
    params = asmm(f"quoting: {{cover_fees: {covers}}}\nvenue: {{maker_fee_bps: {bps}}}")
    assert params.fee == pytest.approx(fee, rel=1e-12)


def test_what_is_learnt_is_counted_in_steps_of_100_ms(asmm):
    text = "{window_s: 60, warm_s: 0.1e2, refit_s: 2, volatility_halflife_s: 0.1, min_r2: 0.5, fit_to_bps: 3}"
    learns = asmm(f"calibration: {text}\nsource: {{stale_after_ms: 1500}}").calibration
    assert (learns.window_steps, learns.warm_steps, learns.quiet_steps) == (600, 100, 15)
    assert (learns.refit_ns, learns.keep) == (2_000_000_000, 0.5)
    assert (learns.from_bps, learns.to_bps, learns.min_r2) == (0.08, 3.0, 0.5)


def test_funding_leans_as_set(asmm):
    funding = asmm("quoting: {funding_bias: 0.5, funding_horizon_s: 60, funding_max_fraction: 0.2}").funding
    assert (funding.bias, funding.horizon_s, funding.max_fraction) == (0.5, 60.0, 0.2)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("calibration: {window_s: 20}", "calibration.warm_s must be at most window_s, which is 20, was 30.0"),
        (
            "calibration: {fit_from_bps: 1.6}",
            "calibration.fit_from_bps must be less than fit_to_bps, which is 1.6, was 1.6",
        ),
        (
            "quoting: {model: glft_exact, order_lots: 2, max_inventory_lots: 258}",
            "quoting.max_inventory_lots must be at most 256 for glft_exact, 128 times order_lots, was 258",
        ),
        (
            "quoting: {model: glfd}",
            f'quoting.model must be {", ".join(MODELS)}, or module:name, as in models.own:make, was "glfd"',
        ),
        ("calibration: {window_s: 3601}", "calibration.window_s must be at most 3600, was 3601"),
    ],
)
def test_keys_that_contradict_each_other(problems, text, problem):
    assert f"x.yaml: {problem}" in problems(f"{text}\n{ETH}")


def test_a_table_holds_128_orders_a_side(loaded):
    text = "quoting: {model: glft_exact, order_lots: 2, max_inventory_lots: 257}"
    assert loaded(f"{text}\n{ETH}").symbols["ETHUSDC"].quoting.max_inventory_lots == 257
    loaded(f"quoting: {{model: glft, order_lots: 1, max_inventory_lots: 100_000}}\n{ETH}")
