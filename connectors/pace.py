"""How fast a replay may go: at a multiple of real time, or as fast as it can."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from operators.rows import Rows

MOMENT = timedelta(milliseconds=1)
PAST = datetime(2000, 1, 1, tzinfo=UTC)


class Pace:
    """Says when what was released is due: `speed` times real time, at once when it is 0."""

    def __init__(self, speed: float, clock: Callable[[], float] = time.time) -> None:
        self.speed, self.clock = speed, clock
        self.began: tuple[float, int] | None = None
        self.due = PAST

    def look_again(self) -> None:
        """Be due in a moment: nothing was released."""
        soon = datetime.fromtimestamp(self.clock(), UTC) + MOMENT
        self.due = max(self.due, soon)

    def reach(self, rows: Rows) -> None:
        """Take in what was just released; `due` is when its last row is."""
        if self.speed <= 0:
            self.due = PAST
        if self.speed <= 0 or len(rows) == 0:
            return
        if self.began is None:
            self.began = self.clock(), int(rows[0].ts_recv)
        wall, event = self.began
        reached = int(rows[len(rows) - 1].ts_recv)
        self.due = datetime.fromtimestamp(wall + (reached - event) * 1e-9 / self.speed, UTC)
