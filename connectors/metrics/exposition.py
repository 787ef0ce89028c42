"""Metrics as Prometheus reads them: a registry of the process, and its page.

The page is the registry's own, written quicker: the same samples in the same text format, with
labels that were escaped once. A scrape of eight symbols then costs a third.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from prometheus_client import (
    CollectorRegistry,
    GCCollector,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
    make_wsgi_app,
)
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

from connectors.board import Board
from connectors.metrics.declared import DECLARED, Declared, Reader
from connectors.metrics.family import COUNTER, UNKNOWN

PATH: Final = "/metrics"
CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


class DeskCollector(Collector):
    """The symbols' metrics as the registry takes them."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader

    def describe(self) -> Iterator[Metric]:
        """Yield every metric without samples: the registry then knows what can be asked for by name."""
        return map(_announced, DECLARED)

    def collect(self) -> Iterator[Metric]:
        """Yield every metric."""
        for metric, found in self.reader.read():
            made = _announced(metric)
            made.samples = [Sample(sample, labels.pairs, value) for sample, labels, value in found]
            yield made


class Exposition:
    """What one process serves."""

    def __init__(self, board: Board) -> None:
        self.reader = Reader(board)
        self.process, self.registry = CollectorRegistry(), CollectorRegistry()
        for registry in (self.process, self.registry):
            for collector in (ProcessCollector, PlatformCollector, GCCollector):
                collector(registry=registry)
        self.registry.register(DeskCollector(self.reader))
        self.library = make_wsgi_app(self.registry, disable_compression=True)
        self.heads = {metric: _head(metric) for metric in DECLARED}

    def page(self) -> bytes:
        """Return all of it in the text format."""
        return "".join(self._lines()).encode() + generate_latest(self.process)

    def _lines(self) -> Iterator[str]:
        for metric, found in self.reader.read():
            yield self.heads[metric]
            for sample, labels, value in found:
                yield f"{sample}{labels.text} {value}\n"

    def app(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request; whatever is not simply for the page is left to the library."""
        asked = environ["REQUEST_METHOD"], environ["PATH_INFO"], environ.get("QUERY_STRING", "")
        if asked != ("GET", PATH, ""):
            answer: Iterable[bytes] = self.library(environ, start_response)
            return answer
        start_response("200 OK", [("Content-Type", CONTENT_TYPE)])
        return [self.page()]


def _announced(metric: Declared) -> Metric:
    name = metric.name.removesuffix("_total") if metric.kind == COUNTER else metric.name
    return Metric(name, metric.meaning, metric.kind)


def _head(metric: Declared) -> str:
    meaning = metric.meaning.replace("\\", r"\\").replace("\n", r"\n")
    kind = "untyped" if metric.kind == UNKNOWN else metric.kind
    return f"# HELP {metric.name} {meaning}\n# TYPE {metric.name} {kind}\n"
