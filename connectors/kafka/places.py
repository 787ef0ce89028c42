"""Sentences about places in a topic that are not there any more, or not yet."""

from collections.abc import Iterable

from confluent_kafka import Consumer, KafkaException, TopicPartition

PATIENCE_S = 2.0


def missing(client: Consumer, topic: str, wanted: tuple[int, int]) -> str:
    """Say what became of the place that a run has to go on from: a partition and an offset of it."""
    partition, offset = wanted
    here = f"{topic}[{partition}]@{offset}"
    try:
        low, high = client.get_watermark_offsets(TopicPartition(topic, partition), timeout=PATIENCE_S)
    except KafkaException:
        return f"kafka.topic: {here} is not there, from where this run has to go on"
    if offset > high:
        return (
            f"kafka.topic: {topic} was made anew: this run has to go on from {here}, and the partition ends "
            f"at {high}: start a new run"
        )
    return (
        f"kafka.topic: this run has to go on from {here}, and what stands before {low} was deleted: "
        "let the broker keep more, and start a new run"
    )


def added(topic: str, partitions: Iterable[int]) -> str:
    """Say that there are partitions that a checkpoint does not know."""
    listed = ", ".join(map(str, sorted(partitions)))
    return (
        f"kafka: {topic} has partitions that are new since the checkpoint, {listed}: they are read from "
        "kafka.start on; a symbol that moved there may have lost its order"
    )


def gone(topic: str, partitions: Iterable[int]) -> str:
    """Say that a checkpoint knows partitions that are not there."""
    listed = ", ".join(map(str, sorted(partitions)))
    return (
        f"kafka.topic: {topic} was made anew: it has no partition {listed}, which this run was reading: "
        "start a new run"
    )
