"""Inventory-skewed quoting: fair price, reservation price, half spread, quotes.

Avellaneda and Stoikov (2008), "High-frequency trading in a limit order book",
Quantitative Finance 8(3), with fixed parameters; VPIN widens the half spread,
and above a level withdraws the quotes for a while of event time.
"""

import math
from typing import Final

from operators.kernel import Cell, Record, Table, kernel
from operators.rows import ACCEPTED, CLOCK, FILLED, Row, Rows, settles
from operators.touch import UNFINISHED, VALID, Top
from operators.toxicity import Reading
from operators.vpin import counts

LINEAR: Final = 0
STEP: Final = 1
RAMP: Final = 2


class AsmmParams(Record):
    """How far, how big and how much to lean."""

    half_spread_ticks: float
    min_half_spread_bps: float
    skew_ticks_per_lot: float
    order_lots: int
    max_inventory_lots: int
    levels: int
    """Quotes on each side; the deeper ones are made of the first where orders are."""
    max_improve_ticks: int
    """How far inside the touch a quote may stand; 0 joins only."""
    microprice: int
    on_clock_only: int
    stale_after_ns: int
    widen_mode: int
    threshold: float
    multiplier: float
    pause_threshold: float
    pause_ns: int
    pause_keeps_reducing: int
    ofi_lean_ticks: float
    """For each lot of order flow imbalance; likewise for the other signals in their units."""
    queue_lean_ticks: float
    microprice_lean: float
    trade_lean_ticks: float
    toxic_skew: float
    """How many skews more the reservation price leans towards flat above the threshold."""


class Asmm(Record):
    """What we hold, and whether flow has us paused."""

    inventory_lots: int
    paused: int
    pause_until_ns: int
    pause_closed: int
    """Buckets closed when the pause began."""
    n_pauses: int
    toxic: int
    """1: the level is above the threshold."""
    n_alerts: int
    """How often it rose above it."""


class Quotes(Record):
    """One decision: the whole set that is wanted after a row. A side of 0 lots is not wanted."""

    row: int
    ts_ns: int
    levels: int
    """How many quotes each wanted side has, this one the nearest to the market."""
    bid_ticks: int
    ask_ticks: int
    bid_lots: int
    ask_lots: int
    mid_ticks: float
    reservation_ticks: float
    half_spread_ticks: float
    widening: float
    paused: int
    """1: toxicity has us paused."""


@kernel
def fair_ticks(top: Top, params: AsmmParams) -> float:
    """Return the mid, or the mid weighted by the size of the other side."""
    lots = float(top.bid_lots + top.ask_lots)
    if params.microprice == 0 or lots <= 0.0:
        return 0.5 * (top.bid_ticks + top.ask_ticks)
    return (float(top.bid_ticks) * top.ask_lots + float(top.ask_ticks) * top.bid_lots) / lots


@kernel
def reservation_ticks(fair: float, inventory_lots: int, params: AsmmParams) -> float:
    """Shift the fair price against what we hold: a long inventory quotes lower."""
    return fair - params.skew_ticks_per_lot * inventory_lots


@kernel
def signal_lean_ticks(reading: Reading, params: AsmmParams) -> float:
    """Return how far signed flow shifts the reservation price: towards where it presses."""
    return (
        params.ofi_lean_ticks * reading.ofi_lots
        + params.queue_lean_ticks * reading.queue_imbalance
        + params.microprice_lean * reading.microprice_ticks
        + params.trade_lean_ticks * reading.trade_imbalance
    )


@kernel
def is_toxic(reading: Reading, params: AsmmParams) -> bool:
    """Say whether the level is above the threshold, in a reading that counts."""
    return counts(reading) and reading.level > params.threshold


@kernel
def watch_level(asmm: Asmm, params: AsmmParams, reading: Reading) -> None:
    """Raise or lower the alert, and count each that is raised."""
    toxic = 1 if is_toxic(reading, params) else 0
    if toxic > asmm.toxic:
        asmm.n_alerts += 1
    asmm.toxic = toxic


@kernel
def toxic_lean_ticks(inventory_lots: int, reading: Reading, params: AsmmParams) -> float:
    """Return how far toxic flow shifts the reservation price towards a flat position."""
    if params.toxic_skew <= 0.0 or not is_toxic(reading, params):
        return 0.0
    return -params.toxic_skew * params.skew_ticks_per_lot * inventory_lots


@kernel
def widening(reading: Reading, params: AsmmParams) -> float:
    """Return what toxicity multiplies the half spread by; 1 while the reading does not count."""
    if not counts(reading):
        return 1.0
    value = reading.value
    if params.widen_mode == STEP:
        return 1.0 + params.multiplier if value > params.threshold else 1.0
    if params.widen_mode == RAMP:
        span = 1.0 - params.threshold
        share = (value - params.threshold) / span if span > 0.0 else 0.0
        return 1.0 + params.multiplier * max(0.0, share)
    return 1.0 + params.multiplier * value


@kernel
def half_spread_ticks(fair: float, widened: float, params: AsmmParams) -> float:
    """Return the half spread: the model's, at least the minimum, widened."""
    return max(params.half_spread_ticks, params.min_half_spread_bps * 1e-4 * fair) * widened


@kernel
def is_paused(asmm: Asmm, params: AsmmParams, reading: Reading, ts_ns: int) -> bool:
    """Start, keep or end a pause; it starts anew only after a bucket closed since it began."""
    if asmm.paused != 0 and ts_ns < asmm.pause_until_ns:
        return True
    toxic = counts(reading) and reading.level > params.pause_threshold
    fresh = asmm.n_pauses == 0 or reading.n_closed > asmm.pause_closed
    asmm.paused = 1 if toxic and fresh else 0
    if asmm.paused != 0:
        asmm.n_pauses += 1
        asmm.pause_until_ns = ts_ns + params.pause_ns
        asmm.pause_closed = reading.n_closed
    return asmm.paused != 0


@kernel
def _withdraw(quotes: Quotes) -> None:
    quotes.bid_lots = quotes.ask_lots = 0
    quotes.bid_ticks = quotes.ask_ticks = 0
    quotes.mid_ticks = quotes.reservation_ticks = quotes.half_spread_ticks = 0.0
    quotes.widening = 1.0


@kernel
def _prices(asmm: Asmm, params: AsmmParams, top: Top, reading: Reading, quotes: Quotes) -> None:
    """Bid rounded down, ask up; neither crosses, nor improves the touch by more than allowed."""
    fair = fair_ticks(top, params)
    quotes.mid_ticks = 0.5 * (top.bid_ticks + top.ask_ticks)
    quotes.reservation_ticks = reservation_ticks(fair, asmm.inventory_lots, params)
    quotes.reservation_ticks += toxic_lean_ticks(asmm.inventory_lots, reading, params)
    quotes.reservation_ticks += signal_lean_ticks(reading, params)
    quotes.half_spread_ticks = half_spread_ticks(fair, quotes.widening, params)
    bid = math.floor(quotes.reservation_ticks - quotes.half_spread_ticks)
    ask = math.ceil(quotes.reservation_ticks + quotes.half_spread_ticks)
    quotes.bid_ticks = min(bid, top.ask_ticks - 1, top.bid_ticks + params.max_improve_ticks)
    quotes.ask_ticks = max(ask, top.bid_ticks + 1, top.ask_ticks - params.max_improve_ticks)


@kernel
def _sizes(asmm: Asmm, params: AsmmParams, paused: bool, quotes: Quotes) -> None:
    """Quote one side only at the inventory limit; paused, at most the side that reduces."""
    inventory = asmm.inventory_lots
    may_buy = inventory < params.max_inventory_lots
    may_sell = inventory > -params.max_inventory_lots
    if paused:
        keeps = params.pause_keeps_reducing != 0
        may_buy = keeps and inventory < 0
        may_sell = keeps and inventory > 0
    quotes.levels = params.levels
    quotes.bid_lots = params.order_lots if may_buy and quotes.bid_ticks > 0 else 0
    quotes.ask_lots = params.order_lots if may_sell else 0
    if paused:
        quotes.levels = 1
        quotes.bid_lots = min(quotes.bid_lots, -inventory) if inventory < 0 else 0
        quotes.ask_lots = min(quotes.ask_lots, inventory) if inventory > 0 else 0


@kernel
def decide(asmm: Asmm, params: AsmmParams, ts_ns: int, top: Top, reading: Reading, quotes: Quotes) -> None:
    """State the whole set of quotes that is wanted now."""
    _withdraw(quotes)
    quotes.ts_ns = ts_ns
    watch_level(asmm, params, reading)
    paused = is_paused(asmm, params, reading, ts_ns)
    quotes.paused = 1 if paused else 0
    if top.state != VALID or ts_ns - top.updated_ns > params.stale_after_ns:
        return
    quotes.widening = widening(reading, params)
    _prices(asmm, params, top, reading, quotes)
    _sizes(asmm, params, paused, quotes)


@kernel
def calls_for_decision(params: AsmmParams, row: Row) -> bool:
    """Say whether quotes are decided after this row: on the clock alone, or on all that settles."""
    if params.on_clock_only != 0:
        return row.kind == CLOCK
    return settles(row) and (row.kind <= CLOCK or row.kind >= ACCEPTED)


@kernel
def asmm_on_row(asmm: Asmm, params: AsmmParams, row: Row, top: Top, reading: Reading, quotes: Quotes) -> bool:
    """Take in one row, and decide if it calls for that; return whether there is a decision."""
    if row.kind == FILLED:
        asmm.inventory_lots += row.side * row.size_lots
    if not calls_for_decision(params, row) or top.state == UNFINISHED:
        return False
    decide(asmm, params, row.ts_recv, top, reading, quotes)
    return True


@kernel
def asmm_on_frame(
    cell: Cell[Asmm],
    setup: Cell[AsmmParams],
    rows: Rows,
    tops: Table[Top],
    readings: Table[Reading],
    out: Table[Quotes],
) -> int:
    """Decide after each row that calls for it; return how many decisions there are."""
    asmm, params = cell[0], setup[0]
    n = 0
    for i in range(len(rows)):
        if asmm_on_row(asmm, params, rows[i], tops[i], readings[i], out[n]):
            out[n].row = i
            n += 1
    return n
