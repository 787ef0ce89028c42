"""Figures of several runs in one: their equity, how far it parts, and what they held and saw."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from connectors.run_summary import quote_of
from flows.reporting.drawing import CYCLE, GREY, Clock, Figure, Trace, in_time, level, line
from flows.reporting.earnings import MONEY, ending
from flows.reporting.reading import Run, SymbolRun
from flows.reporting.series import Floats
from flows.reporting.shared_time import as_of

ALONE: dict[str, tuple[str, str, str, int]] = {
    "position": ("Inventory", "What each run held; long is positive.", "base asset", 8),
    "vpin": (
        "VPIN",
        "What each run read; the same tape read with the same settings gives the same line.",
        "VPIN",
        4,
    ),
    "multiplier": ("Spread multiplier", "What toxicity multiplied the half spread by.", "×", 4),
}


def compared_figures(runs: Sequence[Run], names: list[str], clock: Clock, key: str) -> list[Figure]:
    """Return the figures of some symbols, together."""
    symbols = [[run.symbols[name] for name in names] for run in runs]
    if any(symbol.series is None for some in symbols for symbol in some):
        said = "One of these runs holds no samples, so nothing can be drawn over time."
        return [Figure(f"{key}-pnl", "PnL after fees", "", [], {}, said, wide=True)]
    found = _equity(symbols, clock, key, quote_of(names[0]) or "quote currency")
    if len(names) == 1:
        found += [_alone([some[0] for some in symbols], name, clock, key) for name in ALONE]
    return found


def _instants(symbols: Sequence[Sequence[SymbolRun]]) -> NDArray[np.int64]:
    each: list[NDArray[np.int64]] = [
        symbol.series["ts_ns"] for some in symbols for symbol in some if symbol.series
    ]
    return np.unique(np.concatenate(each))


def _equity(symbols: Sequence[Sequence[SymbolRun]], clock: Clock, key: str, unit: str) -> list[Figure]:
    ts = _instants(symbols)
    whole: list[Floats] = [
        np.sum([as_of(each, "pnl_after_fees", ts) for each in some], axis=0) for some in symbols
    ]
    last = [max(int(each.figures["last_ns"]) for each in some) for some in symbols]
    ended = [np.where(ts > until, np.nan, equity) for until, equity in zip(last, whole, strict=True)]
    lines, gaps = list[Trace](), list[Trace]()
    for n, (some, equity) in enumerate(zip(symbols, ended, strict=True)):
        until, values = ts, equity
        if len(some) == 1:
            until, values = ending(some[0], ts, equity, some[0].figures["pnl_after_fees"])
        style = {"name": chr(ord("A") + n), "colour": CYCLE[n % len(CYCLE)]}
        lines.append(line(clock, until, values, MONEY, **style, width=1.8))
        if n:
            gaps.append(line(clock, ts, equity - ended[0], MONEY, **style | {"name": f"{style['name']} − A"}))
    gaps.append(level(clock, ts, 0.0, "no difference", GREY))
    said = "Equity of each run, which began at 0, after fees and funding."
    apart = "How much more each run had earned than A until then."
    return [
        Figure(f"{key}-pnl", "PnL after fees", said, lines, in_time(unit), wide=True),
        Figure(f"{key}-gap", "Difference", apart, gaps, in_time(unit)),
    ]


def _alone(symbols: Sequence[SymbolRun], name: str, clock: Clock, key: str) -> Figure:
    title, said, unit, digits = ALONE[name]
    traces = [
        line(
            clock,
            symbol.series["ts_ns"],
            symbol.series[name],
            digits,
            name=chr(ord("A") + n),
            colour=CYCLE[n % len(CYCLE)],
        )
        for n, symbol in enumerate(symbols)
        if symbol.series is not None
    ]
    return Figure(
        f"{key}-{name}", title, said, traces, in_time(unit), f"{title} never counted in these runs."
    )
