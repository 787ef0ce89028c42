"""A topic opened as a market: which partitions it has, where a run begins in each, and a tape per symbol."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from confluent_kafka import Consumer, KafkaException
from confluent_kafka.admin._metadata import TopicMetadata

from connectors.kafka.bounds import at_time, bounds
from connectors.kafka.connection import UNKNOWN_TOPIC, Place, Troubles
from connectors.kafka.diagnosis import settled, unreachable
from connectors.kafka.feed import Begun, KafkaFeed, as_told, no_quality
from connectors.kafka.inbox import Position
from connectors.kafka.link import Say
from connectors.kafka.reader import Reader, consumer
from connectors.recorded.tape import RecordedTape
from operators.errors import SourceError
from operators.instruments import Instrument

CHUNK_ROWS: Final = 8192


@dataclass(frozen=True)
class Start:
    """Where a run begins to read."""

    at: Literal["earliest", "latest", "timestamp", "offsets"]
    time_ms: int = 0
    """For `timestamp`: the first message that the broker has from then or later."""
    offsets: Mapping[int, int] | None = None
    """For `offsets`: of each partition that is named; others begin at their earliest."""


@dataclass(frozen=True)
class KafkaMarket:
    """A topic that was found, and where each partition begins."""

    reader: Reader
    begins: Position

    def tape(
        self, instrument: Instrument, chunk_rows: int = CHUNK_ROWS, begun: Begun = as_told
    ) -> RecordedTape:
        """Return one symbol's tape; `begun` says where it begins, given where that is now."""
        quality = no_quality()
        feed = KafkaFeed(instrument, self.reader, self.begins, quality, begun)
        return RecordedTape(instrument.symbol, feed, quality, chunk_rows)


def open_market(place: Place, start: Start, symbols: Sequence[str], say: Say) -> KafkaMarket:
    """Find a topic.

    Raises:
        ConfigError: an option is none of librdkafka's.
        SourceError: no broker answers in time, there is no such topic, or it has no such place to begin at.
    """
    troubles = Troubles()
    client = consumer(place, troubles)
    try:
        begins = _begins(client, place, start, settled(client, place, troubles))
    except KafkaException as error:
        client.poll(0)  # Only then are its complaints handed over.
        raise unreachable(place, troubles, error) from None
    finally:
        client.close()
    return KafkaMarket(Reader(place, symbols, say), begins)


def _begins(client: Consumer, place: Place, start: Start, found: TopicMetadata) -> Position:
    if found.error is not None and found.error.code() in UNKNOWN_TOPIC:
        raise SourceError(f"{place.key}: there is no topic {place.topic} at {place.bootstrap}")
    if found.error is not None:
        raise SourceError(f"{place.key}: {place.topic} cannot be read: {found.error.str()}")
    ends = bounds(client, place.topic, found.partitions)
    if start.at == "timestamp":
        told = at_time(client, place.topic, found.partitions, start.time_ms)
        return {partition: at if at >= 0 else ends[partition][1] for partition, at in told.items()}
    if start.at == "offsets":
        return {partition: low for partition, (low, _) in ends.items()} | _given(place, start, ends)
    return {partition: low if start.at == "earliest" else high for partition, (low, high) in ends.items()}


def _given(place: Place, start: Start, ends: Mapping[int, tuple[int, int]]) -> Position:
    given = dict(start.offsets or {})
    for partition, offset in given.items():
        if partition not in ends:
            raise SourceError(
                f"kafka.start_offsets: {place.topic} has partitions 0 to {max(ends)}, and no {partition}"
            )
        low, high = ends[partition]
        if not low <= offset <= high:
            raise SourceError(
                f"kafka.start_offsets: partition {partition} of {place.topic} "
                f"begins at {low} and ends at {high}, was {offset}"
            )
    return given
