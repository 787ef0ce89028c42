"""A stop that comes at once: before every symbol, or any, had its first frame."""

import json
import signal

import pytest

from tests.oracles.command import bytewax_run, make_store, phoenix

AT_ONCE = "import flows.program; flows.program.Program.stop_on_signals = lambda job: job.shared.stop.set()"
"""Makes every run one that was asked to stop as soon as it listens."""
TWO = "symbols={BTCUSDC: {synthetic: {price: 62000}}, ETHUSDC: {synthetic: {price: 3400}}}"
QUOTING = "quoting={order_lots: 100, max_inventory_lots: 1000}"
SHORT = ("--set", "source.duration_s=3", "--set", TWO, "--set", QUOTING)
SAME = ("summary.json", "orders.jsonl", "fills.jsonl", "dead_letters.jsonl")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    out = tmp_path_factory.mktemp("whole") / "run"
    assert phoenix("run", "--out", out, *SHORT).returncode == 0
    return out


def bytes_of(out):
    return {name: (out / name).read_bytes() for name in SAME}


def test_a_run_stopped_at_once_says_so_for_every_symbol_and_goes_on(tmp_path, whole):
    out = tmp_path / "run"
    done = phoenix("run", "--out", out, *SHORT, code=AT_ONCE)
    assert done.returncode == 0, done.stderr
    assert f"Stopped before the end: `phoenix run --resume --out {out}` goes on" in done.stdout
    summary = json.loads((out / "summary.json").read_text())
    assert summary["stopped"] is True
    assert list(summary["symbols"]) == ["BTCUSDC", "ETHUSDC"]
    again = phoenix("run", "--resume", "--out", out, code=AT_ONCE)
    assert "Stopped before the end" in again.stdout
    assert phoenix("run", "--resume", "--out", out).returncode == 0
    assert bytes_of(out) == bytes_of(whole)
    assert bytes_of(whole)["fills.jsonl"]


@pytest.mark.parametrize("flow", ["flow", "signals"])
def test_under_bytewax_a_stop_at_once_is_told_too(tmp_path, flow):
    (tmp_path / "hasty.py").write_text(f"{AT_ONCE}\nfrom flows.phoenix import flow, signals\n")
    made = f"hasty:{flow}(None, 'source.duration_s=3', 'run.directory={tmp_path}/runs')"
    done = bytewax_run(made, *make_store(tmp_path / "store"), path=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Stopped before the end" in done.stdout


def test_the_fused_driver_stops_too_with_what_it_has(tmp_path):
    out = tmp_path / "run"
    done = phoenix("run", "--out", out, *SHORT, "--driver", "research", code=AT_ONCE)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-2:] == ["Stopped before the end", str(out)]
    summary = json.loads((out / "summary.json").read_text())
    assert summary["stopped"] is True
    assert list(summary["symbols"]) == ["BTCUSDC", "ETHUSDC"]
    again = phoenix("run", "--out", out, *SHORT, "--driver", "research")
    assert again.stderr.splitlines()[-1] == f"{out} holds a run already: name another"


def test_before_a_run_listens_an_interrupt_ends_it_without_a_word():
    early = "flows.market.program = lambda *_: os.kill(os.getpid(), signal.SIGINT)"
    done = phoenix("run", code=f"import os, signal, flows.market; {early}")
    assert done.returncode == -signal.SIGINT
    assert done.stdout + done.stderr == ""
