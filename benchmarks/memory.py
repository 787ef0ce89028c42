"""Resident memory over a day: one synthetic symbol on the 100 ms clock, through the graph, journal on disk.

Run as a program it is the run itself, in a process of its own.
"""

import dataclasses
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from benchmarks.figures import ROOT, Figure, Skipped
from connectors.progress import Progress
from flows.driver import run_graph
from flows.market import program

HOURS = 24
HOUR_NS = 3_600_000_000_000
SYMBOL = "symbols={BTCUSDC: {synthetic: {price: 95000}, quoting: {order_lots: 20, max_inventory_lots: 300}}}"
STATUS = Path("/proc/self/status")


def measure(*, quick: bool) -> Iterator[Figure]:
    if not STATUS.is_file():
        raise Skipped(f"{STATUS} is absent: only Linux tells the resident size as it is now")
    hours = 3 if quick else HOURS
    command = [sys.executable, "-m", "benchmarks.memory", str(hours)]
    began = time.perf_counter()
    sizes = msgspec.json.decode(
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout, type=list[float]
    )
    seconds = time.perf_counter() - began
    first, end = sizes[0], sizes[-1]
    said = (
        f"{first:.1f} MB after the first hour, {end:.1f} MB after {hours} hours, "
        f"most {max(sizes):.1f} MB ({seconds:.0f} s): ratio {end / first:.3f}"
    )
    yield Figure("memory", said, end / first, 1.1, at_least=False)


def resident_mb() -> float:
    """Return what of this process is in memory now, in MB of 10⁶ bytes."""
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) * 1024 / 1e6


class Hourly(Progress):
    """Looks at the memory when an hour of event time has passed."""

    def __init__(self) -> None:
        super().__init__(None)
        self.first_seen_ns = 0
        self.sizes: list[float] = []

    def note(self, _symbol: str, ts_ns: int, *_counts: int) -> None:
        self.first_seen_ns = self.first_seen_ns or ts_ns
        if ts_ns - self.first_seen_ns >= (len(self.sizes) + 1) * HOUR_NS:
            self.sizes.append(resident_mb())


def _run(hours: int) -> list[float]:
    """Return the size after each hour, and at the end, the logs merged."""
    hourly = Hourly()
    seconds = f"source.duration_s={hours * 3600}"
    with tempfile.TemporaryDirectory() as folder:
        made = program(ROOT / "configs" / "phoenix.yaml", [SYMBOL, seconds], Path(folder) / "run")
        run_graph(
            dataclasses.replace(made, shared=made.shared._replace(progress=hourly)),
            resume=False,
        )
    return [*hourly.sizes, resident_mb()]


if __name__ == "__main__":
    sys.stdout.write(msgspec.json.encode(_run(int(sys.argv[1]))).decode())
