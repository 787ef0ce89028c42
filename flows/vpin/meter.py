"""The measure over many rows at once: what it says after every trade, and at the close of every bucket."""

from typing import Annotated, Final

import numpy as np
from numpy.typing import NDArray

from operators.kernel import Cell, Record, Table, kernel
from operators.rows import TRADE, Rows
from operators.toxicity import BVC, MOST_BUCKETS, NET, Reading, Vpin, VpinParams
from operators.vpin import on_row, read

BINS: Final = 10_000
"""Values of closed buckets are counted to this part of 1."""


class Point(Record):
    """What the measure says after a trade."""

    value: float
    level: float
    net_imbalance: float
    bucket_imbalance: float
    """Signed imbalance of the bucket closed last, -1..1; 0 before there is one."""
    n_closed: int
    status: int
    side: int
    """As classified; 0 where bars decide."""


class Closes(Record):
    """The window as each bucket closed, even where one trade closed many, and the values then."""

    n_seen: int
    n_counted: int
    sum_abs: int
    sum_net: int
    sum_size: int
    total: float
    highest: float
    imbalance: Annotated[NDArray[np.int64], np.int64, (MOST_BUCKETS,)]
    sizes: Annotated[NDArray[np.int64], np.int64, (MOST_BUCKETS,)]
    bins: Annotated[NDArray[np.int64], np.int64, (BINS + 1,)]
    above: Annotated[NDArray[np.int64], np.int64, (3,)]


@kernel
def measure(
    cell: Cell[Vpin],
    setup: Cell[VpinParams],
    rows: Rows,
    reading: Reading,
    points: Table[Point],
    closed: Cell[Closes],
    levels: NDArray[np.float64],
) -> int:
    """Take each row in; write a point for each trade, and return how many there are."""
    vpin, params, closes, n = cell[0], setup[0], closed[0], 0
    for i in range(len(rows)):
        row = rows[i]
        on_row(vpin, params, row)
        if vpin.n_closed != closes.n_seen:
            follow(closes, vpin, params, levels)
        if row.kind == TRADE:
            read(vpin, params, reading)
            write_point(points[n], vpin, params, reading)
            n += 1
    return n


@kernel
def write_point(point: Point, vpin: Vpin, params: VpinParams, reading: Reading) -> None:
    """Copy a reading, and what stands beside it."""
    point.value, point.level, point.net_imbalance = reading.value, reading.level, reading.net_imbalance
    point.n_closed, point.status = reading.n_closed, reading.status
    point.side = 0 if params.classifier == BVC else vpin.last_side
    newest = (vpin.n_closed - 1) % params.n_buckets
    point.bucket_imbalance = vpin.imbalance[newest] / vpin.sizes[newest] if vpin.n_closed > 0 else 0.0


@kernel
def follow(closes: Closes, vpin: Vpin, params: VpinParams, levels: NDArray[np.float64]) -> None:
    """Count the value at each close since the last look.

    Of more closes than the window holds, those that left no trace have the value of the last.
    """
    passed = max(0, vpin.n_closed - closes.n_seen - params.n_buckets)
    ready = vpin.total_steps >= params.vol_threshold_steps
    closes.n_seen += passed
    value = 0.0
    while closes.n_seen < vpin.n_closed:
        slot = closes.n_seen % params.n_buckets
        _replace(closes, slot, vpin.imbalance[slot], vpin.sizes[slot])
        closes.n_seen += 1
        above = abs(closes.sum_net) if params.estimator == NET else closes.sum_abs
        value = above / closes.sum_size
        if ready and closes.n_seen >= params.min_buckets:
            _count(closes, value, 1, levels)
    if passed > 0 and ready and closes.n_seen >= params.min_buckets:
        _count(closes, value, passed, levels)


@kernel
def _replace(closes: Closes, slot: int, imbalance: int, size: int) -> None:
    closes.sum_abs += abs(imbalance) - abs(closes.imbalance[slot])
    closes.sum_net += imbalance - closes.imbalance[slot]
    closes.sum_size += size - closes.sizes[slot]
    closes.imbalance[slot] = imbalance
    closes.sizes[slot] = size


@kernel
def _count(closes: Closes, value: float, n: int, levels: NDArray[np.float64]) -> None:
    closes.n_counted += n
    closes.total += n * value
    closes.highest = max(closes.highest, value)
    closes.bins[int(value * BINS + 0.5)] += n
    for k in range(len(levels)):
        if value > levels[k]:
            closes.above[k] += n


class Meter:
    """Measures stretch after stretch."""

    def __init__(self, setup: Cell[VpinParams], levels: tuple[float, ...] = (0.7, 0.8, 0.9)) -> None:
        self.setup, self.vpin, self.closes = setup, Vpin.cell(), Closes.cell()
        self._reading, self._levels = Reading.cell(), np.array(levels)
        self._points = Point.table(0)
        read(self.vpin[0], setup[0], self._reading[0])

    def before(self) -> NDArray[np.void]:
        """Return the point that stands before the first trade."""
        point = Point.table(1)
        write_point(point[0], self.vpin[0], self.setup[0], self._reading[0])
        return np.asarray(point)

    def on(self, rows: Rows) -> NDArray[np.void]:
        """Return a point for each trade; they are overwritten by the next call."""
        if len(self._points) < len(rows):
            self._points = Point.table(len(rows))
        n = measure(self.vpin, self.setup, rows, self._reading[0], self._points, self.closes, self._levels)
        return np.asarray(self._points)[:n]
