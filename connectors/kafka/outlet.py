"""Topics that a run tells of itself in: one producer for all symbols, and word of what each broker took."""

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from connectors.board import Brokers
from connectors.console import Console
from connectors.kafka.connection import Place, connection, refuse_options
from connectors.kafka.link import Link
from operators.errors import SourceError

PAUSE_S: Final = 0.2
PATIENCE_S: Final = 2.0
"""Without an answer for so long, it is said."""
MOST_UNHEARD_S: Final = 0.05
"""So long what became of messages may wait to be heard, while they wait for each other."""
GIVE_UP_S: Final = 5.0
"""A run that was told to stop waits no longer."""
ITS_OWN_FAULT: Final = (
    KafkaError.MSG_SIZE_TOO_LARGE,
    KafkaError.RECORD_LIST_TOO_LARGE,
    KafkaError.INVALID_MSG,
    KafkaError.INVALID_MSG_SIZE,
    KafkaError.INVALID_RECORD,
    KafkaError.INVALID_TIMESTAMP,
)
"""What a broker has against a message for what it is; all else may be mended, and is sent again then."""


class Refused(NamedTuple):
    """A message that was not taken, and never will be."""

    topic: str
    message: bytes
    why: str


class Outlet:
    """Sends to topics by kind; waits as long as a broker is down, and loses nothing silently."""

    def __init__(
        self,
        place: Place,
        topics: Mapping[str, str],
        console: Console,
        stops: Callable[[], bool],
        linger_ms: int = 0,
    ) -> None:
        """Make ready to send; the topic of the place itself is not used.

        A message waits for so many milliseconds, unless the options of the place say otherwise.

        Raises:
            ConfigError: an option is none of librdkafka's.
            SourceError: a secret is missing.
        """
        self.place, self.topics, self.console, self.stops = place, topics, console, stops
        takes_nothing = f"kafka: {place.bootstrap} takes nothing ({{why}}); waiting until it does"
        has_all = ", and has all that was told"
        self.link, self._lock = Link("sinks", console.say, takes_nothing, has_all), threading.Lock()
        own = {"enable.idempotence": True, "message.timeout.ms": 0}
        settings = {"linger.ms": linger_ms, **connection(place, self.link), **own}
        try:
            self._producer = Producer(settings)
        except KafkaException as error:
            refuse_options(error)
        self._linger_s = float(settings["linger.ms"]) / 1000
        self._served_at = 0.0
        """When the client could tell last what became of messages."""
        self._heard_of = time.monotonic()
        """When a broker last took something, or nothing was under way."""
        self._under_way: Counter[str] = Counter()
        self._refused: defaultdict[str, list[Refused]] = defaultdict(list)
        self._broken = ""

    def send(self, topic: str, symbol: str, *messages: bytes) -> None:
        """Append messages to their symbol's partition; waits where too much is under way.

        Raises:
            SourceError: nothing can be sent any more, or a stop did not want to wait.
        """
        with self._lock:
            if not self._under_way.total():
                self._heard_of = time.monotonic()
        for message in messages:
            self._produce(topic, symbol, message)
        now = time.monotonic()
        if now - self._served_at >= min(self._linger_s, MOST_UNHEARD_S):
            self._served_at = now
            self._serve(self._producer.poll, 0)
        self._look(self._heard_of + self._linger_s)

    def _produce(self, topic: str, symbol: str, message: bytes) -> None:
        with self._lock:
            self._under_way[symbol] += 1
        while True:
            try:
                self._producer.produce(topic, message, symbol.encode(), on_delivery=self._delivered)
                break
            except BufferError:
                self._serve(self._producer.poll, PAUSE_S)
                self._look(self._heard_of)
            except KafkaException as error:
                self._settle(symbol, Refused(topic, message, error.args[0].str()), error.args[0])
                break

    def wait(self, symbol: str) -> list[Refused]:
        """Wait until a broker has said of all messages of a symbol what became of them; return those refused.

        Raises:
            SourceError: as `send` does.
        """
        self._serve(self._producer.poll, 0)
        since = time.monotonic()
        while self._under_way[symbol]:
            self._serve(self._producer.flush, PAUSE_S)
            self._look(since)
        self._look(since)
        self.link.answer()
        return self._refused.pop(symbol, [])

    def seen(self) -> Brokers:
        """Return how the connection is, and how much is under way."""
        with self._lock:
            return self.link.seen()._replace(n_under_way=self._under_way.total())

    def _serve(self, what: Callable[[float], object], seconds: float) -> None:
        """Let the client tell what became of messages, or that it cannot go on."""
        try:
            what(seconds)
        except KafkaException as error:
            self._give_up(error.args[0])

    def _delivered(self, error: KafkaError | None, message: Message) -> None:
        symbol = (message.key() or b"").decode()
        if error is None:
            self._done(symbol)
        else:
            refused = Refused(message.topic() or "", message.value() or b"", error.str())
            self._settle(symbol, refused, error)

    def _done(self, symbol: str) -> None:
        """Callbacks come in whichever worker polls."""
        with self._lock:
            self._under_way[symbol] -= 1
            self._heard_of = time.monotonic()

    def _settle(self, symbol: str, told: Refused, error: KafkaError) -> None:
        with self._lock:
            self._refused[symbol].append(told)
        self._done(symbol)
        if error.fatal() or error.code() == KafkaError._FATAL:  # noqa: SLF001 - its own name
            self._give_up(error)
        elif error.code() not in ITS_OWN_FAULT:
            self._broken = self._broken or f"{told.topic} takes nothing any more: {error.str()}"

    def _give_up(self, error: KafkaError) -> None:
        self._broken = self._broken or f"nothing can be told any more: {error.str()}"

    def _look(self, since: float) -> None:
        if self._broken:
            raise SourceError(f"kafka: {self._broken}; resume the run")
        waited_s, why = time.monotonic() - since, self.link.last or "no answer"
        if waited_s > PATIENCE_S:
            self.link.lose(why, since)
        if waited_s > GIVE_UP_S and self.stops():
            raise SourceError(
                f"kafka: {self.place.bootstrap} did not take all that was told ({why}); resume the run"
            )
