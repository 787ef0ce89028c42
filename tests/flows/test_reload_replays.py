"""Settings that changed while a run went on come again: by both drivers, however often, to the byte."""

import json
import re
import sys

import pytest

from operators.errors import ConfigError, SourceError
from tests.oracles.kills import kill_until
from tests.oracles.runs import LOGS, PROFILE, QUIET, ROOT, fused, graphed, lines, lively, logs, made

PAGE = (ROOT / "docs" / "quoting_models.md").read_text()
(EXAMPLE,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
SYMBOLS = ("BTCUSDC", "ETHUSDC")
MARKET = lively(*SYMBOLS, seconds=12)
CLOCKED = lively(*SYMBOLS, seconds=12, clock=True)
SAME = (*LOGS, "transitions.jsonl", "control.jsonl")
NOW = {
    "vpin.multiplier": ("0.2", "3"),
    "quoting.min_half_spread_bps": ("0.8", "1.7"),
    "risk.max_order_notional": ("10000", "9000"),
}
WINDOW = {"vpin.bucket_size": ("20000", "12345"), "vpin.n_buckets": ("4", "7")}
FIT = {"calibration.window_s": ("600", "3"), "calibration.fit_to_bps": ("3", "9")}
MODEL = {"quoting.model": ("glft", "avellaneda_stoikov"), "quoting.risk_aversion": ("1", "30")}


def record(path, *reloads):
    """Write what a run would have recorded: (symbol, frame, changes)."""
    with path.open("w") as out:
        for n, (symbol, frame, changes) in enumerate(reloads, 1):
            told = {"ts": 0, "symbol": symbol, "n": n, "frame": frame, "what": "reload", "why": "", "id": ""}
            out.write(json.dumps(told | {"version": n, "changes": changes}) + "\n")
    return f"run.control={path}"


def everything(path):
    return record(
        path,
        ("BTCUSDC", 40, NOW),
        ("ETHUSDC", 41, WINDOW),
        ("BTCUSDC", 41, FIT),
        ("BTCUSDC", 80, MODEL),
        ("ETHUSDC", 81, {**NOW, **FIT, **MODEL}),
        ("BTCUSDC", 82, {"vpin.enabled": ("true", "false")}),
        ("BTCUSDC", 100, {"vpin.enabled": ("false", "true"), **WINDOW}),
    )


@pytest.mark.parametrize("market", [MARKET, CLOCKED], ids=["every_message", "clock"])
def test_both_drivers_reload_alike_and_unlike_a_run_without(tmp_path, market):
    replayed = (*market, everything(tmp_path / "control"))
    plain = fused(made(tmp_path / "plain", *market))
    found = logs(fused(made(tmp_path / "fused", *replayed)), SAME)
    assert logs(graphed(made(tmp_path / "graph", *replayed)), SAME) == found
    assert logs(plain, SAME) != found
    again = lines(tmp_path / "fused" / "control.jsonl")
    assert [
        (each["symbol"], each["frame"], each["version"]) for each in again if each["symbol"] == "BTCUSDC"
    ] == [
        ("BTCUSDC", 40, 1),
        ("BTCUSDC", 41, 3),
        ("BTCUSDC", 80, 4),
        ("BTCUSDC", 82, 6),
        ("BTCUSDC", 100, 7),
    ]
    assert again[0]["changes"] == {key: list(pair) for key, pair in NOW.items()}


def test_what_a_model_of_ones_own_is_told_reloads_alike(tmp_path, monkeypatch):
    (tmp_path / "pennies.py").write_text(EXAMPLE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [path for path in sys.path if path])
    own = (*MARKET, 'quoting.model="pennies:make"', "quoting.min_half_spread_bps=0.1")
    change = {"quoting.risk_aversion": ("1", "30"), "vpin.multiplier": ("0.2", "2")}
    replayed = (*own, record(tmp_path / "control", ("BTCUSDC", 50, change)))
    found = logs(fused(made(tmp_path / "fused", *replayed)), SAME)
    assert logs(graphed(made(tmp_path / "graph", *replayed)), SAME) == found
    assert logs(fused(made(tmp_path / "plain", *own))) != logs(tmp_path / "fused")
    sys.modules.pop("pennies")


@pytest.mark.parametrize(("decide", "frame"), [(MARKET, 200), (CLOCKED, 50)], ids=["every_message", "clock"])
def test_nothing_changes_before_its_frame_and_everything_from_it_on(tmp_path, decide, frame):
    """A level that every reading is above pauses at the next decision; before, nothing is different.

    There was no pause yet: another would begin only with a bucket that closes after it.
    """
    stops = {"vpin.pause_threshold": ("1", "0"), "vpin.pause_seconds": ("0.3", "3600")}
    decide = (*decide, "vpin.pause_threshold=1")
    plain = graphed(made(tmp_path / "plain", *decide))
    changed = graphed(
        made(tmp_path / "changed", *decide, record(tmp_path / "control", ("BTCUSDC", frame, stops)))
    )
    (control,) = lines(changed / "control.jsonl")

    def asked(out):
        return [each for each in lines(out / "orders.jsonl") if each["symbol"] == "BTCUSDC"]

    before = [each for each in asked(plain) if each["ts"] < control["ts"]]
    assert asked(changed)[: len(before)] == before
    after = asked(changed)[len(before) :]
    # What was decided in a frame is asked for in it: within one decision of the change all is withdrawn.
    assert after, "live orders are cancelled"
    assert {each["op"] for each in after} == {"cancel"}
    assert after[-1]["ts"] - control["ts"] <= 200_000_000
    assert len([each for each in asked(plain) if each["ts"] > after[-1]["ts"]]) > 10, (
        "else it would have gone on"
    )


def test_frames_go_on_without_a_gap(tmp_path):
    """Every fact reaches the desk once, a reload or not."""
    plain = graphed(made(tmp_path / "plain", *MARKET, "quoting.order_lots=1", "risk.max_order_notional=1"))
    busy = [("BTCUSDC", frame, {"vpin.multiplier": ("0", str(frame))}) for frame in range(2, 62)]
    replayed = made(
        tmp_path / "busy",
        *MARKET,
        "quoting.order_lots=1",
        "risk.max_order_notional=1",
        record(tmp_path / "control", *busy),
    )
    found = graphed(replayed)
    figures = [json.loads((out / "summary.json").read_text())["symbols"]["BTCUSDC"] for out in (plain, found)]
    for name in ("observed_s", "first_ns", "last_ns", "vpin_mean", "source", "vpin_above"):
        assert figures[0][name] == figures[1][name], name
    assert len(lines(found / "control.jsonl")) == len(busy)


def test_kills_before_between_and_after_reloads_change_nothing(tmp_path):
    market = (*MARKET, everything(tmp_path / "control"))
    whole = fused(made(tmp_path / "whole", *market))
    for out in kill_until(6, tmp_path, market, PROFILE, (1, 2), 0.3):
        assert logs(out, SAME) == logs(whole, SAME)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"risk.budget_notional": ("500000", "1")}, "risk.budget_notional changes only at a restart"),
        ({"venue.entry_latency_ms": ("5", "1")}, "venue.entry_latency_ms changes only at a restart"),
        ({"vpin.threshold": ("0.7", "seven")}, "vpin.threshold: must be"),
        ({"vpin.thresold": ("0.7", "0.8")}, "vpin.thresold"),
        ({"vpin.threshold": ("0.7", "[")}, "vpin.threshold"),
    ],
)
def test_a_record_that_changes_what_cannot_change_is_refused(tmp_path, changes, said):
    control = record(tmp_path / "control", ("BTCUSDC", 5, changes))
    with pytest.raises(ConfigError, match=said):
        made(tmp_path / "run", *MARKET, control)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("changes", [3, {"vpin.threshold": 3}, {"vpin.threshold": ["0.7"]}, []])
def test_a_record_of_no_changes_is_refused_with_its_line(tmp_path, changes):
    with pytest.raises(SourceError, match="control:1 is no control"):
        made(tmp_path / "run", *MARKET, QUIET, record(tmp_path / "control", ("BTCUSDC", 5, changes)))
