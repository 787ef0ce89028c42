"""From an idle shell to the end of a second of market by the fused driver, its rules compiled before.

Imports are most of it: the largest are named, by what they take themselves.
"""

import collections
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.figures import ROOT, Figure

SYMBOL = "symbols={BTCUSDC: {synthetic: {price: 95000}, quoting: {order_lots: 20, max_inventory_lots: 300}}}"
OPTIONS = ("--driver", "research", "--set", "source.duration_s=1", "--set", SYMBOL)
NAMED = 8


def measure(*, quick: bool) -> Iterator[Figure]:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        seconds = [_run(out / str(run)) for run in range(4 if quick else 10)][1:]
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        _, report = _start(out / "imports", "-X", "importtime")
    spent = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
    processor = spent / (len(seconds) + 1)
    yield Figure(
        "warm_start",
        f"{statistics.median(seconds):.2f} s, best {min(seconds):.2f} s; {processor:.2f} s of processor",
        statistics.median(seconds),
        1.0,
        at_least=False,
    )
    largest = sorted(_by_package(report).items(), key=lambda item: -item[1])[:NAMED]
    yield Figure("warm_start imports", ", ".join(f"{name} {ms:.0f} ms" for name, ms in largest), 0.0)


def _run(out: Path) -> float:
    return _start(out)[0]


def _start(out: Path, *flags: str) -> tuple[float, Sequence[str]]:
    command = [sys.executable, *flags, "-m", "flows.cli", "run", "--out", str(out), *OPTIONS]
    began = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return time.perf_counter() - began, done.stderr.splitlines()


def _by_package(report: Sequence[str]) -> dict[str, float]:
    """Sum what each package's modules took, without what they imported, in ms."""
    sums: dict[str, float] = collections.defaultdict(float)
    for line in report:
        own, _, name = line.removeprefix("import time:").split("|") if line.count("|") == 2 else ("", "", "")
        if own.strip().isdigit():
            sums[name.strip().partition(".")[0]] += int(own) / 1e3
    return sums
