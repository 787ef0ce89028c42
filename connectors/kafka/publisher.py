"""Tapes sent to a topic: one order per symbol, each message numbered, and once for good."""

import heapq
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple

from confluent_kafka import KafkaError, KafkaException, Message, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from connectors.kafka.connection import UNKNOWN_TOPIC, Place, Troubles, connection, refuse_options
from connectors.kafka.diagnosis import settled, topic_at
from connectors.kafka.link import Link, Say
from connectors.kafka.messages import VERSION, End, encode
from connectors.kafka.numbers import Held
from connectors.kafka.rows import Grid, messages_of
from connectors.tape import Tape
from operators.errors import SourceError
from operators.instruments import Instrument

FLUSH_S: Final = 30.0
"""Nothing taken for so long at the end is too long."""
QUIET_S: Final = 2.0
"""Nothing taken for so long is said."""
LOOK_S: Final = 0.2
"""Whoever waits for the next message looks so often whether it is to stop."""
AS_THE_BROKER_SAYS: Final = -1
"""Of partitions: what it makes where nobody asks for a number."""
Sent = tuple[int, str, int, bytes]
"""Receive time, symbol, number and the message."""


class Publisher:
    """Sends to one topic, in order and without repeats within its life."""

    def __init__(self, place: Place, say: Say) -> None:
        """Reach the broker.

        Raises:
            ConfigError: an option is none of librdkafka's.
            SourceError: a secret is missing.
        """
        self.place = place
        takes_nothing = f"kafka: {place.bootstrap} takes nothing ({{why}}); waiting until it does"
        self.link = Link("publisher", say, takes_nothing)
        own = {"enable.idempotence": True, "linger.ms": 5, "message.timeout.ms": 0}
        try:
            self.producer = Producer({**connection(place, self.link), **own})
        except KafkaException as error:
            refuse_options(error)
        self.n_under_way, self.refused = 0, ""
        self._heard_of = time.monotonic()

    def send(self, symbol: str, message: bytes) -> None:
        """Append a message to its symbol's partition; waits where too much is under way.

        Raises:
            SourceError: the broker refused one.
        """
        if not self.n_under_way:
            self._heard_of = time.monotonic()
        self.n_under_way += 1
        while True:
            try:
                self.producer.produce(self.place.topic, message, symbol.encode(), on_delivery=self._delivered)
                break
            except BufferError:
                self._serve(self.producer.poll, 0.1)
            except KafkaException as error:
                raise self._refusal(error.args[0].str()) from None
        self._serve(self.producer.poll, 0)

    def finish(self) -> None:
        """Wait until the broker has everything, as long as it goes on taking.

        Raises:
            SourceError: it does not.
        """
        while self.n_under_way:
            self._serve(self.producer.flush, 0.2)
            if time.monotonic() - self._heard_of > FLUSH_S:
                why = self.link.last or "no answer in time"
                where = self.place.bootstrap
                raise SourceError(f"kafka: {self.n_under_way} messages were not taken by {where} ({why})")

    def _serve(self, what: Callable[[float], object], seconds: float) -> None:
        """Let the client tell what became of messages, and say so where it hears nothing of them."""
        try:
            what(seconds)
        except KafkaException as error:
            raise self._refusal(error.args[0].str()) from None
        if self.refused:
            raise self._refusal(self.refused)
        if self.n_under_way and time.monotonic() - self._heard_of > QUIET_S:
            self.link.lose(self.link.last, self._heard_of)

    def _refusal(self, why: str) -> SourceError:
        return SourceError(f"kafka: {self.place.topic} did not take a message: {why}")

    def _delivered(self, error: KafkaError | None, _message: Message) -> None:
        self.n_under_way -= 1
        self._heard_of = time.monotonic()
        if error is None:
            self.link.answer()
        else:
            self.refused = self.refused or error.str()


def make_topic(place: Place, partitions: int) -> int | None:
    """Make the topic unless it is there; return how many partitions it has then, None if it was made here.

    One that somebody else makes meanwhile has as many as it is found with.

    Raises:
        ConfigError: an option is none of librdkafka's.
        SourceError: no broker answers, or it makes none.
    """
    troubles = Troubles()
    try:
        admin = AdminClient(connection(place, troubles))
    except KafkaException as error:
        refuse_options(error)
    found = topic_at(admin, place, troubles)
    if found.error is None:
        return len(found.partitions)
    if found.error.code() not in UNKNOWN_TOPIC:
        raise SourceError(f"{place.key}: {place.topic} cannot be used: {found.error.str()}")
    try:
        admin.create_topics([NewTopic(place.topic, partitions)])[place.topic].result(FLUSH_S)
    except KafkaException as error:
        if error.args[0].code() == KafkaError.TOPIC_ALREADY_EXISTS:
            return len(settled(admin, place, troubles).partitions)
        raise SourceError(f"{place.key}: {place.topic} cannot be made: {error.args[0].str()}") from None
    return None


def _waited(due_s: float, stops: Callable[[], bool]) -> bool:
    """Wait until a time by the monotonic clock; say whether nobody stopped it."""
    while (left := due_s - time.monotonic()) > 0 and not stops():
        time.sleep(min(left, LOOK_S))
    return not stops()


class Outgoing(NamedTuple):
    """What of one symbol is sent."""

    tape: Tape
    instrument: Instrument
    held: Held = Held()
    """What is there already."""


def messages(stream: Outgoing) -> Iterator[Sent]:
    """Yield a tape's messages that are not there yet, and its end.

    Raises:
        SourceError: what is there is of another market.
    """
    symbol, grid, n, ts_event, ts_recv = stream.instrument.symbol, Grid(stream.instrument), 0, 1, 1
    after, there = stream.held
    while (chunk := stream.tape.read()) is not None:
        for message in messages_of(chunk.desk, symbol, grid, n):
            n, ts_event, ts_recv = message.n, message.ts_event, message.ts_recv or message.ts_event
            if there is not None and n >= there:
                raise _another(symbol, f"ends with number {there}, and this one goes on")
            if n > after:
                yield ts_recv, symbol, n, encode(message)
    if n + 1 < after:
        raise _another(symbol, f"goes on to number {after}, and this one ends with {n + 1}")
    if n + 1 > after:
        end = End(v=VERSION, symbol=symbol, n=n + 1, ts_event=ts_event, ts_recv=ts_recv)
        yield ts_recv, symbol, n + 1, encode(end)


def _another(symbol: str, how: str) -> SourceError:
    return SourceError(f"{symbol}: the topic holds a market of it that {how}: publish to another topic")


def publish(
    publisher: Publisher,
    streams: Mapping[str, Outgoing],
    speed: float = 0.0,
    stops: Callable[[], bool] = lambda: False,
) -> dict[str, int]:
    """Send all streams in the order of their receive times; return how many messages of each.

    `speed` is in times real time, 0 as fast as it goes.

    Raises:
        SourceError: the broker did not take everything, or the topic holds another market.
    """
    counts = dict.fromkeys(streams, 0)
    began: tuple[float, int] | None = None
    for ts_recv, symbol, _, raw in heapq.merge(*map(messages, streams.values())):
        if stops():
            break
        if speed > 0:
            began = began or (time.monotonic(), ts_recv)
            due = began[0] + (ts_recv - began[1]) * 1e-9 / speed
            if not _waited(due, stops):
                break
        publisher.send(symbol, raw)
        counts[symbol] += 1
    publisher.finish()
    return counts
