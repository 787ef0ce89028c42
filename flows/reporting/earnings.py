"""Figures of one symbol over market time: where profit came from, and how often quotes were there and hit."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from connectors.run_summary import quote_of
from flows.reporting.drawing import (
    AMBER,
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PURPLE,
    RED,
    SKY,
    Clock,
    Figure,
    Trace,
    in_time,
    level,
    line,
)
from flows.reporting.reading import SymbolRun
from flows.reporting.series import Floats, Series
from flows.reporting.words import aim, wanted

MONEY: Final = 4
"""Decimals that money is drawn with."""
FEWEST: Final = 10
"""Samples that a share of time is taken over."""
BARS: Final = 80
PARTS: Final = {
    "spread_capture": ("spread capture", GREEN),
    "adverse_selection": ("adverse selection", RED),
    "inventory": ("inventory", PURPLE),
    "fees": ("fees", AMBER),
    "funding": ("funding", GREY),
}


def earnings(symbol: SymbolRun, series: Series, clock: Clock, key: str) -> list[Figure]:
    """Return the profit in its parts, the fill rate and the uptime of quotes."""
    return [
        _money(symbol, series, clock, key),
        _fill_rate(symbol, series, clock, key),
        _uptime(series, clock, key),
    ]


def ending(
    symbol: SymbolRun,
    ts_ns: NDArray[np.int64],
    values: Floats,
    last: Any,  # noqa: ANN401 - as summaries have it
) -> tuple[NDArray[np.int64], Floats]:
    """Return a line with the run's last word, which comes after the last sample."""
    end_ns = int(symbol.figures.get("last_ns", 0))
    if last is None or end_ns < ts_ns[-1]:
        return ts_ns, values
    return np.append(ts_ns, end_ns), np.append(values, float(last))


def _money(symbol: SymbolRun, series: Series, clock: Clock, key: str) -> Figure:
    def drawn(column: str, last: object, **style: object) -> Trace:
        ts, values = ending(symbol, series["ts_ns"], series[column], last)
        return line(clock, ts, values, MONEY, **style)

    parts = symbol.figures.get("pnl", {})
    moved = [name for name in PARTS if series[name].any() or float(parts.get(name, 0))]
    traces = [
        drawn(name, parts.get(name), name=PARTS[name][0], colour=PARTS[name][1], width=1.2) for name in moved
    ]
    whole = drawn(
        "pnl_after_fees", symbol.figures.get("pnl_after_fees"), name="after fees", colour=INK, width=2.4
    )
    said = (
        "The thick line is the sum of the others: what fills were better than the mid, what the mid did "
        "within a second of them, and what it did otherwise while we held a position, less fees and funding."
    )
    layout = in_time(quote_of(symbol.name) or "quote currency", zeroline=True)
    return Figure(f"{key}-pnl", "PnL and its parts", said, [*traces, whole], layout, wide=True)


def _fill_rate(symbol: SymbolRun, series: Series, clock: Clock, key: str) -> Figure:
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = series["filled"] / series["accepted"]
    ts, rate = ending(symbol, series["ts_ns"], rate, symbol.figures.get("fill_rate"))
    traces = [
        line(clock, ts, rate, 6, name="fill rate so far", colour=BLUE),
        level(clock, ts, aim("fill_rate"), f"wanted: {wanted('fill_rate')}", GREEN),
    ]
    said = "Orders with a fill over orders that the venue accepted, from the beginning until then."
    layout = in_time("share", range=[0, 1.02], tickformat=".0%")
    return Figure(f"{key}-fillrate", "Fill rate", said, traces, layout, "The venue accepted no order.")


def _uptime(series: Series, clock: Clock, key: str) -> Figure:
    n = len(series["ts_ns"])
    begins = np.arange(0, n, max(FEWEST, -(-n // BARS)))
    weight = np.add.reduceat(series["n_intervals"], begins)
    ts = np.append(series["ts_ns"][begins], series["ts_ns"][-1])
    names = {"bid_live": ("a bid", SKY), "ask_live": ("an ask", ORANGE), "both_live": ("both", INK)}
    traces = []
    for name, (said, colour) in names.items():
        share = np.add.reduceat(series[name] * series["n_intervals"], begins) / weight
        width = 2.2 if name == "both_live" else 1
        traces.append(line(clock, ts, np.append(share, share[-1]), 4, name=said, colour=colour, width=width))
    told = f"Share of the samples with live quotes, in {len(begins):,} stretches of the run."
    layout = in_time("share of time", range=[0, 1.02], tickformat=".0%")
    return Figure(f"{key}-uptime", "Quote uptime", told, traces, layout)
