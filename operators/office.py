"""What stands behind the quotes: reports are taken in, the account is kept, orders follow within limits."""

from typing import Annotated, Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from operators.accounts import Books, BooksRules, accounts_on_row, on_time
from operators.kernel import Cell, Record, Table, kernel
from operators.kpis import PAUSED, Kpis, KpisParams, note_decision
from operators.ledger import Fill, Ledger, LedgerParams
from operators.limits import ACTIVE, ALLOWED, NOT_REDUCING, RATE_LIMIT, REDUCING, RiskParams
from operators.markouts import Markouts, Trail
from operators.orders import FREE, Orders, OrdersParams, is_full
from operators.outbox import Outbox
from operators.quotes import Quotes
from operators.risk import (
    Risk,
    allowed,
    check,
    command,
    deny,
    judge,
    learn,
    settle_state,
    spend,
    wanted_lots,
)
from operators.rows import BUY, CONTROL, RELOAD, SELL, Row, Rows, settles
from operators.samples import Sample
from operators.seen import note_quotes
from operators.touch import Top
from operators.toxicity import Reading
from operators.working import (
    NONE,
    amend,
    ask_after,
    cancel,
    cancel_all,
    keep,
    level_ticks,
    movable,
    part,
    place,
)


class Office(NamedTuple):
    """Its records."""

    orders: Cell[Orders]
    risk: Cell[Risk]
    ledger: Cell[Ledger]
    markouts: Cell[Markouts]
    trail: Cell[Trail]
    kpis: Cell[Kpis]


class Records(Record):
    """All of it but the trail, in one block: copied at once, it costs a tenth."""

    orders: Annotated[Orders, Orders.dtype]
    risk: Annotated[Risk, Risk.dtype]
    ledger: Annotated[Ledger, Ledger.dtype]
    markouts: Annotated[Markouts, Markouts.dtype]
    kpis: Annotated[Kpis, Kpis.dtype]


def office_in(records: Cell[Records], trail: Cell[Trail]) -> Office:
    """Return the office whose records these are."""
    block = cast("NDArray[np.void]", records)
    orders, risk, ledger, markouts, kpis = (cast("Any", block[name]) for name in Records.dtype.names or ())
    return Office(orders, risk, ledger, markouts, trail, kpis)


class OfficeRules(NamedTuple):
    """Their parameters."""

    orders: Cell[OrdersParams]
    risk: Cell[RiskParams]
    ledger: Cell[LedgerParams]
    kpis: Cell[KpisParams]


class Staff(NamedTuple):
    """The records themselves: handed on as cells they would cost a third of the fused loop.

    A kernel cannot return them, so each loop makes its own.
    """

    orders: Orders
    risk: Risk
    ledger: Ledger
    markouts: Markouts
    trail: Trail
    kpis: Kpis


class StaffRules(NamedTuple):
    """The parameters themselves."""

    orders: OrdersParams
    risk: RiskParams
    ledger: LedgerParams
    kpis: KpisParams


@kernel
def take_in(
    office: Staff, rules: StaffRules, i: int, row: Row, top: Top, reading: Reading, fill: Fill, sample: Sample
) -> tuple[bool, bool]:
    """Take in a row that settles; return whether it was a fill, and whether the account was sampled.

    Tables are kept out of here: handed on for every row, they would cost a third of the fused loop.
    """
    fill.row = i
    books = Books(office.ledger, office.markouts, office.trail, office.kpis)
    within = BooksRules(rules.ledger, rules.kpis)
    sampled = on_time(books, within, office.orders, row.ts_recv, sample)
    learn(office.risk, office.orders, row)
    filled = accounts_on_row(books, within, office.orders, row, top, reading, fill)
    return filled, sampled


@kernel
def obey(office: Staff, i: int, row: Row, outbox: Outbox) -> None:
    """Do what an operator wants: what is restricted is cancelled at once. New settings are no wish."""
    if row.reason == RELOAD:
        return
    orders, risk, kpis, counts = office.orders, office.risk, office.kpis, outbox.counts[0]
    command(risk, office.ledger, row.reason)
    was = risk.state
    if settle_state(risk, False):
        _note(risk, orders, i, row.ts_recv, was, outbox)
    note_decision(kpis, row.ts_recv, kpis.mode & PAUSED, risk.state)
    if risk.state != ACTIVE:
        counts.requests = cancel_all(orders, row.ts_recv, outbox.requests, counts.requests)


@kernel
def _note(risk: Risk, orders: Orders, i: int, ts_ns: int, was: int, outbox: Outbox) -> None:
    """Write a change of the trading state down."""
    counts = outbox.counts[0]
    if counts.transitions == len(outbox.transitions):
        return
    note = outbox.transitions[counts.transitions]
    counts.transitions += 1
    note.row, note.ts_ns = i, ts_ns
    note.was, note.now, note.reason = was, risk.state, risk.reason
    note.position_lots = risk.position_lots
    note.n_live = 0
    for s in range(orders.n_slots):
        note.n_live += 1 if orders.slots[s].stage != FREE else 0


@kernel
def follow(office: Staff, rules: StaffRules, i: int, top: Top, quotes: Quotes, outbox: Outbox) -> None:
    """Bring live orders to a decision, as far as limits allow."""
    orders, risk, ledger = office.orders, office.risk, office.ledger
    counts = outbox.counts[0]
    was = risk.state
    if judge(risk, orders, rules.risk, ledger, quotes.ts_ns):
        _note(risk, orders, i, quotes.ts_ns, was, outbox)
    note_decision(office.kpis, quotes.ts_ns, quotes.paused, risk.state)
    note_quotes(office.kpis.seen, quotes)
    counts.requests = ask_after(orders, rules.orders, quotes.ts_ns, outbox.requests, counts.requests)
    code = allowed(risk, rules.risk, top, quotes)
    for side in (BUY, SELL):
        _follow_side(office, rules, side, quotes, code, outbox)


@kernel
def _follow_side(
    office: Staff, rules: StaffRules, side: int, quotes: Quotes, code: int, outbox: Outbox
) -> None:
    orders, risk, habits = office.orders, office.risk, rules.orders
    counts, out, ts_ns = outbox.counts[0], outbox.requests, quotes.ts_ns
    ticks, asked = (quotes.bid_ticks, quotes.bid_lots) if side > 0 else (quotes.ask_ticks, quotes.ask_lots)
    lots = wanted_lots(risk, side, asked) if code == ALLOWED else 0
    if lots <= 0 < asked:
        deny(risk, code if code != ALLOWED else NOT_REDUCING)
    levels = _levels(risk, rules.risk, side, quotes.levels, lots)
    met = keep(orders, habits, ts_ns, side, ticks, lots, levels)
    unmet = 0
    for level in range(levels):
        unmet += 1 - ((met >> level) & 1)
    new, counts.requests = part(orders, habits, ts_ns, side, lots, unmet, out, counts.requests)
    for level in range(levels):
        if (met >> level) & 1 == 0:
            price = level_ticks(habits, side, ticks, level)
            new -= _bring(office, rules, side, price, lots if new > 0 else 0, quotes, outbox)


@kernel
def _levels(risk: Risk, limits: RiskParams, side: int, levels: int, lots: int) -> int:
    """Return how many levels are wanted: no more than take the position to its limit, and one to reduce."""
    if lots <= 0 or risk.state == REDUCING:
        return 1 if lots > 0 else 0
    if limits.max_inventory_lots <= 0:
        return levels
    room = limits.max_inventory_lots - side * risk.position_lots
    return min(levels, max(1, -(-room // lots)))


@kernel
def _bring(
    office: Staff, rules: StaffRules, side: int, ticks: int, lots: int, quotes: Quotes, outbox: Outbox
) -> int:
    """Move an order to a price, or place one of so many lots; return how many were placed."""
    orders, risk, habits, limits = office.orders, office.risk, rules.orders, rules.risk
    counts, out, ts_ns = outbox.counts[0], outbox.requests, quotes.ts_ns
    s = movable(orders, side)
    if s == NONE and (lots <= 0 or is_full(orders)):
        return 0
    size = orders.slots[s].leaves_lots if s != NONE else lots
    code = check(risk, orders, limits, side, ticks, size, 0 if s != NONE else lots, quotes.mid_ticks)
    if code == ALLOWED and not spend(risk, limits, ts_ns):
        code = RATE_LIMIT
    if code != ALLOWED:
        deny(risk, code)
    if s != NONE and code == ALLOWED:
        counts.requests = amend(orders, ts_ns, s, ticks, out, counts.requests)
    elif s != NONE:
        counts.requests = cancel(orders, ts_ns, s, out, counts.requests)
    elif code == ALLOWED:
        counts.requests = place(orders, habits, ts_ns, side, ticks, lots, out, counts.requests)
        return 1
    return 0


@kernel
def office_on_frame(
    office: Office,
    rules: OfficeRules,
    rows: Rows,
    tops: Table[Top],
    readings: Table[Reading],
    decisions: Table[Quotes],
    n_decisions: int,
    outbox: Outbox,
) -> None:
    """Take each row in that settles, and bring live orders to each decision."""
    staff = Staff(
        office.orders[0],
        office.risk[0],
        office.ledger[0],
        office.markouts[0],
        office.trail[0],
        office.kpis[0],
    )
    params = StaffRules(rules.orders[0], rules.risk[0], rules.ledger[0], rules.kpis[0])
    counts, fills, samples = outbox.counts[0], outbox.fills, outbox.samples
    k = 0
    for i in range(len(rows)):
        row = rows[i]
        if settles(row):
            fill, sample = fills[counts.fills], samples[counts.samples]
            filled, sampled = take_in(staff, params, i, row, tops[i], readings[i], fill, sample)
            counts.fills += filled
            counts.samples += sampled
            if row.kind == CONTROL:
                obey(staff, i, row, outbox)
        if k < n_decisions and decisions[k].row == i:
            follow(staff, params, i, tops[i], decisions[k], outbox)
            k += 1
