from decimal import Decimal
from typing import cast

import pytest

from configs import instruments
from configs.document import Tree
from configs.schema_market import Grid

TABLE = cast("dict[str, dict[str, Tree]]", instruments.table())
ENTRIES = [(market, symbol, entry) for market, symbols in TABLE.items() for symbol, entry in symbols.items()]


@pytest.fixture
def edited(tmp_path, monkeypatch):
    """Put another table in the shipped one's place."""

    def edit(text):
        path = tmp_path / "instruments.yaml"
        path.write_text(text, encoding="utf-8")
        monkeypatch.setattr(instruments, "TABLE", path)
        instruments.table.cache_clear()

    yield edit
    instruments.table.cache_clear()


def test_the_table_has_two_markets():
    assert list(TABLE) == ["binance_usdm", "binance_spot"]
    assert sum(market == "binance_usdm" for market, _, _ in ENTRIES) >= 40
    assert sum(market == "binance_spot" for market, _, _ in ENTRIES) >= 20


@pytest.mark.parametrize(("market", "symbol", "entry"), ENTRIES)
def test_every_entry_is_a_grid_in_powers_of_ten(market, symbol, entry):
    grid = Grid.model_validate(entry)
    assert list(entry) == ["tick", "lot", "min_notional"]
    assert grid.tick == Decimal(1).scaleb(grid.tick.adjusted())
    assert grid.lot == Decimal(1).scaleb(grid.lot.adjusted())
    assert 1 <= grid.min_notional <= 100


@pytest.mark.parametrize(
    ("market", "symbol", "tick", "lot"),
    [
        ("binance_usdm", "BTCUSDT", "0.1", "0.001"),
        ("binance_usdm", "ETHUSDT", "0.01", "0.001"),
        ("binance_spot", "NEXOUSDT", "0.001", "0.01"),
    ],
)
def test_the_recorded_symbols_have_the_grids_of_their_recordings(market, symbol, tick, lot):
    entry = TABLE[market][symbol]
    assert entry == instruments.listed(market, symbol)
    assert (entry["tick"], entry["lot"]) == (tick, lot)


def test_what_is_not_in_the_table():
    assert instruments.listed("binance_usdm", "NEWUSDT") is None
    assert instruments.listed("nasdaq", "BTCUSDT") is None


def test_a_table_that_was_edited_wrongly_is_named(edited, problems, loaded):
    edited("binance_usdm:\n  ETHUSDC: {tick: -1, lot: 1e10, min_notinal: 5}\n  BTCUSDC: 3\n")
    place = "configs/instruments.yaml: binance_usdm.ETHUSDC"
    found = problems("synthetic: {price: 100}\nsymbols: [ETHUSDC]")
    assert found == [
        f"{place}.tick must be positive, was -1",
        f"{place}.lot must be at most 1000000000, was 1e10",
        f"{place}.min_notinal is not a known key; did you mean min_notional?",
    ]
    (found,) = problems("synthetic: {price: 100}\nsymbols: [BTCUSDC]")
    assert found.startswith("BTCUSDC is not in the instrument table")


def test_a_table_that_is_no_yaml_is_named(edited, problems):
    edited("binance_usdm: {a: *b}")
    assert problems("symbols: [ETHUSDC]") == [
        "configs/instruments.yaml: line 1 is not valid YAML: found undefined alias 'b'"
    ]


def test_an_order_of_any_listed_symbol_has_a_name_that_venues_take():
    """`<run>-<symbol>-<n>` in 36 characters, ten billion orders long."""
    assert max(len(f"{'0' * 8}-{symbol}-{10**10 - 1}") for _, symbol, _ in ENTRIES) <= 36
