"""Figures as plain data that Plotly draws: lines, marks and levels on an axis of market time."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from flows.reporting.series import Floats
from flows.reporting.thinning import MOST, kept

Trace = dict[str, Any]
Layout = dict[str, Any]
BLUE: Final = "#1d4ed8"
SKY: Final = "#60a5fa"
ORANGE: Final = "#c2410c"
GREEN: Final = "#047857"
PURPLE: Final = "#7c3aed"
RED: Final = "#dc2626"
AMBER: Final = "#b45309"
INK: Final = "#111827"
GREY: Final = "#6b7280"
PALE: Final = "rgba(107,114,128,0.18)"
SHADE: Final = "rgba(220,38,38,0.13)"
CYCLE: Final = (BLUE, ORANGE, GREEN, PURPLE, "#0e7490", "#be185d", "#4d7c0f", AMBER)
"""For symbols and runs; told apart by those who see few colours, and by their names."""
SECOND: Final = 1_000_000_000


class Figure(NamedTuple):
    """One drawing with its words."""

    key: str
    """Unique on its page."""
    title: str
    said: str
    """What it shows, a sentence or two."""
    traces: Sequence[Trace]
    layout: Layout
    otherwise: str = "There is nothing to draw."
    """Said in its place where it has no points."""
    wide: bool = False

    @property
    def drawn(self) -> bool:
        """Say whether there is anything to draw."""
        return any(not _empty(trace) for trace in self.traces if not trace.get("aside"))


def _empty(trace: Trace) -> bool:
    values = trace["y"]
    return all(value is None for value in values)


class Clock(NamedTuple):
    """Turns times into seconds since the page's beginning, which are short to write."""

    began_ns: int

    def seconds(self, ts_ns: NDArray[np.int64]) -> list[float]:
        """Return whole seconds as such, others to the millisecond."""
        found = np.round((ts_ns - self.began_ns) / SECOND, 3)
        whole = found.astype(np.int64)
        return [int(w) if w == f else f for w, f in zip(whole.tolist(), found.tolist(), strict=True)]


def plain(values: Floats, digits: int) -> list[float | None]:
    """Return numbers as JSON knows them: rounded, and None for what is not there."""
    return [None if value != value else value for value in np.round(values, digits).tolist()]  # noqa: PLR0124 - NaN


def line(clock: Clock, ts_ns: NDArray[np.int64], values: Floats, digits: int, **style: Any) -> Trace:  # noqa: ANN401 - Plotly's words
    """Return a line that steps from value to value, thinned where it is long; empty where it has no point."""
    if np.isnan(values).all():
        return {"t": [], "y": [], **_style(style)}
    where = kept(values, MOST)
    return {"t": clock.seconds(ts_ns[where]), "y": plain(values[where], digits), **_style(style)}


def band(
    clock: Clock,
    ts_ns: NDArray[np.int64],
    ends: tuple[Floats, Floats],
    digits: int,
    name: str,
    colour: str,
) -> list[Trace]:
    """Return the area between the lowest and the highest: what was reached between the points of a line."""
    n = len(ts_ns)
    width = max(1, -(-n // (MOST // 2)))
    begins = np.arange(0, n, width)
    lowest, highest = np.fmin.reduceat(ends[0], begins), np.fmax.reduceat(ends[1], begins)
    if np.isnan(lowest).all():
        return []
    edge = {"width": 0, "shape": "vh" if width == 1 else "hv"}
    common: Trace = {"t": clock.seconds(ts_ns[begins]), "mode": "lines", "line": edge, "name": name}
    common |= {"legendgroup": name, "hoverinfo": "skip", "aside": 1}
    return [
        common | {"y": plain(lowest, digits), "showlegend": False},
        common | {"y": plain(highest, digits), "fill": "tonexty", "fillcolor": colour},
    ]


def shade(
    clock: Clock, ts_ns: NDArray[np.int64], holds: Floats, name: str, colour: str = SHADE
) -> list[Trace]:
    """Return the shaded times at which something held; none where it never did."""
    if not holds.any():
        return []
    edges = np.flatnonzero(np.diff(holds, prepend=-1.0))
    where = np.unique(np.concatenate([edges, [len(holds) - 1]]))
    trace = line(clock, ts_ns[where], holds[where], 0, name=name, colour=colour)
    trace |= {"line": {"width": 0, "shape": "hv"}, "fill": "tozeroy", "fillcolor": colour}
    return [trace | {"yaxis": "y9", "hoverinfo": "skip", "aside": 1}]


def level(clock: Clock, ts_ns: NDArray[np.int64], value: float, name: str, colour: str = RED) -> Trace:
    """Return a horizontal line from beginning to end: a threshold, or what is aimed at."""
    ends = clock.seconds(ts_ns[[0, -1]]) if len(ts_ns) else []
    style = {"color": colour, "width": 1.3, "dash": "dash"}
    return {
        "t": ends,
        "y": [value] * len(ends),
        "mode": "lines",
        "name": name,
        "line": style,
        "hoverinfo": "name+y",
        "aside": 1,
    }


def stepping(
    clock: Clock, ts_ns: NDArray[np.int64], steps: tuple[list[int], list[float]], name: str, colour: str
) -> Trace:
    """Return a level that may have been set anew while the run went on."""
    begins = np.clip(np.array([*steps[0], ts_ns[-1]]), ts_ns[0], ts_ns[-1])
    trace = level(clock, ts_ns, steps[1][0], name, colour)
    trace |= {"t": clock.seconds(begins), "y": [*steps[1], steps[1][-1]]}
    return trace | {"line": trace["line"] | {"shape": "hv"}}


def in_time(unit: str, **more: Any) -> Layout:  # noqa: ANN401 - Plotly's words
    """Return the axes of a figure over market time."""
    hidden = {"overlaying": "y", "range": [0, 1], "visible": False, "fixedrange": True}
    return {
        "xaxis": {"type": "date", "hoverformat": "%H:%M:%S"},
        "yaxis": {"title": {"text": unit}, **more},
        "yaxis9": hidden,
    }


def _style(style: dict[str, Any]) -> Trace:
    colour, width, dash = style.pop("colour"), style.pop("width", 1.4), style.pop("dash", "solid")
    drawn = {"color": colour, "width": width, "dash": dash, "shape": style.pop("shape", "hv")}
    return {"mode": "lines", "line": drawn, **style}
