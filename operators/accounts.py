"""The books of a symbol, row by row: ledger, markouts, time, and samples of it all."""

from typing import NamedTuple

from operators.kernel import Cell, kernel
from operators.kpis import (
    SIDES,
    Kpis,
    KpisParams,
    live_sides,
    note_inventory,
    note_market,
    note_reading,
)
from operators.ledger import Fill, Ledger, LedgerParams, ledger_on_row
from operators.markouts import Markouts, Trail, follow, pass_time
from operators.orders import Orders
from operators.rows import CLOCK, CONTROL, Row
from operators.samples import Sample, take_sample
from operators.touch import Top
from operators.toxicity import Reading


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
def on_time(books: Books, rules: BooksRules, orders: Orders, ts_ns: int, sample: Sample) -> bool:
    """Let what is due before a row come of age and be sampled; return whether it was sampled."""
    ledger, markouts, kpis = books.ledger, books.markouts, books.kpis
    if ts_ns > markouts.due_ns:
        pass_time(markouts, books.trail, ts_ns, ledger.twice_mid_ticks)
    if ts_ns <= kpis.next_sample_ns:
        return False
    return take_sample(kpis, rules.kpis, ledger, markouts, orders, ts_ns, sample)


@kernel
def accounts_on_row(
    books: Books, rules: BooksRules, orders: Orders, row: Row, top: Top, reading: Reading, fill: Fill
) -> bool:
    """Keep the books after a row that settles, of which `on_time` knows; return whether it was a fill."""
    ledger, kpis = books.ledger, books.kpis
    ts_ns, mid = row.ts_recv, ledger.twice_mid_ticks
    filled = ledger_on_row(ledger, rules.ledger, row, top, fill)
    if filled:
        follow(books.markouts, books.trail, row, ledger.twice_mid_ticks)
    if filled or ledger.twice_mid_ticks != mid:
        note_inventory(kpis, ts_ns, ledger)
    sides = live_sides(orders) if row.kind >= CLOCK else kpis.mode & SIDES
    note_market(kpis, ts_ns, sides, top)
    if row.kind < CONTROL:
        kpis.seen.lag_us = row.lag_us
    note_reading(kpis, rules.kpis, ts_ns, reading)
    return filled
