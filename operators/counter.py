"""The simulated venue across a counter: all comes in one order, and is answered at once.

Nothing is on a wire here: whoever brings requests, and takes the reports away, is the latency.
"""

from operators.book import BookParams
from operators.kernel import Cell, Table, kernel
from operators.matching import on_market, on_time, remove
from operators.queue import VenueParams
from operators.requests import on_request
from operators.ring import Book
from operators.rows import CANCELED, CLOCK, CONTROL, PLACE, QUERY, Row, Rows
from operators.venue import RING, ROOM, Venue, Wire, let_go, report, survey

LEAST_ROOM: int = 6 * ROOM
"""Reports that a table must have room for: of what is due before a row, one by one, and of the row."""


@kernel
def serve(
    cells: tuple[Cell[Venue], Cell[Book]],
    setup: tuple[Cell[VenueParams], Cell[BookParams]],
    rows: Rows,
    begin: int,
    out: Table[Wire],
) -> tuple[int, int]:
    """Live through rows, from one on; return the first that was not, for want of room, and how many reports.

    A CONTROL row is that another desk comes, which knows nothing of what the one before had.
    """
    venue, book = cells[0][0], cells[1][0]
    params, rules = setup[0][0], setup[1][0]
    n, k = 0, begin
    while k < len(rows) and len(out) - n >= LEAST_ROOM:
        n = _reach(venue, params, rows[k], out, n)
        if rows[k].kind == CONTROL:
            dismiss(venue, params)
        elif PLACE <= rows[k].kind <= QUERY:
            rows[k].ts_event = venue.now_ns
            on_request(venue, book, params, rows[k])
        elif rows[k].kind < CONTROL:
            on_market(venue, book, rules, params, rows[k])
        n = _hand_over(venue, out, n)
        k += 1
    return k, n


@kernel
def _reach(venue: Venue, params: VenueParams, row: Row, out: Table[Wire], n: int) -> int:
    """Let time go on to a fact of the market, or a tick of the clock, with all that is due until then."""
    if row.kind > CLOCK or row.kind == CONTROL:
        return n
    now_ns = max(venue.now_ns, row.ts_event)
    while 0 < venue.timed_ns <= now_ns:
        venue.now_ns = max(venue.now_ns, venue.timed_ns)
        on_time(venue, params, venue.timed_ns)
        n = _hand_over(venue, out, n)
    venue.now_ns = now_ns
    return n


@kernel
def dismiss(venue: Venue, params: VenueParams) -> None:
    """Cancel everything, and begin anew: no position, no memory of orders, nothing held back for another."""
    while venue.n_resting > 0:
        order = venue.resting[0]
        report(venue, params, CANCELED, order, order.leaves_lots, 0, 0, venue.now_ns)
        remove(venue, 0)
    let_go(venue, params, venue.now_ns)
    venue.n_gone = 0
    venue.position_lots = venue.unsettled_lots = venue.unsettled_ns = 0
    survey(venue)


@kernel
def _hand_over(venue: Venue, out: Table[Wire], n: int) -> int:
    while venue.reports_head < venue.reports_tail:
        out[n] = venue.reports[venue.reports_head % RING]
        venue.reports_head += 1
        n += 1
    return n
