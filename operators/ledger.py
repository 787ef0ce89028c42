"""What we own and what it cost, in integers.

Cash is in tick·lots, fees in whole tick·lots and millionths of one, the mid is
kept twice over, so equity is exact: 2·cash − 2·fees + position·(2·mid).
"""

from typing import Final

from operators.kernel import Cell, Record, Table, kernel
from operators.rows import FILLED, MAKER, Row, Rows, settles
from operators.touch import VALID, Top
from operators.toxicity import INVALID_FLAG, STALE, Reading
from operators.vpin import counts

MICRO: Final = 1_000_000


class LedgerParams(Record):
    """Fees in 10⁻⁸ of the notional; negative is a rebate."""

    maker_fee_e8: int
    taker_fee_e8: int


class Ledger(Record):
    """The account of one symbol, and what is counted for its summary."""

    position_lots: int
    cash_tick_lots: int
    fees_tick_lots: int
    fees_micro: int
    """Beside the whole fees, 0 to 999,999 millionths of a tick·lot."""
    traded_tick_lots: int
    twice_mid_ticks: int
    """Of the last valid touch: what marks the position."""
    n_fills: int
    n_maker_fills: int
    first_ns: int
    last_ns: int
    vpin_ns: int
    """How long VPIN has been ready."""
    vpin_sum: float
    """Its integral over that time."""
    vpin_max: float
    vpin_last: float
    vpin_since_ns: int
    vpin_status: int
    """Of the last reading."""
    n_stale: int
    """How often readings became stale, and how often the venue's flag was found broken."""
    n_invalid_flag: int


class Fill(Record):
    """One fill as the account booked it."""

    row: int
    fee_tick_lots: int
    fee_micro: int
    position_lots: int


@kernel
def fee_micro(tick_lots: int, fee_e8: int) -> int:
    """Return a fee in millionths of a tick·lot, rounded half up."""
    return (tick_lots // 100) * fee_e8 + ((tick_lots % 100) * fee_e8 + 50) // 100


@kernel
def book_fill(ledger: Ledger, params: LedgerParams, row: Row, fill: Fill) -> None:
    """Book one fill, and write what it cost and what it left."""
    notional = row.size_lots * row.price_ticks
    maker = (row.marks & MAKER) != 0
    fee = fee_micro(notional, params.maker_fee_e8 if maker else params.taker_fee_e8)
    ledger.position_lots += row.side * row.size_lots
    ledger.cash_tick_lots -= row.side * notional
    ledger.traded_tick_lots += notional
    ledger.n_fills += 1
    ledger.n_maker_fills += 1 if maker else 0
    total = ledger.fees_micro + fee
    ledger.fees_tick_lots += total // MICRO
    ledger.fees_micro = total % MICRO
    fill.fee_tick_lots = fee // MICRO
    fill.fee_micro = fee % MICRO
    fill.position_lots = ledger.position_lots


@kernel
def watch(ledger: Ledger, ts_ns: int, top: Top, reading: Reading) -> None:
    """Mark the position, and let time pass for the mean of VPIN."""
    if top.state == VALID:
        ledger.twice_mid_ticks = top.bid_ticks + top.ask_ticks
    if ledger.first_ns == 0:
        ledger.first_ns = ts_ns
    ledger.last_ns = ts_ns
    if ledger.vpin_since_ns > 0:
        ledger.vpin_ns += ts_ns - ledger.vpin_since_ns
        ledger.vpin_sum += ledger.vpin_last * ((ts_ns - ledger.vpin_since_ns) * 1e-9)
    ledger.vpin_since_ns = ts_ns if counts(reading) else 0
    ledger.vpin_last = reading.value
    if counts(reading) and reading.value > ledger.vpin_max:
        ledger.vpin_max = reading.value
    if reading.status != ledger.vpin_status:
        ledger.vpin_status = reading.status
        ledger.n_stale += reading.status == STALE
        ledger.n_invalid_flag += reading.status == INVALID_FLAG


@kernel
def ledger_on_row(
    ledger: Ledger, params: LedgerParams, row: Row, top: Top, reading: Reading, fill: Fill
) -> bool:
    """Book a fill and mark the account after a row that settles; return whether it was a fill."""
    if not settles(row):
        return False
    filled = row.kind == FILLED
    if filled:
        book_fill(ledger, params, row, fill)
    watch(ledger, row.ts_recv, top, reading)
    return filled


@kernel
def ledger_on_frame(
    cell: Cell[Ledger],
    setup: Cell[LedgerParams],
    rows: Rows,
    tops: Table[Top],
    readings: Table[Reading],
    fills: Table[Fill],
) -> int:
    """Book every fill of a frame and mark the account; return the number of fills."""
    ledger, params = cell[0], setup[0]
    n = 0
    for i in range(len(rows)):
        if ledger_on_row(ledger, params, rows[i], tops[i], readings[i], fills[n]):
            fills[n].row = i
            n += 1
    return n


@kernel
def equity_tick_lots(ledger: Ledger) -> int:
    """Return cash − fees + position·mid in whole tick·lots, rounded down."""
    twice = 2 * ledger.cash_tick_lots + ledger.position_lots * ledger.twice_mid_ticks
    return twice // 2 - ledger.fees_tick_lots - (1 if ledger.fees_micro > 0 else 0)


def equity_micro(ledger: Ledger) -> int:
    """Return cash − fees + position·mid, exact, in millionths of a tick·lot."""
    twice = 2 * int(ledger.cash_tick_lots) + int(ledger.position_lots) * int(ledger.twice_mid_ticks)
    return twice * (MICRO // 2) - int(ledger.fees_tick_lots) * MICRO - int(ledger.fees_micro)
