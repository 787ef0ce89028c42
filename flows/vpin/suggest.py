"""A bucket size at which a threshold is exceeded for a wanted share of the time."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Final, NamedTuple

import numpy as np

from connectors.recorded.blocks import as_rows
from connectors.trades.stretch import Stretch
from flows.vpin.meter import Meter
from flows.vpin.settings import Setup
from flows.vpin.shares import TimeAbove

CANDIDATES: Final = 10
"""Sizes tried in one reading of the tape."""
CLOSE_ENOUGH: Final = 1.02
FEWEST_CLOSES: Final = 20
DIGITS: Final = 3

Reread = Callable[[], Iterable[Stretch]]


class Tried(NamedTuple):
    """A bucket size, and what came of it."""

    steps: int
    share: float
    """Of the time, above the threshold."""
    n_closed: int


def suggest(setup: Setup, reread: Reread, n_trades: int, total_steps: int, share: float) -> Tried | None:
    """Return the smallest size found that exceeds the threshold no more than wanted, as all larger ones do.

    Each round reads the tape once and tries some sizes between two; the next looks between
    the last that exceeds it more often and the first that does not. None if even the
    largest, of which the tape fills 20, exceeds it more often.
    """
    low = max(1, total_steps // max(1, n_trades))
    high = max(low, total_steps // max(FEWEST_CLOSES, 2 * setup.vpin.min_buckets))
    best: Tried | None = None
    while True:
        tried = try_sizes(setup, reread(), sizes_between(low, high))
        good = _first_good(tried, share)
        if good is None:
            return best
        best = tried[good]
        if good == 0 or best.steps <= CLOSE_ENOUGH * tried[good - 1].steps:
            return best
        if (low, high) == (tried[good - 1].steps, best.steps):
            return best
        low, high = tried[good - 1].steps, best.steps


def sizes_between(low: int, high: int) -> list[int]:
    """Return sizes of three digits in even ratios, from one size to another.

    >>> sizes_between(1, 1000)
    [1, 2, 4, 10, 21, 46, 100, 215, 464, 1000]
    """
    even = np.geomspace(low, high, CANDIDATES)
    inside = {size for size in map(_rounded, even) if low < size < high}
    return sorted(inside | {low, high})


def try_sizes(setup: Setup, stretches: Iterable[Stretch], sizes: Sequence[int]) -> list[Tried]:
    """Measure a tape with several sizes in one reading."""
    meters, times = list(_meters(setup, sizes)), [TimeAbove((setup.vpin.threshold,)) for _ in sizes]
    for stretch in stretches:
        ts_recv = stretch.rows["ts_recv"][stretch.at[stretch.at >= 0]]
        for meter, time in zip(meters, times, strict=True):
            time.on(ts_recv, meter.on(as_rows(stretch.rows)))
    each = zip(sizes, meters, times, strict=True)
    return [Tried(size, _share(meter, time), int(meter.vpin[0].n_closed)) for size, meter, time in each]


def _meters(setup: Setup, sizes: Sequence[int]) -> Iterator[Meter]:
    for size in sizes:
        params = setup.params.copy()
        params[0].bucket_steps = size
        yield Meter(params, (setup.vpin.threshold,))


def _share(meter: Meter, time: TimeAbove) -> float:
    """Return the share of time above, or of closed buckets if no time passed while there was a value."""
    if time.shares is not None:
        return time.shares[0]
    closes = meter.closes[0]
    return int(closes.above[0]) / int(closes.n_counted) if closes.n_counted else 0.0


def _first_good(tried: Sequence[Tried], share: float) -> int | None:
    """Return the first of those from which on none exceeds the share."""
    above = [k for k, one in enumerate(tried) if one.share > share]
    first = above[-1] + 1 if above else 0
    return first if first < len(tried) else None


def _rounded(size: float) -> int:
    return max(1, int(Decimal(f"{size:.{DIGITS}g}")))
