"""What metrics cost: the default profile's graph without them, with them, and with them fetched at 1 Hz.

Ratios of whole runs say no more than the machine's noise; so the two things that are done for
metrics are timed by themselves as well: what an event adds, against the mean time of a frame,
and what a scrape takes, for 8, 15 and 64 symbols, of the second that it is done in.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.figures import ROOT, Figure
from connectors.board import Now
from connectors.metrics.exposition import Exposition
from flows.driver import run_graph
from flows.market import program
from flows.program import Program

PROFILE = ROOT / "configs" / "phoenix.yaml"
FETCH = """
import sys, time
from urllib.request import urlopen
print(flush=True)
url = sys.stdin.readline().strip()
while True:
    began = time.monotonic()
    urlopen(url).read()
    time.sleep(max(0.0, began + 1 - time.monotonic()))
"""
GRID = {"tick": "0.01", "lot": "0.001", "min_notional": "5"}
MODES = ("without", "with", "fetched")


def made(folder: str, *changes: str) -> Program:
    return program(PROFILE, ["run.progress=false", *changes], Path(folder) / "run")


def seconds(job: Program) -> float:
    """Run the graph to its end; return how long the market took."""
    run_graph(job, resume=False)
    return time.perf_counter() - job.shared.timing.began


@contextmanager
def fetching(job: Program) -> Iterator[None]:
    """Fetch its metrics once a second, by a process that has started before."""
    pipes: dict[str, Any] = {
        "stdin": subprocess.PIPE,
        "stdout": subprocess.PIPE,
        "stderr": subprocess.DEVNULL,
    }
    with subprocess.Popen([sys.executable, "-c", FETCH], text=True, **pipes) as fetcher:
        assert fetcher.stdin is not None
        assert fetcher.stdout is not None
        fetcher.stdout.readline()
        told = partial(print, file=fetcher.stdin, flush=True)
        job.shared.console.metrics_at = told  # type: ignore[method-assign]
        yield
        fetcher.kill()


def whole_runs(*, quick: bool) -> Iterator[Figure]:
    taken: dict[str, list[float]] = {mode: [] for mode in MODES}
    frame_us = []
    for run in range(2 if quick else 6):
        for mode in MODES:
            wall_s, n_frames = once(mode, 300 if quick else 1200)
            frame_us.append(wall_s * 1e6 / n_frames)
            if run > 0:
                taken[mode].append(wall_s)
    medians = {mode: statistics.median(each) for mode, each in taken.items()}
    base = medians["without"]
    noise = (max(taken["without"]) - min(taken["without"])) / base
    for mode in MODES[1:]:
        ratio = medians[mode] / base
        said = (
            f"{medians[mode]:.2f} s beside {base:.2f} s, whose runs differ by {noise:.1%}: ratio {ratio:.3f}"
        )
        yield Figure(f"metrics_cost {mode}", said, ratio)
    yield _event(statistics.median(frame_us))


def once(mode: str, duration_s: int) -> tuple[float, int]:
    """Return how long a whole run took, and of how many frames."""
    enabled = f"metrics.enabled={'false' if mode == 'without' else 'true'}"
    with tempfile.TemporaryDirectory() as folder:
        job = made(folder, enabled, f"source.duration_s={duration_s}")
        with fetching(job) if mode == "fetched" else nullcontext():
            wall_s = seconds(job)
    return wall_s, sum(times.frames for times in job.shared.timing.symbols.values())


def _event(frame_us: float) -> Figure:
    with tempfile.TemporaryDirectory() as folder:
        post = made(folder).shared.board.posts["BTCUSDC"]

    def event() -> None:
        for _ in range(1000):
            post.now = Now(1, None, None, 1, 1)

    ns = best(event) * 1e6
    share = ns / 1e3 / frame_us
    said = f"{ns:.0f} ns of the {frame_us:.0f} µs of a frame: {share:.2%}"
    return Figure("metrics_cost of an event", said, share, 0.01, at_least=False)


def best(work: Callable[[], Any], runs: int = 30) -> float:
    """Return the median time of some work, s."""
    taken = []
    for _ in range(runs):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def scrapes(n_symbols: int) -> Figure:
    symbols = {f"X{n}USDC": {"synthetic": {"price": 100 + n}, "instrument": GRID} for n in range(n_symbols)}
    usual = (
        "vpin.bucket_size=100_000",
        "vpin.min_buckets=1",
        "quoting.order_lots=1000",
        "quoting.max_inventory_lots=10_000",
        "source.duration_s=20",
    )
    with tempfile.TemporaryDirectory() as folder:
        job = made(folder, "metrics.enabled=false", *usual, f"symbols={json.dumps(symbols)}")
        run_graph(job, resume=False)
    exposition = Exposition(job.shared.board)
    n_samples = sum(not line.startswith(b"#") for line in exposition.page().splitlines())
    taken_s = best(exposition.page)
    said = f"{taken_s * 1e3:.2f} ms for {n_samples} samples: {taken_s:.2%} of a core at one a second"
    goal = 0.01 if n_symbols <= 15 else None
    return Figure(f"metrics_cost of a scrape, {n_symbols} symbols", said, taken_s, goal, at_least=False)


def measure(*, quick: bool) -> Iterator[Figure]:
    for n_symbols in (8, 15, 64):
        yield scrapes(n_symbols)
    yield from whole_runs(quick=quick)
