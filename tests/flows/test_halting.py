"""What the command line tells of a switch that was thrown, by what stands in the run directory."""

import json

import pytest

from connectors.switch import SWITCH, read_switch, write_switch
from flows import halting
from operators.errors import ConfigError
from operators.rows import HALT, REDUCE, RESUME

DRAWDOWN = {"ts": 5, "from": "active", "to": "halted", "reason": "drawdown", "position": "0", "live": 0}


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A run whose one symbol a drawdown has halted, and that never answers."""
    monkeypatch.setattr(halting, "is_running", lambda _: True)
    (tmp_path / "config.yaml").write_text("symbols: {BTCUSDC: {}}")
    (tmp_path / "transitions").mkdir()
    (tmp_path / "transitions" / "BTCUSDC.jsonl").write_text(json.dumps(DRAWDOWN) + "\n")
    return tmp_path


@pytest.mark.parametrize("wish", [HALT, REDUCE])
def test_what_is_halted_is_not_waited_for_to_be_reduced(run, capsys, wish):
    assert halting.throw(run, (), wish, "", 0.1) == 0
    assert capsys.readouterr().out == "BTCUSDC: was halted already (drawdown)\n"
    thrown = read_switch(run / SWITCH)
    assert thrown is not None
    assert thrown["*"].wish == wish


def test_a_symbol_that_does_not_resume_is_named_and_counted(run, capsys):
    assert halting.throw(run, ("BTCUSDC",), RESUME, "", 0.05) == 1
    assert capsys.readouterr().out == "BTCUSDC: no answer within 0.05 s; the switch stays at resume\n"


def test_a_run_that_does_again_what_it_did_has_not_answered_yet(run, capsys, monkeypatch):
    def then_resumed(path, wishes):
        write_switch(path, wishes)
        (run / "transitions" / "BTCUSDC.jsonl").write_text("")

    monkeypatch.setattr(halting, "write_switch", then_resumed)
    assert halting.throw(run, ("BTCUSDC",), RESUME, "", 0.05) == 1
    assert capsys.readouterr().out == "BTCUSDC: no answer within 0.05 s; the switch stays at resume\n"


def test_a_folder_in_the_switch_s_place_is_one_sentence(run):
    (run / SWITCH).mkdir()
    with pytest.raises(ConfigError, match="halt is a folder, which halts every symbol: remove it first"):
        halting.throw(run, (), HALT, "", 0.1)
