"""The topic that a market is read from, as the settings say."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from configs.schema_kafka import Kafka

if TYPE_CHECKING:
    from connectors.kafka.market import KafkaMarket


def topic_of(kafka: Kafka, symbols: Sequence[str], say: Callable[[str], None]) -> "KafkaMarket":
    """Find the topic, and where a run begins to read it.

    Raises:
        ConfigError: an option is none of librdkafka's.
        SourceError: no broker answers, or there is no such topic or place in it.
    """
    from connectors.kafka.connection import Place  # noqa: PLC0415 - other markets do without a client
    from connectors.kafka.market import Start, open_market  # noqa: PLC0415 - the same

    place = Place(kafka.bootstrap, kafka.topic or "", kafka.options)
    time_ms = 0 if kafka.start_time is None else round(kafka.start_time.timestamp() * 1000)
    return open_market(place, Start(kafka.start, time_ms, kafka.start_offsets), symbols, say)
