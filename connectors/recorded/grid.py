"""Decimal numbers as whole steps of a grid: prices in ticks, sizes in lots.

A float divides well enough while the steps are few. Where they are not, the
number is asked for again as a `Decimal`, which is exact.
"""

import math
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final

import numpy as np
from numpy.typing import NDArray

from connectors.recorded.letters import Reason, Unusable
from operators.instruments import Instrument
from operators.rows import LIMIT

EXACT_STEPS: Final = 1 << 32
"""Up to here the rounding of a float stays below the tolerance."""
TOLERANCE: Final = 1e-6

Number = float | Decimal
Steps = NDArray[np.int64]
Floats = NDArray[np.float64]


class TooFine(Exception):
    """A float cannot tell whether the number is on the grid: ask for it as a Decimal."""


class Grid:
    """One axis: a step, and the numbers that are whole multiples of it.

    >>> ticks = Grid(Decimal("0.1"))
    >>> ticks.whole(61800.2), ticks.whole(Decimal("900719925474099.1"))
    (618002, 9007199254740991)
    """

    def __init__(self, step: Decimal) -> None:
        self._step, self._size = step, float(step)

    def whole(self, value: Number) -> int:
        """Return how many steps a number is.

        Raises:
            Unusable: it is not finite, negative, off the grid or too large.
            TooFine: it is a float, and only a Decimal could tell.
        """
        if isinstance(value, Decimal):
            return self._exactly(value)
        steps = value / self._size
        if not 0 <= steps < EXACT_STEPS:
            raise _fault(value)
        whole = int(steps + 0.5)
        if abs(steps - whole) > (TOLERANCE if whole else 0):
            raise Unusable(Reason.OFF_GRID)
        return whole

    def many(self, values: Sequence[Number]) -> Steps:
        """Return the steps of each number; raises what `whole` raises for the first that cannot be."""
        if values and isinstance(values[0], Decimal):
            return np.array([self.whole(value) for value in values], np.int64)
        floats = np.array(values, np.float64)
        steps, good = self._round(floats)
        if not good.all():
            self.whole(float(floats[~good][0]))
        return steps

    def judge(self, floats: Floats) -> tuple[Steps, dict[int, Reason]]:
        """Return the steps of each number, and why some are none, by position."""
        steps, good = self._round(floats)
        return steps, _one_by_one(self._as_written, floats, steps, good)

    def judge_near(self, floats: Floats) -> tuple[Steps, dict[int, Reason]]:
        """Return the nearest steps to each number, and why some have none, by position."""
        with np.errstate(all="ignore"):
            near = np.rint(floats / self._size)
        good = (near >= 0) & (near < LIMIT)
        steps = np.where(good, near, 0).astype(np.int64)
        return steps, _one_by_one(self.nearest, floats, steps, good)

    def nearest(self, value: Number) -> int:
        """Return the nearest number of steps, for prices that are finer than the grid.

        Raises:
            Unusable: it is not finite, negative or too large.
        """
        steps = float(value) / self._size
        if not 0 <= steps < LIMIT:
            fault = _fault(float(value))
            raise fault if isinstance(fault, Unusable) else Unusable(Reason.OVERFLOW)
        return round(steps)

    def _round(self, floats: Floats) -> tuple[Steps, NDArray[np.bool_]]:
        with np.errstate(all="ignore"):
            steps = floats / self._size
            whole = np.rint(steps)
            good = (np.abs(steps - whole) <= TOLERANCE * np.minimum(whole, 1)) & (whole < EXACT_STEPS)
        return np.where(good, whole, 0).astype(np.int64), good

    def _as_written(self, value: float) -> int:
        try:
            return self.whole(value)
        except TooFine:
            return self._exactly(Decimal(repr(value)))

    def _exactly(self, value: Decimal) -> int:
        if not value.is_finite():
            raise Unusable(Reason.NOT_FINITE)
        if value < 0:
            raise Unusable(Reason.NEGATIVE)
        if value >= self._step * LIMIT:
            raise Unusable(Reason.OVERFLOW)
        steps = value / self._step
        if steps != steps.to_integral_value():
            raise Unusable(Reason.OFF_GRID)
        return int(steps)


class Grids:
    """Both axes of one symbol."""

    def __init__(self, instrument: Instrument) -> None:
        self.price, self.size = Grid(instrument.tick), Grid(instrument.lot)


def _one_by_one(
    reader: Callable[[float], int], floats: Floats, steps: Steps, good: NDArray[np.bool_]
) -> dict[int, Reason]:
    """Read what could not be read all at once."""
    faults: dict[int, Reason] = {}
    for i in np.flatnonzero(~good).tolist():
        try:
            steps[i] = reader(float(floats[i]))
        except Unusable as bad:
            faults[i] = bad.reason
    return faults


def _fault(value: float) -> Unusable | TooFine:
    if not math.isfinite(value):
        return Unusable(Reason.NOT_FINITE)
    return Unusable(Reason.NEGATIVE) if value < 0 else TooFine()
