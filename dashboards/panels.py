"""Panels: what each shows is a `View`, how it is drawn is the function that makes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar

from grafana_foundation_sdk.builders import common as build_common
from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.builders import (
    heatmap,
    prometheus,
    stat,
    statetimeline,
    statushistory,
    timeseries,
)
from grafana_foundation_sdk.models import common, dashboard
from grafana_foundation_sdk.models.heatmap import HeatmapColorMode

RUNBOOKS: Final = "/public/phoenix/runbooks"
"""Where Grafana serves the runbooks from, beside its own pages: the compose file puts them there."""
SOURCE: Final = dashboard.DataSourceRef(type_val="prometheus", uid="${datasource}")
GREEN, YELLOW, ORANGE, RED, BLUE, GREY = "green", "yellow", "orange", "red", "blue", "text"

Panel = TypeVar(
    "Panel", heatmap.Panel, stat.Panel, statetimeline.Panel, statushistory.Panel, timeseries.Panel
)
Query = tuple[str, str]
"""An expression, and what its series are called."""
Steps = tuple[tuple[float | None, str], ...]
"""From which value on a colour holds, rising; the first from below everything."""


@dataclass(frozen=True)
class View:
    """What a panel shows: its title, why one looks at it, and how its values are read."""

    title: str
    why: str
    unit: str = "short"
    width: int = 8
    """Of 24."""
    height: int = 8
    steps: Steps = ((None, GREEN),)
    words: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    """What a value is called, and its colour."""
    least: float | None = None
    most: float | None = None
    decimals: int | None = None
    runbook: str = ""
    """The page that says what to do, if there is one."""


def number(view: View, *queries: Query) -> stat.Panel:
    """Show the latest value, large."""
    panel = stat.Panel().graph_mode(common.BigValueGraphMode.AREA)
    panel = panel.color_mode(common.BigValueColorMode.VALUE)
    panel = panel.reduce_options(build_common.ReduceDataOptions().calcs(["lastNotNull"]))
    return _dressed(panel, view, queries)


def lines(view: View, *queries: Query, steps_drawn: bool = False) -> timeseries.Panel:
    """Draw values against time, with the steps as dashed lines where they are limits."""
    panel = timeseries.Panel().line_width(1).fill_opacity(4).show_points(common.VisibilityMode.NEVER)
    panel = panel.line_interpolation(common.LineInterpolation.STEP_AFTER).span_nulls(False)
    panel = panel.legend(_table()).tooltip(_tooltip())
    panel = panel.color_scheme(build.FieldColor().mode(dashboard.FieldColorModeId.PALETTE_CLASSIC))
    if steps_drawn:
        dashed = build_common.GraphThresholdsStyleConfig().mode(common.GraphThresholdsStyleMode.DASHED)
        panel = panel.thresholds_style(dashed)
    return _dressed(panel, view, queries)


def states(view: View, *queries: Query) -> statetimeline.Panel:
    """Draw which state each symbol was in, one bar a symbol."""
    panel = statetimeline.Panel().merge_values(True).row_height(0.8).show_value(common.VisibilityMode.NEVER)
    return _dressed(_coloured(panel).legend(_list()).tooltip(_tooltip()), view, queries)


def history(view: View, *queries: Query, every: str) -> statushistory.Panel:
    """Draw symbols against time as a grid of cells, coloured by the steps."""
    panel = statushistory.Panel().row_height(0.9).col_width(0.9).show_value(common.VisibilityMode.NEVER)
    return _dressed(
        _coloured(panel).legend(_list()).tooltip(_tooltip()).interval(every).max_data_points(120),
        view,
        queries,
    )


def heat(view: View, *queries: Query) -> heatmap.Panel:
    """Draw how a histogram of Prometheus moved."""
    colours = heatmap.HeatmapColorOptions().mode(HeatmapColorMode.SCHEME).scheme("Oranges").steps(64)
    panel = heatmap.Panel().calculate(False).color(colours).cell_gap(1)
    axis = heatmap.YAxisConfig().unit(view.unit).axis_placement(common.AxisPlacement.LEFT)
    linear = build_common.ScaleDistributionConfig().type(common.ScaleDistribution.LINEAR)
    panel = panel.y_axis(axis).show_color_scale(True).scale_distribution(linear)
    return _dressed(panel, view, queries, "heatmap")


Coloured = TypeVar("Coloured", statetimeline.Panel, statushistory.Panel)


def _coloured(panel: Coloured) -> Coloured:
    colours = build.FieldColor().mode(dashboard.FieldColorModeId.THRESHOLDS)
    return panel.color_scheme(colours).fill_opacity(80).line_width(0)


def _dressed(panel: Panel, view: View, queries: tuple[Query, ...], kind: str = "time_series") -> Panel:
    panel = panel.title(view.title).description(view.why).datasource(SOURCE)
    panel = panel.span(view.width).height(view.height).unit(view.unit)
    panel = panel.thresholds(_steps(view.steps)).targets([_target(i, q, kind) for i, q in enumerate(queries)])
    if view.words:
        panel = panel.mappings([dashboard.ValueMap(_words(view.words))])
    if view.least is not None:
        panel = panel.min(view.least)
    if view.most is not None:
        panel = panel.max(view.most)
    if view.decimals is not None:
        panel = panel.decimals(view.decimals)
    if view.runbook:
        link = build.DashboardLink("What to do").type(dashboard.DashboardLinkType.LINK)
        panel = panel.links([link.url(f"{RUNBOOKS}/{view.runbook}.md").target_blank(True)])
    return panel


def _target(nth: int, query: Query, kind: str) -> prometheus.Dataquery:
    expression, legend = query
    target = prometheus.Dataquery().expr(expression).legend_format(legend).datasource(SOURCE)
    return target.ref_id(chr(ord("A") + nth)).range().format(kind)  # type: ignore[arg-type]


def _steps(steps: Steps) -> build.ThresholdsConfig:
    found = [dashboard.Threshold(value, colour) for value, colour in steps]
    return build.ThresholdsConfig().mode(dashboard.ThresholdsMode.ABSOLUTE).steps(found)


def _words(words: Mapping[int, tuple[str, str]]) -> dict[str, dashboard.ValueMappingResult]:
    return {
        str(value): dashboard.ValueMappingResult(text=text, color=colour, index=nth)
        for nth, (value, (text, colour)) in enumerate(words.items())
    }


def _table() -> build_common.VizLegendOptions:
    shown = build_common.VizLegendOptions().display_mode(common.LegendDisplayMode.TABLE)
    return (
        shown.placement(common.LegendPlacement.BOTTOM).show_legend(True).calcs(["lastNotNull", "min", "max"])
    )


def _list() -> build_common.VizLegendOptions:
    shown = build_common.VizLegendOptions().display_mode(common.LegendDisplayMode.LIST)
    return shown.placement(common.LegendPlacement.BOTTOM).show_legend(True)


def _tooltip() -> build_common.VizTooltipOptions:
    return (
        build_common.VizTooltipOptions()
        .mode(common.TooltipDisplayMode.MULTI)
        .sort(common.SortOrder.DESCENDING)
    )
