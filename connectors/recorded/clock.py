"""The receiving clock set right: when a message reached us, on the venue's clock.

A message cannot arrive before it happened. The running maximum of venue time
minus receive stamp is added to every stamp, so that feed latency is never
negative; stamps never go back.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from connectors.recorded.letters import Reason, Unusable
from connectors.recorded.quality import Quality

DAY_NS: Final = 86_400 * 10**9
LATEST_NS: Final = 1 << 62
UNKNOWN: Final = -LATEST_NS

Times = NDArray[np.int64]


class Clock:
    """The offset between two clocks, and the last receive time that came of it."""

    def __init__(self, quality: Quality) -> None:
        self._quality = quality
        self._offset, self._stamp, self.ts_recv = UNKNOWN, 0, 0

    def on(self, ts_event: int | None, stamp: int) -> int:
        """Return the receive time, ns, of a message that may carry no venue time.

        Raises:
            Unusable: a time is implausible; the clock has not moved.
        """
        self._check(ts_event, stamp)
        if stamp < self._stamp:
            self._quality["time_backwards"] += 1
            stamp = self._stamp
        self._stamp = stamp
        if ts_event is not None:
            self._offset = max(self._offset, ts_event - stamp)
        offset = 0 if self._offset == UNKNOWN else self._offset
        self.ts_recv = max(self.ts_recv, stamp + offset)
        return self.ts_recv

    def on_many(self, ts_event: Times, stamps: Times) -> Times:
        """Return the receive time of each message, in their order; all of them carry a venue time."""
        lifted = np.maximum.accumulate(np.maximum(stamps, self._stamp))
        self._quality["time_backwards"] += int(np.count_nonzero(stamps < lifted))
        offset = np.maximum.accumulate(np.maximum(ts_event - lifted, self._offset))
        ts_recv: Times = np.maximum(lifted + offset, self.ts_recv)
        if len(stamps):
            self._stamp, self._offset = int(lifted[-1]), int(offset[-1])
            self.ts_recv = int(ts_recv[-1])
        return ts_recv

    def snapshot(self) -> tuple[int, int, int]:
        """Return where the clock stands."""
        return self._offset, self._stamp, self.ts_recv

    def restore(self, state: tuple[int, int, int]) -> None:
        """Go on from a snapshot."""
        self._offset, self._stamp, self.ts_recv = state

    def _check(self, ts_event: int | None, stamp: int) -> None:
        if not 0 < stamp < LATEST_NS:
            raise Unusable(Reason.BAD_RECEIVE_TIME)
        if ts_event is None:
            if self._stamp and abs(stamp - self._stamp) > DAY_NS:
                raise Unusable(Reason.BAD_RECEIVE_TIME)
        elif ts_event <= 0 or abs(ts_event - stamp) > DAY_NS:
            raise Unusable(Reason.BAD_TIME)


def time_faults(ts_event: Times, stamps: Times) -> dict[int, Reason]:
    """Return which of many times are implausible, by position."""
    impossible = (stamps <= 0) | (stamps >= LATEST_NS)
    near = np.where(impossible, 1, stamps)
    implausible = (ts_event < np.maximum(near - DAY_NS, 1)) | (ts_event > near + DAY_NS)
    faults = dict.fromkeys(np.flatnonzero(implausible).tolist(), Reason.BAD_TIME)
    return faults | dict.fromkeys(np.flatnonzero(impossible).tolist(), Reason.BAD_RECEIVE_TIME)
