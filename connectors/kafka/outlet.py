"""Topics that a run tells of itself in: one producer for all symbols, and word of what each broker took."""

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from connectors.console import Console
from connectors.kafka.connection import Place, Troubles, connection, refuse_options
from operators.errors import SourceError

PAUSE_S: Final = 0.2
PATIENCE_S: Final = 2.0
"""Without an answer for so long, it is said."""
GIVE_UP_S: Final = 5.0
"""A run that was told to stop waits no longer."""


class Refused(NamedTuple):
    """A message that was not taken, and never will be."""

    topic: str
    message: bytes
    why: str


class Outlet:
    """Sends to topics by kind; waits as long as a broker is down, and loses nothing silently."""

    def __init__(
        self, place: Place, topics: Mapping[str, str], console: Console, stops: Callable[[], bool]
    ) -> None:
        """Make ready to send; the topic of the place itself is not used.

        Raises:
            ConfigError: an option is none of librdkafka's.
            SourceError: a secret is missing.
        """
        self.place, self.topics, self.console, self.stops = place, topics, console, stops
        self._troubles, self._lock = Troubles(), threading.Lock()
        own = {"enable.idempotence": True, "message.timeout.ms": 0}
        try:
            self._producer = Producer({"linger.ms": 0, **connection(place, self._troubles), **own})
        except KafkaException as error:
            refuse_options(error)
        self._under_way: Counter[str] = Counter()
        self._refused: defaultdict[str, list[Refused]] = defaultdict(list)
        self._broken, self._down = "", False

    def send(self, topic: str, symbol: str, message: bytes) -> None:
        """Append a message to its symbol's partition; waits where too much is under way.

        Raises:
            SourceError: nothing can be sent any more, or a stop did not want to wait.
        """
        with self._lock:
            self._under_way[symbol] += 1
        since = time.monotonic()
        while True:
            try:
                self._producer.produce(topic, message, symbol.encode(), on_delivery=self._delivered)
                break
            except BufferError:
                self._producer.poll(PAUSE_S)
                self._look(since)
            except KafkaException as error:
                self._settle(symbol, Refused(topic, message, error.args[0].str()), error.args[0])
                break
        self._producer.poll(0)
        self._look(since)

    def wait(self, symbol: str) -> list[Refused]:
        """Wait until a broker has said of all messages of a symbol what became of them; return those refused.

        Raises:
            SourceError: as `send` does.
        """
        since = time.monotonic()
        while self._under_way[symbol]:
            self._producer.flush(PAUSE_S)
            self._look(since)
        if self._down:
            self._down = False
            self._troubles.forget()
            self.console.say("kafka: a broker answers again, and has all that was told")
        return self._refused.pop(symbol, [])

    def _delivered(self, error: KafkaError | None, message: Message) -> None:
        symbol = (message.key() or b"").decode()
        why = "" if error is None else error.str()
        self._settle(symbol, Refused(message.topic() or "", message.value() or b"", why), error)

    def _settle(self, symbol: str, told: Refused, error: KafkaError | None) -> None:
        """Callbacks come in whichever worker polls."""
        with self._lock:
            self._under_way[symbol] -= 1
            if error is not None:
                self._refused[symbol].append(told)
                if error.fatal() or error.code() == KafkaError._FATAL:  # noqa: SLF001 - its own name
                    self._broken = error.str()

    def _look(self, since: float) -> None:
        if self._broken:
            raise SourceError(f"kafka: nothing can be told any more ({self._broken}); resume the run")
        waited_s = time.monotonic() - since
        why = self._troubles.last or "no answer"
        if waited_s > PATIENCE_S and not self._down:
            self._down = True
            self.console.say(f"kafka: {self.place.bootstrap} takes nothing ({why}); waiting until it does")
        if waited_s > GIVE_UP_S and self.stops():
            raise SourceError(
                f"kafka: {self.place.bootstrap} did not take all that was told ({why}); resume the run"
            )
