"""One symbol's desk: every parameter, every state, and the steps between a frame and its requests."""

from typing import NamedTuple

from operators.accounts import open_accounts
from operators.asmm import asmm_on_row
from operators.book import BookParams, apply_row, open_book
from operators.flow import Flow, FlowParams, on_flow, read_flow
from operators.kernel import Cell, kernel
from operators.kpis import Kpis, KpisParams
from operators.ledger import Ledger, LedgerParams
from operators.limits import RiskParams
from operators.loop import Loop, LoopParams
from operators.markouts import Markouts, Trail
from operators.office import Office, OfficeRules, Staff, StaffRules, follow, obey, take_in
from operators.orders import Orders, OrdersParams
from operators.outbox import Outbox
from operators.own import Own, own_on_row, without_own
from operators.queue import VenueParams
from operators.quotes import Asmm, AsmmParams, Quotes
from operators.receipts import Receipts
from operators.ring import Book
from operators.risk import Risk
from operators.rows import CONTROL, Rows, settles
from operators.touch import Top, read_top
from operators.toxicity import Reading, Vpin, VpinParams
from operators.venue import Venue
from operators.vpin import on_row, read

FRAME: int = 8192
"""Rows of a frame at most."""


class Rules(NamedTuple):
    """Every parameter of one symbol."""

    loop: Cell[LoopParams]
    venue: Cell[VenueParams]
    book: Cell[BookParams]
    vpin: Cell[VpinParams]
    flow: Cell[FlowParams]
    asmm: Cell[AsmmParams]
    orders: Cell[OrdersParams]
    risk: Cell[RiskParams]
    ledger: Cell[LedgerParams]
    kpis: Cell[KpisParams]


class Desk(NamedTuple):
    """Every state of one symbol's rules."""

    book: Cell[Book]
    own: Cell[Own]
    vpin: Cell[Vpin]
    flow: Cell[Flow]
    asmm: Cell[Asmm]
    orders: Cell[Orders]
    risk: Cell[Risk]
    ledger: Cell[Ledger]
    markouts: Cell[Markouts]
    trail: Cell[Trail]
    kpis: Cell[Kpis]


class Exchange(NamedTuple):
    """Every state of the simulated venue and of the loop through it."""

    loop: Cell[Loop]
    venue: Cell[Venue]
    book: Cell[Book]
    receipts: Cell[Receipts]


class Sheet(NamedTuple):
    """What stands beside a row while it passes through the rules."""

    top: Cell[Top]
    reading: Cell[Reading]
    quotes: Cell[Quotes]


def open_desk() -> Desk:
    """Return a desk that has seen nothing."""
    book = Book.cell()
    open_book(book)
    signals = Own.cell(), Vpin.cell(), Flow.cell(), Asmm.cell()
    return Desk(book, *signals, Orders.cell(), Risk.cell(), *open_accounts())


def open_exchange() -> Exchange:
    """Return a venue without orders, before the first row."""
    book = Book.cell()
    open_book(book)
    return Exchange(Loop.cell(), Venue.cell(), book, Receipts.cell())


def office_of(desk: Desk) -> Office:
    """Return what stands behind the quotes."""
    return Office(desk.orders, desk.risk, desk.ledger, desk.markouts, desk.trail, desk.kpis)


def office_rules(rules: Rules) -> OfficeRules:
    """Return its parameters."""
    return OfficeRules(rules.orders, rules.risk, rules.ledger, rules.kpis)


def open_sheet() -> Sheet:
    """Return an empty sheet."""
    return Sheet(Top.cell(), Reading.cell(), Quotes.cell())


@kernel
def desk_on_rows(desk: Desk, rules: Rules, rows: Rows, sheet: Sheet, outbox: Outbox) -> None:
    """Take each row through every rule; what comes of it is added to the outbox, by its index in `rows`."""
    book, own, vpin, flow, asmm = desk.book[0], desk.own[0], desk.vpin[0], desk.flow[0], desk.asmm[0]
    top, reading, quotes = sheet.top[0], sheet.reading[0], sheet.quotes[0]
    account = desk.ledger[0], desk.markouts[0], desk.trail[0], desk.kpis[0]
    staff = Staff(desk.orders[0], desk.risk[0], account[0], account[1], account[2], account[3])
    behind = StaffRules(rules.orders[0], rules.risk[0], rules.ledger[0], rules.kpis[0])
    counts, fills, samples = outbox.counts[0], outbox.fills, outbox.samples
    shows_own = rules.book[0].shows_own != 0
    for i in range(len(rows)):
        row = rows[i]
        apply_row(book, rules.book[0], row)
        on_row(vpin, rules.vpin[0], row)
        on_flow(flow, rules.flow[0], row)
        if not settles(row):
            continue
        read_top(book, top)
        if shows_own:
            own_on_row(own, row)
            without_own(own, book, top)
        read(vpin, rules.vpin[0], reading)
        read_flow(flow, rules.flow[0], row.ts_recv, reading)
        decided = asmm_on_row(asmm, rules.asmm[0], row, top, reading, quotes)
        fill, sample = fills[counts.fills], samples[counts.samples]
        filled, sampled = take_in(staff, behind, i, row, top, reading, fill, sample)
        counts.fills += filled
        counts.samples += sampled
        if row.kind == CONTROL:
            obey(staff, i, row, outbox)
        if decided:
            follow(staff, behind, i, top, quotes, outbox)
