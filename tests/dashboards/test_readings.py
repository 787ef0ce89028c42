"""Readings of VPIN: what stands in for one while the window fills is drawn as none."""

import json

import pytest

from tests.dashboards.test_boards import PANELS
from tests.oracles.watchers import said

TARGETS = {
    f"{name} {target['refId']}": target["expr"]
    for name, panel in PANELS.items()
    for target in panel["targets"]
    if "mm_vpin_current" in target["expr"] or "mm_vpin_level" in target["expr"]
}
STATUSES = ("warming", "low_volume", "stale", "ok", "invalid_flag")


def seen(folder, expression, status, n_series):
    """Let Prometheus say how many series a panel draws of one symbol in this state."""
    of = 'job="phoenix",instance="desk:9464",symbol="BTCUSDC"'
    world = {f'mm_vpin_status{{{of},status="{each}"}}': float(each == status) for each in STATUSES}
    world |= {f"mm_vpin_current{{{of}}}": 0.5, f"mm_vpin_level{{{of}}}": 0.5}
    counted = f"count({expression.replace('$symbol', '.+')}) or vector(0)"
    wanted = [{"labels": "{}", "value": n_series}]
    asked = {"expr": counted, "eval_time": "5s", "exp_samples": wanted}
    given = [{"series": name, "values": f"{value}x2"} for name, value in world.items()]
    tests = [{"interval": "5s", "input_series": given, "promql_expr_test": [asked]}]
    (folder / "test.yml").write_text(json.dumps({"evaluation_interval": "5s", "tests": tests}))
    return said("promtool", "test", "rules", folder / "test.yml")


@pytest.mark.parametrize("name", TARGETS)
def test_a_reading_is_drawn_while_it_counts_and_then_only(name, tmp_path):
    for status in STATUSES:
        assert "SUCCESS" in seen(tmp_path, TARGETS[name], status, int(status in ("ok", "invalid_flag")))


def test_a_panel_that_draws_every_reading_would_be_found_out(tmp_path):
    with pytest.raises(AssertionError, match="FAILED"):
        seen(tmp_path, "mm_vpin_current", "warming", 0)


def test_panels_of_both_dashboards_draw_readings():
    assert {name.split(":")[0] for name in TARGETS} == {"overview", "vpin_dashboard"}
    assert len(TARGETS) == 6
