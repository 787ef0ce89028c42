"""What we own and what it cost, in integers.

Cash is in tick·lots, fees and funding in whole tick·lots and millionths of one,
the mid is kept twice over, so all of it is exact:

    equity = cash − fees − funding + position · mid
           = realised + unrealised − fees − funding
           = captured + moved − fees − funding

Realised profit is by average cost: of what the open position cost, a part that
is closed takes its share along, rounded down to whole tick·lots.
"""

from typing import Final

from operators.kernel import Cell, Record, Table, kernel
from operators.rows import FILLED, MAKER, SETTLED, Row, Rows, settles
from operators.touch import VALID, Top

MICRO: Final = 1_000_000


class LedgerParams(Record):
    """Fees in 10⁻⁸ of the notional; negative is a rebate."""

    maker_fee_e8: int
    taker_fee_e8: int


class Ledger(Record):
    """The account of one symbol."""

    position_lots: int
    cash_tick_lots: int
    open_cost_tick_lots: int
    """What was paid for the open position; negative where it was sold."""
    fees_tick_lots: int
    fees_micro: int
    """Beside the whole fees, 0 to 999,999 millionths of a tick·lot."""
    funding_tick_lots: int
    """What settlements cost us; negative where they paid."""
    funding_micro: int
    traded_tick_lots: int
    captured_twice: int
    """Twice the tick·lots that fills were better than the mid at their time."""
    moved_twice: int
    """Twice the tick·lots that the position gained while the mid moved."""
    twice_mid_ticks: int
    """What marks the position: the last valid touch, or, before there is one, the first fill's price."""
    marked: int
    """1: the touch was valid after the last row, so the mark is current."""
    n_unmarked: int
    """How often it ceased to be."""
    n_fills: int
    n_maker_fills: int
    n_settlements: int
    first_ns: int
    last_ns: int


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
def share_of(amount: int, part: int, whole: int) -> int:
    """Return amount · part / whole rounded down, exact where the product needs more than 64 bits.

    None is negative, `part` is at most `whole`, and `whole` is below 2⁶².

    >>> share_of(10**17, 10**10, 3 * 10**10)
    33333333333333333
    """
    share, rest = (amount // whole) * part, 0
    left, more = amount % whole, 0
    for bit in range(62, -1, -1):
        more, rest = 2 * more, 2 * rest
        if rest >= whole:
            more, rest = more + 1, rest - whole
        if (part >> bit) & 1:
            rest += left
            if rest >= whole:
                more, rest = more + 1, rest - whole
    return share + more


@kernel
def book_cost(ledger: Ledger, side: int, lots: int, ticks: int) -> None:
    """Let a fill close what it can of the open position, and open the rest; before the position changes."""
    held = side * ledger.position_lots
    closed = min(lots, -held) if held < 0 else 0
    if closed > 0:
        cost = -side * ledger.open_cost_tick_lots
        ledger.open_cost_tick_lots += side * share_of(cost, closed, -held)
    ledger.open_cost_tick_lots += side * (lots - closed) * ticks


@kernel
def book_fill(ledger: Ledger, params: LedgerParams, row: Row, fill: Fill) -> None:
    """Book one fill, and write what it cost and what it left."""
    notional = row.size_lots * row.price_ticks
    maker = (row.marks & MAKER) != 0
    fee = fee_micro(notional, params.maker_fee_e8 if maker else params.taker_fee_e8)
    if ledger.twice_mid_ticks == 0:
        ledger.twice_mid_ticks = 2 * row.price_ticks
    book_cost(ledger, row.side, row.size_lots, row.price_ticks)
    ledger.position_lots += row.side * row.size_lots
    ledger.cash_tick_lots -= row.side * notional
    ledger.captured_twice += row.side * row.size_lots * (ledger.twice_mid_ticks - 2 * row.price_ticks)
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
def book_settlement(ledger: Ledger, row: Row) -> None:
    """Book what a funding settlement made us pay."""
    total = ledger.funding_micro + row.lag_us
    ledger.funding_tick_lots += row.size_lots + total // MICRO
    ledger.funding_micro = total % MICRO
    ledger.n_settlements += 1


@kernel
def mark(ledger: Ledger, top: Top) -> None:
    """Mark the position by a valid touch, or note that there is none."""
    if top.state != VALID:
        ledger.n_unmarked += ledger.marked
        ledger.marked = 0
        return
    ledger.marked = 1
    twice = top.bid_ticks + top.ask_ticks
    if twice != ledger.twice_mid_ticks:
        ledger.moved_twice += ledger.position_lots * (twice - ledger.twice_mid_ticks)
        ledger.twice_mid_ticks = twice


@kernel
def ledger_on_row(ledger: Ledger, params: LedgerParams, row: Row, top: Top, fill: Fill) -> bool:
    """Mark the account and book a fill or settlement, after a row that settles; return whether it was a fill.

    A fill is held against the mid as it is at its own row.
    """
    if not settles(row):
        return False
    if ledger.first_ns == 0:
        ledger.first_ns = row.ts_recv
    ledger.last_ns = row.ts_recv
    mark(ledger, top)
    if row.kind == SETTLED:
        book_settlement(ledger, row)
    filled = row.kind == FILLED
    if filled:
        book_fill(ledger, params, row, fill)
    return filled


@kernel
def ledger_on_frame(
    cell: Cell[Ledger], setup: Cell[LedgerParams], rows: Rows, tops: Table[Top], fills: Table[Fill]
) -> int:
    """Book every fill of a frame and mark the account; return the number of fills."""
    ledger, params = cell[0], setup[0]
    n = 0
    for i in range(len(rows)):
        if ledger_on_row(ledger, params, rows[i], tops[i], fills[n]):
            fills[n].row = i
            n += 1
    return n


@kernel
def twice_equity(ledger: Ledger) -> int:
    """Return twice the equity in tick·lots, before the millionths of fees and funding are taken off."""
    paid = ledger.fees_tick_lots + ledger.funding_tick_lots
    return int(2 * (ledger.cash_tick_lots - paid) + ledger.position_lots * ledger.twice_mid_ticks)


@kernel
def equity_tick_lots(ledger: Ledger) -> int:
    """Return the equity in whole tick·lots, rounded down."""
    twice = twice_equity(ledger)
    less = ledger.fees_micro + ledger.funding_micro
    return int(twice // 2 + (twice % 2 * (MICRO // 2) - less) // MICRO)


def equity_micro(ledger: Ledger) -> int:
    """Return the equity, exact, in millionths of a tick·lot."""
    return in_micro(twice_equity(ledger)) - int(ledger.fees_micro) - int(ledger.funding_micro)


def realised_micro(ledger: Ledger) -> int:
    """Return what closed positions earned before fees and funding, in millionths of a tick·lot."""
    return (int(ledger.cash_tick_lots) + int(ledger.open_cost_tick_lots)) * MICRO


def unrealised_micro(ledger: Ledger) -> int:
    """Return what the open position has gained, in millionths of a tick·lot."""
    worth = int(ledger.position_lots) * int(ledger.twice_mid_ticks)
    return in_micro(worth - 2 * int(ledger.open_cost_tick_lots))


def in_micro(twice: int) -> int:
    """Return twice so many tick·lots in millionths of one."""
    return int(twice) * (MICRO // 2)
