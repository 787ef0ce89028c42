"""What two runs over the same time differ by, and how sure that is: paired circular-block bootstrap.

Politis and Romano (1992), "A circular block-resampling procedure for stationary data". Blocks of
instants, n^⅓ long, are drawn with replacement from the time both runs share, closed to a circle; each
draw takes the same instants of both runs, so what the market did to both cancels.
"""

import math
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, TypeVar

import numpy as np

from connectors.equity import FEWEST, RESAMPLES
from flows.reporting.series import Floats

LOW: Final = 0.025
HIGH: Final = 0.975
Sums = Mapping[str, Floats]
"""By name: over an instant each or over a draw each."""
Statistic = Callable[[Sums], Floats]
Name = TypeVar("Name")


class Sure(NamedTuple):
    """A difference, with the interval that holds 95 % of what resampling makes of it."""

    difference: float
    low: float
    high: float

    @property
    def clear(self) -> bool:
        """Say whether the interval leaves out zero."""
        return self.low > 0 or self.high < 0


def blocks(n: int) -> int:
    """Return how many instants are drawn together.

    >>> blocks(118), blocks(86_400)
    (5, 45)
    """
    return math.ceil(math.cbrt(n) - 1e-9)


class Draws:
    """The same instants, drawn for every quantity: sums of each over 1,000 draws of n instants."""

    def __init__(self, n: int, seed: int = 0) -> None:
        self.n, self.block = n, blocks(n)
        self.n_blocks = math.ceil(n / self.block)
        self.starts = np.random.default_rng([n, seed]).integers(0, n, (RESAMPLES, self.n_blocks))

    def sums(self, changes: Floats) -> Floats:
        """Return the sum of each draw, scaled to n instants."""
        closed = np.concatenate(([0.0], np.cumsum(np.concatenate((changes, changes[: self.block - 1])))))
        of_block = closed[self.block :] - closed[: -self.block]
        drawn: Floats = of_block[self.starts].sum(1) * (self.n / (self.n_blocks * self.block))
        return drawn


def compared(first: Sums, other: Sums, statistics: Mapping[Name, Statistic]) -> dict[Name, Sure | None]:
    """Return how the other's statistics differ from the first's; None where that cannot be said.

    Both hold, by name, what each instant added: columns of one length.
    """
    n = len(next(iter(first.values()), np.zeros(0)))
    if n < FEWEST:
        return dict.fromkeys(statistics)
    draws = Draws(n)
    drawn = [{name: draws.sums(column) for name, column in run.items()} for run in (first, other)]
    whole = [{name: np.array([column.sum()]) for name, column in run.items()} for run in (first, other)]
    return {name: _sure(statistic, whole, drawn) for name, statistic in statistics.items()}


def _sure(
    statistic: Statistic, whole: list[dict[str, Floats]], drawn: list[dict[str, Floats]]
) -> Sure | None:
    with np.errstate(invalid="ignore", divide="ignore"):
        difference = float((statistic(whole[1]) - statistic(whole[0]))[0])
        resampled = statistic(drawn[1]) - statistic(drawn[0])
    resampled = resampled[np.isfinite(resampled)]
    if not math.isfinite(difference) or len(resampled) < RESAMPLES / 2:
        return None
    low, high = np.quantile(resampled, (LOW, HIGH))
    return Sure(difference, float(low), float(high))
