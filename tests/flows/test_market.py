"""Which recordings a run replays: one of each symbol, of one market; nothing is left out in silence."""

import json
import shutil

import pytest

from flows.beginning import say_start
from flows.market import program
from operators.errors import ConfigError, SourceError
from tests.oracles.raw_market import SYMBOL
from tests.oracles.runs import REPLAY, capture

GRID = {"instrument": {"tick": "0.1", "lot": "0.001"}}


@pytest.fixture
def recording(tmp_path):
    return capture(tmp_path / "binance_usdm_a.gz", n_diffs=20)


def replay(tmp_path, paths, symbols):
    named = f"source.path={json.dumps(list(map(str, paths)))}", f"symbols={json.dumps(symbols)}"
    return program(REPLAY, named, tmp_path / "run")


def test_two_recordings_of_a_symbol_are_refused(tmp_path, recording):
    other = shutil.copy(recording, tmp_path / "binance_usdm_b.gz")
    with pytest.raises(SourceError, match=f"^{SYMBOL} is recorded in {recording} and {other}: a run"):
        replay(tmp_path, [recording, other], {SYMBOL: GRID})


def test_recordings_of_two_markets_are_refused_where_both_are_traded(tmp_path, recording):
    spot = tmp_path / "spot.txt"
    spot.write_text('17 {"e": "trade", "s": "OTHERUSDT"}\n')
    with pytest.raises(SourceError, match=f"{recording} is of binance_usdm, {spot} of binance_spot: a run"):
        replay(tmp_path, [recording, spot], {SYMBOL: GRID, "OTHERUSDT": GRID})
    assert list(replay(tmp_path, [recording, spot], {SYMBOL: GRID}).recordings) == [SYMBOL]


def test_symbols_that_are_all_recorded_nowhere_are_refused(tmp_path, recording):
    sentence = rf"{REPLAY}: symbols must name what is recorded \({SYMBOL}\), was ETHUSDT"
    with pytest.raises(ConfigError, match=sentence):
        replay(tmp_path, [recording], ["ETHUSDT"])


def test_a_symbol_that_is_recorded_nowhere_is_told(tmp_path, recording, capsys):
    made = replay(tmp_path, [recording], {SYMBOL: GRID, "ETHUSDT": GRID})
    assert list(made.rules) == [SYMBOL]
    say_start(made)
    assert "replay: symbols.ETHUSDT is in no recording, and not traded\n" in capsys.readouterr().err


def test_a_named_symbol_that_both_markets_list_is_of_the_market_that_was_recorded(tmp_path):
    spot = tmp_path / "binance_spot_btcusdt.txt"
    spot.write_text('17 {"e": "trade", "s": "BTCUSDT"}\n')
    for symbols in (["BTCUSDT"], []):
        made = replay(tmp_path, [spot], symbols)
        assert (made.settings.source.market, made.recordings["BTCUSDT"].market) == ("binance_spot",) * 2
        assert str(made.settings.symbols["BTCUSDT"].instrument.tick) == "0.01"
    said = program(REPLAY, (f"source.path={spot}", "source.market=binance_usdm"), tmp_path / "run")
    assert said.recordings["BTCUSDT"].market == "binance_usdm"
