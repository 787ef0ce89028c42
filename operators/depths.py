"""How far from the fair price each side is quoted, for every inventory: what all models come down to.

Half the difference of the two depths moves the reservation price, half their sum is the model's
half spread. Most models are straight lines in the inventory, and kept as such. Others are a table
over multiples of the order size, read by straight lines between its points and beyond its ends.
"""

from typing import Annotated, Final

import numpy as np
from numpy.typing import NDArray

from operators.kernel import Record, kernel

MOST_ORDERS: Final = 128
"""Orders on one side of flat that a table holds; a larger inventory has coarser points."""
POINTS: Final = 2 * MOST_ORDERS + 1


class Depths(Record):
    """The depths of both sides in ticks: a line, or a table."""

    ready: int
    curved: int
    half_ticks: float
    """Of a line."""
    skew_ticks_per_lot: float
    reach: int
    """Points of the table on either side of flat."""
    step_lots: int
    """From one point to the next."""
    bid: Annotated[NDArray[np.float64], np.float64, (POINTS,)]
    """From the shortest inventory to the longest."""
    ask: Annotated[NDArray[np.float64], np.float64, (POINTS,)]


@kernel
def set_line(depths: Depths, half_ticks: float, skew_ticks_per_lot: float) -> None:
    """Quote a constant half spread, moved by each lot of inventory."""
    depths.ready, depths.curved = 1, 0
    depths.half_ticks, depths.skew_ticks_per_lot = half_ticks, skew_ticks_per_lot


@kernel
def lay_table(depths: Depths, order_lots: int, max_inventory_lots: int) -> int:
    """Choose the points of a table, and return how many orders apart they are."""
    orders = max(1, max_inventory_lots // max(1, order_lots))
    apart = -(-orders // MOST_ORDERS)
    depths.ready, depths.curved = 1, 1
    depths.reach, depths.step_lots = max(1, orders // apart), apart * max(1, order_lots)
    return apart


@kernel
def _read(table: NDArray[np.float64], depths: Depths, inventory_lots: int) -> float:
    reach = depths.reach
    below = min(max(inventory_lots // depths.step_lots, -reach), reach - 1)
    part = float(inventory_lots - below * depths.step_lots) / depths.step_lots
    at = below + reach
    return float(table[at] + part * (table[at + 1] - table[at]))


@kernel
def shift_ticks(depths: Depths, inventory_lots: int) -> float:
    """Return how far the inventory moves the reservation price."""
    if depths.curved == 0:
        return -depths.skew_ticks_per_lot * inventory_lots
    ask, bid = _read(depths.ask, depths, inventory_lots), _read(depths.bid, depths, inventory_lots)
    return 0.5 * (ask - bid)


@kernel
def half_ticks(depths: Depths, inventory_lots: int) -> float:
    """Return the model's half spread."""
    if depths.curved == 0:
        return depths.half_ticks
    ask, bid = _read(depths.ask, depths, inventory_lots), _read(depths.bid, depths, inventory_lots)
    return 0.5 * (ask + bid)
