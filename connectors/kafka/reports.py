"""What a venue tells a desk in a topic: one report each, of an order or of a settlement of funding.

A report says how much of its order is filled in all, and which of the order's reports
it is: so a desk sees what it missed. `docs/kafka_messages.md` shows one of each.
"""

import re
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Annotated, Any, Final, Literal, NamedTuple

import numpy as np
from msgspec import Meta, Struct

from connectors.kafka.messages import VERSION, Amount, Id, Name, Side, Time, Version
from connectors.kafka.rows import Grid
from connectors.recorded.letters import Reason, Unusable
from operators.instruments import Instrument
from operators.kernel import Cell
from operators.rows import (
    ACCEPTED,
    AMEND_REJECTED,
    AMENDED,
    BELOW_MINIMUM,
    CANCEL_REJECTED,
    CANCELED,
    EXPIRED,
    FILLED,
    LAST,
    LIFE_ENDED,
    LIMIT,
    MAKER,
    NO_LIQUIDITY,
    NO_REASON,
    NOTIONAL_LIMIT,
    OFF_GRID,
    RATE_LIMITED,
    REFUSED,
    REJECTED,
    SETTLED,
    STATE,
    UNKNOWN_ORDER,
    VENUE_FULL,
    WOULD_CROSS,
    Fact,
)
from operators.venue import Wire

MICRO: Final = 1_000_000
NUMBER: Final = re.compile(r"(?P<prefix>[A-Za-z0-9._:-]{0,96}-)(?P<number>[1-9][0-9]{0,14})")
"""Of an order: a desk's own beginning, then its count."""
PAID: Final = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,40})?")
EXACT: Final = 99
"""Digits of a product, so that none is rounded away."""
What = Literal[
    "accepted",
    "amended",
    "filled",
    "canceled",
    "rejected",
    "amend_rejected",
    "cancel_rejected",
    "expired",
    "state",
    "settled",
]
Why = Literal[
    "",
    "would_cross",
    "unknown_order",
    "off_grid",
    "below_minimum",
    "venue_full",
    "rate_limited",
    "refused",
    "no_liquidity",
    "life_ended",
]
WHATS: Final[dict[What, int]] = {
    "accepted": ACCEPTED,
    "amended": AMENDED,
    "filled": FILLED,
    "canceled": CANCELED,
    "rejected": REJECTED,
    "amend_rejected": AMEND_REJECTED,
    "cancel_rejected": CANCEL_REJECTED,
    "expired": EXPIRED,
    "state": STATE,
    "settled": SETTLED,
}
WHYS: Final[dict[Why, int]] = {
    "": NO_REASON,
    "would_cross": WOULD_CROSS,
    "unknown_order": UNKNOWN_ORDER,
    "off_grid": OFF_GRID,
    "below_minimum": BELOW_MINIMUM,
    "venue_full": VENUE_FULL,
    "rate_limited": RATE_LIMITED,
    "refused": REFUSED,
    "no_liquidity": NO_LIQUIDITY,
    "life_ended": LIFE_ENDED,
}
WHAT_OF: Final = {kind: what for what, kind in WHATS.items()}
WHY_OF: Final = {reason: why for why, reason in WHYS.items()}


class Report(Struct, kw_only=True, frozen=True, gc=False, omit_defaults=True, tag_field="type", tag="report"):
    """What became of a request or an order."""

    v: Version
    """Version of the format."""
    run: Name
    """The run that is told, as its orders named it; others pass it over."""
    symbol: Name
    """Whom it concerns; the key of the message says the same."""
    n: Id
    """Number of the report within its run and symbol, from 1 without gaps."""
    ts: Time
    """When it happened at the venue, ns since 1970."""
    what: What
    id: str = ""
    """Of the order, as it was placed; not told of a settlement."""
    side: Literal[Side, ""] = ""
    price: Amount = "0"
    """Of the order or the fill; of a settlement the mark price."""
    size: str = "0"
    """What it concerns: of a fill what was filled now, of a state what is left, 0 where the order is gone."""
    filled: str = "0"
    """Of the order in all, this report included."""
    sequence: Id = 0
    """Which report about this order it is, from 1."""
    maker: bool = False
    """Of a fill: it was passive."""
    reason: Why = ""
    """Why a request failed, or an order ended."""
    settled_at: Id = 0
    """Of a settlement: its time, ns since 1970."""
    paid: str = ""
    """Of a settlement: what the desk pays, in quote currency, below zero where it is paid."""
    venue: Annotated[str, Meta(max_length=64)] = ""
    """Whose numbers and accounts these are: another name is another memory."""


PlainWire = tuple[tuple[int, ...], int, int]
"""A report as plain numbers: the fields of its row, and what goes with it."""


class Addressee(NamedTuple):
    """Whom a venue deals with."""

    run: str
    prefix: str
    """What the names of its orders begin with."""


def report_of(
    wire: PlainWire, desk: Addressee, n: int, grid: Grid, one: Instrument, venue: str = ""
) -> Report:
    """Return the message of a report, which is given as the plain values of a `Wire`."""
    row, filled_lots, sequence = Fact._make(wire[0]), *wire[1:]
    common: dict[str, Any] = {"v": VERSION, "run": desk.run, "symbol": one.symbol, "n": n, "venue": venue}
    common |= {"ts": max(1, row.ts_event), "price": grid.price(row.price_ticks)}
    if row.kind == SETTLED:
        with localcontext(prec=EXACT):
            paid = one.tick_lot * (row.size_lots * MICRO + row.lag_us) / MICRO
        return Report(what="settled", paid=f"{paid:f}", settled_at=row.id, **common)
    return Report(
        what=WHAT_OF[row.kind],
        id=f"{desk.prefix}{row.id}",
        side="buy" if row.side > 0 else "sell",
        size=grid.size(row.size_lots),
        filled=grid.size(filled_lots),
        sequence=sequence,
        maker=bool(row.marks & MAKER),
        reason=WHY_OF[row.reason],
        **common,
    )


def number_of(name: str) -> tuple[str, int]:
    """Return how an order's name begins, and its number.

    Raises:
        Unusable: it has none.
    """
    found = NUMBER.fullmatch(name)
    if found is None:
        raise Unusable(Reason.WRONG_TYPE)
    return found["prefix"], int(found["number"])


def wire_of(report: Report, grid: Grid, one: Instrument, ts_recv: int) -> Cell[Wire]:
    """Return what a report says, as it would have come over a wire at `ts_recv`; it happened before.

    Raises:
        Unusable: a number is not on the symbol's grid, or what names order and report is missing.
    """
    settled = report.what == "settled"
    what = _settled(report, grid, one) if settled else _ordered(report, grid)
    cell = Wire.cell()
    fields = np.asarray(cell)
    fields["row"][0] = (min(report.ts, ts_recv), ts_recv, *what)
    if not settled:
        fields["filled_lots"], fields["sequence"] = grid.lots(report.filled), report.sequence
    return cell


def _ordered(report: Report, grid: Grid) -> tuple[int, ...]:
    if report.side == "" or report.sequence == 0:
        raise Unusable(Reason.MISSING_FIELD)
    _, number = number_of(report.id)
    side = 1 if report.side == "buy" else -1
    marks = LAST | (MAKER if report.maker else 0)
    size = grid.lots(report.size)
    price = grid.ticks(report.price)
    if report.what == "filled":
        price, size = grid.traded(report.price, report.size)
    if price * size >= NOTIONAL_LIMIT:
        raise Unusable(Reason.OVERFLOW)
    return number, price, size, 0, WHATS[report.what], side, marks, WHYS[report.reason]


def _settled(report: Report, grid: Grid, one: Instrument) -> tuple[int, ...]:
    if report.settled_at == 0:
        raise Unusable(Reason.MISSING_FIELD)
    if not PAID.fullmatch(report.paid):
        raise Unusable(Reason.WRONG_TYPE)
    micro = Fraction(Decimal(report.paid)) / Fraction(one.tick_lot) * MICRO
    if micro.denominator != 1:
        raise Unusable(Reason.OFF_GRID)
    whole, rest = divmod(int(micro), MICRO)
    if abs(whole) >= LIMIT:
        raise Unusable(Reason.OVERFLOW)
    return report.settled_at, grid.ticks(report.price), whole, rest, SETTLED, 0, LAST, NO_REASON
