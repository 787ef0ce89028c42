"""What a client tells of itself, and what is made of it: said once, counted while it lasts."""

import json

import pytest

from connectors.kafka import link
from connectors.kafka.link import Link, SteadyLink
from connectors.kafka.statistics import DECODER, answering, ends

LOST = "lost ({why})"


class Clock:
    now = 100.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(link, "time", clock)
    return clock


def telling(state="UP", waiting=0, silent_s=0.0, leader=1, end=7):
    broker = {"nodeid": 1, "state": state, "waitresp_cnt": waiting, "rxidle": int(silent_s * 1e6)}
    parts = {"0": {"partition": 0, "leader": leader, "hi_offset": end, "more": [1]}, "-1": {"partition": -1}}
    brokers = {"here:1/1": broker, "GroupCoordinator": {"nodeid": -1, "state": "UP"}}
    return json.dumps({"brokers": brokers, "topics": {"market": {"partitions": parts}}, "ts": 5})


def test_time_without_an_answer_runs_on_until_there_is_one(clock):
    said: list[str] = []
    one = Link("sinks", said.append, LOST, ", at last")
    assert one.seen() == ("sinks", True, 0.0, 0, {}, None, None)
    one.lose("refused")
    clock.now += 3
    one.lose("refused")
    assert one.seen()[:4] == ("sinks", False, 3.0, 1)
    clock.now += 4
    one.answer()
    clock.now += 5
    one.answer()
    assert one.seen()[:4] == ("sinks", True, 7.0, 1)
    one.lose("", since=clock.now - 2)
    clock.now += 1
    assert one.seen()[:4] == ("sinks", False, 10.0, 2)
    again = "kafka: a broker answers again, at last"
    assert said == ["lost (refused)", again, "lost (no answer)"]


@pytest.mark.parametrize(
    ("told", "answers"),
    [
        (telling(), True),
        (telling(waiting=1, silent_s=2.9), True),
        (telling(waiting=1, silent_s=3.1), False),
        (telling(waiting=0, silent_s=600), True),
        (telling(state="DOWN"), False),
        (telling(state="TRY_CONNECT"), False),
        ('{"brokers": {}}', False),
    ],
)
def test_a_broker_answers_while_it_is_connected_and_owes_nothing_for_long(told, answers):
    assert answering(DECODER.decode(told)) == answers


def test_whoever_always_waits_is_told_by_silence_and_not_before_it_has_met_anybody(clock):
    said: list[str] = []
    one = SteadyLink("source", said.append, LOST)
    tell = one.settings()["stats_cb"]
    tell(telling(state="CONNECT"))
    assert said == []
    tell(telling())
    tell(telling(waiting=1, silent_s=4))
    tell(telling())
    assert said == ["lost (no answer)", "kafka: a broker answers again"]


def test_a_change_of_leaders_is_said_once(clock):
    said: list[str] = []
    tell = Link("sinks", said.append, LOST).settings()["stats_cb"]
    for leader in (1, -1, 1, -1, 2, 2):
        tell(telling(leader=leader))
    assert said == ["kafka: brokers have changed places: now led is market[0] by 2"]


def test_where_a_partition_ends_is_known_once_a_broker_has_said_it():
    assert ends(DECODER.decode(telling()), "market") == {0: 7}
    assert ends(DECODER.decode(telling(end=-1001)), "market") == {}
    assert ends(DECODER.decode(telling()), "another") == {}


def test_what_cannot_be_read_is_passed_over():
    said: list[str] = []
    Link("sinks", said.append, LOST).settings()["stats_cb"]("{")
    assert said == []
