"""What is said of places that are not there any more: the setting is named that the topic stands in."""

import pytest

from connectors.kafka.connection import Place
from connectors.kafka.market import Start, open_market
from operators.errors import SourceError
from tests.oracles.synthetic_market import grid
from tests.oracles.topics import heard, market_rows, next_chunk, spoken

BTC = "BTCUSDC"
KEYS = ("kafka.topic", "kafka.orders_topic", "kafka.reports_topic")


@pytest.fixture(params=KEYS)
def key(request):
    return request.param


def tape_of(broker, topic, key, say=print):
    return open_market(Place(broker.bootstrap, topic, {}, key), Start("earliest"), [BTC], say).tape(grid(BTC))


def at(tape, *position):
    """Return the checkpoint of a tape that has to go on from there."""
    *others, feed = tape.snapshot()
    return *others, (feed[0], position, *feed[2:])


def test_a_topic_that_is_not_there(broker, key):
    with pytest.raises(SourceError, match=f"^{key}: there is no topic nothing-here at {broker.bootstrap}$"):
        tape_of(broker, "nothing-here", key)


def test_a_place_beyond_the_end(broker, key):
    tape = tape_of(broker, broker.topic(), key)
    tape.restore(at(tape, (0, 10**9)))
    with pytest.raises(SourceError, match=f"^{key}: .* was made anew: this run has to go on from"):
        heard(tape)


def test_partitions_that_are_gone_and_others_that_are_new(broker, key):
    said = list[str]()
    tape = tape_of(broker, broker.topic(2), key, said.append)
    with pytest.raises(SourceError, match=f"^{key}: .* was made anew: it has no partition 7, "):
        tape.restore(at(tape, (0, 0), (7, 0)))
    tape.restore(at(tape, (0, 0)))
    (sentence,) = said
    assert sentence.startswith(f"{key}: ")
    begin = "kafka.start" if key == "kafka.topic" else "now"
    assert f"new since the checkpoint, 1: they are read from {begin} on;" in sentence


def test_a_place_that_was_deleted_and_then_the_topic(real_broker, key):
    from confluent_kafka import TopicPartition  # noqa: PLC0415 - skipped without

    topic = real_broker.topic()
    real_broker.send(topic, *spoken(market_rows(BTC), BTC)[:50])
    ends = real_broker.admin.delete_records([TopicPartition(topic, 0, 40)])
    assert next(iter(ends.values())).result(30).low_watermark == 40
    tape = tape_of(real_broker, topic, key)
    tape.restore(at(tape, (0, 20)))
    with pytest.raises(
        SourceError, match=f"^{key}: this run has to go on from .*, and what stands before 40 was"
    ):
        heard(tape)
    tape = tape_of(real_broker, topic, key)
    assert len(next_chunk(tape).desk) > 0
    real_broker.admin.delete_topics([topic])[topic].result(30)
    with pytest.raises(SourceError, match=f"^{key}: {topic} was deleted while it was read$"):
        heard(tape)
