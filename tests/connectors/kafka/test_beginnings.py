"""Where a run began to read is kept, whatever the topic does until there is a checkpoint."""

import json

import pytest

from connectors.kafka.beginnings import BEGINNINGS, begun
from connectors.kafka.connection import Place
from connectors.kafka.feed import KafkaFeed, no_quality
from connectors.kafka.reader import Reader
from operators.errors import RunDirectoryError, SourceError
from tests.oracles.synthetic_market import grid

BTC = "BTCUSDC"


class Topics:
    """Two that nobody reads, and what is said of them."""

    def __init__(self, folder):
        self.folder, self.said = folder, list[str]()
        places = (Place("nowhere:1", "market", {}), Place("nowhere:1", "reports", {}, "kafka.reports_topic"))
        self.readers = [Reader(place, [BTC], self.said.append) for place in places]

    def begin(self, *positions):
        return begun(self.folder, BTC, [*zip(self.readers, positions, strict=False)])


@pytest.fixture
def topics(tmp_path):
    return Topics(tmp_path)


def test_the_first_beginning_is_kept_and_comes_again(topics):
    assert topics.begin({0: 7, 1: 3}, {0: 9}) == [{0: 7, 1: 3}, {0: 9}]
    assert topics.begin({0: 70, 1: 30}, {0: 90}) == [{0: 7, 1: 3}, {0: 9}]
    assert topics.said == []


def test_a_partition_that_is_new_begins_where_it_was_first_seen_and_is_told(topics):
    topics.begin({0: 7}, {0: 9})
    assert topics.begin({0: 70, 1: 5}, {0: 90}) == [{0: 7, 1: 5}, {0: 9}]
    assert topics.begin({0: 700, 1: 50}, {0: 900}) == [{0: 7, 1: 5}, {0: 9}]
    assert len(topics.said) == 1
    assert "kafka.topic: market has partitions that are new" in topics.said[0]


def test_a_topic_that_was_made_anew_with_fewer_partitions_is_refused(topics):
    topics.begin({0: 7}, {0: 9, 1: 2})
    with pytest.raises(
        SourceError, match=r"kafka\.reports_topic: reports was made anew: it has no partition 1"
    ):
        topics.begin({0: 7}, {0: 0})


@pytest.mark.parametrize("text", ["", "[]", "7", "[7]", '[{"a":1}]', "null", '[{"0":1},{"0":1}]'])
def test_what_was_changed_is_refused(topics, text):
    topics.begin({0: 7})
    (topics.folder / BEGINNINGS / f"{BTC}.json").write_text(text)
    with pytest.raises(RunDirectoryError, match="does not say where the run began: it was changed"):
        topics.begin({0: 7})


def test_what_cannot_be_kept_is_a_sentence(topics):
    (topics.folder / BEGINNINGS).write_text("no folder")
    with pytest.raises(RunDirectoryError, match=f"{BTC}.json cannot be kept: File exists"):
        topics.begin({0: 7})


def test_a_snapshot_before_the_first_message_knows_where_the_run_began(topics):
    """It is where a third life begins, of which the second saw nothing but its own start."""

    def opened(now):
        return KafkaFeed(grid(BTC), topics.readers[0], {0: now}, no_quality(), lambda at: topics.begin(at)[0])

    opened(100).snapshot()
    state = opened(299).snapshot()
    third = opened(500)
    third.restore(state)
    assert third.snapshot() == state
    assert dict(state[1]) == {0: 100}
    assert json.loads((topics.folder / BEGINNINGS / f"{BTC}.json").read_text()) == [{"0": 100}]
