"""The loop through the venue, in rounds: what reaches us in a window that no order decided in it can touch.

A window begins at the earliest instant at which anything can still reach us and
lasts entry + response latency; when decisions are made on clock rows alone, it
lasts until that long after the next one. The orders and fills are the same for
every window up to that.
"""

from typing import Final

from operators.book import BookParams
from operators.kernel import Cell, Record, kernel
from operators.matching import on_market, on_request
from operators.queue import VenueParams
from operators.ring import Book
from operators.rows import CLOCK, NEVER, Rows
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


@kernel
def first_ns(loop: Loop, venue: Venue, params: VenueParams, desk_tape: Rows, venue_tape: Rows) -> int:
    """Return the earliest instant at which anything can still reach us."""
    first = min(next_report_ns(venue), loop.next_clock_ns)
    if loop.desk < len(desk_tape):
        first = min(first, desk_tape[loop.desk].ts_recv)
    request_ns = next_request_ns(venue)
    if request_ns != NEVER:
        first = min(first, request_ns + params.response_ns)
    if venue.n_resting > 0 and loop.venue < len(venue_tape):
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
    if times.on_clock_only != 0:
        until = max(until, loop.next_clock_ns + max(1, latency_ns))
    if times.window_ns > 0:
        until = min(until, first + times.window_ns)
    if ended:
        until = min(until, end_ns + 1)
    if until > desk_until or until - params.response_ns > venue_until:
        return STARVED
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
        if not crowded and request_ns >= until_ns:
            return until_ns
        if crowded or not has_room(venue):
            now = tape[loop.venue].ts_event if crowded else request_ns
            return max(now, venue.reports[venue.reports_head % RING].ts_event + 1)
        venue.now_ns = request_ns
        on_request(venue, book, params, venue.requests[venue.requests_head % RING])
        venue.requests_head += 1


@kernel
def _live_through(
    loop: Loop, venue: Venue, book: Book, rules: BookParams, params: VenueParams, tape: Rows, last_ns: int
) -> bool:
    """Let the market act up to and including `last_ns`; return whether it paused: reports have no room."""
    k, size = loop.venue, len(tape)
    while k < size and tape[k].ts_event <= last_ns and (venue.n_resting == 0 or has_room(venue)):
        on_market(venue, book, rules, params, tape[k])
        k += 1
    if k > loop.venue:
        venue.now_ns = tape[k - 1].ts_event
    loop.venue = k
    return k < size and tape[k].ts_event <= last_ns


@kernel
def release(loop: Loop, venue: Venue, times: LoopParams, tape: Rows, until_ns: int, out: Rows) -> int:
    """Write what reaches us before `until_ns` into `out`; return the number of rows."""
    n = 0
    while n < len(out):
        run = take_market(loop, venue, tape, until_ns, len(out) - n)
        if run > 0:
            out[n : n + run] = tape[loop.desk - run : loop.desk]
            n += run
        elif take_own(loop, venue, times, until_ns, out, n):
            n += 1
        else:
            break
    return n


@kernel
def take_market(loop: Loop, venue: Venue, tape: Rows, until_ns: int, at_most: int) -> int:
    """Step over the rows of the market that reach us next and before anything else; return how many.

    On a tie the market comes first, then reports, then the clock, which ends with the tape.
    """
    last_ns = min(until_ns - 1, next_report_ns(venue), loop.next_clock_ns)
    k, end = loop.desk, min(len(tape), loop.desk + at_most)
    while k < end and tape[k].ts_recv <= last_ns:
        k += 1
    run = k - loop.desk
    if run > 0:
        loop.last_ns = tape[k - 1].ts_recv
        loop.desk = k
    return run


@kernel
def take_own(loop: Loop, venue: Venue, times: LoopParams, until_ns: int, out: Rows, n: int) -> bool:
    """Write the report or clock row that reaches us next into `out[n]`; return whether there is one."""
    report_ns = next_report_ns(venue)
    if min(report_ns, loop.next_clock_ns) >= until_ns:
        return False
    if report_ns <= loop.next_clock_ns:
        out[n] = venue.reports[venue.reports_head % RING]
        venue.reports_head += 1
    else:
        _tick(loop, times, out, n)
    return True


@kernel
def _tick(loop: Loop, times: LoopParams, out: Rows, n: int) -> None:
    row = out[n]
    row.ts_event = row.ts_recv = loop.next_clock_ns
    row.id = row.price_ticks = row.size_lots = 0
    row.lag_us = 0
    row.kind = CLOCK
    row.side = row.marks = row.reason = 0
    loop.next_clock_ns += times.clock_ns


@kernel
def play_window(
    cells: tuple[Cell[Loop], Cell[Venue], Cell[Book]],
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


@kernel
def play_round(
    cells: tuple[Cell[Loop], Cell[Venue], Cell[Book]],
    setup: tuple[Cell[LoopParams], Cell[VenueParams], Cell[BookParams]],
    desk_tape: Rows,
    venue_tape: Rows,
    desk_until: int,
    venue_until: int,
    out: Rows,
) -> int:
    """Play one round and write what reaches us into `out`; return its row count, STARVED or FINISHED."""
    until = play_window(cells, setup, desk_tape, venue_tape, desk_until, venue_until)
    if until < 0:
        return until
    return release(cells[0][0], cells[1][0], setup[0][0], desk_tape, until, out)
