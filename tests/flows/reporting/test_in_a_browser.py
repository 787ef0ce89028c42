"""Reports as a reader sees them: in a real browser, offline, on a laptop, a phone and paper."""

import json
import re

import pytest

from flows.reporting.command import rebuild
from tests.oracles.browser import Browser
from tests.oracles.runs import PROFILE, QUIET, REPLAY, fused, lively, made
from tests.oracles.seen import require_equal_numbers, require_readable, summary_of

REPORTED = "run.report=true"
WIDTHS = [1280, 390]
PER_SYMBOL = (
    "mid",
    "vpin",
    "multiplier",
    "spread",
    "inventory",
    "pnl",
    "fillrate",
    "uptime",
    "markouts",
    "adverse",
)
MONEY_DRAWN = 1e-4


@pytest.fixture(scope="module")
def default(tmp_path_factory, browser):
    return fused(made(tmp_path_factory.mktemp("default") / "run", QUIET, REPORTED))


@pytest.fixture(scope="module")
def replay(tmp_path_factory, data, browser):
    capture = data / "raw" / "binance_usdm_btcusdt_20240808.gz"
    path = tmp_path_factory.mktemp("replay") / "run"
    return fused(made(path, QUIET, REPORTED, f"source.path={capture}", config=REPLAY))


@pytest.mark.parametrize("width", WIDTHS)
def test_the_default_run_is_drawn_whole(browser: Browser, default, width):
    figures = require_readable(browser, default / "report.html", width)
    assert {f"s{n}-{name}" for n in range(8) for name in PER_SYMBOL} <= set(figures)
    assert {"all-pnl", "all-heat", "all-fill_rate", "all-adverse_selection_rate", "all-latency"} <= set(
        figures
    )


@pytest.mark.parametrize("width", WIDTHS)
def test_a_replay_of_btcusdt_is_drawn_whole(browser: Browser, replay, width):
    figures = require_readable(browser, replay / "report.html", width)
    assert {f"s0-{name}" for name in PER_SYMBOL} <= set(figures)
    assert require_equal_numbers(browser, replay) > 50


def test_numbers_of_the_default_run_are_those_of_its_summary(browser: Browser, default):
    browser.open(default / "report.html")
    assert require_equal_numbers(browser, default) > 400
    symbols = {path[1] for path, _, _ in browser.numbers() if path[0] == "symbols"}
    assert symbols == set(summary_of(default)["symbols"])


def test_lines_end_where_the_summary_says(browser: Browser, default):
    browser.open(default / "report.html")
    figures = browser.look()
    for n, (symbol, wanted) in enumerate(summary_of(default)["symbols"].items()):
        last = {trace["name"]: trace["last"] for trace in figures[f"s{n}-pnl"]}
        assert last["after fees"] == pytest.approx(float(wanted["pnl_after_fees"]), abs=MONEY_DRAWN), symbol
        assert last["inventory"] == pytest.approx(float(wanted["pnl"]["inventory"]), abs=MONEY_DRAWN)
        rate = {trace["name"]: trace["last"] for trace in figures[f"s{n}-fillrate"]}["fill rate so far"]
        assert rate == pytest.approx(wanted["fill_rate"])
        markout = [trace for trace in figures[f"s{n}-markouts"] if trace["name"] == "mean markout"]
        assert markout[0]["last"] == wanted["markouts"]["30s"]["mean_bps"]


def test_parts_of_the_profit_add_up_at_every_point_that_is_drawn(browser: Browser, default):
    browser.open(default / "report.html")
    traces = json.loads(browser.run("return document.getElementById('figures').textContent"))["figures"]
    for n in range(8):
        *parts, whole = traces[f"s{n}-pnl"]["traces"]
        assert all(part["t"] == whole["t"] for part in parts)
        for column in zip(*(part["y"] for part in parts), whole["y"], strict=True):
            assert sum(column[:-1]) == pytest.approx(column[-1], abs=len(column) * MONEY_DRAWN)


def test_paper_shows_every_symbol_and_every_figure(browser: Browser, default):
    browser.open(default / "report.html")
    browser.run("""
        window.addEventListener('beforeprint', () => {
          const plots = [...document.querySelectorAll('.plot')];
          window.printed = plots.filter(plot => plot.querySelector('.main-svg')).length;
        });
    """)
    printed = browser.pdf()
    assert printed.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) > 8
    assert browser.run("return window.printed") == len(browser.figures()) > 80
    assert set(browser.look()) == browser.figures()
    assert browser.complaints() == []


def test_zooming_into_one_figure_zooms_its_neighbours(browser: Browser, default):
    browser.open(default / "report.html")
    browser.scroll()
    zoom = """
        const done = arguments[arguments.length - 1];
        const find = key => document.querySelector(`[data-figure="${key}"]`);
        const range = ['2025-01-01 00:02:00', '2025-01-01 00:03:00'];
        find('s0-vpin').on('plotly_relayout', () => 0);
        find('s0-pnl').on('plotly_relayout', () => done(find('s0-pnl').layout.xaxis.range));
        Plotly.relayout(find('s0-vpin'), {'xaxis.range[0]': range[0], 'xaxis.range[1]': range[1]});
    """
    assert browser.window.execute_async_script(zoom) == ["2025-01-01 00:02:00", "2025-01-01 00:03:00"]


@pytest.mark.parametrize("width", WIDTHS)
def test_runs_side_by_side_are_drawn_whole(browser: Browser, default, tmp_path, width):
    off = fused(made(tmp_path / "off", QUIET, "vpin.enabled=false"))
    figures = require_readable(browser, rebuild([default, off], tmp_path / "both.html"), width)
    assert {"c0-pnl", "c0-gap", "c8-position"} <= set(figures)
    assert "The same tape" in browser.run("return document.querySelector('.banner').textContent")


def test_a_run_without_fills_is_a_good_report(browser: Browser, tmp_path):
    """Nobody reaches quotes that far away."""
    options = (
        QUIET,
        REPORTED,
        *lively("BTCUSDC", seconds=60),
        "quoting.model=fixed",
        "quoting.min_half_spread_bps=150",
    )
    run = fused(made(tmp_path / "run", *options))
    assert summary_of(run)["symbols"]["BTCUSDC"]["fills"] == 0
    figures = require_readable(browser, run / "report.html", 1280)
    assert "s0-markouts" not in figures
    assert require_equal_numbers(browser, run) > 30
    text = browser.run("return document.body.innerText")
    assert "There were no fills old enough to look at." in text


def test_a_run_of_a_second_is_a_good_report(browser: Browser, tmp_path):
    run = fused(made(tmp_path / "run", QUIET, REPORTED, "source.duration_s=1", config=PROFILE))
    require_readable(browser, run / "report.html", 390)
    assert require_equal_numbers(browser, run) > 100
