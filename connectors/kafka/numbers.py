"""How far the numbers of a market go that a topic holds already."""

import time
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

import msgspec
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from connectors.kafka.bounds import bounds
from connectors.kafka.connection import UNKNOWN_TOPIC, Place, Troubles
from connectors.kafka.diagnosis import settled, unreachable
from connectors.kafka.messages import DECODER, End
from connectors.kafka.places import require_topic
from connectors.kafka.plausible import is_far
from connectors.kafka.reader import PASSING, consumer
from connectors.kafka.sorting import place_of
from operators.errors import SourceError

STILL_S: Final = 30.0
"""Nothing read for so long is too long."""
WAIT_S: Final = 0.2
BATCH: Final = 10_000
REACHED: Final = KafkaError._PARTITION_EOF  # noqa: SLF001 - its own name
"""All of a partition is read, also where its last messages are none: those of a transaction, or compacted."""


class Held(NamedTuple):
    """What a topic holds of a symbol's market."""

    n: int = 0
    """Its last number."""
    end: int | None = None
    """The number of the message that ends it: whoever runs from the topic reads no further."""


def already_there(place: Place, stops: Callable[[], bool] = lambda: False) -> dict[str, Held]:
    """Return what a topic holds of each symbol's market; not all of it, where `stops`.

    Raises:
        ConfigError: an option is none of librdkafka's.
        SourceError: the topic cannot be read, or nothing comes of it.
    """
    troubles = Troubles()
    client = consumer(place, troubles, enable_partition_eof=True)
    try:
        return _Numbers(client, place, troubles).read(stops)
    except KafkaException as error:
        client.poll(0)
        raise unreachable(place, troubles, error) from None
    finally:
        client.close()


class _Numbers:
    """What is read, partition by partition to its end."""

    def __init__(self, client: Consumer, place: Place, troubles: Troubles) -> None:
        self.client, self.place, self.troubles = client, place, troubles
        self.held: dict[str, Held] = {}
        self.open: set[int] = set()
        """Partitions in which a transaction had not ended when all before it had been read."""
        self.ends = self._assign()

    def _assign(self) -> dict[int, int]:
        """Begin to read; return where each partition ends that holds anything."""
        found = settled(self.client, self.place, self.troubles)
        if found.error is not None:
            raise SourceError(f"{self.place.key}: {self.place.topic} cannot be read: {found.error.str()}")
        all_of_them = self._bounds(found.partitions)
        held = {partition: (low, high) for partition, (low, high) in all_of_them.items() if high > low}
        self.client.assign([TopicPartition(self.place.topic, each, low) for each, (low, _) in held.items()])
        return {partition: high for partition, (_, high) in held.items()}

    def _bounds(self, partitions: Iterable[int]) -> dict[int, tuple[int, int]]:
        """Return where partitions begin and end, with what is still to be committed.

        A producer may be told that its transaction is over before its messages can be read.
        """
        client = consumer(self.place, self.troubles, isolation_level="read_uncommitted")
        try:
            return bounds(client, self.place.topic, partitions)
        finally:
            client.close()

    def read(self, stops: Callable[[], bool]) -> dict[str, Held]:
        """Read all that was there, or until `stops`.

        Raises:
            SourceError: nothing comes, though there is more.
        """
        moved = time.monotonic()
        while self.ends and not stops():
            if sum(map(self._take, self.client.consume(BATCH, WAIT_S))):
                moved = time.monotonic()
            elif time.monotonic() - moved > STILL_S:
                why = (
                    "a transaction has not ended" if self.open else self.troubles.last or "no answer in time"
                )
                raise SourceError(
                    f"{self.place.key}: nothing came of {self.place.topic} for {STILL_S:g} s ({why})"
                )
        return self.held

    def _take(self, message: Message) -> bool:
        """Take in a message, or what came instead of one; say whether it led any further."""
        error = message.error()
        if error is None:
            self._note((message.key() or b"").decode("utf-8", "replace"), message.value() or b"")
        elif error.code() in UNKNOWN_TOPIC:
            require_topic(self.client, self.place)
        elif error.code() not in PASSING:
            raise SourceError(f"{self.place.key}: {self.place.topic} cannot be read: {error.str()}")
        return (error is None or error.code() == REACHED) and self._lead(message)

    def _lead(self, message: Message) -> bool:
        """Note where a partition is read up to; say whether that is further than before."""
        partition, offset = place_of(message)
        end, is_message = self.ends.get(partition), message.error() is None
        self.open.discard(partition)
        if end is None:
            return False
        if offset + is_message >= end:
            del self.ends[partition]
            return True
        if not is_message:
            self.open.add(partition)
        return is_message

    def _note(self, key: str, raw: bytes) -> None:
        """Count what a reader of the market does: orders, reports and others have numbers of their own."""
        try:
            message = DECODER.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return
        held = self.held.get(key, Held())
        if message.symbol != key or is_far(message.n, held.n):
            return
        end = message.n if held.end is None and isinstance(message, End) else held.end
        self.held[key] = Held(max(held.n, message.n), end)
