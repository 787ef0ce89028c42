"""Whose each message is that was read from a topic.

It belongs to the symbol that its key names. One whose key names nothing belongs to
nobody: it is told with the next message, in its partition, of a symbol of ours; or of
our first symbol, where many follow. Both are told by the log alone, so that a run that
is resumed tells it once, of the same symbol. A key that names another symbol is
another process's concern.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from typing import Final

from confluent_kafka import KafkaError, Message

from connectors.kafka.audience import Audience
from connectors.kafka.inbox import Entry, Inbox, Position
from connectors.recorded.letters import Reason

NAME: Final = re.compile(rb"[A-Za-z0-9._:/-]{1,64}")
KEPT_BYTES: Final = 1 << 10
"""Of a message that belongs to nobody."""
BLOCK: Final = 1 << 10
"""Offsets, from a multiple of it on, beyond which what belongs to nobody does not wait."""
Judge = Callable[[KafkaError, Message], None]


class Sorting:
    """Messages by symbol, until they are delivered."""

    def __init__(self, symbols: Sequence[str], audience: Audience) -> None:
        self._known: dict[bytes | str | None, str] = {symbol.encode(): symbol for symbol in symbols}
        self._audience, self._first = audience, symbols[0]
        self._nobodys: dict[int, list[Entry]] = {}
        self._mail: defaultdict[str, list[Entry]] = defaultdict(list)
        self._reached: Position = {}

    def begin(self) -> None:
        """Forget what belongs to nobody: it is read again."""
        self._nobodys.clear()

    def put(self, messages: Iterable[Message], served: Container[str], judge: Judge) -> None:
        """Put messages with those of their symbols, behind what belongs to nobody and goes with them.

        What is no message but an error is judged, which may raise.
        """
        known, reached, mail = self._known, self._reached, self._mail
        for message in messages:
            error = message.error()
            if error is not None:
                judge(error, message)
                continue
            partition: int = message.partition()  # type: ignore[assignment] # as in `place_of`
            offset: int = message.offset()  # type: ignore[assignment] # the same
            reached[partition] = offset + 1
            symbol = known.get(message.key())
            if symbol is None:
                self._pass_over(message, partition, offset, served)
                continue
            nobodys = self._nobodys.pop(partition, None) if self._nobodys else None
            if symbol not in served:
                continue
            if nobodys is not None:
                mail[symbol].extend(nobodys)
            _, sent_ms = message.timestamp()
            value = message.value() or b""
            mail[symbol].append((partition, offset, max(0, sent_ms), value, None))

    def _pass_over(self, message: Message, partition: int, offset: int, served: Container[str]) -> None:
        key = message.key() or b""
        is_name = NAME.fullmatch(key) is not None
        self._audience.pass_over(key if is_name else b"", partition, offset)
        if is_name:
            return
        held = self._nobodys.setdefault(partition, [])
        if held and held[0][1] // BLOCK != offset // BLOCK:
            if self._first in served:
                self._mail[self._first].extend(held)
            held.clear()
        kept = (message.value() or b"")[:KEPT_BYTES]
        held.append((partition, offset, _sent_ms(message), kept, Reason.WRONG_KEY))

    def deliver(self, served: Mapping[str, Inbox]) -> tuple[Position, list[str]]:
        """Post everything; return how far each partition was read, and who got anything."""
        mail, reached = self._mail, self._reached
        self._mail, self._reached = defaultdict(list), {}
        for symbol, entries in mail.items():
            served[symbol].post_all(entries)
        for partition, offset in reached.items():
            held = self._nobodys.get(partition)
            for inbox in served.values():
                inbox.pass_by(partition, held[0][1] if held else offset)
        return reached, list(mail)


def place_of(message: Message) -> tuple[int, int]:
    """Return partition and offset of a message that was read."""
    return message.partition(), message.offset()  # type: ignore[return-value] # both are known of what was read


def _sent_ms(message: Message) -> int:
    return max(0, message.timestamp()[1])
