"""The fused driver: the same kernels in one compiled loop over a tape, no graph between them."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from connectors.playback import Playback
from connectors.whole import picked
from operators.asmm import Quotes, asmm_on_frame
from operators.book import book_on_frame
from operators.desk import (
    Desk,
    Exchange,
    Rules,
    Sheet,
    desk_on_rows,
    open_desk,
    open_sheet,
    requests_room,
)
from operators.flow import flow_on_frame
from operators.kernel import Table, kernel
from operators.ledger import Fill, ledger_on_frame
from operators.loop import FINISHED, STARVED, play_window
from operators.measure import Measure
from operators.receipts import ask
from operators.release import take_market, take_own
from operators.risk import risk_on_frame
from operators.rows import Row, Rows
from operators.touch import Top
from operators.toxicity import Reading

LOG = 1 << 15
SPARE = 1 << 11
"""More requests or fills than one window can make: what our slots and the venue's waiting reports allow."""


class Logs(NamedTuple):
    """What a frame, or a stretch of the run, did."""

    requests: Rows
    fill_rows: Rows
    fills: Table[Fill]


@kernel
def run_stretch(
    desk: Desk,
    exchange: Exchange,
    rules: Rules,
    tapes: tuple[Rows, Rows],
    until: tuple[int, int],
    sheet: Sheet,
    own: Rows,
    logs: Logs,
) -> tuple[int, int, int]:
    """Play windows until the tape is used up or a log may be full; return why, and what was logged."""
    n_requests = n_fills = 0
    loop, venue, times = exchange.loop[0], exchange.venue[0], rules.loop[0]
    receipts = exchange.receipts
    cells = (exchange.loop, exchange.venue, exchange.book, receipts)
    setup = (rules.loop, rules.venue, rules.book)
    while n_requests + SPARE < len(logs.requests) and n_fills + SPARE < len(logs.fills):
        until_ns = play_window(cells, setup, tapes[0], tapes[1], until[0], until[1])
        if until_ns < 0:
            return until_ns, n_requests, n_fills
        before = n_requests
        while True:
            run = take_market(loop, venue, tapes[0], until_ns, len(tapes[0]))
            if run > 0:
                rows = tapes[0][loop.desk - run : loop.desk]
            elif take_own(loop, venue, receipts[0], times, until_ns, own, 0):
                rows = own
            else:
                break
            known = n_fills
            n_requests, n_fills = desk_on_rows(
                desk, rules, rows, sheet, logs.requests, n_requests, logs.fills, n_fills
            )
            for k in range(known, n_fills):
                logs.fill_rows[k] = rows[logs.fills[k].row]
        ask(exchange.venue, receipts, rules.venue, logs.requests[before:n_requests], n_requests - before)
    return 0, n_requests, n_fills


def step_by_step(desk: Desk, rules: Rules, measure: Measure, rows: Rows) -> Logs:
    """Take a frame through one step after the other, as the graph does; return what it made of it."""
    n = len(rows)
    tops, readings, quotes = Top.table(n), Reading.table(n), Quotes.table(n)
    requests, fills = Row.table(requests_room(n)), Fill.table(n)
    book_on_frame(desk.book, rules.book, rows, tops)
    measure.on_frame(rows, readings)
    flow_on_frame(desk.flow, rules.flow, rows, readings)
    decided = asmm_on_frame(desk.asmm, rules.asmm, rows, tops, readings, quotes)
    asked = risk_on_frame(desk.risk, desk.orders, rules.risk, rules.orders, rows, quotes, decided, requests)
    filled = ledger_on_frame(desk.ledger, rules.ledger, rows, tops, readings, fills)
    return Logs(requests[:asked], picked(rows, np.asarray(fills)["row"][:filled]), fills[:filled])


def run_frames(
    playback: Playback,
    measure: Measure,
    on_stretch: Callable[[Rows, Rows, Table[Fill]], None],
    stops: Callable[[], bool] = lambda: False,
) -> tuple[Desk, bool]:
    """Play a tape as `run_tape` does, frame by frame: the measure of toxicity is ordinary Python."""
    desk, requests = open_desk(), Row.table(0)
    while not stops():
        rows = playback.play(requests)
        if rows is None:
            return desk, True
        made = step_by_step(desk, playback.rules, measure, rows)
        requests = made.requests
        on_stretch(*made)
    return desk, False


def run_tape(
    playback: Playback,
    on_stretch: Callable[[Rows, Rows, Table[Fill]], None],
    stops: Callable[[], bool] = lambda: False,
) -> tuple[Desk, bool]:
    """Play a tape through one symbol's desk, handing out logs stretch by stretch.

    Return the desk, and whether the tape came to its end before `stops` said yes.
    """
    desk, sheet, own = open_desk(), open_sheet(), Row.table(1)
    logs = Logs(Row.table(LOG), Row.table(LOG), Fill.table(LOG))
    while True:
        why, n_requests, n_fills = run_stretch(
            desk,
            playback.exchange,
            playback.rules,
            (playback.desk, playback.venue),
            (playback.desk_until, playback.venue_until),
            sheet,
            own,
            logs,
        )
        on_stretch(logs.requests[:n_requests], logs.fill_rows[:n_fills], logs.fills[:n_fills])
        if why == FINISHED or stops():
            return desk, why == FINISHED
        if why == STARVED:
            playback.load()
