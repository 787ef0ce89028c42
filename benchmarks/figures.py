"""What every benchmark prints with: figures, goals, and where things are."""

import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
WORK = ROOT / ".cache" / "benchmarks"
"""Scratch: converted tapes, and runs that are deleted again."""


class Skipped(Exception):
    """Something that a benchmark needs is absent; the message says what."""


class Figure(NamedTuple):
    """One measured number, and the number to reach."""

    what: str
    said: str
    value: float
    goal: float | None = None
    at_least: bool = True

    def __str__(self) -> str:
        """Say it on one line."""
        if self.goal is None:
            return f"{self.what}: {self.said}"
        sign = "≥" if self.at_least else "≤"
        good = self.value >= self.goal if self.at_least else self.value <= self.goal
        verdict = "reached" if good else "NOT reached"
        return f"{self.what}: {self.said} (goal {sign} {self.goal:g}: {verdict})"


def capture() -> Path:
    """Return the BTCUSDT capture: under PHOENIX_DATA, or ../shared/data beside the checkout."""
    data = Path(os.environ.get("PHOENIX_DATA") or SHARED / "data")
    path = data / "raw" / "binance_usdm_btcusdt_20240808.gz"
    if not path.is_file():
        raise Skipped(f"{path} is absent (PHOENIX_DATA names the folder of recordings)")
    return path


class Worker:
    """A Python process that answers lines of JSON: each contender has one, and they run in turn."""

    def __init__(
        self, arguments: Sequence[str | Path], folder: Path = ROOT, python: str | Path = sys.executable
    ) -> None:
        command = [str(python), *map(str, arguments)]
        environment = {**os.environ, "PYTHONPATH": str(folder)}
        self.process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def ask(self, question: object) -> Any:
        """Return the answer to one question."""
        self.tell(question)
        return self.hear()

    def tell(self, question: object) -> None:
        """Ask, and do not wait."""
        assert self.process.stdin is not None
        self.process.stdin.write(msgspec.json.encode(question) + b"\n")
        self.process.stdin.flush()

    def hear(self) -> Any:
        """Wait for the answer."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.process.args!r} ended without an answer")
        return msgspec.json.decode(line)

    def close(self) -> None:
        """Let it end."""
        self.process.communicate(timeout=60)


def serve(answer: Callable[[Any], object]) -> None:
    """Answer every line of standard input: the other end of a `Worker`."""
    for line in sys.stdin:
        sys.stdout.write(msgspec.json.encode(answer(msgspec.json.decode(line))).decode() + "\n")
        sys.stdout.flush()


def median_of(answers: Iterable[dict[str, Any]], key: str) -> float:
    """Return the median of one field."""
    return statistics.median(answer[key] for answer in answers)


def percentile(sorted_values: Sequence[float], share: float) -> float:
    """Return the value that this share of all is not above."""
    return sorted_values[min(len(sorted_values) - 1, int(share * len(sorted_values)))]
