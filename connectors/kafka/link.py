"""A connection as it is seen from outside: whether a broker answers, and for how long none did."""

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
from confluent_kafka import KafkaError

from connectors.board import Brokers
from connectors.kafka.connection import UNKNOWN_TOPIC, Troubles
from connectors.kafka.statistics import DECODER, Statistics, answering, leaders

EVERY_MS: Final = 1000
"""Between two tellings of a client."""
GONE: Final = (*UNKNOWN_TOPIC, KafkaError._UNKNOWN_PARTITION)  # noqa: SLF001 - its own name
Say = Callable[[str], None]


class Link(Troubles):
    """What becomes of one client's connection, said when it changes and counted for whoever looks."""

    def __init__(self, side: str, say: Say, lost: str, found: str = "") -> None:
        """Take what is said when it is lost, with `{why}` in it, and what is added when it is found again."""
        super().__init__()
        self.side, self.say, self.lost, self.found = side, say, lost, found
        self.heard: Callable[[Statistics], None] = lambda _: None
        """Called with what the client tells of itself."""
        self.n_outages, self._lost_s, self._since = 0, 0.0, 0.0
        self._is_lost = False
        self._leaders: Mapping[str, int] = {}

    def settings(self) -> dict[str, Any]:
        """Return what a client is made with, so that it tells."""
        return {**super().settings(), "stats_cb": self._told, "statistics.interval.ms": EVERY_MS}

    def lose(self, why: str, since: float | None = None) -> None:
        """Say that no broker answers, once; `since` is by the monotonic clock."""
        if not self._is_lost:
            self._since, self._is_lost = since or time.monotonic(), True
            self.n_outages += 1
            self.say(self.lost.format(why=why or "no answer"))

    def answer(self) -> None:
        """Note that one does."""
        if self._is_lost:
            self._lost_s += time.monotonic() - self._since
            self._is_lost = False
            self.say(f"kafka: a broker answers again{self.found}")
        if self.last or self.down:
            self.forget()

    def seen(self) -> Brokers:
        """Return how it is now; time without an answer runs on."""
        running = time.monotonic() - self._since if self._is_lost else 0.0
        return Brokers(self.side, not self._is_lost, self._lost_s + running, self.n_outages)

    def _told(self, raw: str) -> None:
        try:
            told = DECODER.decode(raw)
        except msgspec.DecodeError:
            return
        self._follow(leaders(told))
        self.judge(told)
        self.heard(told)

    def judge(self, told: Statistics) -> None:
        """Judge by what the client tells whether a broker answers."""

    def _follow(self, found: Mapping[str, int]) -> None:
        """Say where a partition is led by another broker than before."""
        moved = [name for name, leader in found.items() if self._leaders.get(name, leader) != leader]
        self._leaders = {**self._leaders, **found}
        if moved:
            listed = ", ".join(f"{name} by {found[name]}" for name in sorted(moved))
            self.say(f"kafka: brokers have changed places: now led is {listed}")


class SteadyLink(Link):
    """One that always waits for an answer, as a reader does: silence means that there is none."""

    met = False
    """Whether one has answered yet: who is still on the way to it has not lost it."""
    doubts = False
    """Whether the topic may not be there any more."""

    def note(self, error: KafkaError) -> None:
        """Keep a complaint, and take it seriously where it is about all brokers, or about the topic."""
        super().note(error)
        self.doubts = self.doubts or error.code() in GONE
        if self.down:
            self.lose(self.last)

    def judge(self, told: Statistics) -> None:
        """A broker that stands still breaks no connection, but owes an answer."""
        if answering(told):
            self.met = True
            self.answer()
        elif self.met:
            self.lose(self.last)
