"""A symbol's equity on a grid of event time, kept short, and its Sharpe ratio."""

import math
from array import array
from typing import Any, Final, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from operators.kernel import Table
from operators.ledger import MICRO, in_micro
from operators.samples import Sample

MOST: Final = 4096
"""Values that are kept; a power of two."""
FEWEST: Final = 30
"""Changes below which a ratio would say nothing."""
RESAMPLES: Final = 1000
TINY: Final = 1e-12
"""Of a variance of 1 on the whole: what rounding leaves of a draw of equal changes."""
YEAR_S: Final = 365 * 86_400
Floats = NDArray[np.float64]


class Sharpe(NamedTuple):
    """Mean over standard deviation of the changes from sample to sample, no rate of interest taken off."""

    per_interval: float
    low: float
    """Of the interval that holds 95 % of what resampled blocks of changes give."""
    high: float
    interval_s: float
    n: int
    block: int
    """Changes that are drawn together, so that what hangs together stays so."""

    @property
    def yearly(self) -> float:
        """Return what a ratio of one interval is multiplied by for that of a year."""
        return math.sqrt(YEAR_S / self.interval_s)


class EquitySeries:
    """At most `MOST` values at equal distances: when full, every second is dropped."""

    def __init__(self) -> None:
        self.values = array("d")
        """In tick·lots."""
        self.stride = 1
        """Instants of the grid from one value to the next."""
        self.n = 0
        """Instants of the grid so far."""

    def take(self, samples: Table[Sample]) -> None:
        """Take samples in; during the silences between them the equity was the same."""
        if len(samples) > 0:
            for _, n_intervals, twice, less_micro, *_ in np.asarray(samples).tolist():
                self.add((in_micro(twice) - less_micro) / MICRO, n_intervals if self.n else 1)

    def add(self, equity: float, n_intervals: int) -> None:
        """Let this be the equity at the next so many instants."""
        end = self.n + n_intervals
        while len(self.values) * self.stride < end:
            if len(self.values) == MOST:
                self.values = self.values[::2]
                self.stride *= 2
            else:
                self.values.append(equity)
        self.n = end

    def sharpe(self, sample_s: float) -> Sharpe | None:
        """Return the ratio, or None where there are too few changes or none differs."""
        return sharpe(np.diff(np.asarray(self.values)), sample_s * self.stride)

    def dump(self) -> tuple[bytes, int, int]:
        """Return what a checkpoint keeps."""
        return self.values.tobytes(), self.stride, self.n

    @classmethod
    def load(cls, dumped: Any) -> "EquitySeries":  # noqa: ANN401 - what a checkpoint held
        """Return what `dump` kept."""
        series = cls()
        values, series.stride, series.n = cast("tuple[bytes, int, int]", dumped)
        series.values.frombytes(values)
        return series


def sharpe(changes: Floats, interval_s: float) -> Sharpe | None:
    """Return the ratio of these changes with its bootstrap interval.

    Blocks of changes, n^⅓ long, are drawn with replacement from the series closed to a
    circle: Politis and Romano (1992), "A circular block-resampling procedure for
    stationary data". The draws are the same for the same number of changes.
    """
    n = len(changes)
    if n < FEWEST or not np.any(changes != changes[0]):
        return None
    block = math.ceil(n ** (1 / 3))
    drawn = _resampled(changes, block)
    low, high = np.quantile(drawn, (0.025, 0.975))
    return Sharpe(_ratio(changes), float(low), float(high), interval_s, n, block)


def _ratio(changes: Floats) -> float:
    return float(changes.mean() / changes.std(ddof=1))


def _resampled(changes: Floats, block: int) -> Floats:
    """From sums over blocks: a draw of as many changes as there are needs only so many blocks."""
    n = len(changes)
    scaled = changes / changes.std()
    sums, squares = (_block_sums(values, block) for values in (scaled, scaled * scaled))
    n_blocks = math.ceil(n / block)
    starts = np.random.default_rng(n).integers(0, n, (RESAMPLES, n_blocks))
    size = n_blocks * block
    mean = sums[starts].sum(1) / size
    variance = (squares[starts].sum(1) / size - mean * mean) * size / (size - 1)
    some = variance > TINY
    return cast("Floats", mean[some] / np.sqrt(variance[some]))


def _block_sums(values: Floats, block: int) -> Floats:
    """Return the sum of each block, by where it starts on the circle."""
    total = np.concatenate(([0.0], np.cumsum(np.concatenate((values, values[: block - 1])))))
    return cast("Floats", total[block:] - total[:-block])
