"""What makes rows of the messages of a topic, of whatever kind they are; and two such for one topic."""

from typing import Final, Protocol, TypeVar, cast

import msgspec
from msgspec.json import Decoder

from connectors.kafka.inbox import Item
from connectors.kafka.messages import misfit
from connectors.recorded.letters import Unusable
from connectors.recorded.quality import Quality
from connectors.tape import DeadLetter, State

T = TypeVar("T")
FACTS: Final = frozenset(("trade", "best", "depth", "mark", "gap", "end"))
"""Kinds of messages that are of a market."""
BESIDE: Final = FACTS | {"order", "fill", "reading", "dead_letter", "report", "control"}


class _Kind(msgspec.Struct, gc=False):
    type: str


KIND: Final = Decoder(_Kind)


class Taker(Protocol):
    """What makes rows of one topic's messages."""

    quality: Quality

    def rows(self, item: Item, now_ns: int, letters: list[DeadLetter]) -> bytes:
        """Return the rows of a message, which reaches us at `now_ns` or later.

        Raises:
            Unusable: it has none, and says why.
        """

    def snapshot(self) -> State:
        """Return what is known of the messages so far."""

    def restore(self, state: State) -> None:
        """Go on where `snapshot` was taken."""


class Both:
    """Two takers of one topic, which holds everything of a symbol."""

    def __init__(self, facts: Taker, others: Taker) -> None:
        self.facts, self.others, self.quality = facts, others, facts.quality

    def rows(self, item: Item, now_ns: int, letters: list[DeadLetter]) -> bytes:
        """Return the rows of a message, whichever it is.

        Raises:
            Unusable: it has none, and says why.
        """
        ours = not is_beside(item.raw or b"", FACTS)
        return (self.facts if ours else self.others).rows(item, now_ns, letters)

    def snapshot(self) -> State:
        """Return both."""
        return self.facts.snapshot(), self.others.snapshot()

    def restore(self, state: State) -> None:
        """Go on where `snapshot` was taken."""
        facts, others = cast("tuple[State, State]", state)
        self.facts.restore(facts)
        self.others.restore(others)


def is_beside(raw: bytes, ours: frozenset[str]) -> bool:
    """Say whether a message is of a kind that others read, where one topic holds them all."""
    try:
        kind = KIND.decode(raw).type
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return kind in BESIDE and kind not in ours


def text_of(item: Item) -> bytes:
    """Return what a message says.

    Raises:
        Unusable: nobody has to read it.
    """
    if item.reason is not None:
        raise Unusable(item.reason)
    return item.raw or b""


def decoded(raw: bytes, decoder: Decoder[T], ours: frozenset[str]) -> T | None:
    """Return a message of our kinds, or None where it is of another that others read.

    Raises:
        Unusable: it is neither.
    """
    try:
        return decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        if is_beside(raw, ours):
            return None
        raise Unusable(misfit(raw, error)) from None
