"""VPIN's share of a core in the whole graph: eight symbols, 125 trades a second each, in real time.

Frames of one trade arrive one a millisecond at the default profile's graph. The clock runs while
Bytewax is in the step `vpin`: all of our code there, with the signed companions that it also
reads, and whatever else had the core meanwhile. Its sum over the time that passed is the share.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import Any
from unittest import mock

from bytewax._bytewax import cli_main
from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition
from bytewax.outputs import DynamicSink, StatelessSinkPartition
from bytewax.recovery import RecoveryConfig, init_db_dir

from benchmarks.figures import ROOT, Figure
from benchmarks.vpin_tape import make_tape, rows_of
from connectors.shared import Frame
from flows.lift import Lifted
from flows.market import program
from flows.phoenix import graph
from flows.program import Program
from flows.steps import VpinStep
from operators.measure import VpinMeasure
from operators.rows import Rows

SYMBOLS = 8
TRADES_PER_S = 1000
"""Of all symbols together."""
WARM = 1000
"""Trades before the clock counts: the first of each symbol makes its records."""
WATCHED = (
    ("step", Lifted, "on_batch"),
    ("step", Lifted, "snapshot"),
    ("measure", VpinMeasure, "on_frame"),
)
PAST = datetime(2000, 1, 1, tzinfo=UTC)
SPIN_NS = 300_000


class Trickle(StatefulSourcePartition[Any, None]):
    """Releases a trade a millisecond, to each symbol in turn."""

    def __init__(self, frames: Iterator[Any], warm: Callable[[], None]) -> None:
        self.frames, self.warm, self.n, self.began = frames, warm, 0, time.perf_counter_ns()

    def next_batch(self) -> Iterable[Any]:
        if self.n == WARM:
            self.warm()
            self.began = time.perf_counter_ns() - WARM * 1_000_000_000 // TRADES_PER_S
        due = self.began + self.n * 1_000_000_000 // TRADES_PER_S
        while (left := due - time.perf_counter_ns()) > 0:
            if left > SPIN_NS:
                time.sleep((left - SPIN_NS) * 1e-9)
        self.n += 1
        return [next(self.frames)]

    def next_awake(self) -> datetime | None:
        return PAST

    def snapshot(self) -> None:
        return None


class TrickleSource(FixedPartitionedSource[Any, None]):
    def __init__(self, build: Callable[[], Trickle]) -> None:
        self.build = build

    def list_parts(self) -> list[str]:
        return ["trades"]

    def build_part(self, _step_id: str, _for_part: str, _resume_state: None) -> Trickle:
        return self.build()


class Nowhere(StatelessSinkPartition[Any]):
    def write_batch(self, items: list[Any]) -> None:
        """Drop them."""


class NoSink(DynamicSink[Any]):
    def build(self, _step_id: str, _index: int, _count: int) -> Nowhere:
        return Nowhere()


def frames(symbols: list[str], rows: Rows) -> Iterator[Any]:
    """Deal one-row frames out, numbered as each symbol's are."""
    for i in range(len(rows)):
        symbol = symbols[i % len(symbols)]
        yield symbol, (symbol, Frame(i // len(symbols) + 1, rows[i : i + 1], ()))


class Watch:
    """The time spent in the step, and in the measure within it."""

    def __init__(self) -> None:
        self.spent = {"step": 0, "measure": 0}
        self.since = 0

    def begin(self) -> None:
        """Forget what was spent on the way here."""
        self.spent = dict.fromkeys(self.spent, 0)
        self.since = time.perf_counter_ns()

    def over(self, part: str, work: Callable[..., Any]) -> Callable[..., Any]:
        """Return the same work, timed where the step is VPIN's."""

        def call(owner: Any, *given: Any) -> Any:
            began = time.perf_counter_ns()
            result = work(owner, *given)
            if part == "measure" or isinstance(owner.step, VpinStep):
                self.spent[part] += time.perf_counter_ns() - began
            return result

        return call


def run(made: Program, seconds: int) -> dict[str, float]:
    """Return the shares of a core."""
    watch, n = Watch(), WARM + seconds * TRADES_PER_S
    symbols = list(made.rules)[:SYMBOLS]
    source = TrickleSource(lambda: Trickle(frames(symbols, rows_of(make_tape(n))), watch.begin))
    with ExitStack() as stack:
        for part, owner, name in WATCHED:
            stack.enter_context(mock.patch.object(owner, name, watch.over(part, getattr(owner, name))))
        folder = stack.enter_context(TemporaryDirectory())
        init_db_dir(Path(folder), 1)
        cli_main(
            graph(made, source, NoSink()),
            epoch_interval=timedelta(seconds=1),
            recovery_config=RecoveryConfig(folder),
        )
    passed = time.perf_counter_ns() - watch.since
    return {part: spent / passed for part, spent in watch.spent.items()}


def measure(*, quick: bool) -> Iterator[Figure]:
    seconds = 5 if quick else 20
    out = Path(gettempdir()) / "never-made"
    made = program(ROOT / "configs" / "phoenix.yaml", ["run.progress=false"], out)
    assert len(made.rules) >= SYMBOLS
    shares = run(made, seconds)
    said = f"{shares['step']:.2%} of a core in the step, {shares['measure']:.2%} of it in VPIN itself"
    what = f"vpin_in_graph {SYMBOLS} symbols × {TRADES_PER_S // SYMBOLS} trades/s for {seconds} s"
    yield Figure(what, said, shares["step"], 0.05, at_least=False)
