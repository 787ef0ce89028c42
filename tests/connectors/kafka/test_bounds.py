"""Bounds of partitions whose leaders change, which no broker can be made to do at the right moment."""

from types import SimpleNamespace

import pytest
from confluent_kafka import KafkaError, KafkaException

from connectors.kafka import bounds as module
from connectors.kafka.bounds import at_time, bounds
from connectors.kafka.connection import UNSETTLED


def changing(n, code):
    return Changing(n, code)


class Changing:
    """A client that is told `n` times that a partition has no leader."""

    def __init__(self, n, code):
        self.n, self.error = n, KafkaError(code)

    def get_watermark_offsets(self, part, timeout):
        assert timeout > 0
        if self._is_refused():
            raise KafkaException(self.error)
        return (part.partition, 10 + part.partition)

    def offsets_for_times(self, parts, timeout):
        assert timeout > 0
        error = self.error if self._is_refused() else None
        return [
            SimpleNamespace(
                partition=part.partition, offset=part.offset // 100, error=error if part.partition else None
            )
            for part in parts
        ]

    def _is_refused(self):
        self.n -= 1
        return self.n >= 0


@pytest.fixture(autouse=True)
def _haste(monkeypatch):
    monkeypatch.setattr(module, "UNSETTLED_PAUSE_S", 0.001)
    monkeypatch.setattr(module, "MOVING_S", 0.2)


@pytest.mark.parametrize("code", UNSETTLED)
def test_who_asks_while_leaders_change_asks_again(code):
    for n in range(4):
        assert bounds(changing(n, code), "market", [1, 0]) == {0: (0, 10), 1: (1, 11)}
        assert at_time(changing(n, code), "market", [1, 0], 700) == {0: 7, 1: 7}


def test_who_is_told_of_no_leader_for_too_long_is_told_so():
    for ask in (lambda c: bounds(c, "market", [0, 1]), lambda c: at_time(c, "market", [0, 1], 700)):
        with pytest.raises(KafkaException, match="Not leader for partition"):
            ask(changing(10**9, KafkaError.NOT_LEADER_FOR_PARTITION))


def test_what_does_not_pass_is_told_at_once():
    for ask in (lambda c: bounds(c, "market", [0, 1]), lambda c: at_time(c, "market", [0, 1], 700)):
        client = changing(1, KafkaError.TOPIC_AUTHORIZATION_FAILED)
        with pytest.raises(KafkaException, match="Topic authorization failed"):
            ask(client)
        assert client.n == 0
