"""The kill switch: a running market maker halted and resumed from outside, and what comes of it."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from tests.oracles.command import phoenix
from tests.oracles.runs import LOGS, ROOT, fused, graphed, lines, lively, logs, made

SYMBOLS = ("BTCUSDC", "ETHUSDC")
MARKET = (*lively(*SYMBOLS, seconds=40), "vpin.enabled=false", "run.report=false")
SAME = (*LOGS, "transitions.jsonl", "control.jsonl")


def options(market, *more):
    return [part for each in (*market, *more) for part in ("--set", each)]


def start(out, *more):
    command = [sys.executable, "-m", "flows.cli", "run", "--out", str(out), *options(MARKET, *more)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def wait_for(condition, what, seconds=300):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, what
        time.sleep(0.02)


def size(out, log, symbol):
    path = out / log / f"{symbol}.jsonl"
    return path.stat().st_size if path.is_file() else 0


def has_traded(out):
    return lambda: all(size(out, "orders", symbol) > 0 for symbol in SYMBOLS)


@pytest.fixture(scope="module")
def halted(tmp_path_factory):
    """A paced run that was halted, restricted and resumed by the command line, with what that printed."""
    out = tmp_path_factory.mktemp("halted") / "run"
    process = start(out, "source.speed=1", "run.checkpoint_every_s=0.1")
    try:
        wait_for(has_traded(out), "the run trades")
        said = [
            phoenix("halt", out, "--why", "rain", "--wait", "60"),
            phoenix("halt", out, "--symbol", "BTCUSDC"),
            phoenix("resume-trading", out, "--wait", "60"),
            phoenix("halt", out, "--reduce", "--symbol", "ETHUSDC", "--wait", "60"),
        ]
        process.wait(120)
    finally:
        process.kill()
    assert process.returncode == 0
    return out, said


def test_the_command_line_tells_what_it_did(halted):
    _, said = halted
    assert [done.returncode for done in said] == [0, 0, 0, 0], [done.stdout + done.stderr for done in said]
    for symbol in SYMBOLS:
        assert f"{symbol}: halted at 2025-01-01 00:00:" in said[0].stdout
        assert f"{symbol}: active at 2025-01-01 00:00:" in said[2].stdout
    assert said[0].stdout.count("being cancelled") == 2
    assert said[1].stdout == "BTCUSDC: was halted already (operator)\n"
    assert said[3].stdout.startswith("ETHUSDC: reducing at 2025-01-01 00:00:")


def test_every_change_is_logged_with_its_reason(halted):
    out, _ = halted
    found = [
        (each["symbol"], each["from"], each["to"], each["reason"])
        for each in lines(out / "transitions.jsonl")
    ]
    for symbol in SYMBOLS:
        own = [change[1:] for change in found if change[0] == symbol]
        assert own[:2] == [("active", "halted", "operator"), ("halted", "active", "resumed")]
    assert [change for change in found if "reducing" in change] == [
        ("ETHUSDC", "active", "reducing", "operator")
    ]


def test_a_halt_is_answered_within_its_frame_and_nothing_rests_until_trading_is_resumed(halted):
    """By the logs alone: each order that lives is cancelled, and none is placed."""
    out, _ = halted
    controls = {
        symbol: [each for each in lines(out / "control.jsonl") if each["symbol"] == symbol]
        for symbol in SYMBOLS
    }
    orders = lines(out / "orders.jsonl")
    for symbol, said in controls.items():
        began, ended = said[0]["ts"], said[1]["ts"]
        assert said[0]["why"] == "rain"
        own = [each for each in orders if each["symbol"] == symbol]
        between = [each for each in own if began <= each["ts"] < ended]
        assert between
        assert {each["op"] for each in between} == {"cancel"}
        # Those that rest are cancelled at the control itself; one that is on its way, once it rests.
        latest = {each["id"]: each for each in own if each["ts"] < began}
        at_rest = {number for number, each in latest.items() if each["ts"] < began - 30_000_000}
        told = {each["id"]: each["ts"] for each in between}
        assert {told[number] for number in at_rest & told.keys()} <= {began}
        assert between[-1]["ts"] <= began + 30_000_000
        live = {each["id"] for each in own if each["ts"] < began and each["op"] == "place"}
        gone = {each["id"] for each in lines(out / "fills.jsonl") if each["symbol"] == symbol}
        gone |= {each["id"] for each in own if each["op"] == "cancel" and each["ts"] < ended}
        assert len(live - gone) == 0


@pytest.mark.parametrize("run", [graphed, fused])
def test_a_replay_with_the_recorded_controls_is_the_same_run(halted, tmp_path, run):
    out, _ = halted
    again = run(made(tmp_path / "again", *MARKET, f"run.control={out / 'control.jsonl'}"))
    assert logs(again, SAME) == logs(out, SAME)
    without = run(made(tmp_path / "without", *MARKET))
    assert logs(without, ["orders.jsonl"]) != logs(out, ["orders.jsonl"])


def test_a_run_killed_after_a_halt_goes_on_halted_and_ends_as_one_that_was_not_killed(tmp_path):
    out = tmp_path / "run"
    process = start(out, "source.speed=1", "run.checkpoint_every_s=0.3")
    try:
        wait_for(has_traded(out), "the run trades")
        assert phoenix("halt", out, "--wait", "60").returncode == 0
        process.send_signal(signal.SIGKILL)
        process.wait(60)
    finally:
        process.kill()
    told = phoenix("halt", out)
    assert told.stdout == f"{out} is not running: this holds as soon as it goes on\n"
    assert phoenix("run", "--resume", "--out", out).returncode == 0
    whole = fused(made(tmp_path / "whole", *MARKET, f"run.control={out / 'control.jsonl'}"))
    assert logs(out, SAME) == logs(whole, SAME)
    assert {json.loads(line)["to"] for line in (out / "transitions.jsonl").read_text().splitlines()} == {
        "halted"
    }


def test_a_run_begins_halted_where_the_switch_stands_before_it(tmp_path):
    out = tmp_path / "run"
    out.mkdir()
    (out / "halt").touch()
    graphed(made(out, *MARKET))
    assert (out / "orders.jsonl").read_bytes() == b""
    assert {each["what"] for each in lines(out / "control.jsonl")} == {"halt"}
    figures = json.loads((out / "summary.json").read_text())["symbols"]
    assert all(each["denied"]["operator"] > 100 for each in figures.values())


def test_what_cannot_be_done_is_said_in_a_sentence(tmp_path, halted):
    out, _ = halted
    done = phoenix("halt", tmp_path)
    assert (done.returncode, done.stderr) == (2, f"{tmp_path} holds no run\n")
    done = phoenix("halt", out, "--symbol", "XYZ")
    assert (done.returncode, done.stderr) == (2, f"{out} does not trade XYZ: BTCUSDC, ETHUSDC\n")
    there = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "flows.cli", "resume-trading"],
        cwd=tmp_path,
        env=there,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (
        2,
        "name the run: exactly one would be meant, and running are none in runs\n",
    )
    done = phoenix("run", "--out", tmp_path / "x", "--set", "run.control=nowhere.jsonl")
    assert (done.returncode, done.stderr) == (
        1,
        "run.control: nowhere.jsonl cannot be read: No such file or directory\n",
    )
