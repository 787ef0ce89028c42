"""What the reader hands to one symbol: its messages in order, and how far each partition has been read."""

from collections import deque
from collections.abc import Mapping
from typing import Final, NamedTuple

from connectors.recorded.letters import Reason
from operators.errors import PhoenixError
from operators.rows import NEVER

MOST_MESSAGES: Final = 20_000
MOST_BYTES: Final = 32 << 20
Position = dict[int, int]
"""By partition, the offset from which on nothing has been taken."""


class Item(NamedTuple):
    """A message as the broker keeps it; without a text, only that nothing before `offset` is left."""

    partition: int
    offset: int
    sent_ms: int = 0
    """By the broker, 0 if it does not say."""
    raw: bytes | None = None
    reason: Reason | None = None
    """Why nobody has to read it."""


class Inbox:
    """One symbol's messages between the reader, which posts, and its tape, which takes."""

    def __init__(self, position: Mapping[int, int]) -> None:
        self.taken: Position = dict(position)
        """What a checkpoint holds; only `take` moves it."""
        self.posted: Position = dict(position)
        self.closed = False
        """Whether nobody takes anything any more."""
        self.failure: PhoenixError | None = None
        self.awaited = False
        """Whether nobody goes on without more, however much is waiting."""
        self._items: deque[Item] = deque()
        self._bytes_in = self._bytes_out = 0

    @property
    def full(self) -> bool:
        """Whether the reader has to wait."""
        if self.closed or self.awaited:
            return False
        return len(self._items) > MOST_MESSAGES or self._bytes_in - self._bytes_out > MOST_BYTES

    def post(self, item: Item) -> None:
        """Append a message, unless it was posted before."""
        if not self.closed and item.offset >= self.posted.get(item.partition, NEVER):
            self.posted[item.partition] = item.offset + 1
            self._bytes_in += len(item.raw or b"")
            self._items.append(item)

    def pass_by(self, partition: int, offset: int) -> None:
        """Note that nothing before an offset is left for this symbol."""
        if not self.closed and offset > self.posted.get(partition, offset):
            self.posted[partition] = offset
            self._items.append(Item(partition, offset))

    def waiting(self, n: int) -> list[Item]:
        """Return the next messages without taking them, so many or as many as there are.

        Raises:
            PhoenixError: as `take` does.
        """
        while self._items and self._items[0].raw is None:
            passed = self._items.popleft()
            self.taken[passed.partition] = passed.offset
        if not self._items and self.failure is not None:
            raise self.failure
        found: list[Item] = []
        for k in range(len(self._items)):  # By number: the reader appends meanwhile.
            if len(found) == n:
                break
            item = self._items[k]
            if item.raw is not None:
                found.append(item)
        return found

    def take(self) -> Item | None:
        """Return the next message, or None when there is nothing yet.

        Raises:
            PhoenixError: reading came to an end that it cannot go on from.
        """
        while self._items:
            item = self._items.popleft()
            if item.raw is None:
                self.taken[item.partition] = item.offset
                continue
            self.taken[item.partition] = item.offset + 1
            self._bytes_out += len(item.raw)
            return item
        if self.failure is not None:
            raise self.failure
        return None
