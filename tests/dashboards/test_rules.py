"""The rules of Prometheus: they parse, page when they should, and say what to do."""

import json
import re

import pytest
import yaml

from tests.oracles.watchers import PROMETHEUS, ROOT, said

RULES = PROMETHEUS / "rules"
UNIT_TESTS = ROOT / "tests/dashboards/rules"
RUNBOOKS = ROOT / "docs/runbooks"
ALERTS = [
    rule for group in yaml.safe_load((RULES / "alerts.yml").read_text())["groups"] for rule in group["rules"]
]
NAMES = [rule["alert"] for rule in ALERTS]
WANTED = {
    "VpinHigh",
    "ProcessingLag",
    "FillRateLow",
    "AdverseSelectionHigh",
    "ExposureNearBudget",
    "TradingHalted",
    "BookInvalid",
    "NoEvents",
    "DeadLettersRising",
}
HEADINGS = ["What it means", "What to look at", "What to do", "When it is harmless"]


def snake(name: str) -> str:
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()


def test_prometheus_takes_its_configuration_and_every_rule():
    for name in ("prometheus.yml", "shards.yml"):
        assert "FAILED" not in said("promtool", "check", "config", PROMETHEUS / name)
    assert f"{len(ALERTS)} rules found" in said("promtool", "check", "rules", RULES / "alerts.yml")


@pytest.mark.parametrize("name", NAMES)
def test_an_alert_fires_not_at_its_limit_but_beyond_and_ends(name):
    told = said("promtool", "test", "rules", UNIT_TESTS / f"{snake(name)}.yml")
    assert "SUCCESS" in told


@pytest.mark.parametrize("name", NAMES)
def test_every_alert_is_tried_silent_firing_over_and_in_words(name):
    (world,) = yaml.safe_load((UNIT_TESTS / f"{snake(name)}.yml").read_text())["tests"]
    asked = [
        check
        for check in world["promql_expr_test"]
        if f'alertname="{name}",alertstate="firing"' in check["expr"]
    ]
    fired = [bool(check["exp_samples"]) for check in asked]
    assert fired[0] is False
    assert True in fired
    assert fired[-1] is False
    assert [each["alertname"] for each in world["alert_rule_test"]] == [name]


def test_a_rule_that_pages_too_early_is_found_out(tmp_path):
    for path in RULES.iterdir():
        (tmp_path / path.name).write_text(
            path.read_text().replace("mm_vpin_current > 0.8", "mm_vpin_current >= 0.8")
        )
    moved = (UNIT_TESTS / "vpin_high.yml").read_text().replace("../../../dashboards/prometheus/rules/", "")
    (tmp_path / "test.yml").write_text(moved)
    with pytest.raises(AssertionError, match="FAILED"):
        said("promtool", "test", "rules", tmp_path / "test.yml")


def test_what_is_asked_for_is_there():
    assert WANTED - set(NAMES) == set()


@pytest.mark.parametrize("rule", ALERTS, ids=NAMES)
def test_an_alert_names_who_it_is_about_and_a_page_that_says_what_to_do(rule):
    assert rule["labels"]["severity"] in ("critical", "warning")
    notes = rule["annotations"]
    about = (
        "$labels.symbol"
        if rule["alert"] not in ("PhoenixDown", "ReloadRefused", "CheckpointOld", "KafkaDown", "KafkaLag")
        else "$labels.instance"
    )
    assert about in notes["summary"]
    assert about in notes["summary"] + notes["description"]
    assert notes["runbook_url"].endswith(f"/public/phoenix/runbooks/{snake(rule['alert'])}.md")


@pytest.mark.parametrize("rule", ALERTS, ids=NAMES)
def test_an_alert_about_a_number_tells_it(rule):
    about_a_number = re.search(r"[<>] ?[0-9.]+", rule["expr"]) and "config_reloads" not in rule["expr"]
    assert bool(about_a_number) == ("$value" in rule["annotations"]["summary"])


@pytest.mark.parametrize("name", NAMES)
def test_a_runbook_answers_the_same_questions(name):
    page = (RUNBOOKS / f"{snake(name)}.md").read_text()
    assert page.startswith(f"# {name}\n")
    assert re.findall(r"^## (.*)$", page, re.MULTILINE) == HEADINGS
    sections = re.split(r"^## .*$", page, flags=re.MULTILINE)[1:]
    assert min(len(section.split()) for section in sections) > 10


def test_there_is_no_runbook_without_an_alert():
    assert {path.stem for path in RUNBOOKS.glob("*.md")} == {snake(name) for name in NAMES}


def test_rules_are_about_symbols_apart():
    """Neither the job nor the instance is lost, so that two desks are never added up."""
    told = json.dumps([rule["expr"] for rule in ALERTS])
    assert "sum by" not in told
