"""However time is cut into windows, a maker that acts on its fills at once trades the same."""

import pytest

from tests.oracles.runs import (
    QUIET,
    REPLAY,
    capture,
    fused,
    graphed,
    lines,
    lively,
    logs,
    made,
    prefix,
    replaying,
    windowed,
)

MS = 1_000_000
WINDOWS = [1 * MS, 3_300_000, 10 * MS]
"""Up to entry + response latency, which is what 0 stands for."""
MARKETS = lively("BTCUSDC", "DOGEUSDC", "ETHUSDC", seconds=6)


def acts_on_fills(out):
    """Say whether the maker asked for something in the very row that told it of a fill."""
    asked = {(line["symbol"], line["ts"]) for line in lines(out / "orders.jsonl")}
    return sum((line["symbol"], line["ts"]) in asked for line in lines(out / "fills.jsonl"))


@pytest.fixture(scope="module")
def safe(tmp_path_factory):
    return fused(made(tmp_path_factory.mktemp("safe") / "run", *MARKETS))


def test_the_maker_acts_on_fills(safe):
    assert acts_on_fills(safe) > 20


@pytest.mark.parametrize("window_ns", WINDOWS)
@pytest.mark.parametrize("drive", [fused, graphed])
def test_a_synthetic_market_is_traded_alike_in_every_window(safe, tmp_path, window_ns, drive):
    assert logs(drive(windowed(made(tmp_path / "run", *MARKETS), window_ns))) == logs(safe)


@pytest.mark.parametrize("latencies", [(0, 8), (7, 2), (1, 0)])
def test_whatever_the_latencies_the_longest_safe_window_is_one_of_them(tmp_path, latencies):
    entry, response = latencies
    late = (f"venue.entry_latency_ms={entry}", f"venue.response_latency_ms={response}")
    longest = fused(made(tmp_path / "longest", *MARKETS, *late))
    short = fused(windowed(made(tmp_path / "short", *MARKETS, *late), 700_000))
    assert logs(short) == logs(longest)
    assert acts_on_fills(longest) > 10


def test_decisions_on_the_clock_alone_are_traded_alike_too(tmp_path):
    clocked = lively("BTCUSDC", "ETHUSDC", seconds=20, clock=True)
    longest = fused(made(tmp_path / "longest", *clocked))
    short = fused(windowed(made(tmp_path / "short", *clocked), 3_300_000))
    assert logs(short) == logs(longest)
    assert len(lines(longest / "fills.jsonl")) > 20


def replays_alike(tmp_path, options):
    longest = fused(made(tmp_path / "longest", *options, config=REPLAY))
    for window_ns in WINDOWS:
        out = tmp_path / str(window_ns)
        assert logs(fused(windowed(made(out, *options, config=REPLAY), window_ns))) == logs(longest)
    return longest


def test_a_replay_is_traded_alike_in_every_window(tmp_path):
    longest = replays_alike(tmp_path, replaying(capture(tmp_path / "testusdt.gz", n_diffs=600)))
    assert acts_on_fills(longest) > 10


def test_a_recorded_replay_is_traded_alike_in_every_window(data, tmp_path):
    path = prefix(data / "raw" / "binance_usdm_btcusdt_20240808.gz", tmp_path / "btcusdt.txt", 20_000)
    options = (QUIET, f"source.path={path}", "quoting.min_half_spread_bps=0.2", "quoting.requote_ticks=0")
    longest = replays_alike(tmp_path, options)
    assert acts_on_fills(longest) > 5
