"""Metrics of a run as whoever fetches them sees them."""

from typing import Any
from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families

from connectors.metrics.exposition import Exposition
from flows.program import Program
from tests.oracles.runs import lively

Found = dict[tuple[Any, ...], float]
"""Values by name and labels: `("mm_mid_price", ("symbol", "BTCUSDC"))`."""
PAIR = lively("BTCUSDC", "ETHUSDC", seconds=5)


def scraped(url: str) -> str:
    """Fetch what is served."""
    with urlopen(url, timeout=20) as answer:  # noqa: S310 - our own
        return str(answer.read().decode())


def samples(text: str) -> Found:
    """Return every sample of a page."""
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def of(found: Found, name: str, symbol: str, **labels: str) -> float:
    """Return one symbol's value."""
    return found[name, *sorted({"symbol": symbol, **labels}.items())]


def heard(monkeypatch: pytest.MonkeyPatch, job: Program) -> list[str]:
    """Return where it will be told where metrics are."""
    urls: list[str] = []
    monkeypatch.setattr(job.shared.console, "metrics_at", urls.append)
    return urls


def text_of(job: Program) -> str:
    """Return what would be served now."""
    return Exposition(job.shared.board).page().decode()
