"""Sentences about places in a topic that are not there any more, or not yet."""

import time
from collections.abc import Iterable
from typing import Final

from confluent_kafka import Consumer, KafkaException

from connectors.kafka.bounds import bounds
from connectors.kafka.connection import MARKET, UNKNOWN_TOPIC, Place
from operators.errors import SourceError

PATIENCE_S: Final = 2.0
SECOND_S: Final = 1.0


def missing(client: Consumer, place: Place, wanted: tuple[int, int]) -> str:
    """Say what became of the place that a run has to go on from: a partition and an offset of it."""
    (partition, offset), topic = wanted, place.topic
    here = f"{topic}[{partition}]@{offset}"
    try:
        low, high = bounds(client, topic, [partition])[partition]
    except KafkaException:
        return f"{place.key}: {here} is not there, from where this run has to go on"
    if offset > high:
        return (
            f"{place.key}: {topic} was made anew: this run has to go on from {here}, and the partition ends "
            f"at {high}: start a new run"
        )
    return (
        f"{place.key}: this run has to go on from {here}, and what stands before {low} was deleted: "
        "let the broker keep more, and start a new run"
    )


def require_topic(client: Consumer, place: Place) -> None:
    """Make sure that a topic is there, where a broker has said that it is not.

    Raises:
        SourceError: it was deleted.
    """
    time.sleep(SECOND_S)  # A broker that has just begun may not know everything yet.
    try:
        error = client.list_topics(place.topic, timeout=PATIENCE_S).topics[place.topic].error
    except KafkaException:
        return
    if error is not None and error.code() in UNKNOWN_TOPIC:
        raise SourceError(f"{place.key}: {place.topic} was deleted while it was read")


def added(place: Place, partitions: Iterable[int]) -> str:
    """Say that there are partitions that a checkpoint does not know."""
    listed = ", ".join(map(str, sorted(partitions)))
    begin = "kafka.start" if place.key == MARKET else "now"
    return (
        f"{place.key}: {place.topic} has partitions that are new since the checkpoint, {listed}: they are "
        f"read from {begin} on; a symbol that moved there may have lost its order"
    )


def gone(place: Place, partitions: Iterable[int]) -> str:
    """Say that a checkpoint knows partitions that are not there."""
    listed = ", ".join(map(str, sorted(partitions)))
    return (
        f"{place.key}: {place.topic} was made anew: it has no partition {listed}, which this run was "
        "reading: start a new run"
    )
