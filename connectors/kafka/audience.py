"""Whom a topic speaks of, and whom never; and how far behind the end of each partition everybody is."""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from connectors.kafka.connection import MARKET, Place
from connectors.kafka.inbox import Inbox, Position
from connectors.kafka.statistics import Statistics, ends

QUIET_S: Final = 10.0
"""A symbol of which a topic that was read to its end says nothing for so long is named."""
MOST_NAMED: Final = 5
"""Of those that are told of and not traded."""


class Audience:
    """Counts beside the reading; whoever posts a message notices nothing of it."""

    def __init__(self, place: Place, say: Callable[[str], None]) -> None:
        self.topic, self.say = place.topic, say
        self.speaks = place.key == MARKET
        """Whether a topic is meant to say something of everybody: of a market that is so."""
        self.n_strange = 0
        self.n_nameless = 0
        """Messages whose keys name nothing."""
        self.behind: Mapping[int, int] = {}
        self._next: dict[int, int] = {}
        self._strangers: set[str] = set()
        self._named: set[str] = set()
        self._goals: dict[int, int] = {}
        self._reached: float | None = None

    def pass_over(self, key: bytes, partition: int, offset: int) -> None:
        """Count a message of another's concern, or of nobody's, once however often it is read."""
        if offset < self._next.get(partition, 0):
            return
        self._next[partition] = offset + 1
        if not key:
            self.n_nameless += 1
            return
        self.n_strange += 1
        if len(self._strangers) <= MOST_NAMED:
            self._strangers.add(key.decode())

    def note(self, told: Statistics, inboxes: Mapping[str, Inbox], reached: Position) -> None:
        """See how far everybody is, and how far was read, once in a while."""
        if not inboxes:
            return
        found = ends(told, self.topic)
        self.behind = {p: max(0, end - _least(inboxes, "taken", p, end)) for p, end in found.items()}
        if self._reached is None and self._at_goals(found, inboxes, reached):
            self._reached = time.monotonic()
        if self.speaks and self._reached is not None and time.monotonic() - self._reached >= QUIET_S:
            self._name(symbol for symbol, inbox in inboxes.items() if not inbox.n_posted)

    def _at_goals(self, found: Mapping[int, int], inboxes: Mapping[str, Inbox], reached: Position) -> bool:
        """Say whether all was read that was there when each partition was first seen."""
        self._goals = {**found, **self._goals}
        wanted = {partition for inbox in inboxes.values() for partition in inbox.posted}
        return all(
            p in self._goals and max(_least(inboxes, "posted", p, 0), reached.get(p, 0)) >= self._goals[p]
            for p in wanted
        )

    def _name(self, symbols: Iterable[str]) -> None:
        silent = sorted(set(symbols) - self._named)
        if silent:
            self._named |= set(silent)
            listed = ", ".join(silent)
            self.say(f"kafka: {self.topic} told nothing of {listed} in {QUIET_S:g} s{self._others()}")

    def _others(self) -> str:
        few = sorted(self._strangers)[:MOST_NAMED]
        more = ", …" if len(self._strangers) > MOST_NAMED else ""
        named = f"; it names {', '.join(few)}{more}, which this run does not trade" if few else ""
        if not self.n_nameless:
            return named
        many = f"{self.n_nameless} messages have keys that name" if self.n_nameless > 1 else ""
        return f"{named}; {many or '1 message has a key that names'} no symbol"


def _least(inboxes: Mapping[str, Inbox], what: str, partition: int, otherwise: int) -> int:
    """Return how far the slowest is in a partition."""
    return min(int(getattr(inbox, what).get(partition, otherwise)) for inbox in inboxes.values())
