"""What is sent to a topic: it is made where it is missing, and holds one market of a symbol, once."""

import threading
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest

from connectors.kafka.connection import Place
from connectors.kafka.market import Start, open_market
from connectors.kafka.messages import End, Market
from connectors.kafka.numbers import Held, already_there
from connectors.kafka.publisher import Outgoing, Publisher, make_topic, messages, publish
from operators.errors import SourceError
from tests.oracles.synthetic_market import a_tape, grid


def test_of_several_who_make_a_topic_at_once_one_has_made_it_and_all_can_read_it(real_broker):
    together = threading.Barrier(3)

    def begin(topic):
        place = Place(real_broker.bootstrap, topic, {}, "kafka.orders_topic")
        together.wait(30)
        had = make_topic(place, 2)
        return had, open_market(place, Start("latest"), ["BTCUSDC"], print).begins

    with ThreadPoolExecutor(3) as pool:
        for _ in range(8):
            found = list(pool.map(begin, [real_broker.name()] * 3))
            assert [had for had, _ in found if had is not None] == [2, 2]
            assert [begins for _, begins in found] == [{0: 0, 1: 0}] * 3


def a_stream(held=Held(), seconds=5.0):  # noqa: B008 - never changed
    return Outgoing(a_tape("BTCUSDC", duration_s=seconds), grid("BTCUSDC"), held)


def numbers(stream):
    return [n for _, _, n, _ in messages(stream)]


def test_only_what_is_missing_is_sent_and_one_end():
    every = numbers(a_stream())
    n = every[-1]
    assert every == list(range(1, n + 1))
    *_, (_, _, _, last) = messages(a_stream())
    assert isinstance(msgspec.json.decode(last, type=Market), End)
    assert numbers(a_stream(Held(10))) == every[10:]
    assert numbers(a_stream(Held(n - 1))) == [n]
    assert numbers(a_stream(Held(n, n))) == []


@pytest.mark.parametrize("end", [40, 1])
def test_nothing_is_sent_after_the_end_of_another_market(end):
    said = f"^BTCUSDC: the topic holds a market of it that ends with number {end}, and this one goes on: "
    with pytest.raises(SourceError, match=said):
        numbers(a_stream(Held(40, end)))


def test_a_market_that_is_shorter_than_what_is_there_is_another():
    n = numbers(a_stream())[-1]
    for held in (Held(n + 1), Held(n + 1, n + 1)):
        with pytest.raises(
            SourceError, match=f"goes on to number {n + 1}, and this one ends with {n}: publish to"
        ):
            numbers(a_stream(held))


def test_a_market_of_other_settings_does_not_follow_the_first(broker):
    place = Place(broker.bootstrap, broker.topic(), {})
    first = publish(Publisher(place, print), {"BTCUSDC": a_stream()})
    held = already_there(place)
    assert held == {"BTCUSDC": Held(first["BTCUSDC"], first["BTCUSDC"])}
    assert publish(Publisher(place, print), {"BTCUSDC": a_stream(held["BTCUSDC"])}) == {"BTCUSDC": 0}
    with pytest.raises(SourceError, match="ends with number"):
        publish(Publisher(place, print), {"BTCUSDC": a_stream(held["BTCUSDC"], seconds=9.0)})
    assert already_there(place) == held


def test_a_stop_is_heard_between_two_messages_that_are_far_apart(broker):
    stop = threading.Event()
    place = Place(broker.bootstrap, broker.topic(), {})
    threading.Timer(1.0, stop.set).start()
    sent = publish(Publisher(place, print), {"BTCUSDC": a_stream()}, speed=1e-6, stops=stop.is_set)
    assert 1 <= sent["BTCUSDC"] <= 3, "those of the first moment"
