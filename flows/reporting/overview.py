"""Figures of a whole run: every symbol at once."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from connectors.run_summary import TARGETS, quote_of
from flows.reporting.drawing import (
    AMBER,
    BLUE,
    CYCLE,
    GREEN,
    INK,
    RED,
    Clock,
    Figure,
    Layout,
    Trace,
    in_time,
    line,
    plain,
)
from flows.reporting.earnings import MONEY, ending
from flows.reporting.reading import Run, SymbolRun
from flows.reporting.series import Floats
from flows.reporting.words import aim, wanted

COLUMNS: Final = 240
"""Of the map of toxicity."""
LAG_US: Final = 100_000
"""What an answer should not take longer than, µs."""
NAMES: Final = {
    "fill_rate": ("Fill rate", "The venue accepted no order."),
    "adverse_selection_rate": ("Adverse selection rate", "There were no fills old enough to look at."),
    "toxic_share": ("Toxic share of time", "VPIN never counted in this run."),
}
HEAT: Final = [[0, "#f3f4f6"], [0.5, "#fde68a"], [0.7, "#f59e0b"], [0.9, "#dc2626"], [1, "#7f1d1d"]]


def overview(run: Run, clock: Clock) -> list[Figure]:
    """Return the figures that stand before those of single symbols."""
    found = [_target(run, name) for name in NAMES]
    sampled = [symbol for symbol in run.symbols.values() if symbol.series is not None and symbol.traded]
    if len(run.symbols) > 1:
        found = [_earned(sampled, clock), _heat(sampled, clock), *found]
    return [*found, _latency(run)]


def grid_of(symbols: list[SymbolRun]) -> tuple[np.ndarray[Any, np.dtype[np.int64]], dict[str, Floats]]:
    """Return a grid of instants that all symbols share, and each one's equity as of them."""
    every = max(symbol.grid.sample_ns for symbol in symbols if symbol.grid is not None)
    spans = [(symbol.series["ts_ns"][0], symbol.series["ts_ns"][-1]) for symbol in symbols if symbol.series]
    ts = np.arange(min(first for first, _ in spans), max(last for _, last in spans) + 1, every)
    found = {}
    for symbol in symbols:
        assert symbol.series is not None  # noqa: S101 - for the type checker: only such are asked for
        where = np.searchsorted(symbol.series["ts_ns"], ts, side="right") - 1
        equity = symbol.series["pnl_after_fees"]
        found[symbol.name] = np.where(where < 0, 0.0, equity[np.maximum(where, 0)])
    return ts, found


def _earned(symbols: list[SymbolRun], clock: Clock) -> Figure:
    quotes = {quote_of(symbol.name) for symbol in symbols}
    said = "Equity of every symbol, which began at 0, after fees and funding."
    traces: list[Trace] = []
    if symbols:
        ts, equity = grid_of(symbols)
        for symbol, colour in zip(symbols, _colours(len(symbols)), strict=True):
            until, values = ending(symbol, ts, equity[symbol.name], symbol.figures["pnl_after_fees"])
            traces.append(line(clock, until, values, MONEY, name=symbol.name, colour=colour, width=1.1))
        if len(quotes) == 1 and len(symbols) > 1:
            whole = sum(equity.values(), np.zeros(len(ts)))
            traces.append(line(clock, ts, whole, MONEY, name="all together", colour=INK, width=2.6))
    layout = in_time(quotes.pop() or "quote currency" if len(quotes) == 1 else "quote currency of each")
    return Figure("all-pnl", "PnL after fees", said, traces, layout, "No symbol has samples.", wide=True)


def _colours(n: int) -> list[str]:
    return [CYCLE[k % len(CYCLE)] for k in range(n)]


def _heat(symbols: list[SymbolRun], clock: Clock) -> Figure:
    rows, t = list[list[float | None]](), list[float]()
    if symbols:
        ts, _ = grid_of(symbols)
        edges = np.linspace(ts[0], ts[-1] + 1, min(COLUMNS, len(ts)) + 1).astype(np.int64)
        t = clock.seconds(edges[:-1])
        rows = [plain(_highest(symbol, edges), 3) for symbol in symbols]
    trace: Trace = {
        "type": "heatmap",
        "t": t,
        "y": [symbol.name for symbol in symbols] if any(v is not None for row in rows for v in row) else [],
        "z": rows,
        "zmin": 0,
        "zmax": 1,
        "colorscale": HEAT,
        "colorbar": {"thickness": 10, "outlinewidth": 0, "tickvals": [0, 0.5, 0.7, 0.9, 1]},
        "xgap": 0,
        "ygap": 2,
        "hovertemplate": "%{y} %{z:.2f}<extra></extra>",
    }
    said = "The highest level of VPIN in each stretch of time; white is where it does not count yet."
    layout = in_time("", type="category", autorange="reversed", ticks="")
    return Figure(
        "all-heat", "Toxicity of all symbols", said, [trace], layout, "VPIN never counted.", wide=True
    )


def _highest(symbol: SymbolRun, edges: np.ndarray[Any, np.dtype[np.int64]]) -> Floats:
    assert symbol.series is not None  # noqa: S101 - for the type checker: only such are asked for
    ts, top = symbol.series["ts_ns"], symbol.series["top_level"]
    found = np.full(len(edges) - 1, np.nan)
    where = np.clip(np.searchsorted(edges, ts, side="right") - 1, 0, len(found) - 1)
    np.fmax.at(found, where, top)
    # A stretch in which nothing came has no sample of its own: the last one before it holds.
    before = np.searchsorted(ts, edges[:-1], side="right") - 1
    silent = (np.bincount(where, minlength=len(found)) == 0) & (before >= 0)
    found[silent] = symbol.series["level"][before[silent]]
    return found


def _target(run: Run, name: str) -> Figure:
    title, otherwise = NAMES[name]
    measured: Mapping[str, Any] = run.summary.get("targets", {}).get(name, {}).get("measured", {})
    some = {symbol: share for symbol, share in measured.items() if isinstance(share, int | float)}
    line_at = aim(name)
    good = {
        symbol: share > line_at if TARGETS[name][0] == ">" else share < line_at
        for symbol, share in some.items()
    }
    bars: Trace = {
        "type": "bar",
        "x": list(some),
        "y": list(some.values()),
        "marker": {"color": ["#8fb1f7" if good[symbol] else "#f2a65a" for symbol in some]},
        "name": title,
        "showlegend": False,
        "width": min(0.7, 0.14 * max(1, len(some))),
    }
    names = [*some]
    mark = {"color": GREEN if all(good.values()) else RED, "width": 1.6, "dash": "dash"}
    top = max([1.1 * share for share in some.values()] + [1.25 * line_at])
    layout: Layout = {
        "xaxis": {"type": "category", "range": [-0.6, len(names) - 0.4]},
        "yaxis": {"range": [0, top], "tickformat": ".0%"},
        "shapes": [
            {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": line_at, "y1": line_at, "line": mark}
        ],
    }
    said = f"Wanted: {wanted(name)}, the dashed line. A bar on the wrong side of it is amber."
    return Figure(f"all-{name}", title, said, [bars], layout, otherwise)


def _latency(run: Run) -> Figure:
    timed = {name: each for name, each in run.timing.get("symbols", {}).items() if isinstance(each, dict)}
    kinds = {"p50_us": ("half of the frames", BLUE), "mean_us": ("mean", INK), "p99_us": ("99 of 100", AMBER)}
    traces: list[Trace] = []
    for kind, (said, colour) in {**kinds, "worst_us": ("worst", RED)}.items():
        found = {name: each[kind] for name, each in timed.items() if each.get(kind)}
        mark = {"size": 10, "color": colour}
        one: Trace = {
            "x": list(found.values()),
            "y": list(found),
            "mode": "markers",
            "marker": mark,
            "name": said,
        }
        traces += [one] if found else []
    layout: Layout = {
        "xaxis": {"type": "log", "title": {"text": "µs, log scale"}, "dtick": 1},
        "yaxis": {"type": "category", "autorange": "reversed"},
        "shapes": [
            {"type": "line", "yref": "paper", "y0": 0, "y1": 1, "x0": LAG_US, "x1": LAG_US}
            | {"line": {"color": GREEN, "width": 1.6, "dash": "dash"}}
        ],
    }
    said = "How long this machine took to answer. The dashed line is 100 ms, by which quotes should follow."
    return Figure(
        "all-latency", "Time to answer a frame", said, traces, layout, "timing.json tells of no symbol."
    )
