"""Streams of what books are kept from, and the rules that keep them, row by row."""

from fractions import Fraction

import numpy as np
from hypothesis import strategies as st

from operators.accounts import (
    Accounts,
    Books,
    BooksRules,
    accounts_on_row,
    on_time,
    open_accounts,
)
from operators.kpis import KpisParams, note_decision
from operators.ledger import Fill, LedgerParams
from operators.orders import AMENDING, CANCELING, FREE, PENDING, WORKING, Orders
from operators.rows import BUY, CLOCK, FILLED, LAST, MAKER, SELL, SETTLED, TRADE, Row
from operators.samples import Sample, sample_micro
from operators.touch import EMPTY, INVALID, UNFINISHED, VALID, Top
from operators.toxicity import DISABLED, INVALID_FLAG, LOW_VOLUME, OK, STALE, WARMING, Reading
from tests.oracles.plain_accounts import Event

SECOND = 10**9
THRESHOLD = 0.7
SAMPLE_NS = SECOND
BID, ASK = 890, 1120


class World:
    """Books, and the events that they are told of."""

    def __init__(self, maker_fee_e8: int = 0, taker_fee_e8: int = 0, sample_ns: int = SAMPLE_NS):
        self.accounts: Accounts = open_accounts()
        self.fees = LedgerParams.cell(maker_fee_e8=maker_fee_e8, taker_fee_e8=taker_fee_e8)
        self.measures = KpisParams.cell(sample_ns=sample_ns, threshold=THRESHOLD)
        self.orders = Orders.cell()
        self.fill, self.sample = Fill.cell(), Sample.cell()
        self.samples: list[tuple[int, int, Fraction, Fraction, int]] = []
        self.details: list[np.void] = []

    def tell(self, *events: Event) -> "World":
        ledger, markouts, trail, kpis = self.accounts
        for event in events:
            books = Books(ledger[0], markouts[0], trail[0], kpis[0])
            rules = BooksRules(self.fees[0], self.measures[0])
            sampled = on_time(books, rules, self.orders[0], event.ts_ns, self.sample[0])
            self._rest(event)
            row, top, reading = row_of(event), top_of(event), reading_of(event)
            accounts_on_row(books, rules, self.orders[0], row[0], top[0], reading[0], self.fill[0])
            note_decision(self.accounts.kpis[0], event.ts_ns, int(event.paused), event.state)
            if sampled:
                self._keep()
        return self

    def _rest(self, event: Event) -> None:
        """Orders that are not live stand among those that are."""
        slots, n = self.orders[0].slots, event.ts_ns % 3
        slots[0].side, slots[0].stage = BUY, (WORKING, AMENDING, CANCELING)[n] if event.sides[0] else FREE
        slots[1].side, slots[1].stage = SELL, (WORKING, AMENDING, CANCELING)[n] if event.sides[1] else PENDING
        slots[2].side, slots[2].stage = BUY, PENDING
        self.orders[0].n_slots = 3
        for slot, ticks in enumerate((BID, ASK, BID + 1)):
            slots[slot].price_ticks = ticks

    def _keep(self) -> None:
        self.details.append(np.asarray(self.sample)[0].copy())
        one = self.sample[0]
        equity = Fraction(sample_micro(one), 10**6)
        mid = Fraction(int(one.twice_mid_ticks), 2)
        self.samples.append((int(one.ts_ns), int(one.n_intervals), equity, mid, int(one.position_lots)))


def row_of(event: Event):
    row = Row.cell(
        ts_event=event.ts_ns - 5, ts_recv=event.ts_ns, price_ticks=event.ticks, size_lots=event.lots
    )
    row[0].kind, row[0].side, row[0].lag_us = event.kind, event.side, event.micro
    row[0].marks = LAST | (MAKER if event.maker else 0)
    return row


def top_of(event: Event):
    if event.touch is None:
        return Top.cell(state=(EMPTY, INVALID, UNFINISHED)[event.ts_ns % 3], bid_ticks=1, ask_ticks=9999)
    return Top.cell(state=VALID, bid_ticks=event.touch[0], ask_ticks=event.touch[1])


def reading_of(event: Event):
    value, level, status = event.reading
    return Reading.cell(value=value, level=level, status=status)


def fill(ts_ns: int, side: int, ticks: int, lots: int, **more) -> Event:
    return Event(ts_ns, FILLED, side, ticks, lots, **more)


def quiet(ts_ns: int, bid: int | None = None, ask: int | None = None, **more) -> Event:
    """A clock row beside a touch, or beside none."""
    touch = None if bid is None or ask is None else (bid, ask)
    return Event(ts_ns, CLOCK, touch=touch, **more)


GAPS = st.sampled_from((0, 0, 1, 10**7, 10**8 - 1, 10**8, 10**8 + 1, 10**9, 5 * 10**9, 7 * 10**9 + 3))
TOUCHES = st.one_of(
    st.none(), st.tuples(st.integers(900, 1100), st.integers(1, 9)).map(lambda t: (t[0], sum(t)))
)
STATUSES = st.sampled_from((DISABLED, WARMING, LOW_VOLUME, OK, OK, OK, STALE, INVALID_FLAG))
VALUES = st.sampled_from((0.0, 0.1, 0.3, 0.30000000000000004, 0.65, 0.7, 0.71, 0.9, 0.95, 1.0))
READINGS = st.tuples(VALUES, VALUES, STATUSES)
KINDS = st.sampled_from((TRADE, CLOCK, CLOCK, FILLED, FILLED, FILLED, SETTLED))


@st.composite
def streams(draw, most: int = 24) -> list[Event]:
    """Fills, settlements, touches, gaps, readings and orders, in order of time."""
    events, ts_ns, sides = [], draw(st.integers(1, 3 * SECOND)), (False, False)
    for _ in range(draw(st.integers(1, most))):
        ts_ns += draw(GAPS)
        kind = draw(KINDS)
        # Orders change with reports and clock rows alone.
        sides = draw(st.tuples(st.booleans(), st.booleans())) if kind >= CLOCK else sides
        paid = draw(st.integers(-5000, 5000)) if kind == SETTLED else draw(st.integers(1, 50))
        events.append(
            Event(
                ts_ns,
                kind,
                side=0 if kind == SETTLED else draw(st.sampled_from((BUY, SELL))),
                ticks=draw(st.integers(900, 1100)),
                lots=paid,
                micro=draw(st.integers(0, 999_999)) if kind == SETTLED else 0,
                maker=draw(st.booleans()),
                touch=draw(TOUCHES),
                sides=sides,
                paused=draw(st.booleans()),
                state=draw(st.integers(0, 2)),
                reading=draw(READINGS),
            )
        )
    return events
