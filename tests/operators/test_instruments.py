from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.instruments import Instrument
from operators.rows import LIMIT

BTC = Instrument("BTCUSDT", Decimal("0.10"), Decimal("0.001"), Decimal(100))
COIN = Instrument("COIN", Decimal(25), Decimal(1000), multiplier=Decimal("0.01"))


@pytest.mark.parametrize("price", ["61800.25", "NaN", "Infinity", "-Infinity", "1e40"])
def test_a_price_off_the_grid_or_out_of_range_has_no_ticks(price):
    assert BTC.ticks(Decimal(price)) is None


def test_a_price_just_within_range_has_ticks_and_the_limit_has_none():
    assert BTC.ticks((LIMIT - 1) * BTC.tick) == LIMIT - 1
    assert BTC.ticks(LIMIT * BTC.tick) is None
    assert BTC.lots(-LIMIT * BTC.lot) is None


def test_prices_and_sizes_are_written_as_the_venue_does():
    assert (BTC.price(618_002), BTC.size(2507), BTC.size(7)) == ("61800.2", "2.507", "0.007")
    assert (COIN.price(3), COIN.size(12)) == ("75", "12000")
    assert (BTC.price(-5), COIN.price(-1), BTC.price(0)) == ("-0.5", "-25", "0.0")


def test_a_tick_lot_is_worth_tick_times_lot_times_multiplier():
    assert BTC.tick_lot == Decimal("0.0001")
    assert COIN.tick_lot == 250


@pytest.mark.parametrize(
    ("quote", "steps"), [("0.00019", 1), ("0.0002", 2), ("100", 1_000_000), ("-0.00001", -1)]
)
def test_quote_currency_is_rounded_down_to_whole_steps(quote, steps):
    assert BTC.tick_lots(Decimal(quote)) == steps


@given(
    st.integers(-LIMIT + 1, LIMIT - 1),
    st.sampled_from(["0.1", "0.01", "0.00000001", "0.5", "0.25", "1", "5", "10", "1000", "1E+2"]),
)
def test_what_is_written_reads_back_to_the_same_tick(ticks, step):
    grid = Instrument("X", Decimal(step), Decimal(step))
    assert grid.ticks(Decimal(grid.price(ticks))) == ticks
    assert grid.lots(Decimal(grid.size(ticks))) == ticks
