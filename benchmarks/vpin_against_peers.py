"""VPIN's ns per trade beside other packages', and the largest error of each against the exact series.

One tape of a million seeded trades (`benchmarks/vpin_tape.py`), in turn in one run: batch is
arrays in and values out, streaming one call per trade from Python. The packages want another NumPy
than Numba does, so they run in a worker under a Python of their own: PHOENIX_PEERS_PYTHON, or
.venv-peers beside the checkout, which `make bench-peers` fills. Slow ones get fewer trades.
docs/vpin_peers.md says what each computes differently.
"""

import math
import os
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.figures import ROOT, WORK, Figure, Worker
from benchmarks.vpin_tape import BUCKET_LOTS, N_BUCKETS, N, Tape, make_tape, rows_of
from operators.kernel import Cell
from operators.rows import LAST, TRADE, Row
from operators.toxicity import Reading, Vpin, VpinParams
from operators.vpin import vpin_on_frame
from operators.vpin_columns import Columns, vpin_of_columns

BATCHES = {"wickra": N, "vpin-lab": 50_000, "vpin-lab, split": 50_000, "flowrisk": 5000}
BATCHES["orderflow-metrics"] = 50_000
STREAMS = {"wickra": N, "vpin-lab": 1000, "flowrisk": 5000}
UNITS = (0.1, 0.0001)
"""Lots that wickra gets as decimals, too: it adds floats."""
REPEATS = 3
"""Of the quick batches, in each round: they are over before a neighbour's burst is."""
EXACT = 1e-12
Answers = list[dict[str, Any]]


class Ours:
    """Phoenix in this process: every way in."""

    def __init__(self, tape: Tape) -> None:
        self.tape, self.rows = tape, rows_of(tape)
        self.readings = Reading.table(len(self.rows))
        self.columns = Columns(tape.ts_ns, tape.price_ticks, tape.size_lots, tape.side)
        self.setup = VpinParams.cell(
            enabled=1, bucket_steps=BUCKET_LOTS, n_buckets=N_BUCKETS, min_buckets=1, fallback=math.nan
        )

    def batch(self) -> dict[str, float]:
        """Columns in, values out; everything is made within."""
        began = time.perf_counter()
        values, _ = vpin_of_columns(self.setup, self.columns)
        return self._answer(time.perf_counter() - began, values)

    def frame(self) -> dict[str, float]:
        """The kernel in a compiled loop over rows that are there, as in the fused driver."""
        vpin = Vpin.cell()
        began = time.perf_counter()
        vpin_on_frame(vpin, self.setup, self.rows, self.readings)
        return self._answer(time.perf_counter() - began, np.asarray(self.readings)["value"])

    def stream(self) -> dict[str, float]:
        """One frame of one row per call from Python, as the graph's step does at its slowest."""
        columns = [column.tolist() for column in self.columns]
        take = one_by_one(self.setup)
        began = time.perf_counter()
        values = [take(*trade) for trade in zip(*columns, strict=True)]
        return self._answer(time.perf_counter() - began, np.array(values))

    def _answer(self, seconds: float, values: Any) -> dict[str, float]:
        known = self.tape.n_closed > 0
        error = float(np.abs(values - self.tape.exact)[known].max())
        return {"ns": seconds / len(values) * 1e9, "error": error}


def one_by_one(setup: Cell[VpinParams]) -> Callable[..., float]:
    """Return what takes one trade in and returns the value."""
    vpin, rows, readings = Vpin.cell(), Row.table(1), Reading.table(1)
    plain: Any = np.asarray(rows)
    plain["kind"], plain["marks"] = TRADE, LAST
    names = ("ts_recv", "price_ticks", "size_lots", "side")
    at, ticks, lots, side = (plain[name] for name in names)
    value = np.asarray(readings)["value"]

    def take(ts_ns: int, price_ticks: int, size_lots: int, aggressor: int) -> float:
        at[0], ticks[0], lots[0], side[0] = ts_ns, price_ticks, size_lots, aggressor
        vpin_on_frame(vpin, setup, rows, readings)
        return float(value[0])

    return take


class Contender(NamedTuple):
    """One way to the values, and on how many trades it is measured."""

    name: str
    way: str
    n: int
    ask: Callable[[], Any]


def peers_python() -> Path:
    """Return the Python that has the peers, which may be absent."""
    return Path(os.environ.get("PHOENIX_PEERS_PYTHON") or ROOT / ".venv-peers" / "bin" / "python")


def measure(*, quick: bool) -> Iterator[Figure]:
    tape = make_tape()
    ours = Ours(tape)
    contenders = [Contender("phoenix", way, N, getattr(ours, way)) for way in ("batch", "frame", "stream")]
    python, worker = peers_python(), None
    if not python.is_file():
        yield missing("peers", f"{python} is absent (`make bench-peers` makes it)")
    else:
        worker = Worker([ROOT / "benchmarks" / "peers_worker.py", saved(tape)], python=python)
        for name in BATCHES:
            version = worker.ask(("version", name))
            if isinstance(version, str):
                contenders += ways_of(worker, name, version)
            else:
                yield missing(name, version["problem"])
    contenders.sort(key=lambda each: (-each.n, each.way))
    found: dict[Contender, Answers] = {each: [] for each in contenders}
    for run in range(3 if quick else 8):
        for each in contenders:
            answers = [each.ask() for _ in range(REPEATS if each.way == "batch" and each.n == N else 1)]
            if run > 0:
                found[each] += answers
    yield from said(found)
    if worker is not None:
        yield from decimals(worker)
        worker.close()


def saved(tape: Tape) -> Path:
    """Write the tape where the worker reads it."""
    WORK.mkdir(parents=True, exist_ok=True)
    path = WORK / "vpin_tape.npz"
    np.savez(path, bucket_lots=BUCKET_LOTS, n_buckets=N_BUCKETS, **tape._asdict())
    return path


def ways_of(worker: Worker, name: str, version: str) -> Iterator[Contender]:
    package, _, rest = name.partition(",")
    for way, trades in (("batch", BATCHES), ("stream", STREAMS)):
        if name in trades:
            ask = partial(worker.ask, (way, name, trades[name]))
            yield Contender(f"{package} {version}{rest}", way, trades[name], ask)


def said(found: dict[Contender, Answers]) -> Iterator[Figure]:
    """Return a line per contender, and how the quickest two compare."""
    ns: dict[str, float] = {}
    for each, answers in found.items():
        problem = next((answer["problem"] for answer in answers if "problem" in answer), None)
        if problem:
            yield missing(f"{each.name} {each.way}", problem)
            continue
        value = ns[f"{each.name} {each.way}"] = statistics.median(answer["ns"] for answer in answers)
        error = max(answer["error"] for answer in answers)
        goal = EXACT if each.name == "phoenix" else None
        text = f"{value:,.0f} ns/trade over {each.n:,} trades, largest error {error:.2g}{notes(answers[0])}"
        yield Figure(f"vpin_against_peers {each.name} {each.way}", text, error, goal, at_least=False)
    quick = next((value for name, value in ns.items() if name.startswith("wickra") and "batch" in name), None)
    if quick is not None:
        ratio = quick / ns["phoenix batch"]
        yield Figure("vpin_against_peers batch, wickra's time over ours", f"{ratio:.2f}", ratio, 1.0)


def notes(answer: dict[str, Any]) -> str:
    share = answer.get("exactly", 1.0)
    text = "" if share == 1.0 else f", {share:.3%} of the values exact"
    return text + (f", {answer['silent']} values missing" if answer.get("silent") else "")


def decimals(worker: Worker) -> Iterator[Figure]:
    for unit in UNITS:
        answer = worker.ask(("in_units", "wickra", N, unit))
        if "problem" not in answer:
            text = f"largest error {answer['error']:.2g}{notes(answer)}"
            yield Figure(f"vpin_against_peers wickra, a lot written as {unit}", text, answer["error"])


def missing(name: str, reason: str) -> Figure:
    return Figure(f"vpin_against_peers {name}", f"skipped: {reason}", math.nan)
