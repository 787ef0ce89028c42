"""One thread that reads a topic's partitions, and hands each symbol what is its own.

What waits is bounded. While one symbol has as much as it may, nothing is read; but
where another then has nothing at all, reading goes on for that one, and the first
one's messages are read again once it has room: no symbol waits for another.
"""

import threading
from collections.abc import Mapping, Sequence
from typing import Final

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from connectors.bell import BELL
from connectors.board import Brokers
from connectors.kafka.audience import Audience
from connectors.kafka.connection import UNKNOWN_TOPIC, Place, Troubles, connection, refuse_options
from connectors.kafka.inbox import Inbox, Position
from connectors.kafka.link import Say, SteadyLink
from connectors.kafka.places import added, gone, missing, require_topic
from connectors.kafka.sorting import Sorting
from operators.errors import PhoenixError, SourceError
from operators.rows import NEVER

BATCH: Final = 1000
WAIT_S: Final = 0.05
ROOM_S: Final = 0.002
"""Between two looks whether there is room again."""
CLOSING_S: Final = 5.0
BEYOND: Final = (KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE)  # noqa: SLF001 - its own names
DOWN: Final = (KafkaError._ALL_BROKERS_DOWN, KafkaError._TRANSPORT, KafkaError._RESOLVE)  # noqa: SLF001 - the same
GROUPLESS: Final = KafkaError.GROUP_AUTHORIZATION_FAILED
"""The client looks for its group, which nobody here uses."""
PASSING: Final = (*DOWN, GROUPLESS, KafkaError._TIMED_OUT, KafkaError._PARTITION_EOF)  # noqa: SLF001 - the same


def consumer(place: Place, troubles: Troubles, **more: str | bool) -> Consumer:
    """Return a client that reads what it is told to, and commits nothing.

    More options have `_` in their names where librdkafka has `.`.

    Raises:
        ConfigError: an option is not one of librdkafka's.
        SourceError: a secret is missing.
    """
    # A topic that was deleted is missed sooner.
    quick = {"topic.metadata.refresh.interval.ms": "2000", "topic.metadata.propagation.max.ms": "2000"}
    quick |= {"fetch.queue.backoff.ms": "10"}
    own = {"enable.auto.commit": False, "auto.offset.reset": "error", "enable.auto.offset.store": False}
    try:
        others = {name.replace("_", "."): value for name, value in more.items()}
        return Consumer({**quick, "group.id": "phoenix", **connection(place, troubles), **own, **others})
    except KafkaException as error:
        refuse_options(error)


class Reader:
    """Reads for whoever has an inbox; the thread lives while somebody has."""

    def __init__(self, place: Place, symbols: Sequence[str], say: Say) -> None:
        self.place, self.say = place, say
        self._inboxes: dict[str, Inbox] = {}
        self._served: dict[str, Inbox] = {}
        """Those that the partitions were assigned for; who joins later may need earlier messages."""
        self.audience = Audience(place, say)
        self._sorting = Sorting(symbols, self.audience)
        # Of two readers at the same brokers one is enough to say that none answers.
        side, aloud = ("source", say) if self.audience.speaks else ("reports", lambda _: None)
        self.link = SteadyLink(side, aloud, "kafka: no broker answers ({why}); going on when one does")
        self.link.heard = lambda told: self.audience.note(told, self._served, self._reached)
        self._told_as_new: set[int] = set()
        self._reached: Position = {}
        self._lock = threading.Lock()
        self._changed = threading.Event()
        self._thread: threading.Thread | None = None

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

    def compare(self, before: set[int], now: set[int]) -> None:
        """Compare the partitions of a checkpoint with those that are there.

        Raises:
            SourceError: some of them are gone.
        """
        if before - now:
            raise SourceError(gone(self.place, before - now))
        new = now - before - self._told_as_new
        if new and before:
            self._told_as_new |= new
            self.say(added(self.place, new))

    def seen(self) -> Brokers:
        """Return how the connection is, and how far everybody is."""
        link, audience = self.link.seen(), self.audience
        if not audience.speaks:
            return link
        return link._replace(behind=audience.behind, n_strange=audience.n_strange)

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
        try:
            client = consumer(self.place, self.link)
            try:
                while self._assign(client):
                    if self._may_read():
                        self._read(client)
                    else:
                        self._changed.wait(ROOM_S)
            finally:
                client.close()
        except PhoenixError as error:
            self._fail(error)
        except KafkaException as error:
            self._fail(
                SourceError(f"{self.place.key}: {self.place.topic} cannot be read: {error.args[0].str()}")
            )

    def _assign(self, client: Consumer) -> bool:
        """Begin anew where somebody joined or has room again; say whether anybody is left."""
        joined = False
        if self._changed.is_set():
            with self._lock:
                self._changed.clear()
                served, self._served = self._served, dict(self._inboxes)
                if not self._served:
                    self._thread = None
                    return False
            joined = not self._served.items() <= served.items()
        if joined or self._misplaced():
            self._begin(client)
        return True

    def _misplaced(self) -> bool:
        """Say whether somebody has room again for what was passed over, or starves for what comes later."""
        inboxes = self._served.values()
        if any(inbox.behind for inbox in inboxes):
            return True
        starved = [inbox for inbox in inboxes if inbox.starved]
        return bool(starved) and self._crowded() and not any(map(self._reads_for, starved))

    def _crowded(self) -> bool:
        return any(inbox.full for inbox in self._served.values())

    def _reads_for(self, inbox: Inbox) -> bool:
        return any(inbox.posted.get(partition, NEVER) <= at for partition, at in self._reached.items())

    def _may_read(self) -> bool:
        """Say whether to read on: there is room for all, or somebody has nothing at all."""
        return not self._crowded() or any(inbox.starved for inbox in self._served.values())

    def _begin(self, client: Consumer) -> None:
        """Read from the first message on that anybody with room was not handed."""
        inboxes = self._served.values()
        roomy = [inbox for inbox in inboxes if not inbox.full] or list(inboxes)
        partitions = sorted({partition for inbox in inboxes for partition in inbox.posted})
        first = {p: min(inbox.posted[p] for inbox in roomy if p in inbox.posted) for p in partitions}
        for inbox in inboxes:
            inbox.missed = {p for p, offset in first.items() if inbox.posted.get(p, NEVER) < offset}
        self._sorting.begin()
        self._reached = first
        client.assign([TopicPartition(self.place.topic, p, offset) for p, offset in first.items()])

    def _read(self, client: Consumer) -> None:
        first = client.poll(WAIT_S)
        if self.link.doubts:
            self.link.doubts = False
            require_topic(client, self.place)
        if first is None:
            return
        served = self._served
        try:
            messages = first, *client.consume(BATCH, 0)
            self._sorting.put(messages, served, lambda *told: self._judge(client, *told))
        finally:
            reached, rung_for = self._sorting.deliver(served)
        self._reached |= reached
        BELL.ring(rung_for)

    def _judge(self, client: Consumer, error: KafkaError, message: Message) -> None:
        if error.code() in BEYOND:
            raise SourceError(missing(client, self.place, self._wanted(message.partition() or 0)))
        if error.code() in UNKNOWN_TOPIC:
            require_topic(client, self.place)
            return
        if error.code() not in PASSING:
            raise SourceError(f"{self.place.key}: {self.place.topic} cannot be read: {error.str()}")

    def _wanted(self, partition: int) -> tuple[int, int]:
        """Return a partition, and the first offset that somebody wants of it."""
        return partition, min(inbox.posted[partition] for inbox in self._served.values())

    def _fail(self, error: PhoenixError) -> None:
        with self._lock:
            self._thread = None
            for inbox in self._inboxes.values():
                inbox.failure = error
            BELL.ring(list(self._inboxes))
