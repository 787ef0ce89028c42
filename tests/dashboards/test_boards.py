"""The dashboards: what is committed is what the code makes, and what it asks Prometheus for exists."""

import json
import re
from itertools import combinations

import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards.__main__ import FOLDER, texts
from dashboards.board import UIDS
from dashboards.promql import STATES, STATUSES
from operators import limits, toxicity
from tests.oracles.watchers import PROMETHEUS, ROOT

register_default_plugins()
BOARDS = {name: json.loads(text) for name, text in texts().items()}
PANELS = {
    f"{name.removesuffix('.json')}: {panel['title']} ({panel['id']})": panel
    for name, board in BOARDS.items()
    for panel in board["panels"]
    if panel["type"] != "row"
}
EACH = pytest.mark.parametrize("panel", PANELS.values(), ids=PANELS)
RULES = [
    rule
    for path in sorted((PROMETHEUS / "rules").iterdir())
    for group in yaml.safe_load(path.read_text())["groups"]
    for rule in group["rules"]
]
KINDS = dict(re.findall(r"^\| `(mm_\w+)` \| (\w+) \|", (ROOT / "docs/metrics.md").read_text(), re.MULTILINE))
"""Of every metric, as they are printed from their declarations."""
SERVED = {
    served
    for name, kind in KINDS.items()
    for served in (
        [f"{name}_{part}" for part in ("bucket", "count", "sum")] if kind == "histogram" else [name]
    )
}
RECORDED = {rule["record"] for rule in RULES if "record" in rule}
OF_PROMETHEUS = {"ALERTS", "up"}
OF_THE_CLIENT = {"process_start_time_seconds"}
METRIC = re.compile(r"(?<![\w:$\"])(?:symbol:[\w:]+|mm_\w+|process_\w+|ALERTS|up)(?=[\s{)\[]|$)")
EXPRESSIONS = [rule["expr"] for rule in RULES] + [
    target["expr"] for panel in PANELS.values() for target in panel["targets"]
]


@pytest.mark.parametrize("name", BOARDS)
def test_what_is_committed_is_what_the_code_makes(name):
    assert (FOLDER / name).read_text("utf-8") == texts()[name], "python -m dashboards writes it anew"


@pytest.mark.parametrize("name", BOARDS)
def test_a_dashboard_read_by_the_sdk_and_written_again_is_the_same(name):
    read = Dashboard.from_json(BOARDS[name])
    assert json.loads(json.dumps(read, cls=JSONEncoder)) == BOARDS[name]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_an_expression_asks_only_for_metrics_that_exist(expression):
    asked = set(METRIC.findall(expression))
    assert asked, "it asks for none at all"
    assert asked - SERVED - RECORDED - OF_PROMETHEUS - OF_THE_CLIENT == set()


def test_a_metric_that_does_not_exist_would_be_seen():
    assert METRIC.findall('rate(mm_no_such_total{symbol=~"$symbol"}[5m]) + symbol:mm_x:sum') == [
        "mm_no_such_total",
        "symbol:mm_x:sum",
    ]


def test_every_metric_is_shown_or_paged_by():
    """What is left out is shown otherwise: as a ratio of others, or lately instead of over the run."""
    shown = {name for expression in EXPRESSIONS for name in METRIC.findall(expression)}
    beside = {
        "mm_adverse_selection_ratio",
        "mm_budget_notional",
        "mm_exposure_notional",
        "mm_fill_ratio",
        "mm_last_event_timestamp_seconds",
        "mm_mid_price",
        "mm_position_base",
        "mm_run_info",
        "mm_frame_processing_seconds_count",
        "mm_frame_processing_seconds_sum",
    }
    assert SERVED - shown == beside


def test_states_are_called_what_the_rules_call_them():
    assert tuple(STATES) == limits.STATES
    assert tuple(STATUSES) == toxicity.STATUSES


@EACH
def test_a_panel_says_why_one_looks_at_it_and_in_which_unit(panel):
    assert len(panel["description"].split()) >= 3 or panel["description"].endswith(".")
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])


@EACH
def test_a_panel_shows_the_symbols_that_were_chosen(panel):
    of_symbols = [target["expr"] for target in panel["targets"] if "checkpoint_age" not in target["expr"]]
    others = ("config_reloads", "ALERTS", "mm_kafka")
    told = [expr for expr in of_symbols if not any(each in expr for each in others)]
    assert all('symbol=~"$symbol"' in expr for expr in told)


@EACH
def test_what_a_panel_links_to_exists(panel):
    for link in panel.get("links", []):
        page = link["url"].removeprefix("/public/phoenix/")
        assert (ROOT / "docs" / page).is_file()


@pytest.mark.parametrize("name", BOARDS)
def test_panels_have_their_own_numbers_and_places(name):
    panels = BOARDS[name]["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for one, other in combinations([panel["gridPos"] for panel in panels], 2):
        apart = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        assert apart or one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
    assert max(panel["gridPos"]["x"] + panel["gridPos"]["w"] for panel in panels) == 24


@pytest.mark.parametrize("name", BOARDS)
def test_the_reader_chooses_where_from_and_which_symbols(name):
    assert [each["name"] for each in BOARDS[name]["templating"]["list"]] == ["datasource", "symbol"]
    (link,) = BOARDS[name]["links"]
    assert link["url"].removeprefix("/d/") in set(UIDS.values()) - {BOARDS[name]["uid"]}


def test_grafana_finds_the_dashboards_and_prometheus_by_itself():
    provisioning = FOLDER / "provisioning"
    (source,) = yaml.safe_load((provisioning / "datasources/prometheus.yml").read_text())["datasources"]
    assert (source["type"], source["uid"], source["isDefault"]) == ("prometheus", "prometheus", True)
    chosen = {board["templating"]["list"][0]["current"]["value"] for board in BOARDS.values()}
    assert chosen == {source["uid"]}
    (provider,) = yaml.safe_load((provisioning / "dashboards/phoenix.yml").read_text())["providers"]
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["grafana"]["volumes"]
    mounted = {target: source for source, target, *_ in (volume.split(":") for volume in compose)}
    assert mounted["/etc/grafana/provisioning"] == "./dashboards/grafana/provisioning"
    assert mounted[provider["options"]["path"]] == "./dashboards/grafana"
