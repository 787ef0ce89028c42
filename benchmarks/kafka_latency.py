"""From a message of the market handed to Kafka to the order that it caused at a consumer, beside a bare loop.

A thousand messages a second of eight symbols are sent, one a millisecond, each stamped by the clock on the
wall as it is handed to the producer. `desk` is `phoenix run` at `phoenix venue`, deciding on every message:
an order carries the stamp of the message that it was decided on. `bare` is a process that reads each message
and produces it again. Both are read by the same consumer in this process, and the broker is on the same
machine as all of them. The desk's figure contains what the bare loop's does, and the graph between the two.
`both` is a desk and a bare loop at once, on the same topic: as busy a machine for either.

The same is measured at two hundred a second besides, when no two processes want the same core for long.

Then the desk is left alone for a while: `idle` is the share of a core that it takes while nothing comes.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import msgspec
from confluent_kafka import Consumer

from benchmarks.figures import ROOT, Figure, Skipped, percentile
from benchmarks.kafka_broker import a_broker, delete_topics, ends, new_topic
from configs.schema_kafka import Kafka

GOAL_MS = 1.0
PER_S = 1000
SPARE_PER_S = 200
"""So many leave cores to spare, where there are two."""
SKIPPED_S = 3.0
"""At the beginning of each run: books are built, and processes warm up."""
SETTLED_S = 3.0
"""Between the start of processes and the first message."""
IDLE_S = 5.0
WARM_S = 40.0
"""So long a desk is fed first: Java compiles what a broker does often while it does it."""
PARTITIONS = 8
BESIDE = "bare beside a desk"
NAMES = {"both": "desk beside it"}


class Stamped(msgspec.Struct):
    """What of a message or an order is looked at."""

    ts: int = 0
    ts_recv: int = 0


def child(*arguments: str) -> "subprocess.Popen[str]":
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    pipes["stderr"] = subprocess.DEVNULL
    return subprocess.Popen([sys.executable, "-m", *arguments], cwd=ROOT, **pipes)


@contextmanager
def ended(process: "subprocess.Popen[str]") -> Iterator["subprocess.Popen[str]"]:
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=60)


class Ear:
    """Listens to a topic, and notes what came when."""

    def __init__(self, bootstrap: str, topic: str) -> None:
        self.client = Consumer({"bootstrap.servers": bootstrap, "group.id": "ear"})
        parts, _ = ends(self.client, topic)
        self.client.assign(parts)
        self.heard: list[tuple[int, bytes]] = []
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._listen)
        self.thread.start()

    def _listen(self) -> None:
        while not self.stop.is_set():
            message = self.client.poll(0.2)
            if message is not None and message.error() is None:
                self.heard.append((time.time_ns(), message.value() or b""))

    def close(self) -> list[tuple[int, bytes]]:
        self.stop.set()
        self.thread.join()
        self.client.close()
        return self.heard


def desk(bootstrap: str, topics: Sequence[str], folder: Path) -> list["subprocess.Popen[str]"]:
    """Start a desk and its venue."""
    market, orders, reports = topics
    settings = [
        "source.kind=kafka",
        f"kafka.bootstrap={bootstrap}",
        f"kafka.topic={market}",
        f"kafka.orders_topic={orders}",
        f"kafka.reports_topic={reports}",
        "quoting.decide=every_message",
        "run.report=false",
        "metrics.enabled=false",
    ]
    changes = [f"--set={each}" for each in settings]
    return [
        child("flows.cli", "venue", *changes, "--out", str(folder / "venue")),
        child("flows.cli", "run", *changes, "--out", str(folder / "desk")),
    ]


def wait_until_active(log: Path) -> None:
    """Wait until every symbol of a desk has begun: rules may have to be compiled before."""
    until = time.monotonic() + 300
    while not log.exists() or log.read_text().count('"vpin_active"') < 8:
        if time.monotonic() > until:
            raise RuntimeError(f"{log} does not say that the desk is active")
        time.sleep(0.1)


def busy_s(pid: int) -> float:
    """Return how long a process has had a core."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def delays(heard: Sequence[tuple[int, bytes]], sent: set[int], after_ns: int) -> list[float]:
    """Return the ms between a message and what came of it, where that says which message it was."""
    found = []
    for came_ns, raw in heard:
        told = msgspec.json.decode(raw, type=Stamped)
        stamp = told.ts_recv or told.ts
        if stamp in sent and stamp >= after_ns:
            found.append((came_ns - stamp) / 1e6)
    return sorted(found)


def contenders(
    name: str, bootstrap: str, topics: Sequence[str], folder: Path
) -> list["subprocess.Popen[str]"]:
    """Start a contender, with the process that decides last."""
    market, out, _, aside = topics
    if name == "bare":
        return [child("benchmarks.kafka_live", "bare", bootstrap, market, out)]
    beside = [child("benchmarks.kafka_live", "bare", bootstrap, market, aside)] if name == "both" else []
    return [*beside, *desk(bootstrap, topics[:3], folder)]


def idle_share(pid: int) -> float:
    """Return which share of a core a process takes while nothing comes."""
    before = busy_s(pid)
    time.sleep(IDLE_S)
    return (busy_s(pid) - before) / IDLE_S


def once(name: str, bootstrap: str, seconds: float, per_s: int) -> tuple[dict[str, list[float]], float]:
    """Return the delays of one contender, and of who was beside it, and its share of a core while idle."""
    topics = [new_topic(bootstrap, PARTITIONS) for _ in range(4)]
    market, out, _, aside = topics
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        stamps = Path(folder) / "stamps.json"
        asked = ("feed", bootstrap, market, str(seconds), str(per_s), str(stamps))
        feeder = stack.enter_context(ended(child("benchmarks.kafka_live", *asked)))
        assert feeder.stdin is not None
        assert feeder.stdout is not None
        started = contenders(name, bootstrap, topics, Path(folder))
        for process in started:
            stack.enter_context(ended(process))
        ears = {name: Ear(bootstrap, out)} | ({BESIDE: Ear(bootstrap, aside)} if name == "both" else {})
        feeder.stdout.readline()
        if name != "bare":
            wait_until_active(Path(folder) / "desk" / "log.jsonl")
        time.sleep(SETTLED_S)
        began_ns = time.time_ns()
        print(file=feeder.stdin, flush=True)
        feeder.wait()
        time.sleep(1.0)
        idle = idle_share(started[-1].pid)
        sent = set(msgspec.json.decode(stamps.read_bytes(), type=list[int]))
        after_ns = began_ns + int(SKIPPED_S * 1e9)
        found = {whose: delays(ear.close(), sent, after_ns) for whose, ear in ears.items()}
    delete_topics(bootstrap, *topics)
    return found, idle


def measure(*, quick: bool) -> Iterator[Figure]:
    if "reports_topic" not in Kafka.model_fields:
        raise Skipped("there is no desk at a venue elsewhere")
    idles = list[float]()
    with a_broker() as bootstrap:
        once("desk", bootstrap, WARM_S, PER_S)
        for per_s in (PER_S, SPARE_PER_S):
            yield from compare(bootstrap, per_s, idles, quick=quick)
    idle = statistics.median(idles)
    yield Figure("kafka_latency idle, share of a core", f"{idle:.1%}", idle)


def compare(bootstrap: str, per_s: int, idles: list[float], *, quick: bool) -> Iterator[Figure]:
    taken = defaultdict[str, list[list[float]]](list)
    for _ in range(1 if quick else 3):
        for name in ("bare", "desk", "both"):
            found, idle = once(name, bootstrap, 15.0 if quick else 30.0, per_s)
            idles += [idle] if name == "desk" else []
            for whose, values in found.items():
                taken[whose].append(values)
    title, medians = f"kafka_latency {per_s}/s", {}
    for name, runs in taken.items():
        medians[name] = {
            share: statistics.median(percentile(run, share) for run in runs) for share in (0.5, 0.99)
        }
        said = f"p50 {medians[name][0.5]:.2f} ms, p99 {medians[name][0.99]:.2f} ms of {sum(map(len, runs))}"
        yield Figure(f"{title} {NAMES.get(name, name)}", said, medians[name][0.5])
    goal = GOAL_MS if per_s == PER_S else None
    for ours, other, share, its_goal in (
        ("desk", "bare", 0.5, goal),
        ("desk", "bare", 0.99, None),
        ("both", BESIDE, 0.5, None),
    ):
        more = medians[ours][share] - medians[other][share]
        more_than = f"{title} p{share * 100:g}, {NAMES.get(ours, ours)} more than {other}"
        yield Figure(more_than, f"{more:+.2f} ms", more, its_goal, at_least=False)
