"""A run of 24 hours on eight symbols: small enough to be sent, and with every extreme in it."""

import json

import pytest

from flows.reporting.report import write_report
from tests.oracles.long_runs import DAY_S, FILLS, stretch
from tests.oracles.runs import QUIET, fused, made
from tests.oracles.seen import data_of, require_readable

MEGABYTE = 1_000_000


@pytest.fixture(scope="module")
def day(tmp_path_factory):
    run = fused(made(tmp_path_factory.mktemp("day") / "run", QUIET, "source.duration_s=3"))
    samples = stretch(run)
    return write_report(run), samples


@pytest.fixture(scope="module")
def figures(day):
    return data_of(day[0].read_text())


def named(figure, name):
    return next(trace for trace in figure["traces"] if trace["name"] == name)


def test_it_is_under_20_megabytes(day):
    assert day[0].stat().st_size < 20 * MEGABYTE


def test_no_extreme_is_lost(day, figures):
    """Ticks of BTCUSDC are 0.1 and its lots 0.001; it is the second symbol."""
    samples = day[1]["BTCUSDC"]
    low, high = (trace["y"] for trace in figures["s1-mid"]["traces"][:2])
    assert min(low) == pytest.approx(samples["low_twice_mid"].min() * 0.05)
    assert max(high) == pytest.approx(samples["high_twice_mid"].max() * 0.05)
    assert max(named(figures["s1-vpin"], "VPIN")["y"]) == pytest.approx(samples["value"].max(), abs=1e-4)
    assert min(named(figures["s1-inventory"], "position")["y"]) == pytest.approx(-0.05)
    prices = [price for name in ("bought", "sold") for price in named(figures["s1-mid"], name)["y"]]
    lines = (day[0].parent / "fills.jsonl").read_text().splitlines()
    filled = [float(fill["price"]) for fill in map(json.loads, lines) if fill["symbol"] == "BTCUSDC"]
    assert (min(prices), max(prices)) == pytest.approx((min(filled), max(filled)), abs=0.01)
    assert len(prices) < FILLS == len(filled)


def test_lines_reach_from_the_first_second_to_the_last(figures):
    for name in ("mid", "vpin", "pnl", "inventory"):
        times = [trace["t"] for trace in figures[f"s1-{name}"]["traces"] if trace.get("t")]
        assert min(each[0] for each in times) <= 1
        assert max(each[-1] for each in times) == DAY_S


def test_a_browser_draws_all_of_it(browser, day):
    require_readable(browser, day[0], 390)
