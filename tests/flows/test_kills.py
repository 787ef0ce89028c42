"""Runs killed at any moment and gone on with, by 1 and 2 workers: the bytes of a run that was left alone."""

import gzip
import json

import pytest

from tests.oracles.kills import kill_until
from tests.oracles.runs import (
    LOGS,
    PROFILE,
    QUIET,
    REPLAY,
    capture,
    fused,
    lines,
    lively,
    logs,
    made,
    prefix,
    replaying,
)

MARKETS = lively("BTCUSDC", "DOGEUSDC", "ETHUSDC", seconds=4)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return fused(made(tmp_path_factory.mktemp("whole") / "run", *MARKETS))


@pytest.mark.parametrize(("workers", "number"), [((2,), 4), ((1, 2), 8)])
def test_kills_of_two_workers_and_of_one_and_two_in_turn_change_nothing(whole, tmp_path, workers, number):
    assert len(lines(whole / "fills.jsonl")) > 15
    for out in kill_until(number, tmp_path, MARKETS, PROFILE, workers, 0.2):
        assert logs(out) == logs(whole)


def test_kills_change_no_markout_no_share_of_time_and_no_ratio(tmp_path):
    market = lively("BTCUSDC", "ETHUSDC", seconds=45)
    whole = fused(made(tmp_path / "whole", *market))
    figures = json.loads((whole / "summary.json").read_text())["symbols"]["BTCUSDC"]
    assert figures["markouts"]["30s"]["fills"] > 5
    assert figures["sharpe"]["changes"] > 40
    for out in kill_until(4, tmp_path, market, PROFILE, (1, 2), 0.4):
        assert logs(out) == logs(whole)


MESSY = (
    *lively("BTCUSDC", "ETHUSDC", seconds=8),
    "quoting.levels=2",
    "quoting.level_step_ticks=3",
    "orders.life_s=0.7",
    "orders.unknown_after_ms=150",
    "venue.entry_latency_table_ms=[1, 2, 5, 30]",
    "venue.response_latency_table_ms=[1, 4, 20]",
    "venue.lose_share=0.03",
    "venue.repeat_share=0.05",
    "venue.swap_share=0.05",
    "venue.outage_every_s=2",
    "venue.outage_for_s=0.2",
    "venue.reject_share=0.02",
    "venue.max_requests=400",
    "risk.orders_per_s=100",
    "risk.total_drawdown=2",
    "risk.on_loss=reduce",
)
"""A bad venue, several quotes a side, orders that expire, and losses that trip a limit."""


def test_kills_amid_a_bad_venue_lost_reports_and_a_loss_change_nothing(tmp_path):
    names = (*LOGS, "transitions.jsonl", "control.jsonl")
    whole = fused(made(tmp_path / "whole", *MESSY))
    figures = json.loads((whole / "summary.json").read_text())["symbols"]
    assert {each["to"] for each in lines(whole / "transitions.jsonl")} >= {"reducing"}
    assert all(each["fills"] > 5 and not each["faults"] for each in figures.values())
    for out in kill_until(8, tmp_path, MESSY, PROFILE, (1, 1, 2), 0.15):
        assert logs(out, names) == logs(whole, names)


def test_kills_of_a_replay_change_nothing_and_tell_each_dead_letter_once(tmp_path):
    path = capture(tmp_path / "testusdt.txt", n_diffs=900, packed=False)
    text = path.read_bytes().splitlines(keepends=True)
    for n in range(50, len(text), 97):
        text.insert(n, b"no message: %d\n" % n)
    path.write_bytes(gzip.compress(b"".join(text), 1))
    options = replaying(path, "quoting.requote_ticks=0")
    whole = logs(fused(made(tmp_path / "whole", *options, config=REPLAY)))
    assert whole["dead_letters.jsonl"].count(b"no message: ") > 20
    assert whole["fills.jsonl"].count(b"\n") > 30
    for out in kill_until(8, tmp_path, options, REPLAY, (1,), 0.15):
        assert logs(out) == whole


def test_kills_of_a_recorded_replay_change_nothing(data, tmp_path):
    path = prefix(data / "raw" / "binance_usdm_btcusdt_20240808.gz", tmp_path / "btcusdt.txt", 6000)
    options = (QUIET, f"source.path={path}")
    whole = logs(fused(made(tmp_path / "whole", *options, config=REPLAY)))
    assert whole["orders.jsonl"].count(b"\n") > 100
    for out in kill_until(6, tmp_path, options, REPLAY, (1, 1, 2), 0.15):
        assert logs(out) == whole
