"""What comes out of a symbol's desk: requests, fills as booked, changes of the trading state, samples."""

from typing import NamedTuple

from operators.accounts import Sample
from operators.kernel import Cell, Record, Table
from operators.ledger import Fill
from operators.orders import SLOTS
from operators.rows import Row, Rows
from operators.working import ROOM


class Transition(Record):
    """One change of the trading state."""

    row: int
    ts_ns: int
    was: int
    now: int
    reason: int
    """A code of `operators.limits`."""
    position_lots: int
    n_live: int
    """Orders that were live then."""


class Counts(Record):
    """How much of each table of an outbox is used."""

    requests: int
    fills: int
    transitions: int
    control_ns: int
    """When a control came that ended a stretch, and with which window."""
    control_window: int
    samples: int


class Outbox(NamedTuple):
    """Tables that are written from the front; `counts` says how far."""

    counts: Cell[Counts]
    requests: Rows
    fills: Table[Fill]
    transitions: Table[Transition]
    samples: Table[Sample]


def open_outbox(n_rows: int) -> Outbox:
    """Return an outbox for all that a frame of so many rows can make."""
    return Outbox(
        Counts.cell(),
        Row.table(2 * n_rows + 4 * SLOTS + ROOM),
        Fill.table(n_rows),
        Transition.table(n_rows + 1),
        Sample.table(n_rows),
    )
