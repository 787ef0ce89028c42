"""Source to sink, one-row frames at 1000 a second: the graph beside the same graph with empty steps."""

import statistics
from collections.abc import Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from benchmarks.figures import Figure
from benchmarks.live import Schedule, empty_graph, replay, stream, timed
from flows.phoenix import graph

FIRST = 300_000
"""Rows that build the book and fill the buckets of volume."""
STEP_NS = 1_000_000


def measure(*, quick: bool) -> Iterator[Figure]:
    made = replay()
    n = 2000 if quick else 5000
    rows = stream(made)[: FIRST + n]
    due = np.maximum(0, np.arange(len(rows)) - FIRST) * STEP_NS
    schedule = Schedule(rows, FIRST, due, 1)
    ours, empty = [], []
    for run in range(2 if quick else 6):
        full, bare = timed(schedule, partial(graph, made)), timed(schedule, empty_graph)
        if run > 0:
            ours.append(_percentiles(full))
            empty.append(_percentiles(bare))
    (a50, a99), (b50, b99) = _medians(ours), _medians(empty)
    said = f"p50 {a50:.0f} µs, p99 {a99:.0f} µs; empty steps p50 {b50:.0f} µs, p99 {b99:.0f} µs"
    yield Figure("latency", f"{said}: ratio of p99 {a99 / b99:.2f}", a99 / b99, 5.0, at_least=False)


def _percentiles(elapsed_ns: NDArray[np.int64]) -> tuple[float, float]:
    return float(np.percentile(elapsed_ns, 50)) / 1e3, float(np.percentile(elapsed_ns, 99)) / 1e3


def _medians(runs: list[tuple[float, float]]) -> tuple[float, float]:
    return statistics.median(run[0] for run in runs), statistics.median(run[1] for run in runs)
