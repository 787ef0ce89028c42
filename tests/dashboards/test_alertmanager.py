"""Alertmanager as it is shipped: where alerts go, what keeps them back, and what Slack is told."""

import re
import subprocess
from datetime import UTC, datetime, timedelta

import pytest
import yaml

from tests.oracles.watchers import (
    ALERTMANAGER,
    ROOT,
    Stand,
    alertmanager,
    ask,
    awaited,
    installed,
    post,
    prometheus,
    said,
)

CONFIG = ALERTMANAGER / "alertmanager.yml"
RUNBOOK = "http://127.0.0.1:3000/public/phoenix/runbooks"


def told(slack, status):
    """Return the messages with this beginning, each as one text."""
    texts = [f"{each['title']}\n{each['text']}" for told in slack.heard for each in told["attachments"]]
    return [text for text in texts if text.startswith(status)]


def alert(name, severity, symbol="BTCUSDC", **annotations):
    labels = {"alertname": name, "severity": severity, "symbol": symbol, "instance": "phoenix:9464"}
    return {"labels": labels, "annotations": annotations}


@pytest.fixture
def slack():
    return Stand()


def test_the_configuration_and_its_messages_are_valid():
    assert "SUCCESS" in said("amtool", "check-config", CONFIG)


def test_no_address_of_slack_stands_in_the_configuration():
    config = yaml.safe_load(CONFIG.read_text())
    assert config["global"]["slack_api_url_file"] == "/run/secrets/slack_webhook_url"
    assert "slack.com" not in CONFIG.read_text()


@pytest.mark.parametrize("severity", ["critical", "warning", "unheard_of"])
def test_every_alert_reaches_the_desk(severity):
    route = ("config", "routes", "test", f"--config.file={CONFIG}", f"severity={severity}")
    assert said("amtool", *route).splitlines()[0] == "desk"


def test_slack_hears_that_it_fires_and_that_it_is_over(slack, tmp_path):
    halted = alert(
        "TradingHalted",
        "critical",
        summary="BTCUSDC is halted",
        description="A loss of 412.50 is beyond its limit",
        runbook_url=f"{RUNBOOK}/trading_halted.md",
    )
    began = datetime.now(UTC)
    with slack.open() as webhook, alertmanager(tmp_path, f"http://{webhook}") as url:
        post(f"{url}/api/v2/alerts", [halted | {"startsAt": began.isoformat()}])
        (firing,) = awaited(lambda: told(slack, "CRITICAL"), "Slack hears that it fires")
        over = {"startsAt": began.isoformat(), "endsAt": datetime.now(UTC).isoformat()}
        post(f"{url}/api/v2/alerts", [halted | over])
        (resolved,) = awaited(lambda: told(slack, "RESOLVED"), "Slack hears that it is over")
    assert firing.startswith("CRITICAL: TradingHalted BTCUSDC\n*BTCUSDC is halted*\n")
    assert "A loss of 412.50 is beyond its limit" in firing
    assert f"<{RUNBOOK}/trading_halted.md|what to do>" in firing
    assert resolved.startswith("RESOLVED: TradingHalted BTCUSDC\nover: BTCUSDC is halted\nfrom ")
    assert [each["attachments"][0]["color"] for each in slack.heard] == ["danger", "good"]


def test_symbols_with_the_same_trouble_are_one_message(slack, tmp_path):
    both = [
        alert("VpinHigh", "warning", symbol, summary=f"{symbol}: 0.8{n}")
        for n, symbol in enumerate(("A", "B"))
    ]
    with slack.open() as webhook, alertmanager(tmp_path, f"http://{webhook}", quick=True) as url:
        post(f"{url}/api/v2/alerts", both)
        (firing,) = awaited(lambda: told(slack, "WARNING"), "Slack hears of them")
    assert firing.startswith("WARNING: VpinHigh\n")
    assert "*A: 0.80*" in firing
    assert "*B: 0.81*" in firing


def kept_back(url):
    """Return which alerts are told, and which are not as something else says it already."""
    found = {
        (each["labels"]["alertname"], each["labels"].get("symbol", "")): each
        for each in ask(f"{url}/api/v2/alerts")
    }
    return {name for name, each in found.items() if each["status"]["inhibitedBy"]}


def test_a_halted_symbol_s_lesser_alerts_are_kept_back_and_no_other_s(slack, tmp_path):
    until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    alerts = [
        alert("TradingHalted", "critical"),
        alert("FillRateLow", "warning"),
        alert("ExposureNearBudget", "critical"),
        alert("FillRateLow", "warning", "ETHUSDC"),
        alert("NoEvents", "critical", "ETHUSDC"),
        alert("BookInvalid", "warning", "ETHUSDC"),
    ]
    with slack.open() as webhook, alertmanager(tmp_path, f"http://{webhook}", quick=True) as url:
        post(f"{url}/api/v2/alerts", [each | {"endsAt": until} for each in alerts])
        wanted = {("FillRateLow", "BTCUSDC"), ("BookInvalid", "ETHUSDC")}
        awaited(lambda: kept_back(url) == wanted, f"{wanted} are kept back")
        post(f"{url}/api/v2/alerts", [alert("PhoenixDown", "critical", "") | {"endsAt": until}])
        everything = {(each["labels"]["alertname"], each["labels"]["symbol"]) for each in alerts}
        awaited(lambda: kept_back(url) == everything, "all of what cannot be reached is kept back")


def test_a_planned_stop_is_silenced_as_its_runbook_says_and_told_once_that_ends(slack, tmp_path):
    installed("amtool")
    page = (ROOT / "docs/runbooks/phoenix_down.md").read_text()
    silence, expire = re.findall(r"^    (amtool .*\\\n.*)$", page, re.MULTILINE)
    until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    down = [alert("PhoenixDown", "critical") | {"endsAt": until}]
    with slack.open() as webhook, alertmanager(tmp_path, f"http://{webhook}", quick=True) as url:

        def types(command):
            subprocess.run(command.replace("http://127.0.0.1:9093", url), shell=True, check=True)  # noqa: S602 - ours

        def silenced():
            return [each["status"]["silencedBy"] for each in ask(f"{url}/api/v2/alerts")]

        types(silence)
        post(f"{url}/api/v2/alerts", [*down, alert("TradingHalted", "critical") | {"endsAt": until}])
        awaited(lambda: sorted(map(len, silenced())) == [0, 1], "it alone is silenced")
        types(expire)
        awaited(lambda: sorted(map(len, silenced())) == [0, 0], "the silence is over")
        awaited(lambda: told(slack, "CRITICAL: PhoenixDown"), "Slack hears of it")


def page(vpin):
    return f'mm_vpin_current{{symbol="BTCUSDC"}} {vpin}\nmm_vpin_status{{status="ok",symbol="BTCUSDC"}} 1\n'


def test_a_toxic_market_reaches_slack_through_prometheus_and_alertmanager(slack, tmp_path):
    phoenix, mail, watch = Stand(), tmp_path / "mail", tmp_path / "watch"
    phoenix.page = page(0.87)
    with (
        slack.open() as webhook,
        phoenix.open() as metrics,
        alertmanager(mail, f"http://{webhook}", quick=True) as manager,
        prometheus(watch, metrics, manager.removeprefix("http://")),
    ):
        (firing,) = awaited(lambda: told(slack, "WARNING"), "Slack hears that it fires")
        phoenix.page = page(0.42)
        (resolved,) = awaited(lambda: told(slack, "RESOLVED"), "Slack hears that it is over")
    assert firing.startswith("WARNING: VpinHigh BTCUSDC\n*BTCUSDC: VPIN is 0.87*\n")
    assert resolved.startswith("RESOLVED: VpinHigh BTCUSDC\nover: BTCUSDC: VPIN is 0.87\n")


def test_every_alert_that_keeps_others_back_exists():
    rules = yaml.safe_load((ROOT / "dashboards/prometheus/rules/alerts.yml").read_text())
    names = {rule["alert"] for group in rules["groups"] for rule in group["rules"]}
    named = {
        name
        for rule in yaml.safe_load(CONFIG.read_text())["inhibit_rules"]
        for matcher in (*rule["source_matchers"], *rule["target_matchers"])
        if matcher.startswith("alertname")
        for name in matcher.split('"')[1].split("|")
    }
    assert named == named & names
