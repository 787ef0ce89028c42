"""Settings that are right: defaults, overrides per symbol, instruments, budgets."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import ValidationError

from configs.load import home, load
from operators.errors import ConfigError
from operators.instruments import Instrument

ONE = "symbols: {ETHUSDC: {synthetic: {price: 2500}}}"
RECORDED = "source: {kind: recorded, path: a.gz}"


def test_the_smallest_file_is_one_symbol_and_defaults(loaded):
    settings = loaded(ONE)
    assert settings.profile == "x"
    assert settings.run.directory == "runs"
    assert settings.source.market == "binance_usdm"
    assert settings.source.start == datetime(2025, 1, 1, tzinfo=UTC)
    eth = settings.symbols["ETHUSDC"]
    assert eth.instrument == Instrument("ETHUSDC", Decimal("0.01"), Decimal("0.001"), Decimal(20))
    assert eth.synthetic.price == Decimal(2500)
    assert eth.vpin.enabled is False
    assert eth.vpin.bucket_size == Decimal(50_000)
    assert eth.quoting.max_improve_ticks is None
    assert eth.risk.budget_notional == Decimal(4_000_000)


def test_a_symbol_overrides_single_keys_of_a_section(loaded):
    settings = loaded("""
        vpin: {enabled: true, threshold: 0.6}
        synthetic: {price: 100}
        symbols:
          ETHUSDC: {vpin: {threshold: 0.8}, venue: {entry_latency_ms: 1}, quoting: {max_improve_ticks: 0}}
          BTCUSDC:
    """)
    eth, btc = settings.symbols["ETHUSDC"], settings.symbols["BTCUSDC"]
    assert (eth.vpin.threshold, eth.vpin.enabled, eth.vpin.multiplier) == (0.8, True, 0.2)
    assert (btc.vpin.threshold, btc.vpin.enabled) == (0.6, True)
    assert (eth.venue.entry_latency_ms, btc.venue.entry_latency_ms) == (1, 5)
    assert (eth.quoting.max_improve_ticks, btc.quoting.max_improve_ticks) == (0, None)
    assert settings.common.vpin == btc.vpin


def test_a_symbol_can_set_a_key_back_to_null(loaded):
    settings = loaded("""
        quoting: {max_improve_ticks: 3}
        synthetic: {price: 100}
        symbols: {ETHUSDC: {quoting: {max_improve_ticks: null}}, BTCUSDC: }
    """)
    assert settings.symbols["ETHUSDC"].quoting.max_improve_ticks is None
    assert settings.symbols["BTCUSDC"].quoting.max_improve_ticks == 3


def test_a_good_override_makes_up_for_nothing_else(problems):
    found = problems(
        "vpin: {threshold: 2}\nsymbols: {ETHUSDC: {synthetic: {price: 1000}, vpin: {threshold: 0.5}}}"
    )
    assert found == ["x.yaml: vpin.threshold must be at most 1, was 2"]


def test_the_command_line_goes_before_the_file(loaded):
    settings = loaded(
        ONE, "vpin.threshold=0.8", "symbols.ETHUSDC.synthetic.price=99.5", "profile=mine", "run.directory=o"
    )
    assert settings.symbols["ETHUSDC"].vpin.threshold == 0.8
    assert settings.symbols["ETHUSDC"].synthetic.price == Decimal("99.5")
    assert (settings.profile, settings.run.directory) == ("mine", "o")


@pytest.mark.parametrize(
    ("name", "profile"),
    [
        ("phoenix.yaml", "phoenix"),
        ("my config (2).yml", "my-config-2"),
        ("-.yaml", "phoenix"),
        ("é.yaml", "phoenix"),
        ("_x_.yaml", "x"),
    ],
)
def test_the_profile_is_called_after_the_file(tmp_path, name, profile):
    path = tmp_path / name
    path.write_text(ONE, encoding="utf-8")
    assert load(path).profile == profile


def test_symbols_may_be_a_list(loaded):
    settings = loaded("synthetic: {price: 100}\nsymbols: [SOLUSDC, ETHUSDC]")
    assert list(settings.symbols) == ["SOLUSDC", "ETHUSDC"]


def test_dated_futures_and_names_that_yaml_would_misread_are_symbols(loaded):
    settings = loaded("""
        synthetic: {price: 100}
        symbols:
          BTCUSDT_250328: {instrument: {tick: 0.1, lot: 0.001}}
          1000PEPEUSDT: {synthetic: {price: 0.01}}
          NO: {instrument: {tick: 1e-2, lot: 1}}
    """)
    assert list(settings.symbols) == ["BTCUSDT_250328", "1000PEPEUSDT", "NO"]


def test_a_recording_may_leave_its_symbols_to_be_found(loaded):
    assert loaded(RECORDED).symbols == {}
    settings = loaded(RECORDED, symbols=["BTCUSDT", "ETHUSDT"], market="binance_usdm")
    assert list(settings.symbols) == ["BTCUSDT", "ETHUSDT"]
    assert settings.symbols["BTCUSDT"].risk.budget_notional == Decimal(2_000_000)


def test_symbols_that_are_named_are_the_only_ones(loaded):
    settings = loaded(f"{RECORDED}\nsymbols: {{ETHUSDT: }}", symbols=["BTCUSDT", "ETHUSDT"])
    assert list(settings.symbols) == ["ETHUSDT"]


def test_the_market_is_the_files_unless_the_user_says_which(loaded):
    spot = loaded(RECORDED, symbols=["BTCUSDT"], market="binance_spot")
    assert spot.source.market == "binance_spot"
    assert spot.symbols["BTCUSDT"].instrument.lot == Decimal("0.00001")
    usdm = loaded(RECORDED, "source.market=binance_usdm", symbols=["BTCUSDT"], market="binance_spot")
    assert usdm.symbols["BTCUSDT"].instrument.lot == Decimal("0.001")


def test_a_market_that_nobody_says_is_the_one_that_lists_the_symbols(loaded):
    def market_for(symbols):
        return loaded(f"{RECORDED}\nsymbols: {symbols}").source.market

    assert loaded(RECORDED).source.market == "auto"
    assert market_for("[BTCUSDT]") == "binance_usdm"
    assert market_for("[BTCUSDT, NEXOUSDT]") == "binance_spot"
    assert market_for("{NEXOUSDT: , NEWUSDT: {instrument: {tick: 0.1, lot: 1}}}") == "binance_spot"
    assert loaded(ONE).source.market == "binance_usdm"


def test_paths_are_one_or_several_and_stay_as_written(loaded):
    assert loaded(RECORDED).source.path == ("a.gz",)
    assert loaded(RECORDED, "source.path=[../b, c d.gz]").source.path == ("../b", "c d.gz")


def test_an_instrument_is_given_whole_or_corrected_in_part(loaded):
    settings = loaded("""
        synthetic: {price: 100}
        symbols:
          NEWUSDT: {instrument: {tick: "0.0010", lot: 1, min_notional: 5, multiplier: 2}}
          ETHUSDC: {instrument: {min_notional: "5"}}
    """)
    new, eth = settings.symbols["NEWUSDT"].instrument, settings.symbols["ETHUSDC"].instrument
    assert new == Instrument("NEWUSDT", Decimal("0.001"), Decimal(1), Decimal(5), Decimal(2))
    assert eth == Instrument("ETHUSDC", Decimal("0.01"), Decimal("0.001"), Decimal(5))


def test_budgets_follow_weights_and_explicit_amounts(loaded):
    settings = loaded("""
        risk: {total_notional: 1_000_000}
        synthetic: {price: 100}
        symbols:
          ETHUSDC: {risk: {budget_notional: 400_000}}
          BTCUSDC: {risk: {weight: 3}}
          SOLUSDC:
    """)
    budgets = {name: symbol.risk.budget_notional for name, symbol in settings.symbols.items()}
    assert budgets == {"ETHUSDC": 400_000, "BTCUSDC": 450_000, "SOLUSDC": 150_000}


def test_settings_cannot_be_changed(loaded):
    settings = loaded(ONE)
    with pytest.raises(ValidationError):
        settings.symbols["ETHUSDC"].vpin.threshold = 0.9
    with pytest.raises(AttributeError):
        settings.profile = "other"


def test_64_symbols_are_enough(loaded, problems):
    common = "synthetic: {price: 9}\nsymbols:\n  A0: &any {instrument: {tick: 0.01, lot: 1}}\n"
    text = common + "".join(f"  A{i}: *any\n" for i in range(1, 64))
    assert len(loaded(text).symbols) == 64
    assert problems(text + "  A64: *any\n") == ["x.yaml: symbols must name at most 64 symbols, was 65"]


def test_anchors_share_overrides(loaded):
    settings = loaded("""
        synthetic: {price: 100}
        symbols:
          ETHUSDC: &major {vpin: {threshold: 0.8}}
          BTCUSDC: *major
          SOLUSDC: {<<: *major, book: {on_cross: newer_wins}}
    """)
    assert {symbol.vpin.threshold for symbol in settings.symbols.values()} == {0.8}
    assert settings.symbols["SOLUSDC"].book.on_cross == "newer_wins"


def test_empty_sections_are_sections(loaded):
    settings = loaded("run:\nvpin: {}\nsource: null\nsymbols: {ETHUSDC: {synthetic: {price: 2500}, vpin: }}")
    assert settings == loaded(ONE)


def test_messages_name_the_file_as_the_user_did(problems):
    assert problems("symbols: [ETHUSDC]") == [
        "x.yaml: symbols.ETHUSDC.synthetic.price must be given for a synthetic market"
    ]


def test_a_path_is_opened_from_anywhere(tmp_path):
    path: Path = tmp_path / "x.yaml"
    path.write_text(ONE, encoding="utf-8")
    assert load(path).profile == "x"


def test_where_runs_are_is_read_without_the_rest(tmp_path):
    path = tmp_path / "day one.yaml"
    path.write_text("source: {kind: recorded}\nvpin: {threshold: 7}\nrun: {directory: kept}\n")
    assert home(path) == (Path("kept"), "day-one", False, "auto")
    assert home(path, ["source.path=a.gz", "profile=p"]) == (Path("kept"), "p", True, "auto")
    path.write_text("run: {directry: kept}\n")
    with pytest.raises(ConfigError, match=r"run\.directry"):
        home(path)
