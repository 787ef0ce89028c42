"""Two runs brought onto the time they share: what every instant added to each of a symbol's sums."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from flows.reporting.numbers import at
from flows.reporting.reading import SymbolRun
from flows.reporting.series import Floats

SUMS: Final[Mapping[str, tuple[str, ...]]] = {
    "pnl_after_fees": ("pnl_after_fees",),
    "spread_capture": ("pnl", "spread_capture"),
    "adverse_selection": ("pnl", "adverse_selection"),
    "inventory": ("pnl", "inventory"),
    "fees": ("pnl", "fees"),
    "funding": ("pnl", "funding"),
    "traded": ("traded",),
    "fills": ("fills",),
    "accepted": ("accepted",),
    "filled": ("filled",),
}
"""What grows with time, and where the summary has its last word on it."""


class Shared(NamedTuple):
    """Several runs of the same symbols over the time that all of them saw."""

    ts_ns: NDArray[np.int64]
    sample_s: float
    whole: bool
    """All of them ended at the same instant, so nothing of any is left out."""
    sums: list[dict[str, Floats]]
    """Of each run: what every instant added, by name."""
    same_mid: float
    """Share of the instants at which the market was where it was in the first run."""


def shared(runs: Sequence[Sequence[SymbolRun]]) -> Shared | None:
    """Return what runs of the same symbols, in the same order, have in common; None if that is nothing."""
    sampled = [
        symbol for run in runs for symbol in run if symbol.series is not None and symbol.grid is not None
    ]
    if len(sampled) < sum(map(len, runs)) or not sampled:
        return None
    step_ns = max(symbol.grid.sample_ns for symbol in sampled if symbol.grid)
    firsts = [min(_ends(symbol)[0] for symbol in run) for run in runs]
    lasts = [max(_ends(symbol)[1] for symbol in run) for run in runs]
    ts = np.arange(-(-min(firsts) // step_ns) * step_ns, min(lasts) + 1, step_ns)
    if len(ts) < 2 or max(firsts) > min(lasts):  # noqa: PLR2004 - a change needs two values
        return None
    ended = [tuple(symbol.figures.get("last_ns") for symbol in run) for run in runs]
    whole = len(set(ended)) == 1 and lasts[0] <= max(int(last or 0) for last in ended[0])
    return Shared(ts, step_ns / 1e9, whole, [_added(run, ts, whole) for run in runs], _same_mid(runs, ts))


def _ends(symbol: SymbolRun) -> tuple[int, int]:
    ts = (symbol.series or {})["ts_ns"]
    return int(ts[0]), int(ts[-1])


def as_of(symbol: SymbolRun, name: str, ts: NDArray[np.int64]) -> Floats:
    """Return a column as it was at these instants; 0 before the symbol's first sample."""
    series = symbol.series or {}
    where = np.searchsorted(series["ts_ns"], ts, side="right") - 1
    found: Floats = np.where(where < 0, 0.0, series[name][np.maximum(where, 0)])
    return found


def _added(run: Sequence[SymbolRun], ts: NDArray[np.int64], whole: bool) -> dict[str, Floats]:
    """The last word of the summaries is one instant more, if all runs have it at the same time."""
    found = {}
    for name, path in SUMS.items():
        grown = np.sum([as_of(symbol, name, ts) for symbol in run], axis=0)
        if whole:
            grown = np.append(grown, sum(float(at(symbol.figures, path)) for symbol in run))
        found[name] = np.diff(grown, prepend=0.0)
    found |= {name: np.append(column, [0.0] * whole) for name, column in _held(run, ts).items()}
    found["squares"] = found["pnl_after_fees"] ** 2
    found["instants"] = np.ones(len(found["squares"]))
    return found


def _held(run: Sequence[SymbolRun], ts: NDArray[np.int64]) -> dict[str, Floats]:
    both, toxic, counted = (np.zeros(len(ts)) for _ in range(3))
    for symbol in run:
        level = as_of(symbol, "level", ts)
        both += as_of(symbol, "both_live", ts)
        toxic += level > _threshold(symbol, ts)
        counted += np.isfinite(level) & (ts >= _ends(symbol)[0])
    return {
        "both_live": both,
        "toxic": toxic,
        "counted": counted,
        "watched": np.full(len(ts), float(len(run))),
    }


def _threshold(symbol: SymbolRun, ts: NDArray[np.int64]) -> Floats:
    """It may have been set anew while the run went on."""
    begins, values = symbol.steps("vpin", "threshold")
    found: Floats = np.array(values)[np.searchsorted(begins, ts, side="right") - 1]
    return found


def _same_mid(runs: Sequence[Sequence[SymbolRun]], ts: NDArray[np.int64]) -> float:
    same = np.ones(len(ts), bool)
    for run in runs[1:]:
        for ours, theirs in zip(runs[0], run, strict=True):
            first, other = as_of(ours, "mid", ts), as_of(theirs, "mid", ts)
            same &= (first == other) | (np.isnan(first) & np.isnan(other))
    return float(same.mean())
