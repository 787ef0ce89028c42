"""Graph and fused driver, compiled and interpreted, over every kind of recording: the same bytes."""

import os
import subprocess
import sys

import pytest

from tests.oracles.raw_market import SYMBOL, make_market, write_tables
from tests.oracles.runs import (
    QUIET,
    REPLAY,
    ROOT,
    capture,
    first_rows,
    fused,
    graphed,
    lines,
    lively,
    logs,
    made,
    prefix,
    replaying,
)


def both(tmp_path, *options, **config):
    """Run by either driver; return where the logs are, which are the same."""
    graph, fuse = (made(tmp_path / name, *options, **config) for name in ("graph", "fused"))
    assert logs(graphed(graph)) == logs(fused(fuse))
    return tmp_path / "graph"


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_synthetic_markets(tmp_path, seed):
    out = both(tmp_path, *lively("BTCUSDC", "DOGEUSDC", "ETHUSDC", seconds=5), f"source.seed={seed}")
    assert len(lines(out / "fills.jsonl")) > 10


def test_a_recording_whole_or_packed_is_one_market(tmp_path):
    told = []
    for packed in (False, True):
        path = capture(tmp_path / f"testusdt{packed}", n_diffs=300, packed=packed)
        out = both(tmp_path / str(packed), *replaying(path), config=REPLAY)
        told.append([(line["ts"], line["price"]) for line in lines(out / "fills.jsonl")])
    assert told[0] == told[1]
    assert len(told[0]) > 10


@pytest.fixture
def two_recordings(tmp_path):
    """One symbol as lines, another as tables, of the same hours."""
    raw = capture(tmp_path / "testusdt.gz", n_diffs=200)
    tables = write_tables(tmp_path / "binance_usdm_otherusdt_20231114", make_market(seed=9, n_diffs=200))
    grid = '{"instrument": {"tick": "0.1", "lot": "0.001"}}'
    return (f"source.path=[{raw}, {tables}]", f'symbols={{"{SYMBOL}": {grid}, "OTHERUSDT": {grid}}}')


def test_lines_and_tables_of_two_symbols_at_once(tmp_path, two_recordings):
    out = both(tmp_path, *replaying(tmp_path / "testusdt.gz"), *two_recordings, config=REPLAY)
    assert {line["symbol"] for line in lines(out / "fills.jsonl")} == {SYMBOL, "OTHERUSDT"}
    alone = fused(made(tmp_path / "alone", *replaying(tmp_path / "testusdt.gz"), config=REPLAY))
    mine = [without_id(line) for line in lines(out / "fills.jsonl") if line["symbol"] == SYMBOL]
    assert mine == [without_id(line) for line in lines(alone / "fills.jsonl")]


def test_two_symbols_in_one_file_are_traded_without_dead_letters(tmp_path):
    other = make_market(seed=9, n_diffs=200, snapshots=())
    text = [(one.recv, one.line()) for one in make_market(seed=4, n_diffs=200, keep_truth=False).sent]
    text += [(one.recv, renamed(one.line())) for one in other.sent]
    path = tmp_path / "both.txt"
    path.write_bytes(b"".join(line for _, line in sorted(text)))
    grid = '{"instrument": {"tick": "0.1", "lot": "0.001"}}'
    symbols = f'symbols={{"{SYMBOL}": {grid}, "OTHERUSDT": {grid}}}'
    out = both(tmp_path, *replaying(path), symbols, config=REPLAY)
    assert (out / "dead_letters.jsonl").read_bytes() == b""
    assert {line["symbol"] for line in lines(out / "fills.jsonl")} == {SYMBOL, "OTHERUSDT"}


def renamed(line):
    return line.replace(b"TESTUSDT", b"OTHERUSDT").replace(b"testusdt", b"otherusdt")


def without_id(line):
    """Drop the order's name: it begins with the configuration's."""
    return {key: value for key, value in line.items() if key != "id"}


def test_two_captures_at_once(data, tmp_path):
    paths = [
        prefix(data / "raw" / f"binance_usdm_{name}_20240808.gz", tmp_path / f"{name}.txt", 8000)
        for name in ("btcusdt", "ethusdt")
    ]
    near = ("quoting.min_half_spread_bps=0.3", "quoting.requote_ticks=0")
    out = both(tmp_path, QUIET, f"source.path=[{paths[0]}, {paths[1]}]", *near, config=REPLAY)
    assert {line["symbol"] for line in lines(out / "orders.jsonl")} == {"BTCUSDT", "ETHUSDT"}


THIN = (
    "quoting.order_lots=1000",
    "quoting.max_inventory_lots=10000",
    "quoting.requote_ticks=0",
    "quoting.clock_ms=10000",
    "vpin.bucket_size=20000",
)


@pytest.mark.parametrize(
    ("name", "seconds", "settings"),
    [
        ("binance_usdm_btcusdt_20240808", 30, ()),
        ("binance_usdm_btcusdt_20230405", 120, ()),
        ("binance_spot_nexousdt_20240723", 5400, THIN),
    ],
)
def test_recorded_tables(data, tmp_path, name, seconds, settings):
    folder = first_rows(data / "tables" / name, tmp_path, seconds)
    out = both(tmp_path, QUIET, f"source.path={folder}", *settings, config=REPLAY)
    assert len(lines(out / "orders.jsonl")) > 20


def interpreted(out, *options, config):
    """Run by the fused driver in a process without compilation."""
    changes = [word for option in options for word in ("--set", option)]
    command = [sys.executable, "-m", "flows.cli", "run", "--driver", "research", "--config", str(config)]
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run(
        [*command, "--out", str(out), *changes], cwd=ROOT, env=environment, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return out


def test_an_interpreted_replay_gives_the_same_bytes(tmp_path):
    options = replaying(capture(tmp_path / "testusdt.gz", n_diffs=60))
    compiled = fused(made(tmp_path / "compiled", *options, config=REPLAY))
    assert logs(interpreted(tmp_path / "plain", *options, config=REPLAY)) == logs(compiled)
    assert len(lines(compiled / "orders.jsonl")) > 20


def test_an_interpreted_prefix_of_a_capture_gives_the_same_bytes(data, tmp_path):
    path = prefix(data / "raw" / "binance_usdm_btcusdt_20240808.gz", tmp_path / "btcusdt.txt", 600)
    options = (QUIET, f"source.path={path}", "quoting.requote_ticks=0")
    compiled = fused(made(tmp_path / "compiled", *options, config=REPLAY))
    assert logs(interpreted(tmp_path / "plain", *options, config=REPLAY)) == logs(compiled)
    assert len(lines(compiled / "orders.jsonl")) > 5
