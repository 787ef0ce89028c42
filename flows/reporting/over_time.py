"""Figures of one symbol over market time: the market, our quotes, and how toxic flow was."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from connectors.run_summary import quote_of
from flows.reporting.drawing import (
    AMBER,
    BLUE,
    GREY,
    INK,
    ORANGE,
    PALE,
    PURPLE,
    RED,
    SKY,
    Clock,
    Figure,
    Trace,
    band,
    in_time,
    level,
    line,
    shade,
    stepping,
)
from flows.reporting.earnings import earnings
from flows.reporting.reading import SymbolRun
from flows.reporting.series import Floats, Series
from flows.reporting.thinning import MOST, kept

SIZE: Final = 7
"""Of a fill, px."""
MANY: Final = 150
NEVER: Final = "This run holds no samples of this symbol, so nothing can be drawn over time."


def over_time(symbol: SymbolRun, clock: Clock, key: str) -> list[Figure]:
    """Return every figure of a symbol that is drawn against time."""
    if symbol.series is None or symbol.grid is None:
        return [Figure(f"{key}-mid", "Market and quotes", "", [], {}, NEVER, wide=True)]
    series, price_digits = symbol.series, symbol.grid.price_digits
    return [
        _market(symbol, series, clock, key, price_digits),
        _vpin(symbol, series, clock, key),
        _multiplier(symbol, series, clock, key),
        _spread(series, clock, key),
        _inventory(symbol, series, clock, key, symbol.grid.size_digits),
        *earnings(symbol, series, clock, key),
    ]


def _pauses(series: Series, clock: Clock) -> list[Trace]:
    ts = series["ts_ns"]
    halted = np.maximum(series["halted"], series["reducing"])
    return [
        *shade(clock, ts, series["paused"], "paused by toxicity"),
        *shade(clock, ts, halted, "halted or reducing", "rgba(17,24,39,0.16)"),
        *shade(clock, ts, series["no_book"], "no valid book", "rgba(180,83,9,0.18)"),
    ]


def _market(symbol: SymbolRun, series: Series, clock: Clock, key: str, digits: int) -> Figure:
    ts = series["ts_ns"]
    fills, n_drawn = _fills(symbol, clock, digits)
    traces = [
        *band(clock, ts, (series["low_mid"], series["high_mid"]), digits, "mid, extremes", PALE),
        line(clock, ts, series["mid"], digits, name="mid", colour=INK, width=1.2),
        line(clock, ts, series["bid"], digits, name="our bid", colour=SKY, width=1),
        line(clock, ts, series["ask"], digits, name="our ask", colour="#fb923c", width=1),
        *fills,
        *_pauses(series, clock),
    ]
    n = len(symbol.fills.ts_ns)
    said = (
        f"{n_drawn:,} of {n:,} fills are drawn, the extremes of each stretch among them."
        if n_drawn < n
        else ""
    )
    said = f"The mid with our best live quotes; a gap is a side without one. Triangles are our fills. {said}"
    unit = f"price, {quote_of(symbol.name) or 'quote'}"
    return Figure(f"{key}-mid", "Market, quotes and fills", said, traces, in_time(unit), NEVER, wide=True)


def _fills(symbol: SymbolRun, clock: Clock, digits: int) -> tuple[list[Trace], int]:
    found, drawn = list[Trace](), 0
    for side, name, mark, colour in (
        (1, "bought", "triangle-up", BLUE),
        (-1, "sold", "triangle-down", ORANGE),
    ):
        of_side = np.flatnonzero(symbol.fills.side == side)
        where = of_side[_extremes(symbol.fills.price[of_side])]
        drawn += len(where)
        found.append(
            {
                "t": clock.seconds(symbol.fills.ts_ns[where]),
                "y": np.round(symbol.fills.price[where], digits).tolist(),
                "text": [f"{size:g}" for size in symbol.fills.size[where].tolist()],
                "hovertemplate": "%{y} × %{text}",
                "mode": "markers",
                "name": name,
                "marker": {
                    "symbol": mark,
                    "size": SIZE if len(where) < MANY else SIZE - 2,
                    "color": colour,
                    "line": {"width": 0.5, "color": "#fff"},
                },
            }
        )
    return [trace for trace in found if trace["t"]], drawn


def _extremes(prices: Floats) -> NDArray[np.int64]:
    return kept(prices, MOST // 2)


def _vpin(symbol: SymbolRun, series: Series, clock: Clock, key: str) -> Figure:
    ts, vpin = series["ts_ns"], symbol.settings.get("vpin", {})
    ranked = vpin.get("threshold_mode") == "cdf"
    traces = [
        *band(clock, ts, (series["level"], series["top_level"]), 4, "highest between samples", PALE),
        line(clock, ts, series["vpin"], 4, name="VPIN", colour=PURPLE, width=1.6),
        line(clock, ts, series["fallback"], 4, name="not counting yet", colour=GREY, width=1, dash="dot"),
        *([line(clock, ts, series["level"], 4, name="its rank", colour=INK, width=1)] if ranked else []),
        stepping(clock, ts, symbol.steps("vpin", "threshold"), "threshold", AMBER),
        stepping(clock, ts, symbol.steps("vpin", "pause_threshold"), "pause above", RED),
        *_pauses(series, clock),
    ]
    said = (
        "How one-sided volume is: 0 is balanced, 1 is all on one side. Quotes widen with it; above the upper "
        f"line they are withdrawn ({symbol.figures.get('pauses', 0):,} pauses, shaded)."
    )
    layout = in_time("rank of VPIN" if ranked else "VPIN", range=[0, 1.02])
    return Figure(f"{key}-vpin", "VPIN", said, traces, layout, NEVER)


def _multiplier(symbol: SymbolRun, series: Series, clock: Clock, key: str) -> Figure:
    ts, vpin = series["ts_ns"], symbol.settings.get("vpin", {})
    traces = [
        line(clock, ts, series["multiplier"], 4, name="multiplier", colour=PURPLE, fill="tozeroy"),
        level(clock, ts, 1.0, "not widened", GREY),
        *_pauses(series, clock),
    ]
    traces[0]["fillcolor"] = "rgba(124,58,237,0.10)"
    top = max(1.0, float(np.nanmax(series["multiplier"])))
    how = f"vpin.multiplier {float(vpin['multiplier']):g}, vpin.widen_mode {vpin.get('widen_mode')}"
    said = f"What toxicity multiplies the half spread by, as of the last decision ({how})."
    layout = in_time("×", range=[0.98, 1.02 * top + 0.02])
    return Figure(f"{key}-multiplier", "Spread multiplier", said, traces, layout, NEVER)


def _spread(series: Series, clock: Clock, key: str) -> Figure:
    ts = series["ts_ns"]
    traces = [
        line(clock, ts, series["market_half_spread_bps"], 4, name="market", colour=GREY, width=1),
        line(clock, ts, series["half_spread_bps"], 4, name="ours, live", colour=BLUE),
        line(clock, ts, series["wanted_half_spread_bps"], 4, name="ours, wanted", colour=ORANGE, width=1),
        *_pauses(series, clock),
    ]
    said = (
        "Half the distance from the best bid to the best ask, of the market and of ours, in bps of the mid."
    )
    return Figure(f"{key}-spread", "Half spread", said, traces, in_time("bps", rangemode="tozero"), NEVER)


def _inventory(symbol: SymbolRun, series: Series, clock: Clock, key: str, digits: int) -> Figure:
    ts, quoting = series["ts_ns"], symbol.settings.get("quoting", {})
    low, high = series["low_position"], series["high_position"]
    traces = [
        *band(clock, ts, (low, high), digits, "extremes", "rgba(29,78,216,0.18)"),
        line(clock, ts, series["position"], digits, name="position", colour=BLUE),
        *_pauses(series, clock),
    ]
    assert symbol.grid is not None  # noqa: S101 - for the type checker: `over_time` looked
    most = int(quoting.get("max_inventory_lots", 0)) * float(symbol.grid.lot)
    reached = max(np.abs(low).max(), np.abs(high).max())
    near = most and reached > most / 4
    traces += [level(clock, ts, side * most, f"limit {side * most:g}") for side in (1, -1) if near]
    limit = "" if near or not most else f" The limit, ±{most:g}, lies outside the picture."
    said = f"What we hold; long is positive.{limit}"
    return Figure(f"{key}-inventory", "Inventory", said, traces, in_time("base asset"), NEVER)
