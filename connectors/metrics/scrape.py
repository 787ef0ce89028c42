"""The door at which metrics are fetched: a small HTTP server on a thread of its own."""

import selectors
import socket
import threading
from errno import EADDRINUSE
from socketserver import TCPServer, ThreadingMixIn
from typing import Any, Final
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer
from wsgiref.types import WSGIApplication

from operators.errors import ConfigError

PATIENCE_S: Final = 5.0
"""How long a client may take over its request."""
MOST_CLIENTS: Final = 16
"""At once; who comes then is hung up on. More would use up the files that the run itself must open."""
LAST_PORT: Final = 65_535


class PortTaken(Exception):
    """Somebody else listens there."""


class _Handler(WSGIRequestHandler):
    timeout = PATIENCE_S

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the base class
        """Say nothing: a scrape is no news."""


class _Server(ThreadingMixIn, WSGIServer):
    """One thread per request, all of which end when it is closed."""

    daemon_threads = False

    def __init__(self, family: socket.AddressFamily, address: tuple[str, int]) -> None:
        self.address_family = family
        self.open: set[Any] = set()
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        """Do not ask who we are: that may take a name server's patience."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])
        self.setup_environ()

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as in the base class
        """Remember who is connected."""
        if len(self.open) >= MOST_CLIENTS:
            self.shutdown_request(request)
            return
        self.open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401 - as in the base class
        """Forget who is not."""
        self.open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away, or never says anything, is its own affair."""

    def hang_up(self) -> None:
        """End every conversation."""
        for request in list(self.open):
            try:
                request.shutdown(socket.SHUT_RDWR)
            except OSError:  # it has ended by itself
                continue


class MetricsServer:
    """Answers requests until it is closed."""

    def __init__(self, app: WSGIApplication, address: str, port: int) -> None:
        self.server = _bound(address, port)
        self.server.set_app(app)
        self.bell, self.ringer = socket.socketpair()
        # A program that fails on the way must not wait for it.
        self.thread = threading.Thread(target=self._serve, name="metrics", daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        """Return where metrics are."""
        host = self.server.server_name
        return f"http://{f'[{host}]' if ':' in host else host}:{self.server.server_port}/metrics"

    def _serve(self) -> None:
        """Wait without waking up in between."""
        with selectors.DefaultSelector() as waiting:
            waiting.register(self.server, selectors.EVENT_READ)
            waiting.register(self.bell, selectors.EVENT_READ)
            self.server.timeout = 0
            while not any(key.fileobj is self.bell for key, _ in waiting.select()):
                self.server.handle_request()

    def close(self) -> None:
        """Serve no more: afterwards there is no thread and no socket."""
        if self.thread.is_alive():
            self.ringer.send(b"!")
            self.thread.join()
            self.server.hang_up()
            self.server.server_close()
            self.bell.close()
            self.ringer.close()


def open_server(app: WSGIApplication, address: str, port: int, if_taken: str) -> MetricsServer | None:
    """Serve an application; where the port is taken, at the next free one, or not at all, or refuse.

    Raises:
        ConfigError: nothing can be served there, or the port is taken and that is refused.
    """
    while True:
        try:
            return MetricsServer(app, address, port)
        except PortTaken:
            if if_taken == "without":
                return None
            if if_taken == "refuse" or port == LAST_PORT:
                raise ConfigError([_taken(address, port)]) from None
            port += 1


def _taken(address: str, port: int) -> str:
    return (
        f"metrics.port {port} of {address} is taken: name another, or let metrics.if_taken be next or without"
    )


def _bound(address: str, port: int) -> _Server:
    try:
        family, *_, where = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0]
        return _Server(family, (str(where[0]), port))
    except OSError as error:
        if error.errno == EADDRINUSE:
            raise PortTaken from None
        said = f"metrics.address {address} cannot be listened at, port {port}: {error.strerror}"
        raise ConfigError([said]) from None
