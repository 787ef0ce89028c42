"""What a synthetic market refuses, and how its settings reach the grid."""

import math
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from connectors.synthetic import SyntheticMarket, open_tape
from connectors.synthetic.grid import NEWS_SPREAD, NEWS_VARIANCE, market_params
from connectors.synthetic.settings import RANGES
from operators.instruments import Instrument
from tests.oracles.synthetic_market import GRIDS, grid

A_PRICE = Decimal(62000)
BTC = SyntheticMarket(A_PRICE)


def with_one(name: str, value: Any) -> SyntheticMarket:
    return replace(BTC, **{name: value})


def params(market=BTC, symbol="BTCUSDC"):
    return market_params(market, grid(symbol), start_ns=0, duration_s=60)[0]


@pytest.mark.parametrize("name", RANGES)
def test_a_setting_out_of_its_range_is_refused_by_name(name):
    least, most = RANGES[name]
    for value in (math.nextafter(least, -math.inf), math.nextafter(most, math.inf), math.nan, math.inf):
        with pytest.raises(ValueError, match=f"^{name} must be between {least:g} and {most:g}, was {value}$"):
            with_one(name, value)
    for value in (least, most):
        assert getattr(with_one(name, value), name) == value


@pytest.mark.parametrize("value", ["0", "-1", "NaN", "Infinity"])
@pytest.mark.parametrize("name", ["price", "mean_trade_notional"])
def test_amounts_must_be_positive_numbers(name, value):
    with pytest.raises(ValueError, match=f"^{name} must be a positive number, was {value}$"):
        with_one(name, Decimal(value))


def test_all_that_is_wrong_is_said_at_once():
    with pytest.raises(ValueError, match="price must be") as refused:
        SyntheticMarket(Decimal(-1), informed_share=1.0, trades_per_s=0.0)
    assert str(refused.value).splitlines() == [
        "price must be a positive number, was -1",
        "informed_share must be between 0 and 0.9, was 1.0",
        "trades_per_s must be between 0.01 and 1000, was 0.0",
    ]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"duration_s": 0.0}, "duration_s must be positive and at most 1000000000, was 0.0"),
        ({"duration_s": math.nan}, "duration_s must be positive and at most 1000000000, was nan"),
        ({"duration_s": 2e9}, "duration_s must be positive and at most 1000000000, was 2000000000.0"),
        ({"start_ns": -1}, "start_ns must be between 0 and 2\\^62, was -1"),
        ({"start_ns": 1 << 63}, "start_ns must be between 0 and 2\\^62, was 9223372036854775808"),
        ({"chunk_rows": 85}, "chunk_rows must be at least 86, was 85"),
    ],
)
def test_a_tape_out_of_time_or_room_is_refused(changes, message):
    asked = {"seed": 1, "start_ns": 0, "duration_s": 1.0, **changes}
    with pytest.raises(ValueError, match=f"^{message}$"):
        open_tape("BTCUSDC", grid("BTCUSDC"), BTC, **asked)


@pytest.mark.parametrize(
    ("price", "tick", "lot", "message"),
    [
        ("62000", "1000", "0.001", "price must be between 100 and 1099511627776 ticks, was 62"),
        ("62000", "1e-9", "0.001", r"price must be between 100 and 1099511627776 ticks, was 6.2e\+13"),
        ("62000", "0.1", "1", "mean_trade_notional must buy 5 to 1099511627776 lots, bought 0.0645161"),
        ("0.0001", "1e-7", "1e-6", r"mean_trade_notional must buy 5 to 1099511627776 lots, bought 4e\+13"),
        ("1", "1e-6", "1e-7", r"mean_trade_notional must be at most 2\^46 ticks x lots, was 4e\+16"),
    ],
)
def test_a_grid_too_coarse_or_too_fine_is_refused(price, tick, lot, message):
    instrument = Instrument("ODDUSDC", Decimal(tick), Decimal(lot))
    with pytest.raises(ValueError, match=f"^{message}$"):
        market_params(SyntheticMarket(Decimal(price)), instrument, start_ns=0, duration_s=1)


def test_basis_points_become_ticks_and_money_becomes_lots():
    btc = params(replace(BTC, half_spread_bps=1.0, level_gap_bps=0.5, volatility_bps_per_sqrt_s=2.0))
    assert btc.start_ticks == 620_000
    assert btc.half_spread_ticks == pytest.approx(62)
    assert btc.gap_ticks == pytest.approx(31)
    assert btc.mean_trade_lots == pytest.approx(4000 / 62)
    assert btc.end_ns == 60_000_000_000


def test_where_ticks_are_coarse_quotes_are_half_a_tick_off_and_a_tick_apart():
    xrp = params(SyntheticMarket(Decimal("0.6")), "XRPUSDC")
    assert (xrp.half_spread_ticks, xrp.gap_ticks) == (0.5, 1.0)


def test_the_multiplier_counts_in_the_size_of_trades():
    instrument = Instrument("BTCUSDC", Decimal("0.1"), Decimal(1), multiplier=Decimal("0.001"))
    numbers = market_params(BTC, instrument, start_ns=0, duration_s=1)[0]
    assert numbers.mean_trade_lots == pytest.approx(4000 / 62)


@pytest.mark.parametrize("symbol", GRIDS)
@pytest.mark.parametrize("volatility", [0.05, 1.2, 20.0])
def test_news_and_the_rest_add_up_to_the_volatility_asked_for(symbol, volatility):
    market = SyntheticMarket(Decimal(GRIDS[symbol][0]), volatility_bps_per_sqrt_s=volatility)
    numbers = params(market, symbol)
    asked = (volatility * 1e-4 * numbers.start_ticks) ** 2
    news = numbers.news_per_s * numbers.news_ticks**2 * NEWS_SPREAD
    assert news == pytest.approx(NEWS_VARIANCE * asked)
    assert news + numbers.volatility_ticks**2 == pytest.approx(asked)
    assert numbers.news_ticks >= 2.999 * (numbers.half_spread_ticks + numbers.gap_ticks / 2)
