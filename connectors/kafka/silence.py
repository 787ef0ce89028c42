"""Says that a venue elsewhere does not answer: silence would look like a market that fills nothing."""

import time
from collections.abc import Callable
from typing import Final

PATIENCE_S: Final = 10.0
"""A venue answers each request."""


class Silence:
    """What all desks of a process asked of one venue, and whether it said anything since."""

    def __init__(
        self, topic: str, say: Callable[[str], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.topic, self.say, self.clock = topic, say, clock
        self.since_s: float | None = None
        """Of the first request that nothing was heard after."""
        self.told = False

    def asked(self) -> None:
        """Note that something was asked for."""
        if self.since_s is None:
            self.since_s = self.clock()

    def heard(self) -> None:
        """Note that the venue said something."""
        if self.told:
            self.say(f"kafka: the venue answers in {self.topic} again")
        self.since_s, self.told = None, False

    def look(self) -> None:
        """Say so, once, where it is silent for too long."""
        if self.since_s is None or self.told or self.clock() - self.since_s < PATIENCE_S:
            return
        self.told = True
        since = f"for {PATIENCE_S:g} s after orders"
        self.say(f"kafka: no venue has said anything in {self.topic} {since}: is one open?")
