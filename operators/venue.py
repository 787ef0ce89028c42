"""A simulated venue's memory: our orders, resting and recently gone, and the wires to and from it."""

from typing import Annotated, Final

import numpy as np
from numpy.typing import NDArray

from operators.chance import ENTRY, LOSS, PRIME, REPETITION, RESPONSE, SWAP, draw, happens
from operators.kernel import Cell, Record, Table, kernel
from operators.queue import Resting, VenueParams
from operators.ring import NO_ASK, NO_BID, side_index
from operators.rows import LAST, NEVER, Row, Rows

SLOTS: Final = 32
MEMORY: Final = 64
"""Orders that are gone and still known."""
RING: Final = 256
ROOM: Final = 2 * SLOTS + 8
"""Reports that one fact can cause at most: a fill of each order, told twice, and what was held back."""
LONGEST_HOLD_NS: Final = 1_000_000_000
"""A report that another should overtake goes on alone after this."""
PATIENCE_NS: Final = 3_000_000_000
"""A settlement waits this long for the mark price it is made at."""


class Wire(Record):
    """A report on its way to us, and what tells us whether we missed others."""

    row: Annotated[Row, Row.dtype]
    filled_lots: int
    """Of this order so far, in total."""
    sequence: int
    """Which report about this order it is, from 1."""


class Gone(Record):
    """What is remembered of an order that no longer rests, or never did."""

    number: int
    filled_lots: int
    n_reports: int


class Venue(Record):
    """Everything the venue remembers, the wires to and from it included."""

    now_ns: int
    timed_ns: int
    """When it next does something of its own, 0 if nothing is due."""
    n_resting: int
    n_gone: int
    fault: int
    requests_head: int
    requests_tail: int
    reports_head: int
    reports_tail: int
    asked_ns: int
    """When the newest request arrives, and when the newest report does: neither wire lets one overtake."""
    told_ns: int
    held_ns: int
    """When a report that was held back goes on at the latest, 0 if none is."""
    rate_window: int
    n_in_window: int
    n_requests_lost: int
    n_reports_lost: int
    position_lots: int
    mark_ticks: int
    rate_e8: int
    settles_ns: int
    """When funding is settled next, 0 if unknown."""
    unsettled_lots: int
    """The position at a settlement that waits for its mark price."""
    unsettled_ns: int
    """When that settlement was; 0 if none waits."""
    nearest: Annotated[NDArray[np.int64], np.int64, (2,)]
    """Price of our best resting bid and ask: what the market must reach to fill any."""
    deepest: Annotated[NDArray[np.int64], np.int64, (2,)]
    resting: Annotated[Table[Resting], Resting.dtype, (SLOTS + 1,)]
    """The one after the last that rests is where a request is worked on."""
    gone: Annotated[Table[Gone], Gone.dtype, (MEMORY,)]
    requests: Annotated[Rows, Row.dtype, (RING,)]
    reports: Annotated[Table[Wire], Wire.dtype, (RING,)]
    draft: Annotated[Wire, Wire.dtype]
    held: Annotated[Wire, Wire.dtype]


@kernel
def in_outage(params: VenueParams, ts_ns: int) -> bool:
    """Say whether the venue is out: for the first `outage_for_ns` of every `outage_every_ns`."""
    return params.outage_every_ns > 0 and ts_ns % params.outage_every_ns < params.outage_for_ns


@kernel
def submit(cell: Cell[Venue], setup: Cell[VenueParams], requests: Rows, n: int) -> None:
    """Put requests on the wire; each arrives its latency after it was made, and after those before it."""
    venue, params = cell[0], setup[0]
    for k in range(n):
        if venue.requests_tail - venue.requests_head == RING:
            venue.fault = 1
            return
        latency_ns = params.entry_ns
        if params.n_entry > 0:
            which = draw(params.key, ENTRY + 16 * int(requests[k].kind), requests[k].id, requests[k].ts_recv)
            latency_ns = params.entry_table_ns[which * params.n_entry // PRIME]
        venue.asked_ns = max(venue.asked_ns, requests[k].ts_recv + latency_ns)
        slot = venue.requests_tail % RING
        venue.requests[slot] = requests[k]
        venue.requests[slot].ts_event = venue.asked_ns
        venue.requests_tail += 1


@kernel
def report(
    venue: Venue,
    params: VenueParams,
    kind: int,
    order: Resting,
    lots: int,
    marks: int,
    reason: int,
    ts_ns: int,
) -> None:
    """Tell us what became of an order, or of `lots` of it, unless the report is lost or held back."""
    order.n_reports += 1
    wire, key = venue.draft, params.key
    row = wire.row
    row.ts_event = ts_ns
    row.id = order.number
    row.kind = kind
    row.side = order.side
    row.price_ticks = order.price_ticks
    row.size_lots = lots
    row.marks = LAST | marks
    row.reason = reason
    row.lag_us = 0
    wire.filled_lots = order.filled_lots
    wire.sequence = order.n_reports
    if in_outage(params, ts_ns) or happens(params.lose_share, key, LOSS, row.id, wire.sequence):
        venue.n_reports_lost += 1
    elif venue.held_ns == 0 and happens(params.swap_share, key, SWAP, row.id, wire.sequence):
        venue.held = venue.draft
        venue.held_ns = ts_ns + LONGEST_HOLD_NS
        schedule(venue)
    else:
        send(venue, params, venue.draft, ts_ns)
        if happens(params.repeat_share, key, REPETITION, row.id, wire.sequence):
            send(venue, params, venue.draft, ts_ns)
        let_go(venue, params, ts_ns)


@kernel
def send(venue: Venue, params: VenueParams, wire: Wire, ts_ns: int) -> None:
    """Put a report on the wire; it reaches us its latency later, and after those before it."""
    latency_ns = params.response_ns
    if params.n_response > 0:
        which = draw(params.key, RESPONSE, wire.row.id, wire.sequence)
        latency_ns = params.response_table_ns[which * params.n_response // PRIME]
    venue.told_ns = max(venue.told_ns, ts_ns + latency_ns)
    wire.row.ts_recv = venue.told_ns
    venue.reports[venue.reports_tail % RING] = wire
    venue.reports_tail += 1


@kernel
def let_go(venue: Venue, params: VenueParams, ts_ns: int) -> None:
    """Send what was held back, now that another report has overtaken it or it has waited long enough."""
    if venue.held_ns > 0:
        venue.held_ns = 0
        schedule(venue)
        send(venue, params, venue.held, ts_ns)


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
        return venue.reports[venue.reports_head % RING].row.ts_recv
    return NEVER


@kernel
def survey(venue: Venue) -> None:
    """Note which of our orders stand nearest to the market, which deepest, and what is due when."""
    venue.nearest[0] = venue.deepest[1] = NO_BID
    venue.nearest[1] = venue.deepest[0] = NO_ASK
    for k in range(venue.n_resting):
        order = venue.resting[k]
        i = side_index(order.side)
        if order.side * (order.price_ticks - venue.nearest[i]) > 0:
            venue.nearest[i] = order.price_ticks
        if order.side * (venue.deepest[i] - order.price_ticks) > 0:
            venue.deepest[i] = order.price_ticks
    schedule(venue)


@kernel
def schedule(venue: Venue) -> None:
    """Note when the venue next does something of its own."""
    due_ns = NEVER
    for ts_ns in (venue.held_ns, venue.settles_ns, unsettled_until_ns(venue)):
        if ts_ns > 0:
            due_ns = min(due_ns, ts_ns)
    for k in range(venue.n_resting):
        if venue.resting[k].expires_ns > 0:
            due_ns = min(due_ns, venue.resting[k].expires_ns)
    venue.timed_ns = 0 if due_ns == NEVER else due_ns


@kernel
def unsettled_until_ns(venue: Venue) -> int:
    """Return until when a settlement waits for its mark price, 0 if none does."""
    return venue.unsettled_ns + PATIENCE_NS if venue.unsettled_ns > 0 else 0
