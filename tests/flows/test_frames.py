import json
import signal
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


def test_readings_between_buckets_make_the_mean_and_the_maximum_of_the_figures():
    toxic = ("vpin.bucket_size=100_000", "vpin.n_buckets=5", "vpin.min_buckets=2")
    made = frames(ROOT / "configs" / "phoenix.yaml", (*SHORT, *toxic))
    ends = made.figures.select("symbol", pl.col("last_ns"))
    until = pl.col("ts").shift(-1).over("symbol").fill_null(pl.col("last_ns"))
    ready = (
        made.readings.filter("ready")
        .join(ends, on="symbol")
        .with_columns((until - pl.col("ts")).alias("held"))
    )
    found = ready.group_by("symbol").agg(
        ((pl.col("vpin") * pl.col("held")).sum() / pl.col("held").sum()).alias("mean"),
        pl.col("vpin").max().alias("max"),
    )
    both = made.figures.join(found, on="symbol").sort("symbol")
    assert len(both) > 5
    assert both["mean"].to_list() == pytest.approx(both["vpin_mean"].to_list(), abs=1e-6)
    assert both["max"].to_list() == pytest.approx(both["vpin_max"].to_list(), abs=1e-6)


def test_a_reading_stands_for_every_time_buckets_closed():
    made = frames(ROOT / "configs" / "phoenix.yaml", SHORT)
    steps = made.readings.with_columns(pl.col("buckets").diff().over("symbol").alias("more"))
    assert all(more >= 1 for more in steps["more"].drop_nulls())
    assert made.readings.filter(pl.col("ready") & (pl.col("buckets") < 5)).is_empty()
    assert made.readings.filter(~pl.col("ready"))["vpin"].unique().to_list() in ([], [0.5])


def test_a_notebook_keeps_its_signals():
    before = signal.getsignal(signal.SIGINT)
    frames(ROOT / "configs" / "phoenix.yaml", ("source.duration_s=1",), driver="graph")
    assert signal.getsignal(signal.SIGINT) is before


def test_a_driver_that_does_not_exist_is_refused():
    with pytest.raises(ConfigError, match=r"^driver must be graph or research, was grpah$"):
        frames(ROOT / "configs" / "phoenix.yaml", SHORT, driver="grpah")
