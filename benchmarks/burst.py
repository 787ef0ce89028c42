"""The busiest second of the capture replayed in real time: each message from its arrival to the sink.

A frame holds whatever has arrived since the last one.
"""

import statistics
from collections.abc import Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from benchmarks.figures import Figure
from benchmarks.live import Schedule, replay, stream, timed
from flows.phoenix import graph
from operators.desk import FRAME
from operators.rows import CLOCK, LAST, Rows

SECOND = 1_000_000_000


def measure(*, quick: bool) -> Iterator[Figure]:
    made = replay()
    rows = stream(made)
    first, until = busiest_second(rows)
    received = np.asarray(rows)["ts_recv"][:until]
    due = np.where(np.arange(until) < first, 0, received - received[first])
    schedule = Schedule(rows[:until], first, due, FRAME)
    ends = ends_message(rows)[first:until]
    worst, p99 = [], []
    for run in range(2 if quick else 6):
        elapsed_ms = timed(schedule, partial(graph, made))[ends] / 1e6
        if run > 0:
            worst.append(float(elapsed_ms.max()))
            p99.append(float(np.percentile(elapsed_ms, 99)))
    figure = statistics.median(p99)
    said = f"{np.count_nonzero(ends)} messages in a second, p99 {figure:.2f} ms, worst {max(worst):.2f} ms"
    yield Figure("burst", said, figure, 5.0, at_least=False)


def ends_message(rows: Rows) -> NDArray[np.bool_]:
    """Say which rows end one of the market's messages."""
    plain = np.asarray(rows)
    return ((plain["marks"] & LAST) != 0) & (plain["kind"] < CLOCK)


def busiest_second(rows: Rows) -> tuple[int, int]:
    """Return the first row of the busiest second received, and the first row after it."""
    received = np.asarray(rows)["ts_recv"]
    counted = np.concatenate(([0], np.cumsum(ends_message(rows))))
    after = np.searchsorted(received, received + SECOND)
    first = int(np.argmax(counted[after] - counted[:-1]))
    return first, int(after[first])
