"""What comes out of a symbol's desk: requests, fills as booked, changes of the trading state, samples."""

from typing import NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from operators.kernel import Cell, Record, Table
from operators.ledger import Fill
from operators.orders import SLOTS
from operators.rows import Row, Rows
from operators.samples import Sample
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
    samples: int
    control_ns: int
    """When a control came that ended a stretch, and with which window."""
    control_window: int


class Outbox(NamedTuple):
    """Tables that are written from the front; `counts` says how far."""

    counts: Cell[Counts]
    requests: Rows
    fills: Table[Fill]
    transitions: Table[Transition]
    samples: Table[Sample]


class Reused:
    """An outbox that is used frame after frame, and grows with them."""

    def __init__(self) -> None:
        self.n_rows = 0
        self._open(64)

    def _open(self, n_rows: int) -> None:
        self.n_rows = n_rows
        self.box = open_outbox(n_rows)
        self.counts = cast("NDArray[np.void]", self.box.counts).view(np.int64)

    def clear(self, n_rows: int) -> Outbox:
        """Return it empty, with room for all that a frame of so many rows can make."""
        if n_rows > self.n_rows:
            self._open(2 * n_rows)
        self.counts[:] = 0
        return self.box

    def used(self) -> list[int]:
        """Return how much of each table is used, as `Counts` names them."""
        return cast("list[int]", self.counts.tolist())


def open_outbox(n_rows: int) -> Outbox:
    """Return an outbox for all that a frame of so many rows can make."""
    return Outbox(
        Counts.cell(),
        Row.table(3 * n_rows + 4 * SLOTS + ROOM),
        Fill.table(n_rows),
        Transition.table(n_rows + 1),
        Sample.table(n_rows),
    )
