"""What wakes workers that have nothing to do, so that they need not look every so often.

Whoever brings something for somebody rings; there is one bell for a whole process.
A worker waits only when nobody on its thread has anything to do.
"""

import threading
from collections import Counter
from collections.abc import Iterable
from typing import Final


class Bell:
    """Counts how often it was rung for each name."""

    def __init__(self) -> None:
        self._rung = threading.Condition()
        self._rings: Counter[str] = Counter()
        self.total = 0

    def ring(self, names: Iterable[str]) -> None:
        """Wake everybody who waits: there is something for these."""
        with self._rung:
            self._rings.update(names)
            self.total += 1
            self._rung.notify_all()

    def rings(self, name: str) -> int:
        """Return how often it was rung for a name."""
        return self._rings[name]

    def wait(self, total: int, seconds: float) -> None:
        """Wait until it is rung for anybody, unless it was since there were so many rings in all."""
        with self._rung:
            if self.total == total:
                self._rung.wait(seconds)


BELL: Final = Bell()
