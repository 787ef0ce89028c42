"""Texts from outside stand on the page as texts, whatever they say."""

import json
import re

import pytest

from flows.reporting.page import as_data
from flows.reporting.report import report
from tests.oracles.runs import QUIET, fused, lively, made
from tests.oracles.seen import require_readable, within

EVIL = "</script><script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run whose symbol, letters, controls and settings say what they should not."""
    out = fused(made(tmp_path_factory.mktemp("evil") / "run", QUIET, *lively("BTCUSDC", seconds=5)))
    summary = json.loads((out / "summary.json").read_text())
    figures = summary["symbols"].pop("BTCUSDC")
    figures |= {"dead_letters": 1, "dead_letter_reasons": {EVIL: 1}, "trading_state": EVIL}
    summary["symbols"] = {EVIL: figures}
    (out / "summary.json").write_text(json.dumps(summary))
    line = {"ts": 1, "symbol": EVIL, "reason": EVIL, "where": EVIL, "text": EVIL, "what": EVIL, "why": EVIL}
    for log in ("dead_letters", "control", "transitions"):
        (out / f"{log}.jsonl").write_text(json.dumps(line) + "\n")
    config = (out / "config.yaml").read_text().replace("BTCUSDC:", f"{json.dumps(EVIL)}:")
    (out / "config.yaml").write_text(config.replace("profile: phoenix", f"profile: {json.dumps(EVIL)}"))
    (out / "samples" / "BTCUSDC.bin").unlink()
    return out


def test_no_text_is_taken_for_markup(run):
    page = report(run)
    assert "taken" in page
    assert "<img" not in re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL)
    assert "<script>document" not in page


def test_a_browser_runs_nothing_of_it(browser, run):
    (run / "report.html").write_text(report(run))
    require_readable(browser, run / "report.html", 390)
    assert "taken" not in browser.run("return document.title").replace(EVIL, "")
    assert browser.run("return document.querySelectorAll('img').length") == 0
    assert EVIL in browser.run("return document.body.textContent")


def test_data_cannot_end_the_script_that_holds_it():
    assert json.loads(as_data({EVIL: [EVIL]})) == {EVIL: [EVIL]}
    assert "<" not in as_data({EVIL: [EVIL]})


def test_nothing_is_fetched_from_anywhere(run):
    policy = within(report(run), 'Content-Security-Policy" content="', '"')
    assert policy.startswith("default-src 'none';")
    assert not re.search(
        r"""<(?:link|script|img|iframe)[^>]+(?:src|href)=""", report(run).split("<script>")[0]
    )
