"""What a client tells of itself now and then: which brokers answer, who leads a partition, where it ends."""

from collections.abc import Mapping
from typing import Final

import msgspec

SILENT_US: Final = 3_000_000
"""A broker that owes an answer for so long gives none."""


class Broker(msgspec.Struct):
    """One that the client knows."""

    nodeid: int
    state: str = ""
    waitresp_cnt: int = 0
    """Requests that were not answered yet."""
    rxidle: int = 0
    """Since anything came from it, µs."""


class Partition(msgspec.Struct):
    """One that the client uses, or -1 for none in particular."""

    partition: int
    leader: int = -1
    hi_offset: int = -1
    """Where it ends, as the broker said last; below 0 unknown."""


class Topic(msgspec.Struct):
    """Its partitions, by their numbers as text."""

    partitions: dict[str, Partition] = {}


class Statistics(msgspec.Struct):
    """Of what librdkafka tells in JSON, the part that is used here."""

    brokers: dict[str, Broker] = {}
    topics: dict[str, Topic] = {}


DECODER: Final = msgspec.json.Decoder(Statistics)


def answering(told: Statistics) -> bool:
    """Say whether any broker answers."""
    named = [broker for broker in told.brokers.values() if broker.nodeid >= 0]
    return any(each.state == "UP" and not _silent(each) for each in named)


def leaders(told: Statistics) -> Mapping[str, int]:
    """Return which broker leads each partition, where there is one."""
    return {
        f"{topic}[{each.partition}]": each.leader
        for topic, parts in told.topics.items()
        for each in parts.partitions.values()
        if each.partition >= 0 and each.leader >= 0
    }


def ends(told: Statistics, topic: str) -> dict[int, int]:
    """Return where each partition of a topic ends, where that is known."""
    found = told.topics.get(topic, Topic()).partitions.values()
    return {each.partition: each.hi_offset for each in found if each.partition >= 0 and each.hi_offset >= 0}


def _silent(broker: Broker) -> bool:
    return broker.waitresp_cnt > 0 and broker.rxidle > SILENT_US
