"""Every setting of toxicity as the rules get it: names, defaults, units, rounding, and who overrides whom."""

import pytest

from configs.rules import hash_key, rules_for
from configs.schema_quoting import Vpin
from operators.quotes import LINEAR, RAMP, STEP
from operators.toxicity import ADV, AGGRESSOR, BVC, FIXED, LEE_READY, MEAN_ABS, NET, TICK, VOL_REGIME

DEFAULTS = {
    "enabled": False,
    "estimator": "mean_abs",
    "partial": "exclude",
    "classifier": "aggressor",
    "mid_tie": "tick",
    "quote_lag_ms": 0,
    "bvc_decay": 0.94,
    "bucket_mode": "fixed",
    "adv_halflife_h": 24,
    "buckets_per_day": 50,
    "bucket_size": 50_000,
    "bucket_unit": "base",
    "n_buckets": 50,
    "min_buckets": 1,
    "vol_threshold": 0,
    "fallback": 0.5,
    "max_lag_ms": 100,
    "threshold_mode": "raw",
    "cdf_window": 5000,
    "cdf_min": 250,
    "threshold": 0.7,
    "pause_threshold": 0.9,
    "pause_seconds": 5,
    "pause_keeps_reducing": False,
    "widen_mode": "linear",
    "toxic_reduce": "off",
}


def test_defaults_are_as_documented():
    vpin = Vpin()
    assert {name: getattr(vpin, name) for name in DEFAULTS} == DEFAULTS


@pytest.fixture
def rules(loaded):
    """The rules of one symbol with a tick of 0.01 and a lot of 0.001."""

    def rules_of(vpin="", own=""):
        text = f"""
            vpin: {{{vpin}}}
            symbols:
              ETHUSDC:
                synthetic: {{price: 2500}}
                instrument: {{tick: "0.01", lot: "0.001"}}
                vpin: {{{own}}}
        """
        settings = loaded(text)
        return rules_for(settings.symbols["ETHUSDC"], settings.source)

    return rules_of


@pytest.mark.parametrize(
    ("said", "name", "value"),
    [
        ("enabled: true", "enabled", 1),
        ("estimator: mean_abs", "estimator", MEAN_ABS),
        ("estimator: net", "estimator", NET),
        ("partial: exclude", "weighted", 0),
        ("partial: weighted", "weighted", 1),
        ("fallback: 0.25", "fallback", 0.25),
        ("classifier: aggressor", "classifier", AGGRESSOR),
        ("classifier: lee_ready", "classifier", LEE_READY),
        ("classifier: tick", "classifier", TICK),
        ("classifier: bvc", "classifier", BVC),
        ("mid_tie: tick", "mid_tie_hash", 0),
        ("mid_tie: hash", "mid_tie_hash", 1),
        ("quote_lag_ms: 5", "quote_lag_ns", 5_000_000),
        ("bvc_bar_s: 0.25", "bvc_bar_ns", 250_000_000),
        ("bvc_decay: 0.5", "bvc_decay", 0.5),
        ("bucket_mode: fixed", "bucket_mode", FIXED),
        ("bucket_mode: adv", "bucket_mode", ADV),
        ("bucket_mode: vol_regime", "bucket_mode", VOL_REGIME),
        ("adv_halflife_h: 12", "adv_halflife_ns", 12 * 3600 * 10**9),
        ("buckets_per_day: 24", "buckets_per_day", 24),
        ("n_buckets: 7", "n_buckets", 7),
        ("min_buckets: 7", "min_buckets", 7),
        ("max_lag_ms: 250", "max_lag_us", 250_000),
        ("max_lag_ms: 0", "max_lag_us", 0),
        ("threshold_mode: raw", "cdf", 0),
        ("threshold_mode: cdf", "cdf", 1),
        ("cdf_window: 300", "cdf_window", 300),
        ("cdf_min: 10", "cdf_min", 10),
        ("bucket_unit: base", "quote_unit", 0),
        ("bucket_unit: quote", "quote_unit", 1),
    ],
)
def test_each_setting_reaches_the_measure_by_its_name_and_in_its_unit(rules, said, name, value):
    assert getattr(rules(said).vpin[0], name) == value
    assert getattr(rules(own=said).vpin[0], name) == value


@pytest.mark.parametrize(
    ("said", "name", "value"),
    [
        ("threshold: 0.6", "threshold", 0.6),
        ("multiplier: 0.3", "multiplier", 0.3),
        ("pause_threshold: 0.8", "pause_threshold", 0.8),
        ("pause_seconds: 2.5", "pause_ns", 2_500_000_000),
        ("pause_keeps_reducing: true", "pause_keeps_reducing", 1),
        ("widen_mode: linear", "widen_mode", LINEAR),
        ("widen_mode: step", "widen_mode", STEP),
        ("widen_mode: ramp", "widen_mode", RAMP),
        ("toxic_reduce: off, toxic_skew: 2", "toxic_skew", 0.0),
        ("toxic_reduce: skew", "toxic_skew", 1.0),
        ("toxic_reduce: skew, toxic_skew: 2", "toxic_skew", 2.0),
    ],
)
def test_each_setting_reaches_the_maker_by_its_name_and_in_its_unit(rules, said, name, value):
    assert getattr(rules(said).asmm[0], name) == value
    assert getattr(rules(own=said).asmm[0], name) == value


def test_what_a_symbol_says_itself_wins(rules):
    made = rules("n_buckets: 7, estimator: net", own="n_buckets: 9")
    assert (made.vpin[0].n_buckets, made.vpin[0].estimator) == (9, NET)


@pytest.mark.parametrize(
    ("size", "unit", "steps"),
    [
        ("0.4", "base", 400),
        ("0.1", "base", 100),
        ("0.1234567", "base", 123),
        ("0.0001", "base", 1),
        ("0.001", "quote", 100),
        ("50000", "quote", 5_000_000_000),
        ("0.000001", "quote", 1),
        ("0.3000000001", "quote", 30_000),
    ],
)
def test_a_bucket_is_a_whole_number_of_steps_and_at_least_one(rules, size, unit, steps):
    assert rules(f'bucket_size: "{size}", bucket_unit: {unit}').vpin[0].bucket_steps == steps


@pytest.mark.parametrize(
    ("volume", "unit", "steps"), [("0.5", "base", 500), ("0.0001", "base", 1), ("100", "quote", 10_000_000)]
)
def test_a_volume_to_be_reached_is_rounded_up(rules, volume, unit, steps):
    made = rules(f'vol_threshold: "{volume}", bucket_unit: {unit}')
    assert made.vpin[0].vol_threshold_steps == steps


def test_keys_of_the_hash_differ_by_symbol_and_are_the_same_everywhere():
    """The first 31 bits of SHA-256, which begins 19aa16ae."""
    assert hash_key("BTCUSDT") == 0x19AA16AE >> 1
    assert len({hash_key(f"{name}USDT") for name in ("BTC", "ETH", "SOL", "XRP")}) == 4
