"""The books of a symbol, row by row: ledger, markouts, time, and samples of its equity."""

from typing import NamedTuple

from operators.kernel import Cell, Record, kernel
from operators.kpis import (
    SIDES,
    Kpis,
    KpisParams,
    begin,
    live_sides,
    note_inventory,
    note_market,
    note_reading,
)
from operators.ledger import Fill, Ledger, LedgerParams, in_micro, ledger_on_row, twice_equity
from operators.markouts import Markouts, Trail, follow, pass_time
from operators.orders import Orders
from operators.rows import CLOCK, Row
from operators.touch import Top
from operators.toxicity import Reading


class Sample(Record):
    """The account at an instant of the grid: after every row up to it, itself included."""

    ts_ns: int
    n_intervals: int
    """Since the last sample: above 1 after a silence, at whose other instants the account was the same."""
    twice_equity: int
    """Twice the tick·lots, before the following is taken off."""
    less_micro: int
    """Millionths of a tick·lot of fees and funding."""
    twice_mid_ticks: int
    position_lots: int


class Accounts(NamedTuple):
    """Every state of the books."""

    ledger: Cell[Ledger]
    markouts: Cell[Markouts]
    trail: Cell[Trail]
    kpis: Cell[Kpis]


class Books(NamedTuple):
    """The records themselves."""

    ledger: Ledger
    markouts: Markouts
    trail: Trail
    kpis: Kpis


class BooksRules(NamedTuple):
    """Every parameter of the books."""

    ledger: LedgerParams
    kpis: KpisParams


def open_accounts() -> Accounts:
    """Return books in which nothing is written."""
    return Accounts(Ledger.cell(), Markouts.cell(), Trail.cell(), Kpis.cell())


@kernel
def take_sample(kpis: Kpis, params: KpisParams, ledger: Ledger, ts_ns: int, sample: Sample) -> bool:
    """Write the account as of the last instant of the grid before `ts_ns`, if one has passed."""
    if kpis.since_ns == 0:
        begin(kpis, params, ts_ns)
        return False
    last = (ts_ns - 1) // params.sample_ns * params.sample_ns
    sample.ts_ns = last
    sample.n_intervals = (last - kpis.next_sample_ns) // params.sample_ns + 1
    sample.twice_equity = twice_equity(ledger)
    sample.less_micro = ledger.fees_micro + ledger.funding_micro
    sample.twice_mid_ticks = ledger.twice_mid_ticks
    sample.position_lots = ledger.position_lots
    kpis.next_sample_ns = last + params.sample_ns
    return True


@kernel
def accounts_on_row(
    books: Books,
    rules: BooksRules,
    orders: Orders,
    row: Row,
    top: Top,
    reading: Reading,
    fill: Fill,
    sample: Sample,
) -> tuple[bool, bool]:
    """Keep the books after a row that settles; return whether it was a fill, and whether one was sampled.

    What is sampled or comes of age is as of before the row, the mid of a fill as of after it.
    """
    ledger, markouts, kpis = books.ledger, books.markouts, books.kpis
    ts_ns, mid = row.ts_recv, ledger.twice_mid_ticks
    if ts_ns > markouts.due_ns:
        pass_time(markouts, books.trail, ts_ns, mid)
    sampled = ts_ns > kpis.next_sample_ns and take_sample(kpis, rules.kpis, ledger, ts_ns, sample)
    filled = ledger_on_row(ledger, rules.ledger, row, top, fill)
    if filled:
        follow(markouts, books.trail, row, ledger.twice_mid_ticks)
    if filled or ledger.twice_mid_ticks != mid:
        note_inventory(kpis, ts_ns, ledger)
    sides = live_sides(orders) if row.kind >= CLOCK else kpis.mode & SIDES
    note_market(kpis, ts_ns, sides, top)
    note_reading(kpis, rules.kpis, ts_ns, reading)
    return filled, sampled


def sample_micro(sample: Sample) -> int:
    """Return the equity of a sample, exact, in millionths of a tick·lot."""
    return in_micro(sample.twice_equity) - int(sample.less_micro)
