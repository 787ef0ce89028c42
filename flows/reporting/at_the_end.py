"""Figures of one symbol that sum up its run: markouts, adverse selection, and how long flow was toxic."""

from typing import Any, Final

from flows.reporting.drawing import AMBER, BLUE, GREEN, GREY, PURPLE, RED, Figure, Layout, Trace
from flows.reporting.logs import Tree
from flows.reporting.reading import SymbolRun
from flows.reporting.words import aim, wanted

NO_FILLS: Final = "There were no fills old enough to look at."


def at_the_end(symbol: SymbolRun, key: str) -> list[Figure]:
    """Return the figures that are drawn against something else than time."""
    if not symbol.traded:
        return []
    return [_markouts(symbol, key), _adverse(symbol, key), _toxic(symbol, key)]


def _markouts(symbol: SymbolRun, key: str) -> Figure:
    aged = {float(name.removesuffix("s")): each for name, each in symbol.figures["markouts"].items()}
    some = {after_s: each for after_s, each in sorted(aged.items()) if each["mean_bps"] is not None}
    sure = {after_s: each["ci95_bps"] for after_s, each in some.items() if each["ci95_bps"]}
    edge: Trace = {"x": list(sure), "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "aside": 1}
    zone = {"fill": "tonexty", "fillcolor": "rgba(29,78,216,0.15)", "name": "95 % interval"}
    traces: list[Trace] = [
        edge | {"y": [low for low, _ in sure.values()], "showlegend": False},
        edge | zone | {"y": [high for _, high in sure.values()]},
        _dots(list(some), [each["mean_bps"] for each in some.values()], "mean markout", BLUE),
    ]
    traces[-1]["text"] = [f"{each['fills']:,} fills" for each in some.values()]
    said = (
        "Where the mid stood some time after a fill, seen from our side: above 0 the fill was good. The band "
        "is the 95 % interval as if fills were independent, which makes it too narrow."
    )
    layout = {"xaxis": _after(list(some)), "yaxis": {"title": {"text": "bps"}, "zeroline": True}}
    return Figure(f"{key}-markouts", "Markouts", said, traces, layout, NO_FILLS)


def _adverse(symbol: SymbolRun, key: str) -> Figure:
    aged = {float(name.removesuffix("s")): each for name, each in symbol.figures["markouts"].items()}
    some = {after_s: _share(each) for after_s, each in sorted(aged.items()) if each["fills"]}
    most = aim("adverse_selection_rate")
    traces: list[Trace] = [
        _dots(list(some), list(some.values()), "fills against us", RED),
        _flat(list(some), most, f"wanted at 1 s: {wanted('adverse_selection_rate')}"),
    ]
    said = (
        "Share of fills after which the mid moved against us. At one second it is the adverse selection "
        "rate; with time it tends to one half, as a mid that wanders does."
    )
    top = max([1.05 * share for share in some.values()] + [1.5 * most])
    layout = {"xaxis": _after(list(some)), "yaxis": _shares(top, "share of fills")}
    return Figure(f"{key}-adverse", "Adverse selection", said, traces, layout, NO_FILLS)


def _toxic(symbol: SymbolRun, key: str) -> Figure:
    figures = symbol.figures
    above = {float(level): share for level, share in figures["vpin_above"].items() if share is not None}
    measured, threshold = (
        figures.get("toxic_share"),
        float(symbol.settings.get("vpin", {}).get("threshold", 0)),
    )
    traces: list[Trace] = [
        _dots(list(above), list(above.values()), "time above", PURPLE),
        _flat(list(above), aim("toxic_share"), f"wanted: {wanted('toxic_share')} at the threshold"),
    ]
    if measured is not None and threshold:
        mark = {"size": 11, "color": AMBER, "symbol": "diamond"}
        one: Trace = {"x": [threshold], "y": [measured], "mode": "markers", "marker": mark, "aside": 1}
        traces.append(one | {"name": f"above the threshold, {threshold:g}"})
    said = "Share of the time in which VPIN counted that its level was above each height."
    x = {"title": {"text": "level"}, "range": [0, 1]}
    layout = {"xaxis": x, "yaxis": _shares(1.02, "share of time")}
    return Figure(f"{key}-toxic", "Toxicity share", said, traces, layout, "VPIN never counted in this run.")


def _dots(x: list[float], y: list[Any], name: str, colour: str) -> Trace:
    drawn = {"color": colour, "width": 1.8}
    return {
        "x": x,
        "y": y,
        "mode": "lines+markers",
        "name": name,
        "line": drawn,
        "marker": {"size": 7, "color": colour},
    }


def _flat(x: list[float], value: float, name: str) -> Trace:
    ends = [x[0], x[-1]] if x else []
    drawn = {"color": GREEN, "width": 1.3, "dash": "dash"}
    return {"x": ends, "y": [value] * len(ends), "mode": "lines", "name": name, "line": drawn, "aside": 1}


def _after(x: list[float]) -> Layout:
    ticks = {"tickvals": x, "ticktext": [f"{after_s:g} s" for after_s in x], "gridcolor": GREY}
    return {"type": "log", "title": {"text": "after the fill"}, **ticks, "gridcolor": "#e5e7eb"}


def _shares(top: float, title: str) -> Layout:
    return {"title": {"text": title}, "range": [0, min(1.02, top)], "tickformat": ".0%"}


def _share(markout: Tree) -> float:
    return float(round(markout["negative"] / markout["fills"], 6))
