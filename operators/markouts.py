"""Where the mid went after each fill: markouts, positive when good for us.

A markout is side · (mid some time after the fill − price of the fill). The mid
at an instant is the last valid one at or before it. Fills wait for theirs in a
ring, oldest first, with one cursor per horizon; where the ring is full, the
oldest fill is given up and counted.
"""

from typing import Annotated, Final

import numpy as np

from operators.kernel import Record, Table, kernel
from operators.rows import NEVER, Row

WAITING: Final = 4096
"""Fills that wait at most."""
HORIZONS: Final = np.array([100_000_000, 1_000_000_000, 5_000_000_000, 30_000_000_000], np.int64)
"""How long after a fill, ns; shortest first."""
N_HORIZONS: Final = 4
ADVERSE: Final = 1
"""The horizon that adverse selection is measured at."""


class Markout(Record):
    """Sums at one horizon."""

    cursor: int
    """The next fill to come of age, counted from the first ever."""
    n: int
    n_negative: int
    n_lost: int
    """Given up before they came of age."""
    lots: int
    gain_twice: int
    """Σ lots · markout, twice the tick·lots."""
    drift_twice: int
    """Σ side · lots · (mid then − mid at the fill), twice the tick·lots; of those given up until then."""
    open_lots: int
    """Σ side · lots of those that wait."""
    open_twice: int
    """Σ side · lots · twice the mid at the fill, of those that wait."""
    bps_sum: float
    """Σ markout / price over fills, in bps, whatever their size."""
    bps_squares: float


class Markouts(Record):
    """Sums at every horizon."""

    n_fills: int
    """Ever, the waiting ones included."""
    due_ns: int
    """When the next fill comes of age at some horizon."""
    at: Annotated[Table[Markout], Markout.dtype, (N_HORIZONS,)]


class Waiting(Record):
    """A fill, as its markouts need it."""

    ts_ns: int
    signed_lots: int
    price_ticks: int
    twice_mid: int


class Trail(Record):
    """The last fills; number k stands in slot k mod `WAITING`."""

    fills: Annotated[Table[Waiting], Waiting.dtype, (WAITING,)]


@kernel
def come_of_age(markout: Markout, fill: Waiting, twice_mid: int) -> None:
    """Take in where the mid is for the fill whose turn it is."""
    lots = fill.signed_lots
    gain = lots * (twice_mid - 2 * fill.price_ticks)
    markout.n += 1
    markout.n_negative += gain < 0
    markout.lots += abs(lots)
    markout.gain_twice += gain
    side = 1.0 if lots > 0 else -1.0
    bps = side * (twice_mid - 2 * fill.price_ticks) / (2 * fill.price_ticks) * 1e4
    markout.bps_sum += bps
    markout.bps_squares += bps * bps
    _leave(markout, fill, twice_mid)


@kernel
def _leave(markout: Markout, fill: Waiting, twice_mid: int) -> None:
    markout.drift_twice += fill.signed_lots * (twice_mid - fill.twice_mid)
    markout.open_lots -= fill.signed_lots
    markout.open_twice -= fill.signed_lots * fill.twice_mid
    markout.cursor += 1


@kernel
def pass_time(markouts: Markouts, trail: Trail, ts_ns: int, twice_mid: int) -> None:
    """Let every fill come of age whose time is before `ts_ns`; `twice_mid` is that until then."""
    due = NEVER
    for h in range(N_HORIZONS):
        markout = markouts.at[h]
        while markout.cursor < markouts.n_fills:
            fill = trail.fills[markout.cursor % WAITING]
            if fill.ts_ns + HORIZONS[h] >= ts_ns:
                due = min(due, fill.ts_ns + HORIZONS[h])
                break
            come_of_age(markout, fill, twice_mid)
    markouts.due_ns = due


@kernel
def make_room(markouts: Markouts, trail: Trail, twice_mid: int) -> None:
    """Give the oldest fill up at every horizon where it still waits, should its slot be needed."""
    for h in range(N_HORIZONS):
        markout = markouts.at[h]
        if markouts.n_fills - markout.cursor >= WAITING:
            markout.n_lost += 1
            _leave(markout, trail.fills[markout.cursor % WAITING], twice_mid)


@kernel
def follow(markouts: Markouts, trail: Trail, row: Row, twice_mid: int) -> None:
    """Let a fill wait for its markouts; `twice_mid` is that at the fill."""
    make_room(markouts, trail, twice_mid)
    fill = trail.fills[markouts.n_fills % WAITING]
    fill.ts_ns = row.ts_recv
    fill.signed_lots = row.side * row.size_lots
    fill.price_ticks = row.price_ticks
    fill.twice_mid = twice_mid
    for h in range(N_HORIZONS):
        markouts.at[h].open_lots += fill.signed_lots
        markouts.at[h].open_twice += fill.signed_lots * twice_mid
    markouts.n_fills += 1
    markouts.due_ns = min(markouts.due_ns, row.ts_recv + HORIZONS[0])


@kernel
def drift_twice(markout: Markout, twice_mid: int) -> int:
    """Return how far the mid went with the fills so far, with those that wait as of now: twice tick·lots."""
    return int(markout.drift_twice + markout.open_lots * twice_mid - markout.open_twice)
