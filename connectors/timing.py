"""How long things took by the wall clock: `timing.json`, which differs from run to run."""

import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

EXACT_BITS: Final = 4
STEPS: Final = 1 << (EXACT_BITS - 1)
"""Durations are counted in eight steps per doubling, so that a quantile is at most 12.5 % too high."""


def step_of(ns: int) -> int:
    """Return the number of the step that a duration falls into; up to 15 ns each has its own.

    >>> [step_of(ns) for ns in (0, 15, 16, 17, 18, 1000)]
    [0, 15, 16, 16, 17, 63]
    """
    shift = max(0, ns.bit_length() - EXACT_BITS)
    return shift * STEPS + (ns >> shift)


def end_of(step: int) -> int:
    """Return the longest duration of a step, ns.

    >>> [end_of(step) for step in (0, 15, 16, 17, 63)]
    [0, 15, 17, 19, 1023]
    """
    shift = max(0, step // STEPS - 1)
    return ((step - shift * STEPS + 1) << shift) - 1


@dataclass
class Times:
    """One symbol's frames: from release by the source until the answer is logged and posted."""

    rows: int = 0
    """Of the tape, as far as it was read."""
    frames: int = 0
    total_ns: int = 0
    first_ns: int | None = None
    """The first also makes every step and opens the logs. None where single frames are not timed."""
    worst_ns: int | None = None
    """Of the others."""
    steps: dict[int, int] = field(default_factory=dict)

    def note(self, ns: int) -> None:
        """Take in one frame; the order is what lets `copied` tell when it is half done."""
        if self.first_ns is None:
            self.first_ns = ns
        else:
            if self.worst_ns is None or ns > self.worst_ns:
                self.worst_ns = ns
            step = step_of(ns)
            self.steps[step] = self.steps.get(step, 0) + 1
        self.total_ns += ns
        self.frames += 1

    def copied(self) -> tuple[int, int, dict[int, int]]:
        """Return how many frames there were, their total, ns, and how many fell into each step.

        All of it is as of one frame, whoever notes more meanwhile; the first is among them.
        """
        while True:
            frames, total_ns = self.frames, self.total_ns
            first_ns, steps = self.first_ns, dict(self.steps)
            if first_ns is None:
                return frames, total_ns, steps
            step = step_of(first_ns)
            steps[step] = steps.get(step, 0) + 1
            if sum(steps.values()) == frames:
                return frames, total_ns, steps
            time.sleep(0)

    def quantile_ns(self, share: float) -> int | None:
        """Return what this share of the frames did not exceed; at most 12.5 % too high."""
        if self.worst_ns is None:
            return None
        seen, needed = 0, share * (self.frames - 1)
        for step in sorted(self.steps):
            seen += self.steps[step]
            if seen >= needed:
                return min(end_of(step), self.worst_ns)
        return self.worst_ns

    def figures(self) -> dict[str, object]:
        """Return what `timing.json` says of a symbol, in microseconds."""
        mean = self.total_ns / self.frames if self.frames else None
        return {
            "frames": self.frames,
            "rows": self.rows,
            "mean_us": _us(mean),
            "first_us": _us(self.first_ns),
            "p50_us": _us(self.quantile_ns(0.5)),
            "p99_us": _us(self.quantile_ns(0.99)),
            "worst_us": _us(self.worst_ns),
        }


class Timing:
    """The wall clock of one process's part of a run."""

    def __init__(self) -> None:
        self.driver = "graph"
        self.symbols: dict[str, Times] = {}
        self.began = time.perf_counter()
        self.copied_ns: int | None = None
        """When state was last copied for a checkpoint, by the clock of performance."""

    def begin(self) -> None:
        """Start the clock: what came before was preparation."""
        self.began = time.perf_counter()

    def note_checkpoint(self) -> None:
        """Take in that state is being copied for a checkpoint."""
        self.copied_ns = time.perf_counter_ns()

    def checkpoint_age_s(self) -> float | None:
        """Return how long ago that was; None where it never was."""
        return None if self.copied_ns is None else (time.perf_counter_ns() - self.copied_ns) / 1e9

    def of(self, symbol: str) -> Times:
        """Return one symbol's times."""
        return self.symbols.setdefault(symbol, Times())

    def write(self, directory: Path) -> None:
        """Write `timing.json`."""
        wall_s = time.perf_counter() - self.began
        rows = sum(times.rows for times in self.symbols.values())
        figures = {
            "driver": self.driver,
            "wall_s": round(wall_s, 3),
            "rows": rows,
            "rows_per_s": round(rows / max(wall_s, 1e-9)),
            "symbols": {symbol: self.symbols[symbol].figures() for symbol in sorted(self.symbols)},
        }
        (directory / "timing.json").write_text(json.dumps(figures, indent=2) + "\n")


def _us(ns: float | None) -> float | None:
    return None if ns is None else round(ns / 1000, 1)
