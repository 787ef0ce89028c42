"""A dashboard: rows of panels, what the reader may choose, and what is common to all."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import dashboard

from dashboards.panels import SOURCE

UIDS: Final = {"Phoenix overview": "phoenix-overview", "Phoenix VPIN": "phoenix-vpin"}


@dataclass(frozen=True)
class Row:
    """Panels under one heading."""

    title: str
    panels: Sequence[Builder[dashboard.Panel]]


def board(title: str, why: str, rows: Sequence[Row]) -> dashboard.Dashboard:
    """Return the dashboard, with every panel placed and numbered."""
    made = build.Dashboard(title).uid(UIDS[title]).description(why).tags(["phoenix"])
    made = (
        made.time("now-30m", "now")
        .refresh("5s")
        .timezone("utc")
        .tooltip(dashboard.DashboardCursorSync.CROSSHAIR)
    )
    made = made.readonly().version(1).variables([_datasource(), _symbol()]).annotation(_alerts())
    for other in UIDS:
        if other != title:
            made = made.link(_link(other))
    for row in rows:
        made = made.with_row(build.Row(row.title))
        for panel in row.panels:
            made = made.with_panel(panel)
    return _numbered(made.build())


def _numbered(made: dashboard.Dashboard) -> dashboard.Dashboard:
    for nth, panel in enumerate(made.panels or [], start=1):
        panel.id_val = nth
    return made


def _datasource() -> build.DatasourceVariable:
    chosen = dashboard.VariableOption(text="Prometheus", value="prometheus", selected=True)
    return build.DatasourceVariable("datasource").label("Prometheus").type("prometheus").current(chosen)


def _symbol() -> build.QueryVariable:
    everything = dashboard.VariableOption(text="All", value="$__all", selected=True)
    symbols = build.QueryVariable("symbol").label("Symbol").datasource(SOURCE)
    symbols = symbols.query("label_values(mm_book_valid, symbol)").multi(True).include_all(True)
    symbols = symbols.all_value(".+").current(everything).sort(dashboard.VariableSort.ALPHABETICAL_ASC)
    return symbols.refresh(dashboard.VariableRefresh.ON_TIME_RANGE_CHANGED)


def _alerts() -> build.AnnotationQuery:
    """Mark when an alert fired."""
    fired = build.AnnotationQuery().name("Alerts").datasource(SOURCE).enable(True).icon_color("red")
    return fired.expr('ALERTS{alertstate="firing",symbol=~"$symbol|"}')


def _link(title: str) -> build.DashboardLink:
    link = build.DashboardLink(title).type(dashboard.DashboardLinkType.LINK).url(f"/d/{UIDS[title]}")
    return link.icon("dashboard").include_vars(True).keep_time(True)
