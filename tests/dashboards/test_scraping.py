"""A real Prometheus on a running market maker: every panel and every rule is asked of it, and answers."""

import json
import re
import subprocess
from contextlib import ExitStack, contextmanager

import pytest
import yaml

from dashboards.__main__ import texts
from tests.oracles.command import CLI
from tests.oracles.runs import lively
from tests.oracles.watchers import PROMETHEUS, ROOT, ask, awaited, installed, prometheus

PACED = (
    "metrics.enabled=true",
    "metrics.port=0",
    "source.speed=8",
    "run.checkpoint_every_s=0.5",
    "run.progress=true",
)
SERVED = re.compile(r"Metrics at http://(127\.0\.0\.1:\d+)/metrics")
LIMIT = re.compile(r"(?<![\w\"]) *(?:[<>]=?|==) *[\d.]+(?![\w.])")
ONLY_IN_TROUBLE = re.compile(r" > 0$")
"""What leaves out series that have nothing to show as long as all is well."""
ALL_SEEN = """
count(symbol:mm_fill_ratio:increase15m >= 0) == 2
  and count(symbol:mm_adverse_selection_ratio:increase15m >= 0) == 2
  and count(mm_markout_fills_total{horizon="30s"} > 0) == 2
"""
"""Both symbols had orders, fills, and fills that grew old, since they are watched."""
ON_KAFKA_ONLY = "mm_kafka"
"""What is there only where there is a broker: tests/flows/test_outage.py."""
QUERIES = {
    f"{name}: {panel['title']}: {target['refId']}": target["expr"]
    for name, text in texts().items()
    for panel in json.loads(text)["panels"]
    for target in panel.get("targets", [])
    if ON_KAFKA_ONLY not in target["expr"]
}
RULES = {
    rule.get("alert") or rule["record"]: rule["expr"]
    for path in sorted((PROMETHEUS / "rules").iterdir())
    for group in yaml.safe_load(path.read_text())["groups"]
    for rule in group["rules"]
}


@pytest.fixture(scope="module", params=[1, 2], ids=["one process", "two shards"])
def desk(request, tmp_path_factory):
    """A running market maker's Prometheus, once it has seen something of everything."""
    installed("prometheus")
    folder = tmp_path_factory.mktemp("desk")
    with ExitStack() as running:
        processes = [
            running.enter_context(maker(folder, k, request.param)) for k in range(1, request.param + 1)
        ]
        with prometheus(folder / "watch", [address(log) for log in processes]) as url:
            awaited(lambda: found(url, ALL_SEEN), "every symbol fills orders that age", 120)
            yield url


@contextmanager
def maker(folder, k, n):
    """Run a share of two symbols, and give its log."""
    market = [*lively("BTCUSDC", "ETHUSDC", seconds=3600), *PACED, f"run.directory={folder}"]
    options = [*(part for each in market for part in ("--set", each)), "--shard", f"{k}/{n}"]
    log = folder / f"log{k}"
    with log.open("w") as out:
        process = subprocess.Popen([*CLI, "run", *options], cwd=ROOT, stdout=out, stderr=out)
    try:
        yield log
    finally:
        process.terminate()
        process.wait(60)


def address(log):
    """Wait until a run says where its metrics are."""
    return awaited(lambda: SERVED.search(log.read_text()), "the run says where its metrics are", 120)[1]


def found(url, expression):
    """Return the series that an expression gives now, with the variables of a dashboard filled in."""
    for variable, value in (("$__rate_interval", "5s"), ("$symbol", ".+")):
        expression = expression.replace(variable, value)
    answer = ask(f"{url}/api/v1/query", query=expression)
    assert answer["status"] == "success"
    return answer["data"]["result"]


def shows(url, what, expression):
    """Wait until an expression gives a number."""
    awaited(
        lambda: [each for each in found(url, expression) if each["value"][1] != "NaN"], f"{what} is shown", 20
    )


def test_every_panel_has_something_to_show(desk):
    assert len(QUERIES) > 50
    for name, query in QUERIES.items():
        shows(desk, name, ONLY_IN_TROUBLE.sub("", query))


def test_every_rule_has_something_to_judge(desk):
    for name, rule in RULES.items():
        if ON_KAFKA_ONLY not in rule:
            shows(desk, name, LIMIT.sub("", rule))
    awaited(lambda: {rule["health"] for rule in rules(desk)} == {"ok"}, "every rule was judged")
    assert {rule["name"] for rule in rules(desk)} == set(RULES)


def rules(url):
    return [rule for group in ask(f"{url}/api/v1/rules")["data"]["groups"] for rule in group["rules"]]


@pytest.mark.parametrize("name", RULES)
def test_the_limit_of_a_rule_is_what_is_left_out(name):
    compared = LIMIT.findall(RULES[name])
    assert bool(compared) == (name[0].isupper() or name == "symbol:mm_vpin_toxic:bool")


def test_a_reader_chooses_from_the_symbols_that_trade_and_sees_those(desk):
    for text in texts().values():
        asked = json.loads(text)["templating"]["list"][1]["query"]
        metric = asked.removeprefix("label_values(").removesuffix(", symbol)")
        offered = ask(f"{desk}/api/v1/label/symbol/values", **{"match[]": metric})
        assert offered["data"] == ["BTCUSDC", "ETHUSDC"]
    only = QUERIES["vpin_dashboard.json: VPIN: A"].replace("$symbol", "BTCUSDC")
    assert {each["metric"]["symbol"] for each in found(desk, only)} == {"BTCUSDC"}
