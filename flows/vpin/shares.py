"""How much of the time what thresholds are compared with stood above some of them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from operators.toxicity import DISABLED, LOW_VOLUME, WARMING

NOT_READY = (DISABLED, WARMING, LOW_VOLUME)


class TimeAbove:
    """Event time while there was a level, and while it was above each threshold.

    A level holds until the next trade; it is the value itself, unless ranks count.
    """

    def __init__(self, levels: Sequence[float]) -> None:
        self._levels = levels
        self._since_ns, self._value, self._ready = 0, 0.0, False
        self.ready_ns, self.above_ns = 0, [0] * len(levels)

    def on(self, times: NDArray[np.int64], points: NDArray[np.void]) -> None:
        """Take in trades, by the time they reached us."""
        if not len(times):
            return
        ready = np.concatenate([[self._ready], ~np.isin(points["status"], NOT_READY)])
        values = np.concatenate([[self._value], points["level"]])
        spans = np.diff(times, prepend=self._since_ns or times[0]) * ready[:-1]
        self.ready_ns += int(spans.sum())
        for k, level in enumerate(self._levels):
            self.above_ns[k] += int(spans[values[:-1] > level].sum())
        self._since_ns, self._value, self._ready = int(times[-1]), float(values[-1]), bool(ready[-1])

    @property
    def shares(self) -> list[float] | None:
        """Share of the ready time above each level; None if no time passed."""
        return [above / self.ready_ns for above in self.above_ns] if self.ready_ns else None
