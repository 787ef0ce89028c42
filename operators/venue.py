"""A simulated venue's memory: our resting orders, and the wires to and from it."""

from typing import Annotated, Final

import numpy as np
from numpy.typing import NDArray

from operators.kernel import Cell, Record, Table, kernel
from operators.queue import Resting, VenueParams
from operators.ring import NO_ASK, NO_BID, side_index
from operators.rows import (
    LAST,
    MAKER,
    NEVER,
    Row,
    Rows,
)

SLOTS: Final = 32
RING: Final = 256
ROOM: Final = 2 * SLOTS
"""Reports that one fact can cause at most."""


class Venue(Record):
    """Everything the venue remembers, the wires to and from it included."""

    now_ns: int
    n_resting: int
    fault: int
    requests_head: int
    requests_tail: int
    reports_head: int
    reports_tail: int
    nearest: Annotated[NDArray[np.int64], np.int64, (2,)]
    """Price of our best resting bid and ask: what the market must reach to fill any."""
    deepest: Annotated[NDArray[np.int64], np.int64, (2,)]
    resting: Annotated[Table[Resting], Resting.dtype, (SLOTS,)]
    requests: Annotated[Rows, Row.dtype, (RING,)]
    reports: Annotated[Rows, Row.dtype, (RING,)]


@kernel
def submit(cell: Cell[Venue], setup: Cell[VenueParams], requests: Rows, n: int) -> None:
    """Put requests on the wire; each arrives `entry_ns` after it was made."""
    venue, params = cell[0], setup[0]
    for k in range(n):
        if venue.requests_tail - venue.requests_head == RING:
            venue.fault = 1
            return
        slot = venue.requests_tail % RING
        venue.requests[slot] = requests[k]
        venue.requests[slot].ts_event = requests[k].ts_recv + params.entry_ns
        venue.requests_tail += 1


@kernel
def report(
    venue: Venue, params: VenueParams, kind: int, number: int, side: int, ticks: int, lots: int, ts_ns: int
) -> None:
    """Tell us, `response_ns` later."""
    row = venue.reports[venue.reports_tail % RING]
    row.ts_event = ts_ns
    row.ts_recv = ts_ns + params.response_ns
    row.id = number
    row.kind = kind
    row.side = side
    row.price_ticks = ticks
    row.size_lots = lots
    row.marks = LAST | MAKER
    row.reason = 0
    row.lag_us = 0
    venue.reports_tail += 1


@kernel
def answer(venue: Venue, params: VenueParams, kind: int, row: Row, reason: int) -> None:
    """Answer a request about itself, with why it failed."""
    slot = venue.reports_tail % RING
    report(venue, params, kind, row.id, row.side, row.price_ticks, row.size_lots, row.ts_event)
    venue.reports[slot].reason = reason


@kernel
def has_room(venue: Venue) -> bool:
    """Say whether all that one fact can cause still fits among the waiting reports."""
    return RING - (venue.reports_tail - venue.reports_head) >= ROOM


@kernel
def next_request_ns(venue: Venue) -> int:
    """Return when the next request arrives, or NEVER."""
    if venue.requests_head < venue.requests_tail:
        return venue.requests[venue.requests_head % RING].ts_event
    return NEVER


@kernel
def next_report_ns(venue: Venue) -> int:
    """Return when the next report reaches us, or NEVER."""
    if venue.reports_head < venue.reports_tail:
        return venue.reports[venue.reports_head % RING].ts_recv
    return NEVER


@kernel
def survey(venue: Venue) -> None:
    """Note which of our orders stand nearest to the market, and which deepest."""
    venue.nearest[0] = venue.deepest[1] = NO_BID
    venue.nearest[1] = venue.deepest[0] = NO_ASK
    for k in range(venue.n_resting):
        order = venue.resting[k]
        i = side_index(order.side)
        if order.side * (order.price_ticks - venue.nearest[i]) > 0:
            venue.nearest[i] = order.price_ticks
        if order.side * (venue.deepest[i] - order.price_ticks) > 0:
            venue.deepest[i] = order.price_ticks
