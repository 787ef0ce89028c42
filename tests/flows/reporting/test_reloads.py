"""Settings that changed while a run went on are drawn and told as they were at each time."""

import json

import pytest

from flows.reporting.reading import read_run
from flows.reporting.report import report
from flows.reporting.shared_time import _threshold
from tests.oracles.runs import QUIET, fused, lively, made
from tests.oracles.seen import data_of


@pytest.fixture
def run(tmp_path):
    """A run whose threshold was raised twice, as its record has it."""
    out = fused(made(tmp_path / "run", QUIET, *lively("BTCUSDC", seconds=30)))
    begin_ns = read_run(out).began_ns
    changes = ((10, ["0.3", "0.5"]), (20, ["0.5", "0.8"]))
    with (out / "control.jsonl").open("w") as file:
        for n, (second, pair) in enumerate(changes, start=1):
            told = {
                "ts": begin_ns + second * 10**9,
                "symbol": "BTCUSDC",
                "n": n,
                "frame": 7 * n,
                "what": "reload",
            }
            file.write(json.dumps(told | {"version": n, "changes": {"vpin.threshold": pair}}) + "\n")
    return out


def test_a_threshold_that_was_raised_is_drawn_as_steps(run):
    traces = {trace["name"]: trace for trace in data_of(report(run))["s0-vpin"]["traces"]}
    last = traces["threshold"]["t"][-1]
    assert traces["threshold"]["t"] == [1, 10, 20, last]
    assert traces["threshold"]["y"] == [0.3, 0.5, 0.8, 0.8]
    assert set(traces["pause above"]["y"]) == {0.36}


def test_what_was_and_what_is_stand_beside_each_other(run):
    page = report(run)
    assert "vpin.threshold: &quot;0.3 → 0.5&quot;" in page
    assert "vpin.threshold: &quot;0.5 → 0.8&quot;" in page


def test_what_is_toxic_goes_by_the_threshold_of_the_time(run):
    symbol = read_run(run).symbols["BTCUSDC"]
    assert symbol.series is not None
    found = _threshold(symbol, symbol.series["ts_ns"])
    assert found[[0, 8, 9, 18, 19, -1]].tolist() == [0.3, 0.3, 0.5, 0.5, 0.8, 0.8]


def test_a_run_without_changes_says_so(run):
    (run / "control.jsonl").write_text("")
    assert "Nothing was changed while it ran" in report(run)
