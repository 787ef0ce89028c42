"""How a symbol spent its time: quotes live, paused, with how much inventory, in how toxic a flow.

Time is event time, and weighs every mean. Nothing is added up row by row: what
has not changed is added up when it does.
"""

from typing import Annotated, Final

import numpy as np
from numpy.typing import NDArray

from operators.kernel import Cell, Record, kernel
from operators.ledger import Ledger
from operators.orders import AMENDING, CANCELING, WORKING, Orders
from operators.seen import Seen, note_account, note_level, note_touch
from operators.touch import VALID, Top
from operators.toxicity import INVALID_FLAG, STALE, Reading
from operators.vpin import counts

# What holds at an instant, one bit each (`mode`).
BID_LIVE: Final = 1
ASK_LIVE: Final = 2
SIDES: Final = 3
NO_BOOK: Final = 4
"""The touch is not valid."""
PAUSED: Final = 8
"""Toxicity has withdrawn quotes, as of the last decision."""
REDUCING: Final = 16
"""The trading state, as of the last decision or control; it is a number from 0 in these two bits."""
HALTED: Final = 32
MODES: Final = 64
LEVELS: Final = 10


class KpisParams(Record):
    """When equity is sampled, and what counts as toxic."""

    sample_ns: int
    threshold: float


class Kpis(Record):
    """Sums over time, and since when what is added to them has held."""

    since_ns: int
    """Of the first row; 0 before it."""
    mode: int
    """What held after the last row: sides with an order that the venue confirmed and has not ended, ..."""
    mode_ns: int
    """Since when, as all the following `_ns` of what changes."""
    held_lots: int
    held_ns: int
    held_lot_seconds: float
    """∫ |position| dt."""
    most_lots: int
    most_twice_notional: int
    """Highest |position| · mid, twice the tick·lots."""
    sample_ns: int
    next_sample_ns: int
    value: float
    """Of the last reading, as the next four."""
    level: float
    reads: int
    """1: the reading counts."""
    toxic: int
    """1: its level is above the threshold."""
    status: int
    reading_ns: int
    value_seconds: float
    """∫ VPIN dt while the reading counts."""
    value_max: float
    toxic_ns: int
    """How long the level was above the threshold."""
    n_stale: int
    """How often readings became stale, and how often the venue's flag was found broken."""
    n_invalid_flag: int
    in_mode_ns: Annotated[NDArray[np.int64], np.int64, (MODES,)]
    """How long each combination held."""
    at_level_ns: Annotated[NDArray[np.int64], np.int64, (LEVELS,)]
    """How long the level was above k tenths and not above k + 1, while the reading counts."""
    seen: Annotated[Seen, Seen.dtype]


@kernel
def live_sides(orders: Orders) -> int:
    """Return on which sides an order rests as far as we know: confirmed, and not ended."""
    sides = 0
    for s in range(orders.n_slots):
        order = orders.slots[s]
        if order.stage in (WORKING, AMENDING, CANCELING):
            sides |= BID_LIVE if order.side > 0 else ASK_LIVE
    return sides


@kernel
def best_live_ticks(orders: Orders, side: int) -> int:
    """Return the best price of a side's orders that are live, 0 where there is none."""
    best = 0
    for s in range(orders.n_slots):
        order = orders.slots[s]
        if order.side == side and order.stage in (WORKING, AMENDING, CANCELING):
            better = best == 0 or side * (order.price_ticks - best) > 0
            best = order.price_ticks if better else best
    return best


@kernel
def note_market(kpis: Kpis, ts_ns: int, sides: int, top: Top) -> None:
    """Take in on which sides orders are live, and whether there is a book."""
    ours = kpis.mode & (PAUSED | REDUCING | HALTED)
    turn(kpis, ts_ns, ours | sides | (NO_BOOK if top.state != VALID else 0))
    note_touch(kpis.seen, top)


@kernel
def note_decision(kpis: Kpis, ts_ns: int, paused: int, state: int) -> None:
    """Take in whether toxicity has us paused, and the trading state: 0 active, 1 reducing, 2 halted."""
    market = kpis.mode & (SIDES | NO_BOOK)
    trading = (REDUCING * state) & (REDUCING | HALTED)
    turn(kpis, ts_ns, market | trading | (PAUSED if paused != 0 else 0))


@kernel
def turn(kpis: Kpis, ts_ns: int, mode: int) -> None:
    """Let time pass in the last combination, if there is another one now."""
    if mode != kpis.mode:
        kpis.in_mode_ns[kpis.mode] += ts_ns - kpis.mode_ns
        kpis.mode, kpis.mode_ns = mode, ts_ns


@kernel
def note_inventory(kpis: Kpis, ts_ns: int, ledger: Ledger) -> None:
    """Take in a position or a mid that has changed."""
    lots = abs(ledger.position_lots)
    if lots != kpis.held_lots:
        kpis.held_lot_seconds += kpis.held_lots * ((ts_ns - kpis.held_ns) * 1e-9)
        kpis.held_lots, kpis.held_ns = lots, ts_ns
        kpis.most_lots = max(kpis.most_lots, lots)
    kpis.most_twice_notional = max(kpis.most_twice_notional, lots * ledger.twice_mid_ticks)
    note_account(kpis.seen, ledger)


@kernel
def tenths_below(level: float) -> int:
    """Return how many of 0.1, 0.2 .. 0.9 a level is above."""
    n = 0
    while n < LEVELS - 1 and level > (n + 1) / LEVELS:
        n += 1
    return n


@kernel
def note_reading(kpis: Kpis, params: KpisParams, ts_ns: int, reading: Reading) -> None:
    """Take in a reading that differs from the last."""
    kpis.seen.n_closed, kpis.seen.n_trades = reading.n_closed, reading.n_trades
    if reading.value == kpis.value and reading.level == kpis.level and reading.status == kpis.status:
        return
    _weigh_reading(kpis, ts_ns)
    if reading.status != kpis.status:
        kpis.n_stale += reading.status == STALE
        kpis.n_invalid_flag += reading.status == INVALID_FLAG
    kpis.value, kpis.level, kpis.status = reading.value, reading.level, reading.status
    kpis.reads = 1 if counts(reading) else 0
    kpis.toxic = 1 if kpis.reads != 0 and reading.level > params.threshold else 0
    if kpis.reads != 0:
        kpis.value_max = max(kpis.value_max, reading.value)
        note_level(kpis.seen, reading)


@kernel
def _weigh_reading(kpis: Kpis, ts_ns: int) -> None:
    held_ns = ts_ns - kpis.reading_ns
    kpis.reading_ns = ts_ns
    if kpis.reads != 0:
        kpis.value_seconds += kpis.value * (held_ns * 1e-9)
        kpis.at_level_ns[tenths_below(kpis.level)] += held_ns
        kpis.toxic_ns += held_ns * kpis.toxic


@kernel
def begin(kpis: Kpis, params: KpisParams, ts_ns: int) -> None:
    """Start every clock at the first row."""
    kpis.since_ns = kpis.mode_ns = kpis.held_ns = kpis.reading_ns = ts_ns
    kpis.sample_ns = params.sample_ns
    kpis.next_sample_ns = (ts_ns // params.sample_ns + 1) * params.sample_ns


@kernel
def close(cell: Cell[Kpis], ts_ns: int) -> None:
    """Let time pass up to an instant, so that every sum is of the time until then."""
    kpis = cell[0]
    kpis.in_mode_ns[kpis.mode] += ts_ns - kpis.mode_ns
    kpis.held_lot_seconds += kpis.held_lots * ((ts_ns - kpis.held_ns) * 1e-9)
    kpis.mode_ns = kpis.held_ns = ts_ns
    _weigh_reading(kpis, ts_ns)
