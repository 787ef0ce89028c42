"""What stands behind the quotes, in plain numbers: reports and wanted quotes go in, requests come out."""

import numpy as np

from operators.accounts import open_accounts
from operators.kernel import Cell
from operators.kpis import KpisParams
from operators.ledger import Ledger, LedgerParams
from operators.limits import HALTED, N_CODES, RiskParams
from operators.office import Office, OfficeRules, office_on_frame
from operators.orders import FREE, SLOTS, Orders, OrdersParams, find
from operators.outbox import Outbox, Transition, open_outbox
from operators.quotes import Quotes
from operators.risk import Risk, check
from operators.rows import CLOCK, LAST, Row
from operators.touch import VALID, Top
from operators.toxicity import Reading

PLENTY = 1 << 50
Asked = tuple[int, int, int, int, int]
"""Kind, number, side, ticks and lots of a request or a report."""


def limits(**given: float) -> Cell[RiskParams]:
    """Return limits that hold nothing back but what is given."""
    wide = {
        "budget_tick_lots": PLENTY,
        "max_order_tick_lots": PLENTY,
        "price_band_bps": 1e4,
        "loss_state": HALTED,
    }
    return RiskParams.cell(**(wide | given))


class Behind:
    """Orders, limits and account, with whatever is wanted sent at once."""

    def __init__(self, habits: Cell[OrdersParams] | None = None, **given: float) -> None:
        self.office = Office(Orders.cell(), Risk.cell(), *open_accounts())
        habits = OrdersParams.cell(amends=1) if habits is None else habits
        self.rules = OfficeRules(
            habits, limits(**given), LedgerParams.cell(), KpisParams.cell(sample_ns=10**9)
        )
        self.top = Top.cell(bid_ticks=99, ask_ticks=101, bid_lots=10, ask_lots=10, state=VALID)
        self.levels = 1
        self.ts_ns = 0
        self.transitions: list[tuple[int, int, int]] = []
        self.box: Outbox = open_outbox(0)

    @property
    def orders(self) -> Orders:
        return self.office.orders[0]

    @property
    def risk(self) -> Risk:
        return self.office.risk[0]

    @property
    def ledger(self) -> Ledger:
        return self.office.ledger[0]

    def check(self, side: int, ticks: int, lots: int, more_lots: int, mid: float) -> int:
        return check(self.risk, self.orders, self.rules.risk[0], side, ticks, lots, more_lots, mid)

    def run(self, rows, decisions) -> list[Asked]:
        """Take a frame in; return the requests."""
        n = len(rows)
        tops, readings, box = Top.table(n), Reading.table(n), open_outbox(n)
        np.asarray(tops)[:] = np.asarray(self.top)
        # Rows of an earlier frame are overwritten whole.
        np.asarray(box.requests)["marks"] = -1
        office_on_frame(self.office, self.rules, rows, tops, readings, decisions, len(decisions), box)
        self.box = box
        self.transitions += [noted(box.transitions[k]) for k in range(box.counts[0].transitions)]
        return [asked(box.requests[k]) for k in range(box.counts[0].requests)]

    def frame(self, reports=(), bid=(0, 0), ask=(0, 0), mid=100.0, ts_ns=None) -> list[Asked]:
        """Hear reports, then decide on bid and ask as (ticks, lots)."""
        ts_ns = self.ts_ns if ts_ns is None else ts_ns
        return self.run(*frame_of(reports, bid, ask, mid, ts_ns, self.levels))

    def row(self, **fields: int) -> list[Asked]:
        """Take in one row, with no decision after it."""
        row = Row.cell(**{"ts_recv": self.ts_ns, "ts_event": self.ts_ns, "marks": LAST, **fields})
        return self.run(row, Quotes.table(0))

    def hear(self, kind: int, number: int, *, lots=0, ticks=100, side=1, reason=0) -> None:
        """Hear one report."""
        said = self.row(kind=kind, id=number, size_lots=lots, price_ticks=ticks, side=side, reason=reason)
        assert said == []

    def order(self, number: int):
        return self.orders.slots[find(self.orders, number)]

    def live(self):
        slots = (self.orders.slots[s] for s in range(SLOTS))
        return [order for order in slots if order.stage != FREE]

    def stages(self) -> list[int]:
        return [int(order.stage) for order in self.live()]

    def denied(self) -> dict[int, int]:
        return {code: int(self.risk.denied[code]) for code in range(N_CODES) if self.risk.denied[code]}


def asked(row: Row) -> Asked:
    """Return a row as plain numbers."""
    return int(row.kind), int(row.id), int(row.side), int(row.price_ticks), int(row.size_lots)


def noted(note: Transition) -> tuple[int, int, int]:
    """Return a change of the trading state: from, to, and its reason."""
    return int(note.was), int(note.now), int(note.reason)


def frame_of(reports, bid, ask, mid, ts_ns, levels=1):
    """Return rows that report, then a decision after one more."""
    rows, decisions = Row.table(len(reports) + 1), Quotes.table(1)
    for i, (kind, number, side, ticks, lots) in enumerate(reports):
        row = rows[i]
        row.kind, row.id, row.side, row.price_ticks, row.size_lots = kind, number, side, ticks, lots
        row.ts_recv, row.marks = ts_ns, LAST
    rows[len(reports)].kind, rows[len(reports)].ts_recv = CLOCK, ts_ns
    quotes = decisions[0]
    quotes.row, quotes.ts_ns, quotes.mid_ticks, quotes.levels = len(reports), ts_ns, mid, levels
    quotes.bid_ticks, quotes.bid_lots = bid
    quotes.ask_ticks, quotes.ask_lots = ask
    return rows, decisions
