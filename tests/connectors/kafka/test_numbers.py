"""From where a market goes on in a topic that holds some of it, and other things beside."""

import json
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from itertools import count

import pytest
from confluent_kafka import Producer

from connectors.kafka import numbers
from connectors.kafka.connection import Place
from connectors.kafka.numbers import Held, already_there
from operators.errors import SourceError
from tests.oracles.topics import interleaved, market_rows, spoken

BTC, ETH = "BTCUSDC", "ETHUSDC"
HELD_UP = {"fetch.min.bytes": "50000000", "fetch.wait.max.ms": "50000", "socket.timeout.ms": "60000"}
"""The broker answers nothing that is asked for: there is never enough of it."""


def place(broker, topic, **options):
    return Place(broker.bootstrap, topic, options)


def beside(kind, n, **more):
    """Return a message of another kind under the market's own key."""
    told = {"type": kind, "v": 1, "run": "ab", "symbol": BTC, "n": n, "ts": 1, **more}
    return BTC.encode(), json.dumps(told).encode()


@pytest.mark.parametrize("partitions", [1, 4])
def test_the_last_number_of_each_market_is_found(broker, partitions):
    topic = broker.topic(partitions)
    markets = {BTC: spoken(market_rows(BTC), BTC)[:90], ETH: spoken(market_rows(ETH), ETH)[:40]}
    assert already_there(place(broker, topic)) == {}
    broker.send(topic, *interleaved(*markets.values()))
    assert already_there(place(broker, topic)) == {BTC: Held(90), ETH: Held(40)}


def test_the_end_of_a_market_is_the_first_that_stands_there(broker):
    topic, market = broker.topic(), spoken(market_rows(BTC), BTC)[:20]
    ends = [beside("end", n, ts_event=5) for n in (21, 23)]
    later = [beside("trade", n, ts_event=5, price="1", size="1") for n in (22, 24)]
    broker.send(topic, *market, ends[0])
    assert already_there(place(broker, topic)) == {BTC: Held(21, 21)}
    broker.send(topic, later[0], ends[1], later[1])
    assert already_there(place(broker, topic)) == {BTC: Held(24, 21)}


STRAYS = [
    *(beside(kind, n) for n, kind in enumerate(("order", "report", "fill", "reading", "control"), 900)),
    beside("dead_letter", 905),
    beside("trade", 906, v=2, ts_event=5, price="1", size="1"),
    beside("trade", 907, ts_event=5, price="1", size="1", symbol=ETH),
    beside("trade", 908),
    beside("trade", 909.5, ts_event=5, price="1", size="1"),
    beside("trade", 10**17, ts_event=5, price="1", size="1"),
    beside("weather", 910, ts_event=5),
    (BTC.encode(), b'{"type":"trade","n":911'),
    (BTC.encode(), b"\xff"),
    (BTC.encode(), b"[" * 10_000),
    (None, beside("trade", 912, ts_event=5, price="1", size="1")[1]),
]
"""What has numbers of its own, or none that count."""


def test_what_is_no_message_of_the_market_is_passed_over(broker):
    topic, market = broker.topic(), spoken(market_rows(BTC), BTC)
    broker.send(topic, *market[:50], *STRAYS)
    assert already_there(place(broker, topic)) == {BTC: Held(50)}
    counted = beside("trade", 913, ts_event=5, price="1", size="1")
    broker.send(topic, counted)
    assert already_there(place(broker, topic)) == {BTC: Held(913)}


@pytest.mark.parametrize("end", ["committed", "aborted"])
def test_a_topic_that_ends_in_what_is_no_message_is_read_to_its_end(real_broker, end):
    """A transaction ends with a marker, which nobody is handed."""
    topic, market = real_broker.topic(), spoken(market_rows(BTC), BTC)
    producer = Producer({"bootstrap.servers": real_broker.bootstrap, "transactional.id": topic})
    producer.init_transactions(30)
    for n_from, n_to, how in ((0, 50, "committed"), (50, 60, end)):
        producer.begin_transaction()
        for key, value in market[n_from:n_to]:
            producer.produce(topic, value, key)
        (producer.commit_transaction if how == "committed" else producer.abort_transaction)(30)
    assert already_there(place(real_broker, topic)) == {BTC: Held(60 if end == "committed" else 50)}


@pytest.mark.parametrize("end", ["committed", "aborted"])
def test_what_is_under_way_in_a_transaction_is_waited_for(real_broker, end):
    topic, market = real_broker.topic(), spoken(market_rows(BTC), BTC)
    real_broker.send(topic, *market[:50])
    producer = begun(real_broker, topic, market[50:60])
    with ThreadPoolExecutor(1) as pool:
        found = pool.submit(already_there, place(real_broker, topic))
        with pytest.raises(NotYet):
            found.result(1)
        (producer.commit_transaction if end == "committed" else producer.abort_transaction)(30)
        assert found.result(30) == {BTC: Held(60 if end == "committed" else 50)}


def test_a_transaction_that_does_not_end_is_said_to_be_the_reason(real_broker, monkeypatch):
    monkeypatch.setattr(numbers, "STILL_S", 1)
    topic, market = real_broker.topic(), spoken(market_rows(BTC), BTC)
    producer = begun(real_broker, topic, market[:10])
    said = rf"nothing came of {topic} for 1 s \(a transaction has not ended\)$"
    with pytest.raises(SourceError, match=said):
        already_there(place(real_broker, topic))
    producer.abort_transaction(30)


def begun(broker, topic, messages):
    """Send something in a transaction, and return whose it is."""
    producer = Producer({"bootstrap.servers": broker.bootstrap, "transactional.id": topic})
    producer.init_transactions(30)
    producer.begin_transaction()
    for key, value in messages:
        producer.produce(topic, value, key)
    producer.flush(30)
    return producer


def test_where_nothing_comes_for_long_there_is_one_sentence(real_broker, monkeypatch):
    monkeypatch.setattr(numbers, "STILL_S", 1)
    topic = real_broker.topic()
    real_broker.send(topic, *spoken(market_rows(BTC), BTC)[:5])
    held_up = place(real_broker, topic, **HELD_UP)._replace(key="--topic")
    with pytest.raises(
        SourceError, match=rf"^--topic: nothing came of {topic} for 1 s \(no answer in time\)$"
    ):
        already_there(held_up)


def test_whoever_is_told_to_stop_waits_no_longer(real_broker):
    topic = real_broker.topic()
    real_broker.send(topic, *spoken(market_rows(BTC), BTC)[:5])
    asked = count()
    assert already_there(place(real_broker, topic, **HELD_UP), lambda: next(asked) == 3) == {}
    assert next(asked) == 4


def test_a_topic_that_is_not_there_is_one_sentence(real_broker):
    with pytest.raises(SourceError, match=r"kafka.topic: nothing-here cannot be read: "):
        already_there(place(real_broker, "nothing-here"))
