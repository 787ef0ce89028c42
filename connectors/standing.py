"""Where a symbol's account stands, and its part of the summary."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, cast

from connectors import learnt
from connectors.equity import EquitySeries
from connectors.figures import (
    adverse_selection_rate,
    markout_figures,
    money_figures,
    share,
    sharpe_figures,
    time_figures,
)
from connectors.journal import Journal
from connectors.learnt import NOTHING, Learnt
from connectors.tape import Tally
from operators.errors import InvariantBroken
from operators.kernel import Cell
from operators.kpis import Kpis
from operators.ledger import Ledger
from operators.limits import DENIALS, STATES
from operators.markouts import Markouts, Trail
from operators.office import Office, Records, office_in
from operators.orders import Orders
from operators.risk import Risk

Dumped = tuple[bytes, int, int, int, int, int, int, int, learnt.Dumped]
REACHED: Final = (
    cast("Mapping[str, tuple[object, int]]", Records.dtype.fields)["ledger"][1]
    + cast("Mapping[str, tuple[object, int]]", Ledger.dtype.fields)["last_ns"][1]
)
"""Where in the block the account says how far it got."""


@dataclass(frozen=True)
class Standing:
    """A copy of what the summary is written from."""

    block: bytes
    """Of `Records`."""
    n_pauses: int
    n_gaps: int = 0
    """How often the update chain broke, as the desk's book saw it."""
    n_crossed: int = 0
    n_faults: int = 0
    """States of the orders that cannot be."""
    n_alerts: int = 0
    """How often toxicity rose above its threshold."""
    n_invalid_flag: int = 0
    """How often the venue's flag was found broken."""
    n_resyncs: int = 0
    """How often a snapshot made the desk's book whole again."""
    learnt: Learnt = NOTHING
    """What quotes go by, as it was fitted last."""

    @cached_property
    def records(self) -> Office:
        """Return the records by name; there is no trail among them."""
        return office_in(Records.load(self.block), Trail.cell())

    @property
    def ledger(self) -> Cell[Ledger]:
        """Return the account."""
        return self.records.ledger

    @property
    def orders(self) -> Cell[Orders]:
        """Return the orders."""
        return self.records.orders

    @property
    def risk(self) -> Cell[Risk]:
        """Return what was denied, and how trading stands."""
        return self.records.risk

    @property
    def markouts(self) -> Cell[Markouts]:
        """Return what became of fills."""
        return self.records.markouts

    @property
    def kpis(self) -> Cell[Kpis]:
        """Return how time was spent."""
        return self.records.kpis

    def reached_ns(self) -> int:
        """Return how far the account got."""
        return int.from_bytes(self.block[REACHED : REACHED + 8], "little")

    def dump(self) -> Dumped:
        """Return plain bytes for a checkpoint."""
        broken = self.n_gaps, self.n_crossed, self.n_faults
        alerts = self.n_alerts, self.n_invalid_flag
        return self.block, self.n_pauses, *broken, *alerts, self.n_resyncs, self.learnt.dump()

    @classmethod
    def load(cls, dumped: Dumped) -> "Standing":
        """Return what `dump` kept."""
        return cls(*dumped[:-1], learnt=learnt.loaded(dumped[-1]))


def summary(
    journal: Journal, standing: Standing | None, equity: EquitySeries, tally: Tally | None = None
) -> dict[str, object]:
    """Return one symbol's figures, of which `connectors/fields.py` says what each is.

    `tally` is what the source counted, where it came to its end.
    """
    known = {} if standing is None else _account(journal, standing, equity)
    counts = dict(sorted(journal.letter_counts.items()))
    lost: dict[str, object] = {"dead_letters": sum(counts.values()), "dead_letter_reasons": counts}
    if standing is not None:
        lost |= {"book_gaps": standing.n_gaps, "book_crossings": standing.n_crossed}
        lost |= {"faults": faults(standing, tally)}
    if tally is not None:
        lost |= {"source": {name: n for name, n in tally.source.items() if name not in counts}}
    return {**known, **lost}


def _account(journal: Journal, standing: Standing, equity: EquitySeries) -> dict[str, object]:
    ledger, orders, markouts = standing.ledger[0], standing.orders[0], standing.markouts[0]
    return {
        "orders": int(orders.n_placed),
        "accepted": int(orders.n_accepted),
        "filled": int(orders.n_with_fill),
        "amends": int(orders.n_amended),
        "cancels": int(orders.n_canceled),
        "rejected": int(orders.n_rejected),
        "expired": int(orders.n_expired),
        "unknown": int(orders.n_unknown),
        "denied": denied(standing),
        "fills": int(ledger.n_fills),
        "maker_fills": int(ledger.n_maker_fills),
        "fill_rate": share(int(orders.n_with_fill), int(orders.n_accepted)),
        "adverse_selection_rate": adverse_selection_rate(markouts),
        **money_figures(journal, ledger, markouts),
        "markouts": markout_figures(journal, markouts),
        **time_figures(journal, standing.kpis.copy(), int(ledger.last_ns)),
        "vpin_alerts": standing.n_alerts,
        "pauses": standing.n_pauses,
        "trading_state": STATES[standing.risk[0].state],
        "transitions": int(standing.risk[0].n_transitions),
        "calibration": standing.learnt.figures(),
        "sharpe": sharpe_figures(equity, standing.kpis[0]),
        "first_ns": int(ledger.first_ns),
        "last_ns": int(ledger.last_ns),
    }


def denied(standing: Standing) -> dict[str, int]:
    """Return how often risk kept a wanted order back, by limit."""
    counts = standing.risk[0].denied
    return {name: int(counts[code]) for code, name in DENIALS.items() if counts[code]}


def faults(standing: Standing, tally: Tally | None) -> dict[str, int]:
    """Return how often a rule reached a state that cannot be, by name; none is the rule."""
    return {name: n for name, n in fault_counts(standing.orders[0], tally).items() if n}


def fault_counts(orders: Orders, tally: Tally | None) -> dict[str, int]:
    """Return the same with those that were never reached."""
    return {
        "illegal_order_transition": int(orders.n_illegal),
        "no_order_slot": int(orders.fault),
        "requests_lost_on_the_wire": 0 if tally is None else tally.venue_fault,
    }


def broken(symbol: str, found: Mapping[str, int]) -> Iterator[InvariantBroken]:
    """Name each fault as the error that it is."""
    for name, n in found.items():
        yield InvariantBroken(symbol, name, n)
