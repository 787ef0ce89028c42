"""The promises of a run: the same bytes twice, by either driver, for every cut, and after any kill."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOGS = ("orders.jsonl", "fills.jsonl", "dead_letters.jsonl", "summary.json", "config.yaml")
PHOENIX = [sys.executable, "-m", "flows.cli", "run"]


def start(out: Path, *options: str) -> subprocess.Popen[bytes]:
    command = [*PHOENIX, "--out", str(out), *options]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def finish(out: Path, *options: str) -> Path:
    process = start(out, *options)
    _, errors = process.communicate(timeout=240)
    assert process.returncode == 0, errors.decode()
    return out


def logs(out: Path) -> dict[str, bytes]:
    return {name: (out / name).read_bytes() for name in LOGS}


def short(seconds: float) -> tuple[str, ...]:
    quick = ("--set", "run.report=false", "--set", "metrics.enabled=false")
    return ("--set", f"source.duration_s={seconds}", "--set", "run.checkpoint_every_s=0.1", *quick)


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """The default profile, uninterrupted."""
    return finish(tmp_path_factory.mktemp("whole") / "run", *short(600))


def test_a_run_trades_every_symbol(whole):
    orders = (whole / "orders.jsonl").read_text().splitlines()
    fills = (whole / "fills.jsonl").read_text().splitlines()
    assert len(orders) > 1000
    assert len(fills) > 1000
    symbols = {line.split('"symbol":"')[1].split('"')[0] for line in fills}
    assert len(symbols) == 8


def test_a_second_run_and_the_fused_driver_give_the_same_bytes(whole, tmp_path):
    again = finish(tmp_path / "again", *short(600))
    fused = finish(tmp_path / "fused", *short(600), "--driver", "research")
    assert logs(again) == logs(whole)
    assert logs(fused) == logs(whole)


def kill_until(number: int, whole: Path, folder: Path, signals: tuple[int, ...]) -> int:
    """Kill and resume runs until so many kills have hit, and compare each run at its end."""
    chance, kills, runs = random.Random(5), 0, 0
    while kills < number:
        out = folder / f"run{runs}"
        runs += 1
        process = start(out, *short(600))
        while True:
            seen = time.monotonic()
            base = written(out)
            while process.poll() is None and written(out) == base and time.monotonic() - seen < 60:
                time.sleep(0.002)
            time.sleep(chance.random() * 0.5)
            if process.poll() is not None or kills == number:
                break
            process.send_signal(chance.choice(signals))
            process.communicate(timeout=60)
            kills += 1
            resume = ("--resume",) if (out / "config.yaml").exists() else short(600)
            process = start(out, *resume)
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors.decode()
        assert logs(out) == logs(whole)
    return kills


def written(out: Path) -> int:
    return sum(path.stat().st_size for path in (out / "orders").glob("*.jsonl"))


def test_twenty_kills_at_random_moments_change_nothing(whole, tmp_path):
    assert kill_until(20, whole, tmp_path, (signal.SIGKILL,)) == 20


def test_a_graceful_stop_and_a_kill_in_turn_change_nothing(whole, tmp_path):
    assert kill_until(10, whole, tmp_path, (signal.SIGTERM, signal.SIGINT, signal.SIGKILL)) == 10


def bytewax_run(flow: str, *options: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "bytewax.run", flow, *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, check=False, timeout=240)


def test_two_workers_and_the_module_give_the_same_bytes(tmp_path):
    few = ("source.duration_s=12",)
    one = finish(tmp_path / "one", "--set", few[0])
    flow = f"flows.phoenix:flow(None, '{few[0]}', 'run.directory={tmp_path}/two')"
    done = bytewax_run(flow, "-w", "2", "-s", "1")
    assert done.returncode == 0, done.stderr.decode()
    two = next((tmp_path / "two").iterdir())
    names = ("orders.jsonl", "fills.jsonl", "summary.json")
    assert {name: (two / name).read_bytes() for name in names} == {
        name: (one / name).read_bytes() for name in names
    }


def test_an_interpreted_prefix_gives_the_same_bytes(tmp_path):
    options = (
        "--driver",
        "research",
        "--set",
        "source.duration_s=3",
        "--set",
        "symbols={BTCUSDC: {synthetic: {price: 62000}, quoting: {order_lots: 30, max_inventory_lots: 300}}}",
    )
    compiled = finish(tmp_path / "compiled", *options)
    command = [*PHOENIX, "--out", str(tmp_path / "plain"), *options]
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr.decode()
    assert logs(tmp_path / "plain") == logs(compiled)
    assert (compiled / "orders.jsonl").stat().st_size > 0


def test_a_recording_gives_the_same_bytes_by_either_driver(data, tmp_path):
    capture = data / "raw" / "binance_usdm_btcusdt_20240808.gz"
    options = ("--config", "configs/replay.yaml", "--set", f"source.path={capture}")
    graph = finish(tmp_path / "graph", *options)
    fused = finish(tmp_path / "fused", *options, "--driver", "research")
    assert logs(graph) == logs(fused)
    assert len((graph / "fills.jsonl").read_text().splitlines()) > 10


def test_under_bytewax_a_checkpoint_of_other_settings_is_refused(tmp_path):
    store = tmp_path / "store"
    store.mkdir()
    subprocess.run([sys.executable, "-m", "bytewax.recovery", str(store), "1"], check=True, cwd=ROOT)
    store_options = ("-r", str(store), "-s", "1", "-b", "0")
    first = f"flows.phoenix:flow(None, 'source.duration_s=12', 'run.directory={tmp_path}/runs')"
    assert bytewax_run(first, *store_options).returncode == 0
    other = f"flows.phoenix:flow(None, 'source.duration_s=13', 'run.directory={tmp_path}/runs')"
    refused = bytewax_run(other, *store_options)
    assert refused.returncode != 0
    assert b"this checkpoint was made by configuration" in refused.stderr


def test_a_paced_replay_takes_its_time_and_gives_the_same_bytes(tmp_path):
    fast = finish(tmp_path / "fast", *short(6))
    began = time.monotonic()
    paced = finish(tmp_path / "paced", *short(6), "--speed", "3")
    assert time.monotonic() - began >= 1.8, (
        "six seconds at three times real time, less what trails the last frame"
    )
    names = ("orders.jsonl", "fills.jsonl", "summary.json")
    assert [(fast / name).read_bytes() for name in names] == [(paced / name).read_bytes() for name in names]


def test_an_existing_run_is_never_overwritten(whole):
    process = start(whole, *short(600))
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert b"holds a run already" in errors


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--set", "vpin.threshold=1.7"), b"vpin.threshold"),
        (("--config", "nowhere.yaml"), b"nowhere.yaml"),
        (("--driver", "fast"), b"graph or research"),
        (("--resume",), b"--resume"),
    ],
)
def test_a_wrong_command_is_one_sentence(tmp_path, options, sentence):
    process = start(tmp_path / "run", *options)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 2
    assert sentence in errors
    assert b"Traceback" not in errors
