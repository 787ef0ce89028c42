"""Inventory-skewed quoting: fair price, reservation price, half spread, quotes.

The reservation price is the fair price, moved by what we hold, by funding that is about to be paid,
and by where flow leans. A model says how far (`operators/models.py`), from what was learnt of the
market (`operators/calibration.py`); toxic flow widens the half spread, and above a level withdraws
the quotes for a while of event time (`operators/caution.py`).
"""

import math

from operators.calibration import observe
from operators.caution import is_paused, toxic_lean_ticks, watch_level, widening
from operators.depths import half_ticks, shift_ticks
from operators.funding import bias_ticks, nearness, on_mark
from operators.intensity import refit
from operators.kernel import Cell, Table, kernel
from operators.models import fill_depths
from operators.quotes import Asmm, AsmmParams, Quotes
from operators.rows import ACCEPTED, CLOCK, FILLED, MARK, WITHDRAW, Row, Rows, settles
from operators.touch import UNFINISHED, VALID, Top
from operators.toxicity import Reading


@kernel
def fair_ticks(top: Top, params: AsmmParams) -> float:
    """Return the mid, or the mid weighted by the size of the other side."""
    lots = float(top.bid_lots + top.ask_lots)
    if params.microprice == 0 or lots <= 0.0:
        return 0.5 * (top.bid_ticks + top.ask_ticks)
    return (float(top.bid_ticks) * top.ask_lots + float(top.ask_ticks) * top.bid_lots) / lots


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
def plain_half_ticks(asmm: Asmm, params: AsmmParams, fair: float) -> float:
    """Return the half spread before toxicity and fees: the model's, within minimum and price."""
    half = half_ticks(asmm.depths, asmm.inventory_lots)
    return min(max(half, params.min_half_spread_bps * 1e-4 * fair), fair)


@kernel
def _withdraw(quotes: Quotes) -> None:
    quotes.bid_lots = quotes.ask_lots = 0
    quotes.bid_ticks = quotes.ask_ticks = 0
    quotes.mid_ticks = quotes.reservation_ticks = quotes.half_spread_ticks = 0.0
    quotes.shift_ticks = quotes.funding_ticks = 0.0
    quotes.levels, quotes.widening = 1, 1.0


@kernel
def _reserve(asmm: Asmm, params: AsmmParams, fair: float, half: float, reading: Reading, out: Quotes) -> None:
    """Move the reservation price by inventory, toxic flow, coming funding and signed flow.

    Each is bounded by the price, or a multiple of it, so that what comes of them can still be rounded.
    """
    out.shift_ticks = min(max(shift_ticks(asmm.depths, asmm.inventory_lots), -fair), fair)
    near = nearness(asmm.funding, params.funding, out.ts_ns)
    out.funding_ticks = bias_ticks(asmm.funding, params.funding, near, fair, half)
    out.reservation_ticks = fair + out.shift_ticks
    out.reservation_ticks += toxic_lean_ticks(asmm, params, reading, out.shift_ticks, out.ts_ns)
    out.reservation_ticks += out.funding_ticks
    out.reservation_ticks += min(max(signal_lean_ticks(reading, params), -fair), fair)


@kernel
def _prices(asmm: Asmm, params: AsmmParams, top: Top, reading: Reading, quotes: Quotes) -> None:
    """Bid rounded down, ask up; neither crosses, nor improves the touch by more than allowed."""
    fair = fair_ticks(top, params)
    half = plain_half_ticks(asmm, params, fair)
    quotes.mid_ticks = 0.5 * (top.bid_ticks + top.ask_ticks)
    quotes.half_spread_ticks = half * quotes.widening + params.fee * fair
    _reserve(asmm, params, fair, half, reading, quotes)
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
    quotes.bid_lots = params.order_lots if may_buy and quotes.bid_ticks > 0 else 0
    quotes.ask_lots = params.order_lots if may_sell else 0
    if paused:
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
    quotes.levels = 1 if paused else max(1, params.levels)
    _prices(asmm, params, top, reading, quotes)
    _sizes(asmm, params, paused, quotes)


@kernel
def calls_for_decision(params: AsmmParams, row: Row) -> bool:
    """Say whether quotes are decided after this row: on the clock alone, or on all that settles."""
    if params.on_clock_only != 0:
        return row.kind == CLOCK
    return settles(row) and (row.kind <= CLOCK or row.kind >= ACCEPTED)


@kernel
def take_in(asmm: Asmm, params: AsmmParams, row: Row, top: Top) -> None:
    """Learn from a row what it tells of our inventory, of funding and of the market."""
    if row.kind == FILLED:
        asmm.inventory_lots += row.side * row.size_lots
    elif row.kind == MARK:
        on_mark(asmm.funding, row)
    if observe(asmm.calibration, params.calibration, row, top):
        refit(asmm.calibration, params.calibration, row.ts_recv)
        fill_depths(asmm, params)
    elif asmm.depths.ready == 0:
        fill_depths(asmm, params)


@kernel
def decides(asmm: Asmm, params: AsmmParams, row: Row, top: Top, reading: Reading, quotes: Quotes) -> bool:
    """Decide if a row that was taken in calls for that; return whether there is a decision."""
    if not calls_for_decision(params, row) or top.state == UNFINISHED:
        return False
    decide(asmm, params, row.ts_recv, top, reading, quotes)
    if row.marks & WITHDRAW != 0:
        _withdraw(quotes)
    return True


@kernel
def asmm_on_row(asmm: Asmm, params: AsmmParams, row: Row, top: Top, reading: Reading, quotes: Quotes) -> bool:
    """Take in one row that settles, and decide if it calls for that; return whether there is a decision."""
    take_in(asmm, params, row, top)
    return decides(asmm, params, row, top, reading, quotes)


@kernel
def asmm_from(
    cell: Cell[Asmm],
    setup: Cell[AsmmParams],
    rows: Rows,
    tops: Table[Top],
    readings: Table[Reading],
    out: Table[Quotes],
    begin: tuple[int, int],
) -> tuple[int, int]:
    """Decide after each row that calls for it, from a row on with so many decisions before it.

    Return the row before whose decision a model of one's own is asked, or the number of rows, and how
    many decisions there are. Entered anew at that row, it was answered.
    """
    asmm, params = cell[0], setup[0]
    first, n = begin
    for i in range(first, len(rows)):
        if not settles(rows[i]):
            continue
        if asmm.asks == 0:
            take_in(asmm, params, rows[i], tops[i])
            if asmm.asks != 0:
                return i, n
        asmm.asks = 0
        if decides(asmm, params, rows[i], tops[i], readings[i], out[n]):
            out[n].row = i
            n += 1
    return len(rows), n


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
    return asmm_from(cell, setup, rows, tops, readings, out, (0, 0))[1]
