"""Counters of a run that goes on from its checkpoint: no panel shows a lifetime within a minute."""

import json
import re

import pytest

from tests.dashboards.test_boards import PANELS
from tests.oracles.watchers import said

COUNTED = re.compile(r"min_over_time\((mm_\w+_total)\{")
TARGETS = {
    f"{name} {target['refId']}": target["expr"]
    for name, panel in PANELS.items()
    for target in panel["targets"]
    if COUNTED.search(target["expr"])
}
KILLED = "1000x24 997x3 1000x9"
"""Every 5 s: a thousand for two minutes, three less after the kill, and those three again."""


def judged(folder, expression, metric):
    """Let Prometheus say whether an expression grew by no more than what was counted again."""
    asked = {"eval_time": "2m40s", "exp_samples": [{"labels": "{}", "value": 1}]}
    asked["expr"] = f"max({expression.replace('$symbol', '.+')}) <= bool 3"
    series = [{"series": f'{metric}{{job="phoenix",symbol="BTCUSDC"}}', "values": KILLED}]
    world = {"interval": "5s", "input_series": series, "promql_expr_test": [asked]}
    (folder / "test.yml").write_text(json.dumps({"evaluation_interval": "5s", "tests": [world]}))
    return said("promtool", "test", "rules", folder / "test.yml")


@pytest.mark.parametrize("name", TARGETS)
def test_a_panel_does_not_take_what_was_counted_before_a_kill_for_new(name, tmp_path):
    (metric,) = set(COUNTED.findall(TARGETS[name]))
    assert "SUCCESS" in judged(tmp_path, TARGETS[name], metric)


def test_a_panel_that_did_would_be_found_out(tmp_path):
    with pytest.raises(AssertionError, match="FAILED"):
        judged(tmp_path, "increase(mm_fills_total[65s])", "mm_fills_total")


def test_only_what_begins_anew_after_a_kill_is_asked_for_its_increase():
    asked = [target["expr"] for panel in PANELS.values() for target in panel["targets"]]
    increasing = {metric for expr in asked for metric in re.findall(r"(?:increase|rate)\((\w+)", expr)}
    assert increasing == {"mm_frame_processing_seconds_bucket"}
    assert len(TARGETS) >= 10
