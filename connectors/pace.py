"""How fast rows may be released: at a multiple of real time, as fast as it goes, or as they come."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final
from weakref import WeakSet

from connectors.bell import BELL
from operators.rows import Rows

PAST = datetime(2000, 1, 1, tzinfo=UTC)
LOOK_S: Final = 0.004
"""A silent market is looked at so often all the same: clocks strike, and operators speak, without a ring."""


class _Worker(threading.local):
    """Those who release rows on this thread."""

    def __init__(self) -> None:
        self.paces: WeakSet[Pace] = WeakSet()


HERE: Final = _Worker()


class Pace:
    """Says when what was released is due: `speed` times real time, at once when it is 0."""

    def __init__(self, speed: float, clock: Callable[[], float] = time.time) -> None:
        self.speed, self.clock = speed, clock
        self.began: tuple[float, int] | None = None
        self.due = PAST
        self._due_s = 0.0
        self._name, self._resting, self._heard, self._look_at = "", False, 0, 0.0

    def rests(self, name: str) -> bool:
        """Say whether it is of no use to look: nothing was there, and the bell was not rung for a name since.

        Where nobody on this thread has anything to do, it waits a moment for the bell. Bytewax would wait
        for a whole millisecond after it was told that there is nothing.
        """
        self._name, total = name, BELL.total
        HERE.paces.add(self)
        if self._rested():
            if all(pace.idle() for pace in HERE.paces):
                BELL.wait(total, LOOK_S / len(HERE.paces))
            if self._rested():
                return True
        self._heard, self._resting = BELL.rings(name), False
        return False

    def _rested(self) -> bool:
        waits = self._resting and BELL.rings(self._name) == self._heard
        return waits and time.monotonic() < self._look_at

    def idle(self) -> bool:
        """Say whether there is nothing to do for now."""
        return self._rested() or (self._due_s > 0 and self._due_s > self.clock())

    def look_again(self) -> None:
        """Rest: nothing was released."""
        self._resting, self._look_at = True, time.monotonic() + LOOK_S

    def leave(self) -> None:
        """Have nothing more to do, ever."""
        HERE.paces.discard(self)

    def reach(self, rows: Rows) -> None:
        """Take in what was just released; `due` is when its last row is."""
        if self.speed <= 0 or len(rows) == 0:
            return
        if self.began is None:
            self.began = self.clock(), int(rows[0].ts_recv)
        wall, event = self.began
        reached = int(rows[len(rows) - 1].ts_recv)
        self._due_s = wall + (reached - event) * 1e-9 / self.speed
        self.due = datetime.fromtimestamp(self._due_s, UTC)
