"""The Phoenix graph over prepared tapes, as a worker process."""

import dataclasses
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import numpy as np

from benchmarks.figures import ROOT, serve
from connectors.answers import Answers
from connectors.playback import Playback
from connectors.rounds import Rounds
from flows.driver import run_graph
from flows.market import program
from flows.program import Program
from flows.steps import AsmmStep, BookStep, RiskStep, VpinStep
from operators.desk import Rules
from operators.rows import LAST
from tests.oracles.hftbacktest_peer import Feed, maker_exchange, maker_rules

SYMBOL = "BTCUSDT"
CONFIG = "symbols={BTCUSDT: {synthetic: {price: 60000}, quoting: {order_lots: 10, max_inventory_lots: 100}}}"
PARTS = {
    "source": (Rounds, "next_batch"),
    "book": (BookStep, "take"),
    "vpin": (VpinStep, "take"),
    "asmm": (AsmmStep, "take"),
    "risk": (RiskStep, "take"),
    "sink": (Answers, "write_batch"),
}
"""What of ours a frame passes through."""


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
    feed.desk, feed.venue, feed.read_once, feed.quality = desk, venue, False, {}
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


def breakdown(desk: np.ndarray[Any, Any], venue: np.ndarray[Any, Any], mode: str) -> dict[str, float]:
    """Return where a frame's time goes, in µs; `rest` is mostly Bytewax itself."""
    spent, calls = dict.fromkeys(PARTS, 0), dict.fromkeys(PARTS, 0)

    def watched(part: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any) -> Any:
            began = time.perf_counter_ns()
            try:
                return work(*given)
            finally:
                spent[part] += time.perf_counter_ns() - began
                calls[part] += 1

        return call

    with ExitStack() as stack:
        for part, (owner, name) in PARTS.items():
            stack.enter_context(mock.patch.object(owner, name, watched(part, getattr(owner, name))))
        whole = run(desk, venue, mode)["seconds"]
    frames = calls["risk"]
    shares = {part: ns / frames / 1e3 for part, ns in spent.items()}
    return {**shares, "rest": whole * 1e6 / frames - sum(shares.values())}


def main() -> None:
    with np.load(sys.argv[1]) as tapes:
        desk, venue = tapes["desk"], tapes["venue"]
    answers = SimpleNamespace(
        run=lambda mode: run(desk, venue, mode),
        breakdown=lambda mode: breakdown(desk, venue, mode),
        messages=lambda _mode: int(np.count_nonzero(desk["marks"] & LAST)),
    )
    serve(lambda question: getattr(answers, question[0])(question[1]))


if __name__ == "__main__":
    main()
