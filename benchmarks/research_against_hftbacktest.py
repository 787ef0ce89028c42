"""The fused driver beside hftbacktest: the same events, in one process in turn.

Two of our makers against hftbacktest's simple one: the same simple maker, with VPIN, accounts, KPIs, risk
and partial fills on; and the whole maker of `configs/replay.yaml`, which quotes by GLFT from a calibration
that is kept online besides. hftbacktest fills whole orders. Needs the BTCUSDT capture and hftbacktest.
"""

import contextlib
import io
import statistics
import time
from collections.abc import Iterator
from typing import Any

from benchmarks.figures import ROOT, Figure, Skipped, capture
from configs.load import load
from configs.rules import rules_for
from connectors.playback import Playback
from flows.research import run_tape
from operators.desk import Rules

WHOLE = (
    "source.path=never-read",
    "source.market=binance_usdm",
    "symbols=[BTCUSDT]",
    "quoting.decide=clock",
    "book.on_cross=newer_wins",
)


def whole_maker() -> Rules:
    """Return everything that the replay profile has, deciding every 100 ms."""
    settings = load(ROOT / "configs" / "replay.yaml", WHOLE)
    return rules_for(settings.symbols["BTCUSDT"], settings.source)


def measure(*, quick: bool) -> Iterator[Figure]:
    source = capture()
    try:
        from tests.oracles import hftbacktest_peer as peer  # noqa: PLC0415 - it may be absent
    except ImportError as error:
        raise Skipped(f"hftbacktest cannot be imported ({error})") from None
    with contextlib.redirect_stdout(io.StringIO()):
        events = peer.tiled_events(source)
    simple, whole = peer.maker_rules(100, partial=True, vpin=True), whole_maker()
    makers: dict[str, list[float]] = {"theirs": [], "simple": [], "whole": []}
    for run in range(4 if quick else 9):
        taken = {
            "theirs": _timed(lambda: peer.run_hftbacktest(events, 100)),
            "simple": _play(peer, events, simple),
            "whole": _play(peer, events, whole),
        }
        if run > 0:
            for name, seconds in taken.items():
                makers[name].append(seconds)
    theirs = statistics.median(makers["theirs"])
    for name, goal in (("simple", 2.5), ("whole", 2.0)):
        ours = statistics.median(makers[name])
        said = f"{len(events) / ours / 1e6:.2f} M rows/s, hftbacktest {len(events) / theirs / 1e6:.2f} M"
        what = f"research_against_hftbacktest, {name} maker"
        yield Figure(what, f"{said}: ratio {theirs / ours:.2f}", theirs / ours, goal)


def _timed(work: Any) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _play(peer: Any, events: Any, rules: Rules) -> float:
    """Play the tape, which is made anew outside of the time: it is used up."""
    feed = peer.Feed(events)
    playback = Playback(feed, rules, peer.maker_exchange(feed, 100))
    return _timed(lambda: run_tape(playback, lambda _logs: None))
