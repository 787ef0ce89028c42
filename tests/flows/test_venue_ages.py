"""What is old or silent is not quoted on, by a desk whose venue is elsewhere."""

import json
import re
import signal

import pytest

from connectors.kafka.cuts import read_cuts
from connectors.kafka.publisher import Outgoing, messages
from tests.oracles.floor import require_agreement
from tests.oracles.runs import lively, made

SYMBOLS = ("BTCUSDC", "DOGEUSDC")
HOUR_MS = 3_600_000


def test_silence_withdraws_the_quotes(floor_of):
    floor = floor_of((*lively(*SYMBOLS, seconds=60), "source.stale_after_ms=700"))
    floor.begin()
    floor.until(floor.has_traded, "nothing was filled")
    floor.kill("publisher")
    floor.until(lambda: not floor.live(), "quotes stand in a market that is silent")
    floor.kill("desk", signal.SIGTERM)
    desk, venue = floor.summary("desk"), floor.close_venue()
    assert set(desk) == set(SYMBOLS)
    for symbol, figures in desk.items():
        assert figures["position"] == venue[symbol]["position"]


@pytest.mark.parametrize("seconds", [20, pytest.param(16_000, marks=pytest.mark.long)])
def test_old_messages_rebuild_what_is_known_and_quote_nothing(floor_of, tmp_path, seconds):
    """What was old, and what is fresh, goes to the broker at once: only its stamps tell."""
    floor = floor_of((*lively("BTCUSDC", seconds=seconds), "venue.max_requests=0"))
    job = made(tmp_path / "job", *floor.market)
    stream = Outgoing(job.tape("BTCUSDC"), job.settings.symbols["BTCUSDC"].instrument)
    every = [raw for _, _, _, raw in messages(stream)]
    n_old = len(every) - 600
    old, fresh = every[:n_old], every[n_old:]
    assert seconds < 1000 or n_old > 1_000_000
    floor.broker.send_dated(floor.topic, b"BTCUSDC", old, age_ms=HOUR_MS)
    floor.open_venue()
    floor.trade("kafka.max_age_s=300")
    floor.until(floor.is_open, "the venue did not open")
    floor.until(lambda: reached(floor) >= n_old, "the backlog was not read")
    assert floor.told(floor.orders, "order")[0] == {}
    floor.broker.send_dated(floor.topic, b"BTCUSDC", fresh, age_ms=0)
    floor.wait("desk")
    desk, said = floor.summary("desk"), floor.said("desk")
    told = re.search(
        rf"{floor.topic} is ([0-9,]+) s old \(BTCUSDC\), more than kafka.max_age_s, 300 s: ", said
    )
    assert told is not None
    assert 3600 <= int(told[1].replace(",", "")) < 7200
    assert f"kafka: what comes of {floor.topic} is fresh again\n" in said
    require_agreement(floor, desk, floor.close_venue())
    (orders,) = floor.told(floor.orders, "order")[0].values()
    first_fresh = json.loads(fresh[0])["ts_recv"]
    assert orders[0]["ts"] >= first_fresh
    assert orders[0]["ts"] < first_fresh + 2_000_000_000, "what was learnt of the old market is gone"
    source = desk["BTCUSDC"]["source"]
    assert sum(source[kind] for kind in ("trades", "bests", "diffs", "marks", "snapshots")) == len(every) - 1


def reached(floor):
    """Return how many messages of the market a desk's frames hold so far."""
    path = floor.folder / "desk" / "cuts" / "BTCUSDC.bin"
    return sum(cut.n_first for cut in read_cuts(path)) if path.exists() else 0
