"""Runs side by side: what they differ by, and whether that can be said at all."""

import re
import shutil
from decimal import Decimal

import pytest

from flows.reporting.command import rebuild
from flows.reporting.comparison import changed_settings, side_by_side
from flows.reporting.reading import read_run
from flows.reporting.shared_time import shared
from operators.errors import ConfigError
from tests.oracles.command import phoenix
from tests.oracles.runs import QUIET, fused, lively, made
from tests.oracles.seen import banner, summary_of

SECONDS = 90
ONE = ("BTCUSDC",)


def traded(path, *more, symbols=ONE, seconds=SECONDS):
    return fused(made(path, QUIET, *lively(*symbols, seconds=seconds), *more))


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    return [traded(folder / "on"), traded(folder / "off", "vpin.enabled=false")]


def told(page):
    return " ".join(banner(page.read_text()))


def rows_of(runs, symbol="BTCUSDC"):
    read = [read_run(run) for run in runs]
    common = shared([[run.symbols[symbol]] for run in read])
    return {row.said.name: row for row in side_by_side([run.symbols[symbol].figures for run in read], common)}


def test_differences_are_those_of_the_summaries_to_the_last_digit(runs):
    on, off = (summary_of(run)["symbols"]["BTCUSDC"] for run in runs)
    rows = rows_of(runs)
    assert on["pnl_after_fees"] != off["pnl_after_fees"]
    for name, path in {
        "PnL after fees": "pnl_after_fees",
        "Traded": "traded",
        "Fills": "fills",
        "Pauses": "pauses",
    }.items():
        assert Decimal(rows[name].exact[0]) == Decimal(off[path]) - Decimal(on[path])
    for part in on["pnl"]:
        assert Decimal(rows[part.replace("_", " ")].exact[0]) == Decimal(off["pnl"][part]) - Decimal(
            on["pnl"][part]
        )


def test_intervals_are_around_the_difference_that_is_shown(runs):
    for name, row in rows_of(runs).items():
        sure, exact = row.differences[0], row.exact[0]
        if (
            sure is not None
            and exact is not None
            and name not in ("Sharpe, yearly", "Quote uptime", "Toxic share")
        ):
            assert sure.difference == pytest.approx(float(exact), abs=1e-6), name
            assert sure.low <= sure.difference <= sure.high, name


def test_a_share_of_time_that_is_sampled_is_near_the_exact_one(runs):
    row = rows_of(runs)["Quote uptime"]
    assert row.differences[0].difference == pytest.approx(float(row.exact[0]), abs=0.1)


def test_pauses_and_their_reasons_are_what_differs_in_these_settings(runs):
    changes = changed_settings([read_run(run) for run in runs])
    assert changes == [("vpin.enabled", "all", ["true", "false"])]


def test_the_same_tape_is_known_by_its_prices(runs, tmp_path):
    assert "The same tape: " in told(rebuild(runs, tmp_path / "page.html"))


def test_another_tape_is_said_to_be_one(runs, tmp_path):
    other = traded(tmp_path / "other", "source.seed=8")
    said = told(rebuild([runs[0], other], tmp_path / "page.html"))
    assert "Not the same tape: the market was elsewhere at " in said
    assert "The same tape" not in said


def test_a_shorter_run_is_compared_over_the_time_both_saw(runs, tmp_path):
    short = traded(tmp_path / "short", seconds=60)
    page = rebuild([runs[0], short], tmp_path / "page.html")
    assert "Not the same length: differences and intervals are of the shared " in told(page)
    row = rows_of([runs[0], short])["PnL after fees"]
    assert row.differences[0].difference == pytest.approx(0.0, abs=1e-9), "the first minute is the same"
    assert row.exact[0] != "0"


def test_what_is_known_of_whole_runs_only_has_no_difference_over_a_part(runs, tmp_path):
    short = traded(tmp_path / "short", seconds=60)
    rows = rows_of([runs[0], short])
    assert rows["Adverse selection"].differences == rows["Markout, 1 s"].differences == [None]
    page = rebuild([runs[0], short], tmp_path / "page.html").read_text()
    assert "known of whole runs only: no difference is stated" in page
    assert "Differences are those of the summaries, exact." not in page


def test_three_runs_stand_beside_the_first(runs, tmp_path):
    wide = traded(tmp_path / "wide", "quoting.min_half_spread_bps=3")
    page = rebuild([*runs, wide], tmp_path / "page.html").read_text()
    assert "<th>B − A</th>" in page
    assert "<th>C − A</th>" in page


def test_symbols_that_only_one_run_has_are_left_out(runs, tmp_path):
    two = traded(tmp_path / "two", symbols=("BTCUSDC", "DOGEUSDC"))
    said = told(rebuild([runs[0], two], tmp_path / "page.html"))
    assert "B trades other symbols than A: only BTCUSDC can be compared, and nothing is added up." in said
    changed = changed_settings([read_run(run) for run in (runs[0], two)])
    assert not any("DOGEUSDC" in of for _, of, _ in changed)


def test_runs_of_other_symbols_cannot_be_compared(runs, tmp_path):
    doge = traded(tmp_path / "doge", symbols=("DOGEUSDC",), seconds=5)
    with pytest.raises(ConfigError, match="have traded no symbol in common: there is nothing to compare"):
        rebuild([runs[0], doge])


def test_runs_without_samples_are_compared_by_their_summaries(runs, tmp_path):
    old = shutil.copytree(runs[1], tmp_path / "old")
    shutil.rmtree(old / "samples")
    page = rebuild([runs[0], old], tmp_path / "page.html")
    assert "Some runs hold no samples, or share no time" in told(page)
    assert "so nothing can be drawn over time" in page.read_text()


def test_runs_of_unlike_lengths_without_samples_are_warned_of(runs, tmp_path):
    short = traded(tmp_path / "short", seconds=20)
    shutil.rmtree(short / "samples")
    old = shutil.copytree(runs[1], tmp_path / "old")
    shutil.rmtree(old / "samples")
    assert "Not the same time: " in told(rebuild([runs[0], short], tmp_path / "page.html"))
    assert "Not the same time: " not in told(rebuild([runs[0], old], tmp_path / "page.html"))


def test_shares_differ_by_points(runs, tmp_path):
    page = rebuild(runs, tmp_path / "page.html").read_text()
    differences = re.findall(r'class="difference">([^<]*)<', page)
    assert any(each.endswith(" points") for each in differences)
    assert not any("%" in each for each in differences)


def test_a_run_beside_itself_differs_in_nothing(runs):
    for name, row in rows_of([runs[0], runs[0]]).items():
        assert row.exact[0] is None or Decimal(row.exact[0]) == 0
        sure = row.differences[0]
        assert sure is None or (sure.difference == 0 and not sure.clear), name


def test_the_command_writes_beside_the_first_run(runs):
    done = phoenix("report", *runs)
    assert (done.returncode, done.stdout) == (0, f"{runs[0]}/compared.html\n")
