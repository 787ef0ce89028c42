"""Rows that arrive by the wall clock, as from a live market, and how long each takes to the sink.

The rows are what a closed loop over the BTCUSDT capture hands to the desk, its own reports among
them: released again at their times, the desk decides as it did there. A row's time begins when it
is due, so a graph that falls behind is charged for what waits.
"""

import tempfile
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import bytewax.operators as op
import numpy as np
from bytewax._bytewax import cli_main
from bytewax.dataflow import Dataflow
from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition
from bytewax.outputs import FixedPartitionedSink, StatefulSinkPartition
from bytewax.recovery import RecoveryConfig, init_db_dir
from numpy.typing import NDArray

from benchmarks.figures import ROOT, capture
from connectors.shared import Frame
from flows.lift import lift
from flows.market import program
from flows.program import Program
from flows.steps import Step
from operators.desk import desk_on_rows, open_desk, open_sheet
from operators.outbox import open_outbox
from operators.rows import Row, Rows

SYMBOL = "BTCUSDT"
PAST = datetime(2000, 1, 1, tzinfo=UTC)
SPIN_NS = 300_000
"""Sleep is not to be trusted with the last of a wait."""
LEAD_NS = 100_000_000
"""Between the first frame, which is large, and what is timed."""


class Schedule(NamedTuple):
    """Rows, when each is due after the start, and how many a frame takes at most."""

    rows: Rows
    first: int
    """Rows before this one come at once, in the first frame: they build the book."""
    due_ns: NDArray[np.int64]
    per_frame: int


class Timing(NamedTuple):
    """What source and sink write down: the rows of each frame, and when it reached the sink."""

    began_ns: list[int]
    starts: list[int]
    arrived_ns: list[int]


class Timed(StatefulSourcePartition[Any, int]):
    """Releases what is due; it waits in `next_batch`, as for a queue, so nothing cools down."""

    def __init__(self, schedule: Schedule, timing: Timing) -> None:
        self.schedule, self.timing, self.cursor = schedule, timing, 0

    def next_batch(self) -> Iterable[Any]:
        schedule = self.schedule
        if self.cursor == 0:
            until = schedule.first
            self.timing.began_ns.append(0)
        elif self.cursor == len(schedule.rows):
            raise StopIteration
        else:
            until = self._wait()
        self.timing.starts.append(self.cursor)
        rows = schedule.rows[self.cursor : until]
        self.cursor = until
        return [(SYMBOL, (SYMBOL, Frame(len(self.timing.starts), rows, ())))]

    def _wait(self) -> int:
        """Return how far the rows are due, at least one of them."""
        due, began = self.schedule.due_ns, self.timing.began_ns
        if began[0] == 0:
            began[0] = time.perf_counter_ns() + LEAD_NS
        wanted = began[0] + int(due[self.cursor])
        while (left := wanted - time.perf_counter_ns()) > 0:
            if left > SPIN_NS:
                time.sleep((left - SPIN_NS) * 1e-9)
        reached = int(np.searchsorted(due, time.perf_counter_ns() - began[0], side="right"))
        return min(max(reached, self.cursor + 1), self.cursor + self.schedule.per_frame)

    def next_awake(self) -> datetime | None:
        return PAST

    def snapshot(self) -> int:
        return self.cursor


class Arrivals(StatefulSinkPartition[Any, None]):
    """Writes down when each frame's answer came."""

    def __init__(self, timing: Timing) -> None:
        self.arrived_ns = timing.arrived_ns

    def write_batch(self, items: list[Any]) -> None:
        now = time.perf_counter_ns()
        self.arrived_ns.extend([now] * len(items))

    def snapshot(self) -> None:
        return None


class TimedSource(FixedPartitionedSource[Any, int]):
    def __init__(self, build: Callable[[], Timed]) -> None:
        self.build = build

    def list_parts(self) -> list[str]:
        return [SYMBOL]

    def build_part(self, _step_id: str, _for_part: str, _resume_state: int | None) -> Timed:
        return self.build()


class TimedSink(FixedPartitionedSink[Any, None]):
    def __init__(self, timing: Timing) -> None:
        self.timing = timing

    def list_parts(self) -> list[str]:
        return [SYMBOL]

    def build_part(self, _step_id: str, _for_part: str, _resume_state: None) -> Arrivals:
        return Arrivals(self.timing)


class Empty(Step):
    """Hands on what it takes, in the form that the next step wants."""

    def __init__(self, make: Callable[[Any], Any]) -> None:
        self.make = make

    def take(self, item: Any) -> Any:
        return self.make(item)

    def dump(self) -> bytes:
        return b""


def empty_graph(source: TimedSource, sink: TimedSink) -> Dataflow:
    """Return the graph's operators around steps that do nothing."""
    flow = Dataflow("empty")
    frames = op.input("source", flow, source)
    tops = lift("book", frames, lambda *_: Empty(lambda frame: (True, frame.number, frame)))
    readings = lift("vpin", frames, lambda *_: Empty(lambda frame: (False, frame.number, frame)))
    views = op.merge("branches", tops, readings)
    quotes = lift("asmm", views, lambda *_: Empty(lambda item: item[2] if item[0] else None))
    answers = lift("risk", quotes, lambda *_: Empty(lambda frame: frame))
    op.output("venue", answers, sink)
    return flow


def replay() -> Program:
    """Return the replay profile over the capture."""
    out = Path(tempfile.gettempdir()) / "never-made"
    return program(ROOT / "configs" / "replay.yaml", [f"source.path={capture()}", "run.progress=false"], out)


def stream(made: Program) -> Rows:
    """Return all rows that a closed loop over the capture hands to the desk."""
    playback, desk, sheet = made.playback(SYMBOL), open_desk(), open_sheet()
    frames, requests = [], Row.table(0)
    while (rows := playback.play(requests)) is not None:
        outbox = open_outbox(len(rows))
        desk_on_rows(desk, made.rules[SYMBOL], rows, sheet, outbox)
        requests = outbox.requests[: outbox.counts[0].requests]
        frames.append(np.asarray(rows.copy()))
    whole: Any = np.concatenate(frames).view(Row.dtype)
    return whole


def timed(schedule: Schedule, made: Callable[[TimedSource, TimedSink], Dataflow]) -> NDArray[np.int64]:
    """Run a graph by the wall clock, a checkpoint every second; return each row's ns to the sink."""
    timing = Timing([], [], [])
    flow = made(TimedSource(lambda: Timed(schedule, timing)), TimedSink(timing))
    with tempfile.TemporaryDirectory() as folder:
        init_db_dir(folder, 1)
        cli_main(flow, epoch_interval=timedelta(seconds=1), recovery_config=RecoveryConfig(folder))
    starts = np.array([*timing.starts, len(schedule.rows)])
    arrived = np.repeat(np.array(timing.arrived_ns), np.diff(starts))[schedule.first :]
    return arrived - timing.began_ns[0] - schedule.due_ns[schedule.first :]
