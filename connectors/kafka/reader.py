"""One thread that reads a topic's partitions, and hands each symbol what is its own.

A message belongs to the symbol that its key names. One whose key names nothing
belongs to nobody: it is told with the next message, in its partition, of a symbol
of ours, so that a run that is resumed tells it once, of the same symbol. A key that
names another symbol is another process's concern.
"""

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Final, cast

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from connectors.kafka.connection import Place, Troubles, connection, refuse_options
from connectors.kafka.inbox import Inbox, Item, Position
from connectors.recorded.letters import Reason
from operators.errors import PhoenixError, SourceError

BATCH: Final = 1000
WAIT_S: Final = 0.05
CLOSING_S: Final = 5.0
NAME: Final = re.compile(rb"[A-Za-z0-9._:/-]{1,64}")
KEPT_BYTES: Final = 1 << 10
"""Of a message that belongs to nobody."""
BEYOND: Final = (KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE)  # noqa: SLF001 - its own names
DOWN: Final = (KafkaError._ALL_BROKERS_DOWN, KafkaError._TRANSPORT, KafkaError._RESOLVE)  # noqa: SLF001 - the same
PASSING: Final = (*DOWN, KafkaError._TIMED_OUT, KafkaError._PARTITION_EOF)  # noqa: SLF001 - the same
Say = Callable[[str], None]


def consumer(place: Place, troubles: Troubles, **more: str | bool) -> Consumer:
    """Return a client that reads what it is told to, and commits nothing.

    More options have `_` in their names where librdkafka has `.`.

    Raises:
        ConfigError: an option is not one of librdkafka's.
        SourceError: a secret is missing.
    """
    own = {"enable.auto.commit": False, "auto.offset.reset": "error", "enable.auto.offset.store": False}
    try:
        others = {name.replace("_", "."): value for name, value in more.items()}
        return Consumer({"group.id": "phoenix", **connection(place, troubles), **own, **others})
    except KafkaException as error:
        refuse_options(error)


class Reader:
    """Reads for whoever has an inbox; the thread lives while somebody has."""

    def __init__(self, place: Place, symbols: Sequence[str], say: Say) -> None:
        self.place, self.say = place, say
        self._known = {symbol.encode(): symbol for symbol in symbols}
        self._inboxes: dict[str, Inbox] = {}
        self._served: dict[str, Inbox] = {}
        """Those that the partitions were assigned for; who joins later may need earlier messages."""
        self._nobodys: dict[int, list[Item]] = {}
        self._paused = False
        self._lock = threading.Lock()
        self._changed = threading.Event()
        self._thread: threading.Thread | None = None
        self._down = False

    def join(self, symbol: str, position: Mapping[int, int]) -> Inbox:
        """Let a symbol have its messages from a position on."""
        inbox = Inbox(position)
        with self._lock:
            self._inboxes[symbol] = inbox
            self._changed.set()
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="kafka", daemon=True)
                self._thread.start()
        return inbox

    def leave(self, symbol: str) -> None:
        """Read nothing more for a symbol; the last one ends the thread."""
        with self._lock:
            inbox = self._inboxes.pop(symbol, None)
            if inbox is not None:
                inbox.closed = True
            thread = self._thread if not self._inboxes else None
            self._changed.set()
        if thread is not None:
            thread.join(CLOSING_S)

    def _work(self) -> None:
        troubles = Troubles()
        try:
            client = consumer(self.place, troubles)
            try:
                while self._assign(client):
                    self._read(client, troubles)
                    self._hold_back(client)
            finally:
                client.close()
        except PhoenixError as error:
            self._fail(error)
        except KafkaException as error:
            self._fail(SourceError(f"kafka: {self.place.topic} cannot be read: {error.args[0].str()}"))

    def _assign(self, client: Consumer) -> bool:
        """Begin anew where somebody joined; say whether anybody is left."""
        if not self._changed.is_set():
            return True
        with self._lock:
            self._changed.clear()
            served, self._served = self._served, dict(self._inboxes)
            if not self._served:
                self._thread = None
                return False
        if self._served.items() <= served.items():
            return True
        inboxes = self._served.values()
        self._nobodys.clear()
        self._paused = False
        partitions = sorted({partition for inbox in inboxes for partition in inbox.posted})
        first = {p: min(inbox.posted[p] for inbox in inboxes if p in inbox.posted) for p in partitions}
        client.assign([TopicPartition(self.place.topic, p, offset) for p, offset in first.items()])
        return True

    def _read(self, client: Consumer, troubles: Troubles) -> None:
        first = client.poll(WAIT_S)
        self._tell_state(troubles, answered=first is not None and first.error() is None)
        if first is None:
            return
        reached: Position = {}
        for message in (first, *client.consume(BATCH, 0)):
            error = message.error()
            if error is not None:
                self._judge(error)
                continue
            partition, offset = place_of(message)
            reached[partition] = offset + 1
            self._sort(message)
        for partition, offset in reached.items():
            held = self._nobodys.get(partition)
            for inbox in self._served.values():
                inbox.pass_by(partition, held[0].offset if held else offset)

    def _sort(self, message: Message) -> None:
        key, (partition, _) = message.key() or b"", place_of(message)
        symbol = self._known.get(key)
        if symbol is None:
            if NAME.fullmatch(key) is None:
                self._nobodys.setdefault(partition, []).append(_item(message, Reason.WRONG_KEY))
            return
        inbox, nobodys = self._served.get(symbol), self._nobodys.pop(partition, ())
        if inbox is not None:
            for item in nobodys:
                inbox.post(item)
            inbox.post(_item(message, None))

    def _hold_back(self, client: Consumer) -> None:
        """Read nothing more of a topic while somebody has too much of it waiting."""
        full = any(inbox.full for inbox in self._served.values())
        if full and not self._paused:
            client.pause(client.assignment())
        elif self._paused and not full:
            client.resume(client.assignment())
        self._paused = full

    def _judge(self, error: KafkaError) -> None:
        if error.code() in BEYOND:
            raise SourceError(
                f"kafka: what a run of {self.place.topic} has to go on with is no longer there: {error.str()}"
            )
        if error.code() not in PASSING:
            raise SourceError(f"kafka: {self.place.topic} cannot be read: {error.str()}")

    def _tell_state(self, troubles: Troubles, *, answered: bool) -> None:
        if troubles.down and not self._down:
            self.say(f"kafka: no broker answers ({troubles.last}); going on when one does")
        if answered and self._down:
            self.say("kafka: a broker answers again")
        self._down = (self._down or troubles.down) and not answered
        if answered:
            troubles.forget()

    def _fail(self, error: PhoenixError) -> None:
        with self._lock:
            self._thread = None
            for inbox in self._inboxes.values():
                inbox.failure = error


def place_of(message: Message) -> tuple[int, int]:
    """Return partition and offset of a message that was read."""
    return cast("tuple[int, int]", (message.partition(), message.offset()))


def _item(message: Message, reason: Reason | None) -> Item:
    raw = message.value() or b""
    kept = raw if reason is None else raw[:KEPT_BYTES]
    return Item(*place_of(message), max(0, message.timestamp()[1]), kept, reason)
