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

LOSSES: Final = (
    "duplicate_diff",
    "duplicate_trade",
    "stale_best",
    "diffs_forgotten",
    "snapshots_rejected",
    "time_backwards",
    "late_at_venue",
)
"""Counters of a source that a user is told of; the others are part of every good recording."""


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


def losses(symbol: str, figures: Mapping[str, object]) -> list[str]:
    """Say in a line what of a symbol's market was lost; nothing if all of it was used.

    >>> losses("BTCUSDT", {"dead_letters": 3, "dead_letter_reasons": {"off_grid": 1, "truncated": 2}})
    ['BTCUSDT: 3 messages set aside (truncated 2, off_grid 1): see dead_letters.jsonl']
    >>> losses("BTCUSDT", {"dead_letters": 0, "dead_letter_reasons": {}, "book_gaps": 0})
    []
    """
    reasons, source = _counts(figures, "dead_letter_reasons"), _counts(figures, "source")
    told = [f"{_many(sum(reasons.values()), 'message')} set aside ({_listed(reasons)})"] if reasons else []
    for what in ("gap", "crossing"):
        n = _count(figures, f"book_{what}s")
        told += [_many(n, f"book {what}")] if n else []
    if source.get("diffs", 0) and not source.get("snapshots", 0):
        told.append("no snapshot for its diffs to begin from")
    left_out = {name: source[name] for name in LOSSES if source.get(name, 0)}
    told += [f"left out or moved: {_listed(left_out)}"] if left_out else []
    flags = _count(figures, "vpin_invalid_flag")
    told += [f"the venue's flag of aggressors found broken {flags:,} times"] if flags else []
    broken = _counts(figures, "faults")
    told += [f"broken invariants: {_listed(broken)}"] if broken else []
    return [f"{symbol}: {', '.join(told)}{': see dead_letters.jsonl' if reasons else ''}"] if told else []


def refusals(symbol: str, figures: Mapping[str, object]) -> list[str]:
    """Say what the venue refused, if anything.

    >>> refusals("BTCUSDT", {"rejected": 1200, "orders": 4000})
    ['BTCUSDT: the venue refused 1,200 requests']
    >>> refusals("BTCUSDT", {"rejected": 0})
    []
    """
    n = _count(figures, "rejected")
    return [f"{symbol}: the venue refused {_many(n, 'request')}"] if n else []


def silence(symbol: str, figures: Mapping[str, object]) -> list[str]:
    """Say why a symbol was never quoted: nothing was heard of its market, or risk kept every order back.

    >>> silence("NEXOUSDT", {"orders": 0, "denied": {"too_small": 1200}})
    ['NEXOUSDT: never quoted, as risk denied every order (too_small 1,200): see quoting.order_lots and risk']
    >>> silence("BTCUSDT", {"orders": 9, "denied": {"over_budget": 3}})
    []
    >>> silence("BTCUSDT", {"dead_letters": 0, "dead_letter_reasons": {}})
    ['BTCUSDT: never quoted, as nothing came of its market']
    """
    if "orders" not in figures or figures.get("last_ns") == 0:
        return [f"{symbol}: never quoted, as nothing came of its market"]
    found = _counts(figures, "denied")
    if _count(figures, "orders") or not found:
        return []
    where = "see quoting.order_lots and risk"
    return [f"{symbol}: never quoted, as risk denied every order ({_listed(found)}): {where}"]


def _count(figures: Mapping[str, object], name: str) -> int:
    value = figures.get(name, 0)
    return value if isinstance(value, int) else 0


def _counts(figures: Mapping[str, object], name: str) -> dict[str, int]:
    return cast("dict[str, int]", figures.get(name) or {})


def _many(n: int, what: str) -> str:
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def _listed(counts: Mapping[str, int]) -> str:
    """The most frequent first."""
    return ", ".join(
        f"{name} {counts[name]:,}" for name in sorted(counts, key=lambda name: (-counts[name], name))
    )
