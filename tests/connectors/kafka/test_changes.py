"""Topics that change under a run: partitions that come and go, names that nobody expects, and silence."""

import time
from types import SimpleNamespace

import numpy as np
import pytest
from confluent_kafka.cimpl import NewPartitions

from connectors.kafka import audience
from connectors.kafka.connection import Place
from connectors.kafka.market import Start, open_market
from operators.errors import SourceError
from tests.oracles.synthetic_market import grid
from tests.oracles.topics import heard, market_rows, next_chunk, spoken

BTC, ETH = "BTCUSDC", "ETHUSDC"
PATIENCE_S = 30


@pytest.fixture
def watched(broker):
    """Return what opens a topic as a market, with all that is said of it."""
    tapes = []

    def watched(topic, *symbols):
        said: list[str] = []
        market = open_market(Place(broker.bootstrap, topic, {}), Start("earliest"), symbols, said.append)
        made = [market.tape(grid(symbol), chunk_rows=64) for symbol in symbols]
        tapes.extend(made)
        return SimpleNamespace(tapes=made, said=said, reader=market.reader)

    yield watched
    for tape in tapes:
        tape.close()


def until(holds, tapes=()):
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end
        for tape in tapes:
            tape.read()
        time.sleep(0.02)


def grow(broker, topic, partitions):
    broker.admin.create_partitions([NewPartitions(topic, partitions)])[topic].result(30)
    until(lambda: len(broker.admin.list_topics(topic, timeout=10).topics[topic].partitions) == partitions)


def test_partitions_that_are_added_are_read_by_who_goes_on_and_named_once(real_broker, watched):
    topic, rows = real_broker.topic(), {symbol: market_rows(symbol, duration_s=8.0) for symbol in (BTC, ETH)}
    sent = {symbol: spoken(rows[symbol], symbol) for symbol in rows}
    real_broker.send(topic, *sent[BTC][:100], *sent[ETH][:100])
    first = watched(topic, BTC, ETH)
    before = [[np.asarray(next_chunk(tape).desk)] for tape in first.tapes]
    states = [tape.snapshot() for tape in first.tapes]
    grow(real_broker, topic, 3)
    second = watched(topic, BTC, ETH)
    for tape, state in zip(second.tapes, states, strict=True):
        tape.restore(state)
    (sentence,) = second.said
    assert sentence.startswith(
        f"kafka.topic: {topic} has partitions that are new since the checkpoint, 1, 2: "
    )
    until(lambda: all(_took(tape, kept, 100) for tape, kept in zip(second.tapes, before, strict=True)))
    real_broker.send(topic, *sent[BTC][100:], *sent[ETH][100:], partition=2)
    for symbol, tape, kept in zip(rows, second.tapes, before, strict=True):
        desk, _, letters = heard(tape)
        assert letters == []
        assert np.concatenate([*kept, desk]).tobytes() == rows[symbol].tobytes()
    assert len(second.said) == 1


def _took(tape, kept, n):
    kept.append(np.asarray(tape.read().desk))
    return tape.snapshot()[-1][2] >= n


def test_a_topic_with_fewer_partitions_than_before_ends_the_run_with_a_sentence(broker, watched):
    topic = broker.topic(2)
    tape = watched(topic, BTC).tapes[0]
    state = tape.snapshot()
    feed = (*state[-1][:1], ((0, 0), (1, 0), (2, 5), (3, 1)), *state[-1][2:])
    with pytest.raises(SourceError, match=rf"kafka\.topic: {topic} was made anew: .* no partition 2, 3, "):
        watched(topic, BTC).tapes[0].restore((*state[:-1], feed))


def test_a_topic_that_was_made_anew_and_is_shorter_ends_the_run_with_a_sentence(real_broker, watched):
    topic, sent = real_broker.topic(), spoken(market_rows(BTC, duration_s=2.0), BTC)
    real_broker.send(topic, *sent)
    tape = watched(topic, BTC).tapes[0]
    heard(tape)
    state = watched(topic, BTC).tapes[0].snapshot()
    feed = (state[-1][0], ((0, len(sent)),), *state[-1][2:])
    real_broker.admin.delete_topics([topic])[topic].result(30)
    until(lambda: real_broker.admin.list_topics(topic, timeout=10).topics[topic].error is not None)
    real_broker.made(topic, 1)
    real_broker.send(topic, *sent[:20])
    again = watched(topic, BTC).tapes[0]
    again.restore((*state[:-1], feed))
    place = rf"from {topic}\[0\]@{len(sent)}, and the partition ends at 20: start a new run"
    with pytest.raises(SourceError, match=place):
        heard(again)


def test_messages_that_were_deleted_by_the_broker_end_the_run_with_a_sentence(real_broker, watched):
    from confluent_kafka import TopicPartition  # noqa: PLC0415 - nobody else names a place here

    topic = real_broker.topic()
    real_broker.send(topic, *spoken(market_rows(BTC, duration_s=2.0), BTC))
    tape = watched(topic, BTC).tapes[0]
    state = tape.snapshot()
    cut = TopicPartition(topic, 0, 50)
    real_broker.admin.delete_records([cut])[cut].result(30)
    again = watched(topic, BTC).tapes[0]
    again.restore((*state[:-1], (state[-1][0], ((0, 10),), *state[-1][2:])))
    with pytest.raises(SourceError, match=rf"from {topic}\[0\]@10, and what stands before 50 was deleted"):
        heard(again)


def test_a_topic_that_is_deleted_while_it_is_read_ends_the_run_with_a_sentence(real_broker, watched):
    topic = real_broker.topic()
    real_broker.send(topic, *spoken(market_rows(BTC, duration_s=2.0), BTC, ends=False))
    tape = watched(topic, BTC).tapes[0]
    next_chunk(tape)
    real_broker.admin.delete_topics([topic])[topic].result(30)
    with pytest.raises(SourceError, match=rf"kafka\.topic: {topic} was deleted while it was read"):
        heard(tape)


def test_symbols_that_nobody_trades_are_counted_and_those_never_told_of_are_named(
    broker, watched, monkeypatch
):
    monkeypatch.setattr(audience, "QUIET_S", 0.5)
    topic, sent = broker.topic(2), spoken(market_rows(BTC, duration_s=2.0), BTC, ends=False)
    strangers = [(b"ETH-USDC", value) for _, value in sent]
    broker.send(topic, *sent, *strangers)
    market = watched(topic, BTC, ETH)
    until(lambda: market.said, market.tapes)
    assert market.said == [
        f"kafka: {topic} told nothing of ETHUSDC in 0.5 s; it names ETH-USDC, which this run does not trade"
    ]
    seen = market.reader.seen()
    assert seen.n_strange == len(strangers)
    assert (seen.up, seen.n_outages, sum(seen.behind.values())) == (True, 0, 0)


@pytest.mark.parametrize("n", [1, 700])
def test_a_topic_without_keys_is_said_to_be_one(broker, watched, monkeypatch, n):
    monkeypatch.setattr(audience, "QUIET_S", 0.5)
    topic = broker.topic()
    broker.send(topic, *((None, value) for _, value in spoken(market_rows(BTC), BTC)[:n]))
    market = watched(topic, BTC)
    until(lambda: market.said, market.tapes)
    keys = "1 message has a key that names" if n == 1 else f"{n} messages have keys that name"
    assert market.said == [f"kafka: {topic} told nothing of BTCUSDC in 0.5 s; {keys} no symbol"]


def test_what_was_not_taken_yet_is_counted_by_partition(broker, watched):
    topic, sent = broker.topic(2), spoken(market_rows(BTC, duration_s=2.0), BTC)
    broker.send(topic, *sent, partition=1)
    market = watched(topic, BTC)
    market.tapes[0].read()
    until(lambda: market.reader.seen().behind)
    before = market.reader.seen().behind
    assert before[0] == 0
    assert 0 < before[1] <= len(sent)
    heard(market.tapes[0])
