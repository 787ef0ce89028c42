"""One symbol's messages of one topic or two, in the order in which brokers got them."""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from connectors.kafka.beginnings import begun
from connectors.kafka.inbox import Inbox, Item, Position
from connectors.kafka.market import KafkaMarket


class Incoming:
    """What waits, and how far each topic was read; of the same millisecond, the first topic's comes first."""

    def __init__(self, symbol: str, topics: Sequence[KafkaMarket]) -> None:
        self.symbol, self.topics = symbol, topics
        self._inboxes: tuple[Inbox, ...] = ()
        self._positions: list[Position] = [dict(topic.begins) for topic in topics]

    def begin(self, directory: Path) -> None:
        """Begin where the first frame of a run did.

        Raises:
            RunDirectoryError: that cannot be kept, or was changed.
            SourceError: a topic has not all of its partitions any more.
        """
        readers = [topic.reader for topic in self.topics]
        self._positions = begun(directory, self.symbol, [*zip(readers, self._positions, strict=True)])

    def join(self) -> None:
        """Have messages come in from now on, unless they do."""
        if not self._inboxes:
            both = zip(self.topics, self._positions, strict=True)
            self._inboxes = tuple(topic.reader.join(self.symbol, position) for topic, position in both)

    def holds(self, counts: Sequence[int]) -> bool:
        """Say whether so many messages of each topic are there.

        Raises:
            PhoenixError: they never will be.
        """
        both = zip(self._inboxes, counts, strict=False)
        return all(inbox.holds(n) for inbox, n in both)

    def waiting(self, counts: Sequence[int]) -> list[tuple[int, Item]]:
        """Return what waits, each with the number of its topic: so many of each, or as many as there are.

        Raises:
            PhoenixError: a topic cannot be read any further.
        """
        queues = [inbox.waiting(n) for inbox, n in zip(self._inboxes, counts, strict=False)]
        busy = [rank for rank, items in enumerate(queues) if items]
        if len(busy) < 2:  # noqa: PLR2004 - nothing to merge
            return [(rank, item) for rank in busy for item in queues[rank]]
        timed = (_timed(rank, queues[rank]) for rank in busy)
        return [(rank, item) for _, rank, item in heapq.merge(*timed, key=lambda each: each[:2])]

    def take(self, rank: int) -> None:
        """Be done with the next message of a topic."""
        self._inboxes[rank].take()

    def where(self, rank: int, item: Item) -> str:
        """Return the place of a message."""
        return f"{self.topics[rank].reader.place.topic}[{item.partition}]@{item.offset}"

    def taken(self) -> tuple[tuple[tuple[int, int], ...], ...]:
        """Return how far each topic was taken, by partition."""
        positions = [inbox.taken for inbox in self._inboxes] or self._positions
        return tuple(tuple(sorted(each.items())) for each in positions)

    def restore(self, taken: Sequence[Iterable[tuple[int, int]]]) -> None:
        """Go on where messages were taken to; partitions that are new begin at the start.

        Raises:
            SourceError: a topic has not all of its partitions any more.
        """
        for topic, ours, theirs in zip(self.topics, self._positions, map(dict, taken), strict=True):
            topic.reader.compare(set(theirs), set(ours))
            ours.update(theirs)

    def leave(self) -> None:
        """Read no further."""
        for topic in self.topics:
            topic.reader.leave(self.symbol)


def _timed(rank: int, items: Iterable[Item]) -> Iterator[tuple[int, int, Item]]:
    """Yield messages with the time at which a broker got them, which never goes back."""
    reached = 0
    for item in items:
        reached = max(reached, item.sent_ms)
        yield reached, rank, item
