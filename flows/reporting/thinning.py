"""Fewer points that draw the same line: of every stretch the first, the last, and both extremes.

Jugel, Jerzak, Hackenbroich and Markl (2014), "M4: A Visualization-Oriented Time
Series Data Aggregation". Where a stretch holds a gap, that stays too.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

MOST: Final = 2000
"""Points of a line."""
KINDS: Final = 5
"""First, last, lowest, highest, gap."""


def kept(values: NDArray[np.float64], most: int = MOST) -> NDArray[np.int64]:
    """Return which values to draw, in their order; all where there are not more than `most`.

    >>> kept(np.array([0.0, 1, 9, 1, 0, 2, -7, 2, 3, 3]), most=5).tolist()
    [0, 2, 6, 9]
    """
    n = len(values)
    if n <= most:
        return np.arange(n)
    stretches = max(1, most // KINDS)
    width = -(-n // stretches)
    padded = np.full(-(-n // width) * width, np.nan)
    padded[:n] = values
    table = padded.reshape(-1, width)
    begins = np.arange(len(table)) * width
    gap = np.isnan(table)
    lowest = np.where(gap, np.inf, table).argmin(1)
    highest = np.where(gap, -np.inf, table).argmax(1)
    chosen = (0, width - 1, lowest, highest, gap.argmax(1))
    found: NDArray[np.int64] = np.minimum(np.concatenate([begins + each for each in chosen]), n - 1)
    return np.unique(found)
