import re
import socket
import threading
import time
from contextlib import ExitStack, closing
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

import pytest

from connectors.board import Board
from connectors.metrics.exposition import Exposition
from connectors.metrics.scrape import MOST_CLIENTS, MetricsServer, open_server
from connectors.timing import Timing
from operators.errors import ConfigError

LOCAL = "127.0.0.1"


@pytest.fixture
def exposition():
    return Exposition(Board("p", "0123", {}, Timing()))


@pytest.fixture
def server(exposition):
    made = MetricsServer(exposition.app, LOCAL, 0)
    yield made
    made.close()


def ask(server, method="GET", path="/metrics", **headers):
    where = urlsplit(server.url)
    with closing(HTTPConnection(where.hostname, where.port, timeout=20)) as line:
        line.request(method, path, headers=headers)
        answer = line.getresponse()
        return answer.status, answer.headers, answer.read().decode()


def test_metrics_are_plain_text(server):
    status, headers, text = ask(server)
    assert status == 200
    assert headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert 'mm_run_info{profile="p",config="0123",shard="all"} 1.0\n' in text
    assert "process_cpu_seconds_total" in text


def test_some_metrics_can_be_asked_for_by_name(server):
    _, _, text = ask(server, path="/metrics?name[]=mm_run_info")
    assert re.findall(r"^\w+", text, re.MULTILINE) == ["mm_run_info"]


def test_nothing_can_be_changed_through_the_door(server):
    for method in ("POST", "PUT", "DELETE"):
        assert ask(server, method)[0] == 405


def test_somebody_who_connects_and_says_nothing_keeps_nobody_waiting(server):
    where = urlsplit(server.url)
    with socket.create_connection((where.hostname, where.port)):
        assert ask(server)[0] == 200


def test_a_crowd_is_hung_up_on_and_the_door_opens_again_when_it_leaves(server):
    where = urlsplit(server.url)
    with ExitStack() as crowd:
        for _ in range(MOST_CLIENTS + 4):
            crowd.enter_context(socket.create_connection((where.hostname, where.port), timeout=20))
        with pytest.raises((ConnectionError, HTTPException)):
            ask(server)
        assert len(server.server.open) == MOST_CLIENTS
    until = time.monotonic() + 20
    while server.server.open:
        assert time.monotonic() < until
        time.sleep(0.01)
    assert ask(server)[0] == 200


def test_who_goes_away_in_the_middle_of_a_request_is_forgotten(server, capfd):
    where = urlsplit(server.url)
    for said in (b"GET /met", b"GET /metrics HTTP/1.1\r\n\r\n", b"\x16\x03\x01 nonsense\r\n\r\n"):
        with socket.create_connection((where.hostname, where.port)) as line:
            line.sendall(said)
    assert ask(server)[0] == 200
    server.close()
    assert capfd.readouterr().err == ""


def test_closing_hangs_up_and_leaves_neither_thread_nor_port(exposition):
    before = set(threading.enumerate())
    server = MetricsServer(exposition.app, LOCAL, 0)
    where = urlsplit(server.url)
    with socket.create_connection((where.hostname, where.port)) as silent:
        assert ask(server)[0] == 200
        server.close()
        silent.settimeout(20)
        assert silent.recv(1) == b""
    assert set(threading.enumerate()) == before
    with closing(socket.create_server((LOCAL, where.port or 0))) as again:
        assert again.getsockname()[1] == where.port
    server.close()


def test_an_ipv6_address_is_written_in_brackets(exposition):
    try:
        server = MetricsServer(exposition.app, "::1", 0)
    except ConfigError as error:
        pytest.skip(str(error))
    try:
        assert server.url.startswith("http://[::1]:")
        assert ask(server)[0] == 200
    finally:
        server.close()


def test_a_name_of_this_machine_will_do(exposition):
    server = MetricsServer(exposition.app, "localhost", 0)
    try:
        assert ask(server)[0] == 200
    finally:
        server.close()


def test_where_every_later_port_is_taken_there_is_no_next_one(exposition):
    try:
        last = socket.create_server((LOCAL, 65_535))
    except OSError as error:
        pytest.skip(f"the last port cannot be taken: {error.strerror}")
    with closing(last), pytest.raises(ConfigError, match=r"metrics\.port 65535 of 127\.0\.0\.1 is taken"):
        open_server(exposition.app, LOCAL, 65_535, "next")
