"""The broker that figures of Kafka are taken at: PHOENIX_KAFKA_BOOTSTRAP's, or one started for them."""

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from confluent_kafka import Consumer, TopicPartition

from benchmarks.figures import Skipped
from connectors.kafka.connection import Place
from connectors.kafka.publisher import make_topic
from tests.oracles.broker import Broker, NoBroker, start

JAVA = [
    "-Xms1g -Xmx1g -server",
    "-XX:+UseG1GC -XX:MaxGCPauseMillis=20 -XX:InitiatingHeapOccupancyPercent=35",
]
"""Java's options as Kafka's scripts start a broker (`kafka-server-start.sh`, `kafka-run-class.sh` of 4.1).

With those of `tools/kafka/serve` it starts sooner, and takes a third more time for a request.
"""


@contextmanager
def a_broker() -> Iterator[str]:
    """Lend the address of a broker; one that was started ends with this process."""
    named = os.environ.get("PHOENIX_KAFKA_BOOTSTRAP")
    if named:
        yield named
        return
    folder = Path(tempfile.mkdtemp(prefix="phoenix-kafka-"))
    (folder / "broker").mkdir()
    (folder / "broker" / "jvm.options").write_text(" ".join(JAVA))
    try:
        yield start(folder / "broker", os.getpid())
    except NoBroker as missing:
        raise Skipped(str(missing)) from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def new_topic(bootstrap: str, partitions: int) -> str:
    """Make a topic of a name that nobody has."""
    topic = f"bench-{uuid.uuid4().hex[:12]}"
    make_topic(Place(bootstrap, topic, {}), partitions)
    return topic


def delete_topics(bootstrap: str, *topics: str) -> None:
    """Give their room back."""
    admin = Broker(bootstrap).admin
    for done in admin.delete_topics(list(topics)).values():
        done.result(30)


def ends(client: Consumer, topic: str) -> tuple[list[TopicPartition], int]:
    """Return where each partition of a topic begins, and how many messages there are in all."""
    partitions = client.list_topics(topic, timeout=10).topics[topic].partitions
    parts, n = [], 0
    for partition in partitions:
        low, high = client.get_watermark_offsets(TopicPartition(topic, partition), timeout=10)
        parts.append(TopicPartition(topic, partition, low))
        n += high - low
    return parts, n
