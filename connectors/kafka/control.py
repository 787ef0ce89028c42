"""What operators want, from a topic: of each symbol its last message holds, `*` is every symbol.

All of the topic is read when a run begins, so that a halt holds whoever starts when; a
topic that is compacted keeps just what is needed. Beside the file in the run
directory the stricter of both wins.
"""

import threading
import time
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, TopicPartition
from msgspec import Meta, Struct

from connectors.kafka.connection import UNKNOWN_TOPIC, Place, Troubles
from connectors.kafka.diagnosis import settled, unreachable
from connectors.kafka.link import GONE
from connectors.kafka.messages import Name, Version, misfit
from connectors.kafka.places import require_topic
from connectors.kafka.reader import PASSING, consumer
from connectors.kafka.sorting import place_of
from connectors.recorded.letters import Reason, excerpt
from connectors.switch import WISHES, Switch, Wish
from connectors.tape import DeadLetter
from operators.errors import SourceError
from operators.rows import HALT, REDUCE, RESUME

EVERY: Final = "*"
STRICT: Final = (HALT, REDUCE, RESUME)
REACHED: Final = KafkaError._PARTITION_EOF  # noqa: SLF001 - its own name
"""All of a partition is read, also where its last messages are none: those of a transaction, or compacted."""
WAIT_S: Final = 0.2
KEPT_BYTES: Final = 1 << 10
READ_S: Final = 30.0
"""How long reading what the topic holds may take at the start."""
Text = Annotated[str, Meta(max_length=200)]


class Control(
    Struct, kw_only=True, frozen=True, gc=False, omit_defaults=True, tag_field="type", tag="control"
):
    """What an operator wants of a symbol, until the next such message."""

    v: Version
    """Version of the format."""
    symbol: Name
    """Whom it concerns, `*` for all; the key of the message says the same."""
    want: Literal["halt", "reduce", "resume"]
    why: Text = ""
    """Written down beside it."""
    id: Text = ""
    """A resume with an id that is new also lifts what a limit has halted."""


DECODER: Final = msgspec.json.Decoder(Control)


class TopicSwitch(Switch):
    """The kill switch of a run, by its file and by a topic."""

    def __init__(self, path: Path, topic: "ControlTopic") -> None:
        super().__init__(path)
        self.topic = topic

    def wish(self, symbol: str) -> Wish | None:
        """Return what is wanted of a symbol; None where nobody wants anything."""
        wanted = [each for each in (super().wish(symbol), self.topic.wish(symbol)) if each is not None]
        return min(wanted, key=lambda each: (STRICT.index(each.wish), each.id == ""), default=None)

    def take_letters(self) -> tuple[DeadLetter, ...]:
        """Return what could not be understood since the last call."""
        return self.topic.take_letters()


class Hearing(Troubles):
    """Notices, too, that the topic may not be there any more."""

    doubts = False

    def note(self, error: KafkaError) -> None:
        """Keep a complaint."""
        super().note(error)
        self.doubts = self.doubts or error.code() in GONE


class ControlTopic:
    """Reads a topic for as long as the process lives."""

    def __init__(self, place: Place) -> None:
        """Read all that is there.

        Raises:
            SourceError: no broker answers, there is no such topic, or it is not read in time.
        """
        self.place = place
        self._wishes: dict[str, Wish] = {}
        self._letters: deque[DeadLetter] = deque()
        self._troubles = Hearing()
        client = consumer(place, self._troubles, enable_partition_eof=True, auto_offset_reset="earliest")
        try:
            self._read_up(client)
        except KafkaException as error:
            client.poll(0)
            raise unreachable(place, self._troubles, error) from None
        self._letters.clear()  # They were told when they came.
        threading.Thread(target=self._follow, args=(client,), name="control", daemon=True).start()

    def wish(self, symbol: str) -> Wish | None:
        """Return what is wanted of a symbol, or None."""
        wishes = self._wishes
        return wishes.get(symbol) or wishes.get(EVERY)

    def take_letters(self) -> tuple[DeadLetter, ...]:
        """Return what could not be understood since the last call."""
        found = list[DeadLetter]()
        with suppress(IndexError):  # Workers take at the same time.
            while True:
                found.append(self._letters.popleft())
        return tuple(found)

    def _read_up(self, client: Consumer) -> None:
        found = settled(client, self.place, self._troubles)
        if found.error is not None:
            why = "there is no such topic" if found.error.code() in UNKNOWN_TOPIC else found.error.str()
            raise SourceError(f"kafka.control_topic: {self.place.topic} cannot be read: {why}")
        parts = [TopicPartition(self.place.topic, each, OFFSET_BEGINNING) for each in found.partitions]
        client.assign(parts)
        left, until = set(found.partitions), time.monotonic() + READ_S
        while left:
            if time.monotonic() > until:
                raise SourceError(f"kafka.control_topic: {self.place.topic} was not read within {READ_S:g} s")
            left -= self._take(client, WAIT_S)

    def _follow(self, client: Consumer) -> None:
        told = ""
        while True:
            try:
                self._take(client, WAIT_S)
                if self._troubles.doubts:
                    self._troubles.doubts = False
                    require_topic(client, self.place)
            except (KafkaException, SourceError) as error:
                told = self._complain(str(error), told)
                time.sleep(WAIT_S)

    def _complain(self, why: str, told: str) -> str:
        """Say once that operators are not heard."""
        if why != told:
            self._letters.append(DeadLetter(time.time_ns(), EVERY, "control_unheard", "", why))
        return why

    def _take(self, client: Consumer, wait_s: float) -> set[int]:
        """Take in what comes; return the partitions of which that was all."""
        ended = set()
        for message in client.consume(100, wait_s):
            error = message.error()
            if error is None:
                self._on(message)
            elif error.code() == REACHED:
                ended.add(place_of(message)[0])
            elif error.code() not in PASSING:
                raise SourceError(f"kafka.control_topic: {self.place.topic} cannot be read: {error.str()}")
        return ended

    def _on(self, message: Message) -> None:
        raw = message.value()
        if raw is None:
            self._wishes = {
                name: each for name, each in self._wishes.items() if name.encode() != message.key()
            }
            return
        try:
            control = DECODER.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            self._set_aside(message, misfit(raw, error))
            return
        if message.key() != control.symbol.encode():
            self._set_aside(message, Reason.WRONG_KEY)
            return
        wish = Wish(WISHES[control.want], control.why, control.id)
        kept = {} if control.symbol == EVERY else self._wishes
        self._wishes = kept | {control.symbol: wish}

    def _set_aside(self, message: Message, reason: Reason) -> None:
        partition, offset = place_of(message)
        where = f"{self.place.topic}[{partition}]@{offset}"
        text = excerpt((message.value() or b"")[:KEPT_BYTES])
        sent_ns = max(1, message.timestamp()[1] * 1_000_000)
        self._letters.append(DeadLetter(sent_ns, EVERY, reason.value, where, text))
