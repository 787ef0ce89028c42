"""A trading floor of processes: a publisher, the venue and a desk, with topics of a broker between them."""

import json
import os
import random
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.oracles.broker import Broker
from tests.oracles.command import CLI, ROOT
from tests.oracles.runs import UNREPORTED, lines

PATIENCE_S = 240
QUIET = ("run.progress=false", "metrics.enabled=false", UNREPORTED)
NOBODY = "f" * 32
"""The run that poison comes from."""


class Floor:
    """Its topics, and the processes as they come and go."""

    def __init__(
        self, broker: Broker, folder: Path, market: tuple[str, ...], *, one_topic: bool = False
    ) -> None:
        self.broker, self.folder, self.market = broker, folder, market
        self.topic = broker.topic(2)
        self.orders, self.reports = (
            (self.topic, self.topic) if one_topic else (broker.topic(2), broker.topic(2))
        )
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.n_opened = 0
        """How often the venue had said that it is open before it was opened last."""

    @property
    def settings(self) -> tuple[str, ...]:
        """What desk and venue have in common."""
        named = {"topic": self.topic, "orders_topic": self.orders, "reports_topic": self.reports}
        topics = (f"kafka.{key}={topic}" for key, topic in named.items())
        return (
            *self.market,
            *QUIET,
            f"kafka.bootstrap={self.broker.bootstrap}",
            "source.kind=kafka",
            *topics,
        )

    def begin(self, *more: str) -> None:
        """Open the venue, begin with a desk, and let the market come."""
        self.open_venue()
        self.trade(*more)
        self.until(self.is_open, "the venue did not open")
        self.until(self.is_awake, "the desk did not begin")
        self.publish()

    def publish(self, speed: float = 1) -> None:
        """Send the market in real time."""
        own = (*self.market, *QUIET, f"kafka.bootstrap={self.broker.bootstrap}")
        self._start("publisher", "publish", own, "--topic", self.topic, "--speed", str(speed))

    def open_venue(self, *, resume: bool = False, out: str = "venue") -> None:
        """Open the venue, or open it again."""
        again = ["--resume"] if resume else []
        log = self.folder / "venue.log"
        self.n_opened = log.read_text().count("is open") if log.exists() else 0
        self._start(out, "venue", self.settings, "--out", str(self.folder / out), *again)

    def trade(self, *more: str, resume: bool = False, out: str = "desk") -> None:
        """Begin with a desk, or go on with it."""
        again = ["--resume"] if resume else []
        settings = more if resume else (*self.settings, *more)
        self._start(out, "run", settings, "--out", str(self.folder / out), *again)

    def kill(self, name: str, number: int = signal.SIGKILL) -> None:
        """Kill a process, and wait until it is gone."""
        self.processes[name].send_signal(number)
        self.processes[name].wait(PATIENCE_S)

    def wait(self, name: str) -> None:
        """Wait until a process comes to its end, which it does well."""
        code = self.processes[name].wait(PATIENCE_S)
        assert code == 0, self.said(name)

    def close_venue(self) -> dict[str, Any]:
        """Stop the venue; return how each symbol stands there."""
        self.kill("venue", signal.SIGTERM)
        assert self.processes["venue"].returncode == 0, self.said("venue")
        return self.summary("venue")

    def summary(self, out: str) -> dict[str, Any]:
        """Return the figures of each symbol."""
        found: dict[str, Any] = json.loads((self.folder / out / "summary.json").read_text())["symbols"]
        return found

    def said(self, name: str) -> str:
        """Return all that a process wrote, in all its lives."""
        return (self.folder / f"{name}.log").read_text()

    def until(self, true: Any, what: str) -> None:
        """Wait until something is so."""
        end = time.monotonic() + PATIENCE_S
        while not true():
            assert time.monotonic() < end, what
            for name in self.processes:
                alive = self.processes[name].poll() in (None, 0, -signal.SIGKILL)
                assert alive, self.said(name)
            time.sleep(0.05)

    def is_awake(self, out: str = "desk") -> bool:
        """Say whether a desk listens to its market: rules may have to be compiled before."""
        log = self.folder / out / "log.jsonl"
        return log.exists() and '"vpin_active"' in log.read_text()

    def is_open(self) -> bool:
        """Say whether the venue that was opened last listens."""
        return self.said("venue").count("is open") > self.n_opened

    def has_traded(self, out: str = "desk", fills: int = 1) -> bool:
        """Say whether a desk was filled so often."""
        parts = (self.folder / out / "fills").glob("*.jsonl")
        return sum(path.read_bytes().count(b"\n") for path in parts) >= fills

    def reasons(self, out: str) -> set[str]:
        """Return why dead letters of a run are dead, as far as they are written."""
        parts = (self.folder / out / "dead_letters").glob("*.jsonl")
        whole = (line for path in parts for line in path.read_bytes().split(b"\n")[:-1])
        return {json.loads(line)["reason"] for line in whole}

    def live(self) -> set[str]:
        """Return the orders that rest, as the venue's reports say."""
        reports, _ = self.told(self.reports, "report")
        live = set[str]()
        for each in (report for told in reports.values() for report in told):
            if each["what"] == "accepted":
                live.add(each["id"])
            elif each["what"] in ("canceled", "expired") or each.get("filled") == each.get("size"):
                live.discard(each["id"])
        return live

    def told(self, topic: str, kind: str) -> tuple[dict[tuple[str, str], list[dict[str, Any]]], int]:
        """Return what a topic holds of a kind, by run and symbol, each once, and how many came again."""
        found: dict[tuple[str, str], dict[int, dict[str, Any]]] = {}
        repeats = 0
        for partition in range(2):
            for _, value in self.broker.kept(topic, partition):
                message = _understood(value)
                if message.get("type") != kind or message.get("v") != 1 or message.get("run") == NOBODY:
                    continue
                there = found.setdefault((message["run"], message["symbol"]), {})
                before = there.setdefault(message["n"], message)
                assert before == message, "conflicts with what was told before"
                repeats += before is not message
        for name, there in found.items():
            assert sorted(there) == list(range(1, len(there) + 1)), f"something of {name} is missing"
        return {name: [there[n] for n in sorted(there)] for name, there in found.items()}, repeats

    def count(self, kind: str) -> int:
        """Return how many messages of a kind the market holds."""
        kept = (value for partition in range(2) for _, value in self.broker.kept(self.topic, partition))
        return sum(_understood(value).get("type") == kind for value in kept)

    def close(self) -> None:
        """Leave nobody behind."""
        for process in self.processes.values():
            process.kill()
            process.wait()

    def _start(self, name: str, command: str, settings: tuple[str, ...], *options: str) -> None:
        changes = [f"--set={each}" for each in settings]
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [*CLI, command, *changes, *options],
                cwd=ROOT,
                stdout=log,
                stderr=log,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )


def _understood(value: bytes) -> dict[str, Any]:
    """Return a message, nothing of what is none."""
    try:
        found: dict[str, Any] = json.loads(value)
    except ValueError:
        return {}
    return found


def kill_either(floor: Floor, kills: int, seed: int) -> Counter[str]:
    """Kill desk and venue at random moments, and go on with each after a while; return how often which."""
    chance, hit = random.Random(seed), Counter[str]()
    for n in range(kills):
        time.sleep(chance.uniform(0.5, 3))
        name = ("desk", "venue")[n % 2]
        if floor.processes["publisher"].poll() is not None:
            break
        floor.kill(name)
        hit[name] += 1
        time.sleep(chance.uniform(0, 1.5))
        if name == "desk":
            floor.trade(resume=True)
        else:
            floor.open_venue(resume=True)
    floor.until(floor.is_open, "the venue did not open again")
    return hit


def require_agreement(floor: Floor, desk: dict[str, Any], venue: dict[str, Any], out: str = "desk") -> int:
    """Hold desk and venue to one truth; return how many messages came again."""
    orders, again = floor.told(floor.orders, "order")
    reports, once_more = floor.told(floor.reports, "report")
    assert desk, "nobody traded"
    run = json.loads((floor.folder / out / "told_as.json").read_text())["run"]
    filled = lines(floor.folder / out / "fills.jsonl")
    for symbol, figures in desk.items():
        assert figures["position"] == venue[symbol]["position"], symbol
        assert venue[symbol]["live"] == [], symbol
        assert figures["faults"] == {}
        placed = Counter(each["id"] for each in orders[run, symbol] if each["op"] == "place")
        assert set(placed.values()) == {1}, "an order was placed twice"
        fills = [each for each in reports[run, symbol] if each["what"] == "filled"]
        assert [(each["id"], each["price"], each["size"]) for each in fills] == [
            (each["id"], each["price"], each["size"]) for each in filled if each["symbol"] == symbol
        ]
        unknown = {each["id"] for each in reports[run, symbol] if each["what"] == "accepted"} - placed.keys()
        assert not unknown, "the venue holds what nobody placed"
    return again + once_more
