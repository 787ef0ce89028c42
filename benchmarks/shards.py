"""Two shards against one process: the same market, read directly and from a topic of four partitions.

Every run is timed from the moment that the first process begins until the last one has ended, each with
its rules loaded before. One process and two take turns; the figure is a ratio of medians. Where others
work on the machine too, two processes suffer more from it than one does: what the ratio would be on
processors of their own follows from the processor time that each took.
"""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.figures import ROOT, Figure, Skipped, Worker, median_of
from benchmarks.shard_worker import PROFILE
from flows.publishing import send
from tests.oracles.broker import Broker, NoBroker, start

GOAL = 1.8
PARTITIONS = 4


def measure(*, quick: bool = False) -> Iterator[Figure]:
    seconds, n_runs = (120, 3) if quick else (600, 7)
    market = [f"source.duration_s={seconds}"]
    workers = [Worker([ROOT / "benchmarks" / "shard_worker.py"]) for _ in range(2)]
    try:
        for worker in workers:
            worker.ask([*market, "source.duration_s=2"])
        yield _compared("synthetic", workers, market, n_runs)
        with tempfile.TemporaryDirectory() as folder:
            yield _compared("from a topic", workers, [*market, *_published(Path(folder), market)], n_runs)
    finally:
        for worker in workers:
            worker.close()


def _published(folder: Path, market: list[str]) -> list[str]:
    """Return the settings that read the same market from a topic."""
    try:
        broker = Broker(os.environ.get("PHOENIX_KAFKA_BOOTSTRAP") or start(folder, os.getpid()))
    except NoBroker as reason:
        raise Skipped(reason) from None
    topic = broker.topic(PARTITIONS)
    there = f"kafka.bootstrap={broker.bootstrap}"
    send(PROFILE, [*market, there], topic)
    return ["source.kind=kafka", there, f"kafka.topic={topic}"]


def _compared(what: str, workers: list[Worker], settings: list[str], n_runs: int) -> Figure:
    one, two = [], []
    for _ in range(n_runs):
        one.append(_together(workers[:1], [settings]))
        two.append(_together(workers, [[*settings, f"run.shard={k}/2"] for k in (1, 2)]))
    assert {each["rows"] for each in (*one, *two)} == {one[0]["rows"]}
    alone, both = (each[0]["rows"] / median_of(each, "seconds") for each in (one, two))
    free = median_of(one, "worked") / median_of(two, "worked")
    rates = f"{both:,.0f} rows/s against {alone:,.0f}, {n_runs} runs each"
    said = f"{both / alone:.2f} × ({rates}); by processor time {free:.2f} ×"
    return Figure(f"two shards against one process, {what}", said, both / alone, GOAL)


def _together(workers: list[Worker], settings: list[list[str]]) -> dict[str, Any]:
    """Run at the same time."""
    for worker, own in zip(workers, settings, strict=True):
        worker.tell(own)
    answers = [worker.hear() for worker in workers]
    began, ended = min(each["began"] for each in answers), max(each["ended"] for each in answers)
    return {
        "rows": sum(each["rows"] for each in answers),
        "seconds": ended - began,
        "worked": max(each["worked"] for each in answers),
    }
