"""What a reader may expect of a report, whichever run it is of."""

import html
import json
import re
from pathlib import Path
from typing import Any

from tests.oracles.browser import Browser

TEXTS = {"active", "reducing", "halted", "fitted", "poor", "warming"}


def summary_of(run: Path) -> Any:
    return json.loads((run / "summary.json").read_text())


def within(text: str, begin: str, end: str) -> str:
    """Return what stands between two marks of a page."""
    _, found, rest = text.partition(begin)
    assert found, begin
    return rest.partition(end)[0]


def data_of(page: str) -> Any:
    """Return the figures of a page, by their keys."""
    return json.loads(within(page, 'id="figures">', "</script>"))["figures"]


def banner(page: str) -> list[str]:
    """Return the sentences that a page begins with."""
    inside = within(page, '<div class="banner">', "</div>")
    return [html.unescape(each) for each in re.findall(r"<p>(.*?)</p>", inside)]


def stands_at(summary: Any, path: list[str]) -> Any:
    for key in path:
        summary = summary[key]
    return summary


def require_readable(browser: Browser, page: Path, width: int) -> dict[str, Any]:
    """Open a page; hold it to a quiet console, figures with data, and the window's width."""
    browser.open(page, width)
    figures = browser.look()
    assert browser.complaints() == []
    assert set(figures) == browser.figures()
    empty = [key for key, traces in figures.items() if not any(trace["n"] for trace in traces)]
    assert empty == []
    assert browser.too_wide() == []
    return figures


def require_equal_numbers(browser: Browser, run: Path) -> int:
    """Hold every number on the open page to the summary: exactly, and rounded as it is shown."""
    summary, n = summary_of(run), 0
    for path, exact, text in browser.numbers():
        value = stands_at(summary, path)
        assert exact == str(value), path
        assert is_rounded(text, exact), (path, exact, text)
        n += 1
    return n


def is_rounded(text: str, exact: str) -> bool:
    """Say whether a text is a number as close as its own digits allow."""
    if exact in TEXTS or text == exact:
        return text == exact
    plain = text.replace(",", "").replace("−", "-")
    scale = 100 if plain.endswith("%") else 1
    digits = plain.removesuffix("%")
    places = len(digits.partition(".")[2])
    return abs(float(digits) - scale * float(exact)) <= 0.5000001 * 10**-places
