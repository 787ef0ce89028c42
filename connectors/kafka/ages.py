"""Says that a market is too old to be quoted: whoever withdraws for that looks like one that does nothing."""

import time
from collections.abc import Callable
from typing import Final

LEAST_S: Final = 10.0
"""Between two tellings: who lags by about as much as is allowed crosses the line often."""


class Ages:
    """Which symbols of a process read messages that are older than they may be."""

    def __init__(
        self,
        topic: str,
        max_age_s: float,
        say: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.topic, self.max_age_s, self.say, self.clock = topic, max_age_s, say, clock
        self.old: set[str] = set()
        self._told = False
        """Whether it was said, while it holds."""
        self._next_s = 0.0

    def note(self, symbol: str, age_s: float, *, is_old: bool) -> None:
        """Note how old the messages are that a symbol reads."""
        if is_old == (symbol in self.old) and (self._told or not is_old):
            return
        if is_old:
            self.old.add(symbol)
            self._tell(symbol, age_s)
            return
        self.old.discard(symbol)
        if self._told and not self.old:
            self._told = False
            self.say(f"kafka: what comes of {self.topic} is fresh again")

    def _tell(self, symbol: str, age_s: float) -> None:
        now_s = self.clock()
        if self._told or now_s < self._next_s:
            return
        self._told, self._next_s = True, now_s + LEAST_S
        age = f"{age_s:,.0f} s old ({symbol}), more than kafka.max_age_s, {self.max_age_s:g} s"
        self.say(f"kafka: what comes of {self.topic} is {age}: nothing is quoted until it is fresh")
