"""Where the partitions of a topic begin and end, as their leaders say."""

import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Final, TypeVar

from confluent_kafka import Consumer, KafkaException, TopicPartition

from connectors.kafka.connection import PATIENCE_S, UNSETTLED, UNSETTLED_PAUSE_S

MOVING_S: Final = 2.0
"""How long a partition may have no leader that knows it: it was made this moment, or its leader changes."""
Answer = TypeVar("Answer")


def bounds(client: Consumer, topic: str, partitions: Iterable[int]) -> dict[int, tuple[int, int]]:
    """Return of each partition the first offset and the one after the last.

    Raises:
        KafkaException: there is no answer in time.
    """
    parts = [TopicPartition(topic, partition) for partition in sorted(partitions)]
    return {part.partition: _asked(partial(_watermarks, client, part)) for part in parts}


def at_time(client: Consumer, topic: str, partitions: Iterable[int], time_ms: int) -> dict[int, int]:
    """Return of each partition the offset of its first message from that time on; negative: it has none.

    Raises:
        KafkaException: there is no answer in time.
    """
    parts = [TopicPartition(topic, partition, time_ms) for partition in sorted(partitions)]
    return {each.partition: each.offset for each in _asked(partial(_times, client, parts))}


def _watermarks(client: Consumer, part: TopicPartition) -> tuple[int, int]:
    return client.get_watermark_offsets(part, timeout=PATIENCE_S)


def _times(client: Consumer, parts: list[TopicPartition]) -> list[TopicPartition]:
    told = client.offsets_for_times(parts, timeout=PATIENCE_S)
    for each in told:
        if each.error is not None:
            raise KafkaException(each.error)
    return told


def _asked(ask: Callable[[], Answer]) -> Answer:
    """Ask again for as long as leaders change."""
    until = time.monotonic() + MOVING_S
    while True:
        try:
            return ask()
        except KafkaException as error:
            if error.args[0].code() not in UNSETTLED or time.monotonic() > until:
                raise
        time.sleep(UNSETTLED_PAUSE_S)
