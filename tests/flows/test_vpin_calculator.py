from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.schema_quoting import Vpin
from flows.vpin import Trade, VPINCalculator
from operators.errors import ConfigError
from tests.oracles.trade_files import exact_readings

GRID = {"tick_size": "0.01", "lot_size": "0.001"}
USUAL = {**GRID, "bucket_size": 1}
NAN = float("nan")


def fed(sides, config=USUAL, qty=0.1):
    calculator = VPINCalculator(config)
    for n, side in enumerate(sides):
        calculator.update_trade(Trade(n, 100.0, qty, side))
    return calculator


def state(calculator):
    return calculator._meter.vpin.tobytes(), calculator.reading()


@pytest.mark.parametrize(("buy", "sell"), [("buy", "sell"), ("B", "s"), (1, -1), ("1", "-1"), (1.0, -1.0)])
def test_eight_buys_then_two_sells_are_six_tenths(buy, sell):
    calculator = fed([buy] * 8 + [sell] * 2)
    assert calculator.get_vpin() == 0.6
    reading = calculator.reading()
    assert (reading.vpin, reading.level, reading.net_imbalance, reading.bucket_imbalance) == (0.6,) * 4
    assert (reading.dominant_share, reading.buckets_closed, reading.status) == (0.8, 1, "ok")
    assert calculator.unusable == {}


def test_before_a_bucket_is_full_there_is_the_fallback():
    calculator = VPINCalculator({**USUAL, "fallback": 0.25})
    assert (calculator.get_vpin(), calculator.reading().status) == (0.25, "warming")
    calculator.update_trade(Trade(1, 100, Decimal("0.999"), "buy"))
    assert (calculator.get_vpin(), calculator.reading().status) == (0.25, "warming")
    calculator.update_trade(Trade(2, 100, Decimal("0.001"), "buy"))
    assert (calculator.get_vpin(), calculator.reading().status) == (1.0, "ok")


def test_a_volume_threshold_holds_the_value_back():
    config = {**USUAL, "vol_threshold": 2}
    assert fed(["buy"] * 19, config).reading()[0] == 0.5
    assert fed(["buy"] * 19, config).reading().status == "low_volume"
    assert fed(["buy"] * 20, config).reading().status == "ok"


@dataclass
class Print:
    ts_ns: int
    price: Decimal
    qty: Decimal
    side: str


@pytest.mark.parametrize(
    "trade",
    [
        {"ts_ns": 1, "price": 100, "qty": 1, "side": "buy", "venue": "passed over"},
        Print(1, Decimal("100.00"), Decimal("1.000"), "buy"),
        Trade(1, 100.0, 1.0, "buy", None),
        {"ts_ns": np.int64(1), "price": np.float64(100), "qty": np.float32(1), "side": np.int8(1)},
        {"ts_ns": 1, "price": 100, "qty": 1, "side": None, "trade_id": 7},
        {"ts_ns": 1, "price": 100, "qty": 1, "side": ""},
        {"ts_ns": 1, "price": 100, "qty": 1},
    ],
)
def test_a_trade_is_anything_with_its_fields(trade):
    calculator = VPINCalculator(USUAL)
    calculator.update_trade(trade)
    assert (calculator.get_vpin(), calculator.unusable) == (1.0, {})


GOOD = {"ts_ns": 9, "price": 100.0, "qty": 0.1, "side": "sell", "trade_id": 9}
BAD_TRADES = [
    (None, "missing_field"),
    (17, "missing_field"),
    ("trade", "missing_field"),
    ([1, 100.0, 0.1, "buy"], "missing_field"),
    ({}, "missing_field"),
    ({**GOOD, "price": None}, "missing_field"),
    ({**GOOD, "ts_ns": None}, "missing_field"),
    ({**GOOD, "price": "100.0"}, "wrong_type"),
    ({**GOOD, "price": True}, "wrong_type"),
    ({**GOOD, "qty": [0.1]}, "wrong_type"),
    ({**GOOD, "qty": 1j}, "wrong_type"),
    ({**GOOD, "ts_ns": 1.5}, "wrong_type"),
    ({**GOOD, "ts_ns": 1 << 70}, "wrong_type"),
    ({**GOOD, "side": "up"}, "wrong_type"),
    ({**GOOD, "side": 2}, "wrong_type"),
    ({**GOOD, "side": True}, "wrong_type"),
    ({**GOOD, "side": ["buy"]}, "wrong_type"),
    ({**GOOD, "trade_id": "9"}, "wrong_type"),
    ({**GOOD, "price": NAN}, "not_finite"),
    ({**GOOD, "price": float("inf")}, "not_finite"),
    ({**GOOD, "price": Decimal("sNaN")}, "not_finite"),
    ({**GOOD, "qty": Decimal("-Infinity")}, "not_finite"),
    ({**GOOD, "price": -1.0}, "negative"),
    ({**GOOD, "qty": -0.1}, "negative"),
    ({**GOOD, "trade_id": -1}, "negative"),
    ({**GOOD, "price": 0}, "zero_price"),
    ({**GOOD, "qty": 0.0}, "zero_size"),
    ({**GOOD, "price": 100.005}, "off_grid"),
    ({**GOOD, "qty": Decimal("0.0001")}, "off_grid"),
    ({**GOOD, "qty": 1e300}, "overflow"),
    ({**GOOD, "qty": 10**400}, "overflow"),
    ({**GOOD, "price": 1e12, "qty": 1e9}, "overflow"),
    ({**GOOD, "ts_ns": -1}, "bad_time"),
    ({**GOOD, "trade_id": 8}, "duplicate_trade"),
]


@pytest.mark.parametrize(("trade", "reason"), BAD_TRADES)
def test_a_trade_that_cannot_be_used_changes_nothing_but_its_count(trade, reason):
    calculator = fed(["buy"] * 13 + ["sell"] * 4)
    calculator.update_trade({**GOOD, "trade_id": 8})
    before = state(calculator)
    calculator.update_trade(trade, mid=99.0)
    assert state(calculator) == before
    assert calculator.unusable == {reason: 1}
    calculator.update_trade(GOOD)
    assert state(calculator)[0] != before[0]


@pytest.mark.parametrize("mid", [NAN, float("inf"), 0, -1, 0.005, "100", True, [1], 1e300, Decimal("NaN")])
def test_a_mid_that_cannot_be_used_leaves_the_trade(mid):
    config = {**USUAL, "classifier": "lee_ready"}
    one, other = VPINCalculator(config), VPINCalculator(config)
    one.update_trade(Trade(1, 100.0, 1.0), mid)
    other.update_trade(Trade(1, 100.0, 1.0))
    assert state(one) == state(other)
    assert one.unusable == {"bad_quote": 1}


@given(st.integers(2, 400), st.integers(2, 400), st.booleans())
def test_above_the_mid_is_a_buy_and_below_it_a_sell(ticks, quarters, exact):
    mid = Decimal(quarters) / 400 + 1
    price = Decimal(ticks) / 100 + 1
    calculator = VPINCalculator({**USUAL, "classifier": "lee_ready"})
    # At the mid the last change of price decides: a buy, for there was none.
    calculator.update_trade(Trade(1, price, 1.0))
    calculator.update_trade(Trade(2, price, 1.0), mid if exact else float(mid))
    side = 1 if price >= mid else -1
    assert calculator.reading().bucket_imbalance == side


def test_a_mid_between_floats_is_still_the_mid():
    calculator = VPINCalculator({**USUAL, "classifier": "lee_ready"})
    calculator.update_trade(Trade(1, 100.01, 1.0))
    calculator.update_trade(Trade(2, 100.0, 1.0), (99.99 + 100.01) / 2 - 1e-13)
    assert calculator.reading().bucket_imbalance == -1.0, "at the mid the last change of price decides"


SIDES = st.lists(st.tuples(st.sampled_from([1, -1]), st.integers(1, 40)), min_size=1, max_size=25)


@given(SIDES, st.integers(1, 25), st.integers(1, 5), st.sampled_from(["mean_abs", "net"]))
def test_it_equals_fractions_after_every_trade(trades, lots, n_buckets, estimator):
    config = {**GRID, "bucket_size": Decimal(lots) / 1000, "n_buckets": n_buckets, "estimator": estimator}
    calculator = VPINCalculator(config)
    exact = exact_readings(trades, lots, n_buckets)
    for (side, size), (n_closed, mean, signed) in zip(trades, exact, strict=True):
        calculator.update_trade(Trade(1, 100.0, size / 1000, side))
        value = mean if estimator == "mean_abs" else abs(signed)
        assert calculator.reading().buckets_closed == n_closed
        assert calculator.get_vpin() == float(value if n_closed else Fraction(1, 2))


def test_the_settings_may_be_the_section_itself():
    sides = ["buy"] * 8 + ["sell"] * 2
    calculator = VPINCalculator(Vpin(bucket_size=Decimal(1)), tick_size="0.01", lot_size=0.001)
    for n, side in enumerate(sides):
        calculator.update_trade(Trade(n, 100.0, 0.1, side))
    assert calculator.get_vpin() == 0.6


def test_it_measures_unless_that_is_denied():
    assert VPINCalculator(USUAL).reading().status == "warming"
    assert VPINCalculator(Vpin(), **GRID).reading().status == "warming"
    assert VPINCalculator({**USUAL, "enabled": False}).reading().status == "disabled"
    assert VPINCalculator(Vpin(enabled=False), **GRID).reading().status == "disabled"


def test_the_shipped_table_knows_the_grid_of_a_symbol():
    calculator = VPINCalculator({"symbol": "BTCUSDT", "bucket_size": 1})
    calculator.update_trade(Trade(1, 61_800.1, 0.999, "buy"))
    calculator.update_trade(Trade(2, 61_800.15, 0.001, "buy"))
    assert calculator.unusable == {"off_grid": 1}
    calculator.update_trade(Trade(2, 61_800.2, 0.001, "sell"))
    assert calculator.get_vpin() == 0.998


def test_everything_that_is_wrong_with_the_settings_is_told_at_once():
    wrong = {
        "lot_size": 0,
        "bucket_size": -1,
        "estimator": "median",
        "n_buckets": 2,
        "min_buckets": 3,
        "bukets": 1,
    }
    with pytest.raises(ConfigError) as refused:
        VPINCalculator(wrong)
    assert refused.value.problems == [
        "bukets is not a known key; did you mean n_buckets?",
        "lot_size must be positive, was 0",
        'estimator must be mean_abs or net, was "median"',
        "bucket_size must be positive, was -1",
        "tick_size must be given, or a symbol that configs/instruments.yaml lists",
        "min_buckets must be at most n_buckets, which is 2, was 3",
    ]


def test_another_measure_is_not_taken_for_vpin():
    configs: list[Any] = [{**USUAL, "measure": "other:make"}, Vpin(measure="other:make")]
    for config in configs:
        with pytest.raises(ConfigError) as refused:
            VPINCalculator(config, **GRID)
        assert refused.value.problems == [
            'measure must be left out: VPIN itself is what is measured here, was "other:make"'
        ]
    VPINCalculator({**USUAL, "measure": None})


def test_settings_must_be_settings():
    wrong: list[Any] = [None, 7, "bucket_size: 1", [("bucket_size", 1)]]
    for config in wrong:
        with pytest.raises(ConfigError, match="config must be a mapping of settings or a Vpin"):
            VPINCalculator(config)
