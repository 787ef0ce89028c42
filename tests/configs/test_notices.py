from decimal import Decimal

import pytest

from configs.buckets import bucket_steps
from configs.notices import notices
from configs.schema_quoting import Vpin
from operators.instruments import Instrument

ETH = "symbols: {ETHUSDC: {synthetic: {price: 2500}}}"


@pytest.fixture
def noticed(loaded):
    return lambda text, *overrides: notices(loaded(f"{text}\n{ETH}", *overrides))


def test_good_settings_need_no_notice(noticed):
    assert (
        noticed(
            "vpin: {enabled: true, bucket_unit: quote, bucket_size: 1_000_000}\nquoting: {order_lots: 10}"
        )
        == []
    )


def test_nothing_is_said_of_toxicity_that_is_off(noticed):
    assert noticed("vpin: {pause_threshold: 1, bucket_size: 1e-6}\nquoting: {order_lots: 10}") == []


def test_a_bucket_between_two_steps_is_rounded(noticed):
    found = noticed("vpin: {enabled: true, bucket_size: 200.0015}\nquoting: {order_lots: 10}")
    assert found == ["symbols.ETHUSDC.vpin.bucket_size 200.0015 is rounded to 200.002, whole steps of 0.001"]
    found = noticed(
        "vpin: {enabled: on, bucket_unit: quote, bucket_size: 400000.000015}\nquoting: {order_lots: 10}"
    )
    assert found == [
        "symbols.ETHUSDC.vpin.bucket_size 400000.000015 is rounded to 400000.00002, whole steps of 0.00001"
    ]


def test_a_bucket_of_few_trades_and_one_that_never_fills(noticed):
    small = noticed(
        "vpin: {enabled: true, bucket_unit: quote, bucket_size: 40_000}\nquoting: {order_lots: 10}"
    )
    high = "with fewer than 50 VPIN is high whatever the flow"
    assert small == [f"symbols.ETHUSDC.vpin.bucket_size holds about 10 trades; {high}"]
    large = noticed("vpin: {enabled: true, bucket_size: 50_000, min_buckets: 5}\nquoting: {order_lots: 10}")
    assert large == [
        "symbols.ETHUSDC.vpin needs a volume of 250,000 before it counts, and about 19,200 will be traded"
    ]
    threshold = noticed(
        "vpin: {enabled: true, bucket_size: 200, vol_threshold: 1e5}\nquoting: {order_lots: 10}"
    )
    assert threshold == [
        "symbols.ETHUSDC.vpin needs a volume of 100,000 before it counts, and about 19,200 will be traded"
    ]


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("pause_threshold: 1", "vpin.pause_threshold is 1, which VPIN never exceeds: quotes never pause"),
        (
            "threshold: 1, pause_threshold: 1",
            "vpin.threshold is 1, which VPIN never exceeds: there are no alerts",
        ),
        (
            "pause_threshold: 0.6",
            "vpin.pause_threshold is below vpin.threshold: quotes pause before there is an alert",
        ),
        ("pause_seconds: 0", "vpin.pause_seconds is 0: a pause is counted, but ends at once"),
    ],
)
def test_levels_that_do_nothing(noticed, keys, expected):
    found = noticed(f"vpin: {{enabled: true, bucket_size: 200, {keys}}}\nquoting: {{order_lots: 10}}")
    assert f"symbols.ETHUSDC.{expected}" in found


def test_orders_that_cannot_be_sent(noticed):
    assert noticed("quoting: {order_lots: 1}") == [
        "symbols.ETHUSDC.quoting.order_lots makes orders of about 2.50, below the venue's minimum of 20"
    ]
    assert noticed(
        "quoting: {order_lots: 1000, max_inventory_lots: 1000}\nrisk: {max_order_notional: 2000}"
    ) == ["symbols.ETHUSDC.quoting.order_lots makes orders of about 2500.00, above the 2000 that risk allows"]


def test_limits_and_spreads_worth_a_second_look(noticed):
    assert noticed(
        "quoting: {model: fixed, order_lots: 10, min_half_spread_bps: 0}\nrisk: {total_notional: 1000}"
    ) == [
        "symbols.ETHUSDC.quoting has no half spread: both quotes stand at the reservation price",
        "symbols.ETHUSDC.risk.max_order_notional is larger than the symbol's budget, 1000",
    ]


@pytest.mark.parametrize(
    ("model", "ignored"),
    [
        ("fixed", ["horizon_s"]),
        ("avellaneda_stoikov", ["half_spread_ticks", "skew_ticks_per_lot"]),
        ("glft", ["half_spread_ticks", "skew_ticks_per_lot", "horizon_s"]),
        ("a.model:make", ["half_spread_ticks", "skew_ticks_per_lot", "horizon_s"]),
    ],
)
def test_keys_of_another_model_are_named(noticed, model, ignored):
    keys = f"model: '{model}', half_spread_ticks: 3, skew_ticks_per_lot: 1, horizon_s: 7, order_lots: 10"
    assert noticed(f"quoting: {{{keys}}}") == [
        f"symbols.ETHUSDC.quoting.{key} is not read, because quoting.model is {model}" for key in ignored
    ]


def test_models_that_learn_their_spread_need_no_least_one(noticed):
    assert noticed("quoting: {model: glft, order_lots: 10, min_half_spread_bps: 0}") == []


def test_a_path_that_nobody_reads_and_toxicity_for_some(loaded):
    found = notices(
        loaded(
            "source: {path: a.gz}\nsynthetic: {price: 2500}\nsymbols: [ETHUSDC, LTCUSDC, SOLUSDC]",
            "symbols.ETHUSDC.vpin={enabled: on, bucket_size: 200}",
        )
    )
    assert found[:2] == [
        "source.path is not read, because source.kind is synthetic",
        "vpin is enabled for some symbols, but not for LTCUSDC, SOLUSDC",
    ]


def test_recordings_are_not_guessed_at(loaded):
    text = "source: {kind: recorded, path: a}\nsymbols: [BTCUSDT]\nvpin: {enabled: on, bucket_size: 1}"
    assert notices(loaded(text)) == []


@pytest.mark.parametrize(
    ("size", "unit", "steps"),
    [
        ("1", "base", 1000),
        ("0.0015", "base", 2),
        ("0.0001", "base", 1),
        ("50000", "quote", 500_000_000),
        ("1e-9", "quote", 1),
    ],
)
def test_buckets_are_whole_steps_and_at_least_one(size, unit, steps):
    instrument = Instrument("BTCUSDT", Decimal("0.1"), Decimal("0.001"))
    assert bucket_steps(Vpin(bucket_size=size, bucket_unit=unit), instrument) == steps


def test_a_bucket_of_the_base_asset_counts_what_a_lot_stands_for():
    instrument = Instrument("PEPEUSDT", Decimal("0.001"), Decimal(1), multiplier=Decimal(1000))
    assert bucket_steps(Vpin(bucket_size=Decimal(50_000)), instrument) == 50
