"""Prometheus and Alertmanager as a desk runs them, and what stands in for Phoenix and for Slack."""

import json
import re
import shutil
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PROMETHEUS = ROOT / "dashboards/prometheus"
ALERTMANAGER = ROOT / "dashboards/alertmanager"
LISTENING = re.compile(r'msg="Listening on".* address=127\.0\.0\.1:(\d+)')


def installed(program: str) -> str:
    """Return where a program is, or skip the test."""
    return shutil.which(program) or pytest.skip(f"{program} is not installed: tools/install-watchers does")


def said(program: str, *options: object, cwd: Path = ROOT) -> str:
    """Run a program to its end, which must be a good one, and return what it said."""
    command = [installed(program), *map(str, options)]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def awaited(found: Callable[[], Any], what: str, seconds: float = 60) -> Any:
    """Return what is found as soon as it is something."""
    until = time.monotonic() + seconds
    while not (answer := found()):
        assert time.monotonic() < until, what
        time.sleep(0.05)
    return answer


def ask(url: str, **query: str) -> Any:
    """Return the JSON at a place."""
    address = f"{url}?{urllib.parse.urlencode(query)}" if query else url
    with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310 - our own
        return json.load(answer)


def post(url: str, what: object) -> None:
    """Send JSON."""
    kind = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, json.dumps(what).encode(), kind)  # noqa: S310 - our own
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - our own
        assert answer.status == 200


@contextmanager
def served(folder: Path, *command: object) -> Iterator[str]:
    """Run a server that chooses its own port, and give its address."""
    log = folder / "log"
    with log.open("w") as out:
        process = subprocess.Popen(
            [installed(str(command[0])), *map(str, command[1:])], cwd=folder, stdout=out, stderr=out
        )
        try:
            port = awaited(lambda: _port(process, log), f"{command[0]} listens")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()
            process.wait(30)


def _port(process: subprocess.Popen[bytes], log: Path) -> str | None:
    told = log.read_text()
    assert process.poll() is None, told
    found = LISTENING.search(told)
    return found and found[1]


@contextmanager
def prometheus(folder: Path, phoenix: str | list[str], alertmanager: str = "127.0.0.1:9") -> Iterator[str]:
    """Run Prometheus as it is shipped, save for its addresses, and for waiting less."""
    shutil.copytree(PROMETHEUS, folder, dirs_exist_ok=True)
    config = yaml.safe_load((folder / "prometheus.yml").read_text())
    targets = [phoenix] if isinstance(phoenix, str) else phoenix
    config["global"] = dict.fromkeys(("scrape_interval", "scrape_timeout", "evaluation_interval"), "500ms")
    config["scrape_configs"] = [{"job_name": "phoenix", "static_configs": [{"targets": targets}]}]
    config["alerting"]["alertmanagers"] = [{"static_configs": [{"targets": [alertmanager]}]}]
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    alerts = folder / "rules/alerts.yml"
    alerts.write_text(re.sub(r"(for): \d+[sm]$", r"\1: 1s", alerts.read_text(), flags=re.MULTILINE))
    options = ("--web.listen-address=127.0.0.1:0", "--storage.tsdb.path=data", "--log.level=info")
    with served(folder, "prometheus", "--config.file=prometheus.yml", *options) as url:
        awaited(lambda: _answers(f"{url}/-/ready"), "Prometheus is ready")
        yield url


def _answers(url: str) -> bool:
    """Say whether a server answers well there: it listens before it is ready."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - our own
            return bool(answer.status == 200)
    except OSError:
        return False


@contextmanager
def alertmanager(folder: Path, slack: str, quick: bool = False) -> Iterator[str]:
    """Run Alertmanager as it is shipped, save for where the secret is kept, and if quick for waiting less."""
    shutil.copytree(ALERTMANAGER, folder, dirs_exist_ok=True)
    (folder / "webhook").write_text(slack)
    config = folder / "alertmanager.yml"
    text = config.read_text().replace("/run/secrets/slack_webhook_url", str(folder / "webhook"))
    assert str(folder) in text
    config.write_text(
        re.sub(r"(group_\w+): \d+[sm]$", r"\1: 1s", text, flags=re.MULTILINE) if quick else text
    )
    options = ("--web.listen-address=127.0.0.1:0", "--storage.path=data", "--cluster.listen-address=")
    with served(folder, "prometheus-alertmanager", "--config.file=alertmanager.yml", *options) as url:
        yield url


class Stand:
    """A small web server: what it serves can be set, and what was sent to it is kept."""

    def __init__(self) -> None:
        self.page = ""
        self.heard: list[dict[str, Any]] = []

    @contextmanager
    def open(self) -> Iterator[str]:
        """Serve, and give the address without its protocol."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        stand = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer("text/plain; version=0.0.4", stand.page)

            def do_POST(self) -> None:
                stand.heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self._answer("text/plain", "ok")

            def _answer(self, kind: str, text: str) -> None:
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler
