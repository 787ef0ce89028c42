"""Serve a program's metrics for as long as it runs."""

from collections.abc import Iterator
from contextlib import contextmanager

from connectors.metrics.exposition import Exposition
from connectors.metrics.scrape import MetricsServer, open_server
from flows.program import Program
from flows.shares import metrics_port


def serve(program: Program) -> MetricsServer | None:
    """Begin to serve, and say where; None where nothing is to be served.

    Raises:
        ConfigError: it is not possible where the configuration wants it.
    """
    wanted, console = program.settings.metrics, program.shared.console
    if not wanted.enabled:
        return None
    app, port = Exposition(program.shared.board).app, metrics_port(program.settings)
    server = open_server(app, wanted.address, port, wanted.if_taken)
    if server is None:
        console.no_metrics(wanted.address, port)
    else:
        console.metrics_at(server.url)
    return server


@contextmanager
def served(program: Program) -> Iterator[None]:
    """Serve while something is done, and leave neither thread nor socket behind."""
    server = serve(program)
    try:
        yield
    finally:
        if server is not None:
            server.close()
