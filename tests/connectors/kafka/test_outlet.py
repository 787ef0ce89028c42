"""What becomes of messages that a broker takes, refuses or fails over: each is delivered, or told of."""

import io
import time

import pytest
from confluent_kafka import KafkaError

from connectors.console import Console
from connectors.kafka.connection import Place
from connectors.kafka.outlet import Outlet
from connectors.progress import Progress
from operators.errors import SourceError
from tests.oracles.broker import NoBroker
from tests.oracles.mock_broker import Mock

PRODUCE, INIT_PRODUCER_ID = 0, 22
PASSING = (
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.REQUEST_TIMED_OUT,
    KafkaError.NOT_ENOUGH_REPLICAS,
    KafkaError.UNKNOWN_PRODUCER_ID,
)


@pytest.fixture
def mock():
    try:
        return Mock()
    except NoBroker as missing:
        pytest.skip(str(missing))


@pytest.fixture
def said():
    return io.StringIO()


@pytest.fixture
def outlet(mock, said):
    topic = mock.topic(2)
    console = Console(Progress(None), stream=said)
    # The mock cluster looks at no sequence numbers: only one batch keeps its order when tried again.
    options = {"linger.ms": "200"}
    return Outlet(Place(mock.bootstrap, topic, options), {"order": topic}, console, lambda: False)


def send(outlet, n=20):
    for i in range(n):
        outlet.send(outlet.topics["order"], "BTCUSDC", b"%d" % i)


def everything(mock, outlet):
    return [value for partition in range(2) for _, value in mock.kept(outlet.topics["order"], partition)]


def test_what_is_sent_is_there_once_it_was_waited_for(mock, outlet):
    send(outlet)
    assert outlet.wait("BTCUSDC") == []
    assert everything(mock, outlet) == [b"%d" % i for i in range(20)]
    assert outlet.seen() == ("sinks", True, 0.0, 0, {}, None, 0)


@pytest.mark.parametrize("error", PASSING)
def test_what_passes_is_tried_again_until_all_is_there_in_order(mock, outlet, error):
    send(outlet, 1)
    outlet.wait("BTCUSDC")
    mock.fail(PRODUCE, error)
    send(outlet)
    assert outlet.wait("BTCUSDC") == []
    assert everything(mock, outlet) == [b"0", *(b"%d" % i for i in range(20))]


def test_a_producer_that_may_have_no_number_of_its_own_says_so(mock, outlet):
    """What librdkafka calls fatal."""
    mock.fail(INIT_PRODUCER_ID, *[KafkaError.CLUSTER_AUTHORIZATION_FAILED] * 100)
    with pytest.raises(SourceError, match=r"^kafka: nothing can be told any more: .*; resume the run$"):
        send_until_it_says_so(outlet)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        # Not repaired: nobody knows then what the broker has.
        (KafkaError.OUT_OF_ORDER_SEQUENCE_NUMBER, "nothing can be told any more"),
        # Mended elsewhere.
        (KafkaError.TOPIC_AUTHORIZATION_FAILED, "{topic} takes nothing any more"),
        (KafkaError.INVALID_PRODUCER_EPOCH, "{topic} takes nothing any more"),
    ],
)
def test_what_is_not_tried_again_ends_the_run(mock, outlet, error, sentence):
    send(outlet, 1)
    outlet.wait("BTCUSDC")
    mock.fail(PRODUCE, error)
    said = sentence.format(topic=outlet.topics["order"])
    with pytest.raises(SourceError, match=rf"^kafka: {said}: .*; resume the run$"):
        send_until_it_says_so(outlet)


def test_what_is_refused_for_what_it_is_comes_back_with_the_reason(mock, outlet):
    send(outlet, 1)
    outlet.wait("BTCUSDC")
    mock.fail(PRODUCE, KafkaError.MSG_SIZE_TOO_LARGE)
    send(outlet, 1)
    (refused,) = outlet.wait("BTCUSDC")
    assert (refused.topic, refused.message) == (outlet.topics["order"], b"0")
    assert "too large" in refused.why
    assert outlet.wait("BTCUSDC") == []


def send_until_it_says_so(outlet):
    until = time.monotonic() + 30
    while time.monotonic() < until:
        send(outlet, 5)
        outlet.wait("BTCUSDC")
