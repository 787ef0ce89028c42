"""The levels of a depth message, as columns of whole numbers."""

from collections.abc import Sequence
from itertools import chain
from typing import Final, NamedTuple

import numpy as np

from connectors.recorded.grid import Grids, Number, Steps
from connectors.recorded.letters import Reason, Unusable
from operators.rows import BUY, SELL


class Levels(NamedTuple):
    """One row per level: +1 for a bid and -1 for an ask, ticks, lots."""

    sides: Steps
    ticks: Steps
    lots: Steps

    def take(self, which: Steps) -> "Levels":
        """Return some of them, by position."""
        return Levels(self.sides[which], self.ticks[which], self.lots[which])


NO_LEVELS: Final = Levels(*np.zeros((3, 0), np.int64))
Pairs = Sequence[tuple[Number, Number]]


def levels_of(bids: Pairs, asks: Pairs, grids: Grids) -> Levels:
    """Return bids, then asks, as the message lists them.

    Raises:
        Unusable: a price is zero, or a number is not on its grid.
        TooFine: a number must be read as a Decimal.
    """
    flat = list(chain.from_iterable(chain(bids, asks)))
    sides = np.full(len(bids) + len(asks), SELL, np.int64)
    sides[: len(bids)] = BUY
    levels = Levels(sides, grids.price.many(flat[0::2]), grids.size.many(flat[1::2]))
    if not levels.ticks.all():
        raise Unusable(Reason.ZERO_PRICE)
    return levels


def best_first(levels: Levels) -> Levels:
    """Return the levels that have size, bids from the highest price, then asks from the lowest.

    Raises:
        Unusable: the best bid is not below the best ask.
    """
    whole = levels.take(np.flatnonzero(levels.lots))
    ordered = whole.take(np.lexsort((-whole.sides * whole.ticks, -whole.sides)))
    bids = ordered.ticks[ordered.sides == BUY]
    asks = ordered.ticks[ordered.sides == SELL]
    if len(bids) and len(asks) and bids[0] >= asks[0]:
        raise Unusable(Reason.CROSSED_SNAPSHOT)
    return ordered
