import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from flows.frames import frames
from operators.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]
SHORT = ("source.duration_s=30",)


def test_frames_hold_what_the_logs_of_the_same_run_hold(tmp_path):
    made = frames(ROOT / "configs" / "phoenix.yaml", SHORT)
    command = [sys.executable, "-m", "flows.cli", "run", "--out", str(tmp_path / "run"), "--set", SHORT[0]]
    assert subprocess.run(command, cwd=ROOT, capture_output=True, check=False, timeout=240).returncode == 0
    fills = [json.loads(line) for line in (tmp_path / "run" / "fills.jsonl").read_text().splitlines()]
    orders = [json.loads(line) for line in (tmp_path / "run" / "orders.jsonl").read_text().splitlines()]
    assert len(fills) > 10
    assert made.fills.to_dicts() == fills
    assert made.orders.to_dicts() == orders


def test_positions_in_figures_are_the_sums_of_the_fills():
    made = frames(ROOT / "configs" / "phoenix.yaml", SHORT)
    signed = pl.col("size").cast(pl.Float64) * pl.when(pl.col("side") == "buy").then(1.0).otherwise(-1.0)
    sums = made.fills.group_by("symbol").agg(signed.sum().alias("held"))
    both = made.figures.join(sums, on="symbol", how="left").fill_null(0.0)
    assert both["position"].cast(pl.Float64).to_list() == pytest.approx(both["held"].to_list(), abs=1e-9)


def test_a_wrong_setting_is_refused_before_anything_runs():
    with pytest.raises(ConfigError, match=r"vpin\.threshold"):
        frames(ROOT / "configs" / "phoenix.yaml", ("vpin.threshold=3",))
