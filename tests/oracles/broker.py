"""A real broker of Apache Kafka, one for all the processes of a test run."""

import fcntl
import os
import shutil
import socket
import subprocess
import time
import uuid
from contextlib import contextmanager
from pathlib import Path

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

ROOT = Path(__file__).resolve().parents[2]
MADE = ROOT / ".cache" / "kafka" / "made"
PATIENCE_S = 120
UNHURRIED = "broker.session.timeout.ms=60000\n"
"""It is all that there is: where cores are busy, it must not be taken for dead by itself."""


class NoBroker(Exception):
    """There is none, and none can be had; it says why."""


class Broker:
    """Where a broker is, and what tests do to it."""

    is_real = True
    reason = ""
    """Why it is not real."""

    def __init__(self, bootstrap: str, copies: int = 1) -> None:
        self.bootstrap, self.copies = bootstrap, copies
        self.admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})

    def topic(self, partitions: int = 1, **settings: str) -> str:
        """Make a topic that nobody else uses."""
        return self.made(self.name(), partitions, **settings)

    def made(self, name: str, partitions: int, **settings: str) -> str:
        """Make a topic of this name."""
        made = self.admin.create_topics([NewTopic(name, partitions, self.copies, config=settings)])
        made[name].result(30)
        until = time.monotonic() + 30
        while len(self.admin.list_topics(name, timeout=10).topics[name].partitions) < partitions:
            assert time.monotonic() < until, f"{name} was not made"
        return name

    def name(self) -> str:
        """Return a name that nobody else uses."""
        return f"test-{uuid.uuid4().hex[:12]}"

    def awaited(self, brokers: int) -> None:
        """Wait until so many answer."""
        until = time.monotonic() + PATIENCE_S
        while not answers(self.bootstrap, brokers):
            assert time.monotonic() < until, f"there are no {brokers} brokers at {self.bootstrap}"

    def send(self, topic: str, *sent: tuple[bytes | None, bytes], partition: int = -1) -> None:
        """Append messages, each with its key, and wait until the broker has them."""
        producer = Producer({"bootstrap.servers": self.bootstrap, "enable.idempotence": True, "log_level": 0})
        for key, value in sent:
            producer.produce(topic, value, key, partition)
        assert producer.flush(30) == 0

    def send_dated(self, topic: str, key: bytes, values: list[bytes], age_ms: int) -> None:
        """Append messages as if they had come so long ago."""
        producer = Producer({"bootstrap.servers": self.bootstrap, "enable.idempotence": True, "log_level": 0})
        sent_ms = time.time_ns() // 1_000_000 - age_ms
        for value in values:
            while True:
                try:
                    producer.produce(topic, value, key, timestamp=sent_ms)
                    break
                except BufferError:
                    producer.poll(0.1)
            producer.poll(0)
        assert producer.flush(60) == 0

    def kept(self, topic: str, partition: int = 0) -> list[tuple[bytes | None, bytes]]:
        """Return every message of a partition, with its key."""
        consumer = Consumer({"bootstrap.servers": self.bootstrap, "group.id": "test", "log_level": 0})
        first, last = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=30)
        consumer.assign([TopicPartition(topic, partition, first)])
        found = []
        while first < last:
            for message in consumer.consume(1000, 0.2):
                assert message.error() is None, message.error()
                found.append((message.key(), message.value() or b""))
                first = (message.offset() or 0) + 1
        consumer.close()
        return found


def shared_broker(folder: Path) -> str:
    """Return the address of the broker of this test run; the first who asks starts it.

    Raises:
        NoBroker: Java or Maven is missing, or it does not start.
    """
    named = os.environ.get("PHOENIX_KAFKA_BOOTSTRAP")
    if named:
        return named
    with _locked(folder):
        told = folder / "bootstrap"
        if not told.exists():
            (folder / "broker").mkdir(exist_ok=True)
            (folder / "broker" / "more.properties").write_text(UNHURRIED)
            told.write_text(start(folder / "broker", _whole_run()))
        return told.read_text()


def start(folder: Path, pid: int, port: int = 0, controller: int = 0, *, wait: bool = True) -> str:
    """Start a broker that lives as long as a process; return its address once it answers.

    Raises:
        NoBroker: it does not start.
    """
    gather()
    port, controller = port or free_port(), controller or free_port()
    library, serve = MADE.parent / "lib", ROOT / "tools" / "kafka" / "serve"
    folder.mkdir(parents=True, exist_ok=True)
    command = ["sh", str(serve), str(library), str(folder), str(port), str(controller), str(pid)]
    # Left to itself: it watches over its own end.
    aside = ["sh", "-c", '"$@" >/dev/null 2>&1 &', "serve", *command]
    subprocess.run(aside, check=True, start_new_session=True)
    address, until = f"127.0.0.1:{port}", time.monotonic() + PATIENCE_S
    while wait and not answers(address):
        if time.monotonic() > until:
            raise NoBroker(f"Apache Kafka did not start, {folder} says why")
    return address


def gather() -> None:
    """Gather what a broker is made of.

    Raises:
        NoBroker: Java or Maven is missing, or they could not.
    """
    missing = [each for each in ("java", "make") if shutil.which(each) is None]
    if not missing and not MADE.exists():
        missing = [] if shutil.which("mvn") else ["mvn"]
    if missing:
        raise NoBroker(f"no broker: {' and '.join(missing)} not found, PHOENIX_KAFKA_BOOTSTRAP not set")
    made = subprocess.run(
        ["make", "-s", ".cache/kafka/made"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=240,
    )
    if made.returncode:
        raise NoBroker(f"no broker: Apache Kafka could not be gathered: {made.stderr[-300:]}")


def answers(address: str, brokers: int = 1) -> bool:
    """Say whether so many brokers answer there."""
    try:
        found = AdminClient({"bootstrap.servers": address, "log_level": 0}).list_topics(timeout=2)
    except KafkaException:
        return False
    return len(found.brokers) >= brokers


def free_port() -> int:
    """Return a port of loopback that nobody listens at."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


def _whole_run() -> int:
    """Return the process that ends with the whole run: of several, the one that started them."""
    return os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()


@contextmanager
def _locked(folder: Path):
    with (folder / "broker.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
