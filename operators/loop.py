"""The loop through the venue, in rounds: what reaches us in a window that no order decided in it can touch.

A window begins at the earliest instant at which anything can still reach us and
lasts entry + response latency, the shortest there can be; when decisions are made
on clock rows alone, it lasts until that long after the next one. The orders and
fills are the same for every window up to that.

A control that an operator asked for is the first row of a window.
"""

from typing import Final

from operators.book import BookParams
from operators.kernel import Cell, Record, kernel
from operators.matching import on_market, on_time
from operators.queue import VenueParams
from operators.receipts import Receipts
from operators.requests import on_request
from operators.ring import Book
from operators.rows import NEVER, Rows
from operators.venue import RING, Venue, has_room, next_report_ns, next_request_ns

STARVED: Final = -1
"""The window reaches beyond what has been read of the tape."""
FINISHED: Final = -2


class LoopParams(Record):
    """How time is cut."""

    clock_ns: int
    on_clock_only: int
    window_ns: int
    """At most this long; 0 is as long as is safe."""


class Loop(Record):
    """How much of the loaded tape has been handed out, to us and to the venue."""

    number: int
    """Of the last window."""
    desk: int
    venue: int
    next_clock_ns: int
    last_ns: int
    """Receive time of the newest row of the tape handed to us."""
    control: int
    """What an operator asked for, a reason of a CONTROL row, 0 for nothing."""
    control_id: int
    control_at: int
    """Number of the window that it begins, 0 for the next."""
    control_ns: int
    """When the control that begins the open window reaches us, 0 if it has, or if there is none."""


@kernel
def first_ns(loop: Loop, venue: Venue, params: VenueParams, desk_tape: Rows, venue_tape: Rows) -> int:
    """Return the earliest instant at which anything can still reach us."""
    first = min(next_report_ns(venue), loop.next_clock_ns)
    if loop.desk < len(desk_tape):
        first = min(first, desk_tape[loop.desk].ts_recv)
    request_ns = next_request_ns(venue)
    if request_ns != NEVER:
        first = min(first, request_ns + params.response_ns)
    if venue.timed_ns > 0:
        first = min(first, max(venue.now_ns, venue.timed_ns) + params.response_ns)
    exposed = venue.n_resting > 0 or venue.position_lots != 0 or venue.unsettled_ns > 0
    if exposed and loop.venue < len(venue_tape):
        first = min(first, max(venue.now_ns, venue_tape[loop.venue].ts_event) + params.response_ns)
    return first


@kernel
def open_window(
    loop: Loop,
    venue: Venue,
    params: VenueParams,
    times: LoopParams,
    desk_tape: Rows,
    venue_tape: Rows,
    desk_until: int,
    venue_until: int,
) -> int:
    """Return the end of the next window, STARVED when more of the tape must be read first, or FINISHED."""
    ended = desk_until == NEVER
    handed_out = loop.desk >= len(desk_tape)
    if handed_out and not ended:
        return STARVED
    end_ns = loop.last_ns if handed_out else desk_tape[len(desk_tape) - 1].ts_recv
    if loop.next_clock_ns == 0 and not handed_out:
        loop.next_clock_ns = (desk_tape[loop.desk].ts_recv // times.clock_ns + 1) * times.clock_ns
    latency_ns = params.entry_ns + params.response_ns
    first = first_ns(loop, venue, params, desk_tape, venue_tape)
    if handed_out and (first > end_ns or end_ns == 0):
        return FINISHED
    until = first + max(1, latency_ns)
    controlled = loop.control != 0 and loop.control_at <= loop.number + 1
    if times.on_clock_only != 0 and not controlled:
        until = max(until, loop.next_clock_ns + max(1, latency_ns))
    if times.window_ns > 0:
        until = min(until, first + times.window_ns)
    if ended:
        until = min(until, end_ns + 1)
    if until > desk_until or until - params.response_ns > venue_until:
        return STARVED
    if controlled:
        loop.control_ns = first
    return until


@kernel
def advance(
    loop: Loop, venue: Venue, book: Book, rules: BookParams, params: VenueParams, tape: Rows, until_ns: int
) -> int:
    """Let the venue live through everything before `until_ns`, the market before us on a tie.

    Returns `until_ns`, or, paused because many reports wait, an instant after the oldest of them.
    """
    while True:
        request_ns = next_request_ns(venue)
        last_ns = min(request_ns, until_ns - 1)
        crowded = _live_through(loop, venue, book, rules, params, tape, last_ns)
        due = not crowded and 0 < venue.timed_ns <= last_ns
        if not crowded and not due and request_ns >= until_ns:
            return until_ns
        if crowded or not has_room(venue):
            now = tape[loop.venue].ts_event if crowded else venue.timed_ns if due else request_ns
            oldest_ns = venue.reports[venue.reports_head % RING].row.ts_recv
            return max(now, oldest_ns - params.response_ns + 1)
        if due:
            venue.now_ns = venue.timed_ns
            on_time(venue, params, venue.timed_ns)
            continue
        venue.now_ns = request_ns
        on_request(venue, book, params, venue.requests[venue.requests_head % RING])
        venue.requests_head += 1


@kernel
def _live_through(
    loop: Loop, venue: Venue, book: Book, rules: BookParams, params: VenueParams, tape: Rows, last_ns: int
) -> bool:
    """Let the market act up to and including `last_ns`, or before what the venue does of its own.

    Return whether it paused: reports have no room.
    """
    k, size = loop.venue, len(tape)
    while k < size and tape[k].ts_event <= last_ns:
        if 0 < venue.timed_ns <= tape[k].ts_event:
            break
        if venue.n_resting > 0 and not has_room(venue):
            break
        on_market(venue, book, rules, params, tape[k])
        k += 1
    if k > loop.venue:
        venue.now_ns = tape[k - 1].ts_event
    loop.venue = k
    late = k < size and tape[k].ts_event <= last_ns
    return late and not 0 < venue.timed_ns <= tape[k].ts_event


@kernel
def play_window(
    cells: tuple[Cell[Loop], Cell[Venue], Cell[Book], Cell[Receipts]],
    setup: tuple[Cell[LoopParams], Cell[VenueParams], Cell[BookParams]],
    desk_tape: Rows,
    venue_tape: Rows,
    desk_until: int,
    venue_until: int,
) -> int:
    """Let the venue live through the next window; return its end as we see it, STARVED or FINISHED."""
    loop, venue, book = cells[0][0], cells[1][0], cells[2][0]
    times, params, rules = setup[0][0], setup[1][0], setup[2][0]
    until = open_window(loop, venue, params, times, desk_tape, venue_tape, desk_until, venue_until)
    if until < 0:
        return until
    reached = advance(loop, venue, book, rules, params, venue_tape, until - params.response_ns)
    loop.number += 1
    return min(until, reached + params.response_ns)
