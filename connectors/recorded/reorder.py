"""The same rows as they happened: sorted by venue time, while they stream by.

A message waits until nothing that is yet to come can precede it: it leaves once
what has been received is `horizon_ns` later. A message that was under way for
longer takes the earliest place that is left. Within a channel the order of
arrival is the venue's own sequence and stays, and so does every message whole.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from connectors.recorded.blocks import Block, join, load_block, pick
from connectors.recorded.quality import Quality
from operators.rows import BEST, CLEAR, GAP, LAST, LEVEL, MARK, NEVER, TRADE

HORIZON_NS: Final = 5 * 10**9
CHANNELS: Final = ((CLEAR, LEVEL, GAP), (BEST,), (TRADE,), (MARK,))
CHANNEL_OF: Final = np.zeros(MARK + 1, np.int8)
for _channel, _kinds in enumerate(CHANNELS):
    CHANNEL_OF[list(_kinds)] = _channel

ReorderState = tuple[tuple[int, ...], bytes]


class Reorder:
    """Rows on their way from the order of arrival to the order of the venue."""

    def __init__(self, quality: Quality, horizon_ns: int = HORIZON_NS) -> None:
        self._quality, self._horizon_ns = quality, horizon_ns
        self._latest = [0] * len(CHANNELS)
        self._waiting, self._until = load_block(b""), 0

    def __len__(self) -> int:
        return len(self._waiting)

    def push(self, desk: Block, desk_until: int) -> tuple[Block, int]:
        """Take rows as received, up to a receive time (NEVER ends the tape).

        Returns the rows that may leave, and the venue time before which none is missing.
        """
        until = desk_until if desk_until == NEVER else max(0, desk_until - self._horizon_ns)
        if len(desk) == 0 and until == self._until:
            return desk, until
        self._until = until
        rows = join([self._waiting, desk])
        rows["ts_event"][len(self._waiting) :] = self._places(desk)
        rows = pick(rows, np.argsort(rows["ts_event"], kind="stable"))
        n = len(rows) if until == NEVER else int(np.searchsorted(rows["ts_event"], until))
        self._waiting = join([rows[n:]])
        return rows[:n], until

    def snapshot(self) -> ReorderState:
        """Return what waits."""
        return tuple(self._latest), self._waiting.tobytes()

    def restore(self, state: ReorderState) -> None:
        """Go on from a snapshot."""
        latest, waiting = state
        self._latest, self._waiting = list(latest), load_block(waiting)

    def _places(self, desk: Block) -> NDArray[np.int64]:
        """Return the venue time that each row is put at."""
        places: NDArray[np.int64] = np.maximum(desk["ts_event"], desk["ts_recv"] - self._horizon_ns)
        channels = CHANNEL_OF[desk["kind"]]
        for channel in range(len(CHANNELS)):
            mine = np.flatnonzero(channels == channel)
            if len(mine):
                places[mine] = np.maximum.accumulate(np.maximum(places[mine], self._latest[channel]))
                self._latest[channel] = int(places[mine[-1]])
        moved = (places > desk["ts_event"]) & (desk["marks"] & LAST != 0)
        self._quality["late_at_venue"] += int(np.count_nonzero(moved))
        return places
