import csv
import json
from decimal import Decimal

import numpy as np
import pytest
import yaml

from connectors.samples import read_samples
from flows.reporting.command import rebuild
from tests.oracles.runs import QUIET, fused, lines, lively, made
from tests.oracles.seen import summary_of

SYMBOLS = ("BTCUSDC", "DOGEUSDC")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return fused(made(tmp_path_factory.mktemp("run") / "run", QUIET, *lively(*SYMBOLS, seconds=40)))


@pytest.fixture(scope="module")
def tables(run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables") / "csv"
    rebuild([run], csv=folder)
    texts = {path.stem: path.read_text() for path in folder.glob("*.csv")}
    return {name: list(csv.DictReader(text.splitlines())) for name, text in texts.items()}


def test_there_are_four_tables(tables):
    assert set(tables) == {"summary", "markouts", "samples", "fills"}


def test_figures_are_those_of_the_summary(run, tables):
    wanted = summary_of(run)["symbols"]
    assert [row["symbol"] for row in tables["summary"]] == list(wanted)
    for row in tables["summary"]:
        figures = wanted[row["symbol"]]
        assert row["pnl_after_fees"] == figures["pnl_after_fees"]
        assert row["pnl.inventory"] == figures["pnl"]["inventory"]
        assert row["fill_rate"] == str(figures["fill_rate"])
        assert row["markouts.1s.ci95_bps.0"] == str(figures["markouts"]["1s"]["ci95_bps"][0])


def test_markouts_have_a_line_for_each_symbol_and_horizon(run, tables):
    wanted = summary_of(run)["symbols"]
    assert [(row["symbol"], row["after"]) for row in tables["markouts"]] == [
        (symbol, after) for symbol in wanted for after in ("0.1s", "1s", "5s", "30s")
    ]
    for row in tables["markouts"]:
        assert row["mean_bps"] == str(wanted[row["symbol"]]["markouts"][row["after"]]["mean_bps"] or "")


def test_fills_are_those_of_the_log(run, tables):
    assert tables["fills"] == [
        {key: str(value) for key, value in line.items()} for line in lines(run / "fills.jsonl")
    ]


def test_samples_are_in_units_that_a_person_reads(run, tables):
    instruments = yaml.safe_load((run / "config.yaml").read_text())["symbols"]
    for symbol in SYMBOLS:
        rows = [row for row in tables["samples"] if row["symbol"] == symbol]
        kept = np.asarray(read_samples(run / "samples" / f"{symbol}.bin"))
        tick = Decimal(instruments[symbol]["instrument"]["tick"])
        lot = Decimal(instruments[symbol]["instrument"]["lot"])
        assert [int(row["ts_ns"]) for row in rows] == kept["ts_ns"].tolist()
        assert [Decimal(row["mid"]) for row in rows] == [
            tick * n / 2 for n in kept["twice_mid_ticks"].tolist()
        ]
        assert [Decimal(row["position"]) for row in rows] == [lot * n for n in kept["position_lots"].tolist()]
        equity = [
            tick * lot * (Decimal(twice) / 2 - Decimal(less) / 1_000_000)
            for twice, less in zip(kept["twice_equity"].tolist(), kept["less_micro"].tolist(), strict=True)
        ]
        assert [float(row["pnl_after_fees"]) for row in rows] == pytest.approx(
            [float(each) for each in equity], abs=1e-8
        )


def test_a_side_without_a_quote_is_empty(tables):
    rows = tables["samples"]
    assert all((row["bid"] == "") == (row["bid_live"] == "0") for row in rows)


def test_tables_of_several_runs_lie_apart(run, tmp_path):
    rebuild([run, run], tmp_path / "page.html", tmp_path / "csv")
    assert sorted(path.name for path in (tmp_path / "csv").iterdir()) == ["1-run", "2-run"]
    assert json.loads((run / "summary.json").read_text())
