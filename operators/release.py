"""What a window releases: the tape, reports and the clock, each in its place, a control before all."""

from typing import Final

from operators.book import BookParams
from operators.kernel import Cell, kernel
from operators.loop import Loop, LoopParams, play_window
from operators.queue import VenueParams
from operators.receipts import DROPPED, FIRST_ANOTHER, Receipts, show
from operators.ring import Book
from operators.rows import CLOCK, CONTROL, LAST, Rows
from operators.venue import RING, Venue, next_report_ns

NOTHING_LEFT: Final = -1


@kernel
def play_round(
    cells: tuple[Cell[Loop], Cell[Venue], Cell[Book], Cell[Receipts]],
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
    return release(cells[0][0], cells[1][0], cells[3][0], setup[0][0], desk_tape, until, out)


@kernel
def release(
    loop: Loop, venue: Venue, receipts: Receipts, times: LoopParams, tape: Rows, until_ns: int, out: Rows
) -> int:
    """Write what reaches us before `until_ns` into `out`; return the number of rows."""
    n = 0
    while n < len(out):
        run = take_market(loop, venue, tape, until_ns, len(out) - n)
        if run > 0:
            out[n : n + run] = tape[loop.desk - run : loop.desk]
            n += run
            continue
        made = take_own(loop, venue, receipts, times, until_ns, out, n)
        if made == NOTHING_LEFT:
            break
        n += made
    return n


@kernel
def take_market(loop: Loop, venue: Venue, tape: Rows, until_ns: int, at_most: int) -> int:
    """Step over the rows of the market that reach us next and before anything else; return how many.

    On a tie the market comes first, then reports, then the clock, which ends with the tape. A control
    that begins the window comes before all.
    """
    if loop.control_ns > 0:
        return 0
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
def take_own(
    loop: Loop, venue: Venue, receipts: Receipts, times: LoopParams, until_ns: int, out: Rows, n: int
) -> int:
    """Write the control, report or clock row that comes next into `out[n]`; return how many rows that made.

    None are made by a report that says nothing new; NOTHING_LEFT is that nothing comes before `until_ns`.
    """
    if loop.control_ns > 0:
        _control(loop, out, n)
        return 1
    report_ns = next_report_ns(venue)
    if min(report_ns, loop.next_clock_ns) >= until_ns:
        return NOTHING_LEFT
    if report_ns > loop.next_clock_ns:
        _tick(loop, times, out, n)
        return 1
    became = show(receipts, venue.reports[venue.reports_head % RING], out, n)
    if became != FIRST_ANOTHER:
        venue.reports_head += 1
    return 0 if became == DROPPED else 1


@kernel
def _control(loop: Loop, out: Rows, n: int) -> None:
    row = out[n]
    row.ts_event = row.ts_recv = loop.control_ns
    row.id = loop.control_id
    row.price_ticks = row.size_lots = 0
    row.lag_us = 0
    row.kind = CONTROL
    row.side = 0
    row.marks = LAST
    row.reason = loop.control
    loop.control = loop.control_ns = 0


@kernel
def _tick(loop: Loop, times: LoopParams, out: Rows, n: int) -> None:
    row = out[n]
    row.ts_event = row.ts_recv = loop.next_clock_ns
    row.id = row.price_ticks = row.size_lots = 0
    row.lag_us = 0
    row.kind = CLOCK
    row.side = row.marks = row.reason = 0
    loop.next_clock_ns += times.clock_ns
