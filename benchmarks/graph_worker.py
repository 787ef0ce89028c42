"""The Phoenix graph over prepared tapes, as a worker process."""

import cProfile
import dataclasses
import io
import pstats
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from benchmarks.figures import ROOT, serve
from connectors.playback import Playback
from flows.driver import run_graph
from flows.market import Program, program
from operators.desk import Rules
from operators.rows import LAST
from tests.oracles.hftbacktest_peer import Feed, maker_exchange, maker_rules

SYMBOL = "BTCUSDT"
CONFIG = "symbols={BTCUSDT: {synthetic: {price: 60000}, quoting: {order_lots: 10, max_inventory_lots: 100}}}"


@dataclasses.dataclass(frozen=True)
class Prepared(Program):
    """A program whose tape lies in memory."""

    feed: Feed

    def playback(self, symbol: str) -> Playback:
        """Start at the beginning of the tape."""
        return Playback(self.feed, self.rules[symbol], maker_exchange(self.feed, 100))


def rules(mode: str) -> Rules:
    """Return the simple maker, who decides on the clock or after every message.

    `clock` has windows as long as is safe, `windows` the same decisions in windows of 10 ms.
    """
    made = maker_rules(100, partial=True, vpin=True)
    made.loop[0].on_clock_only = mode == "clock"
    made.asmm[0].on_clock_only = mode != "messages"
    return made


def run(desk: np.ndarray[Any, Any], venue: np.ndarray[Any, Any], mode: str) -> dict[str, float]:
    """Run the graph once, with its journal and a checkpoint every second."""
    feed: Any = Feed.__new__(Feed)
    feed.desk, feed.venue, feed.read_once = desk, venue, False
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        made = program(ROOT / "configs" / "phoenix.yaml", [CONFIG, "run.progress=false"], out)
        prepared = Prepared(**{**vars(made), "rules": {SYMBOL: rules(mode)}, "feed": feed})
        began = time.perf_counter()
        run_graph(prepared, resume=False)
        seconds = time.perf_counter() - began
        orders = (out / "orders.jsonl").read_bytes().count(b'"op":"place"')
        fills = (out / "fills.jsonl").read_bytes().count(b"\n")
    return {"seconds": seconds, "orders": orders, "fills": fills}


def profiled(desk: np.ndarray[Any, Any], venue: np.ndarray[Any, Any], mode: str) -> str:
    """Return where the time of a run goes."""
    profile, text = cProfile.Profile(), io.StringIO()
    profile.runcall(run, desk, venue, mode)
    pstats.Stats(profile, stream=text).sort_stats("tottime").print_stats(30)
    return text.getvalue()


def main() -> None:
    with np.load(sys.argv[1]) as tapes:
        desk, venue = tapes["desk"], tapes["venue"]
    answers = SimpleNamespace(
        run=lambda mode: run(desk, venue, mode),
        profile=lambda mode: profiled(desk, venue, mode),
        messages=lambda _mode: int(np.count_nonzero(desk["marks"] & LAST)),
    )
    serve(lambda question: getattr(answers, question[0])(question[1]))


if __name__ == "__main__":
    main()
