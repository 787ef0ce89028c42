"""The fused driver: the same kernels in one compiled loop over a tape, no graph between them."""

import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from connectors.controls import Controls, Due
from connectors.playback import NOTHING_YET, PATIENCE_S, Playback
from connectors.reloads import Reload
from connectors.whole import picked
from operators.book import book_on_frame
from operators.desk import (
    Desk,
    Exchange,
    Rules,
    Sheet,
    desk_on_rows,
    office_of,
    office_rules,
    open_desk,
    open_sheet,
)
from operators.flow import flow_on_frame
from operators.kernel import Table, kernel
from operators.ledger import Fill
from operators.loop import FINISHED, STARVED, play_window
from operators.measure import Measure, VpinMeasure
from operators.office import office_on_frame
from operators.outbox import Counts, Outbox, Transition, open_outbox
from operators.quoter import Model, quotes_on_frame
from operators.quotes import Quotes
from operators.receipts import ask
from operators.release import NOTHING_LEFT, take_market, take_own
from operators.reload import quote_anew, restart_window
from operators.rows import CONTROL, Row, Rows
from operators.samples import Sample
from operators.touch import Top
from operators.toxicity import Reading

LOG = 1 << 15
SPARE = 1 << 12
"""More requests, fills or samples than one window can make: what our slots and the venue's waiting reports
allow, and one sample a second."""


class Logs(NamedTuple):
    """What a frame, or a stretch of the run, did."""

    requests: Rows
    fill_rows: Rows
    fills: Table[Fill]
    transitions: Table[Transition]
    samples: Table[Sample]


OnStretch = Callable[[Logs], None]


@kernel
def run_stretch(
    desk: Desk,
    exchange: Exchange,
    rules: Rules,
    tapes: tuple[Rows, Rows],
    until: tuple[int, int, int],
    sheet: Sheet,
    fill_rows: Rows,
    outbox: Outbox,
) -> int:
    """Play windows until the tape is used up, a table may be full, or this window is next; return why."""
    own = fill_rows[len(fill_rows) - 1 :]
    loop, venue, times, counts = exchange.loop[0], exchange.venue[0], rules.loop[0], outbox.counts[0]
    receipts = exchange.receipts
    cells = (exchange.loop, exchange.venue, exchange.book, receipts)
    setup = (rules.loop, rules.venue, rules.book)
    while max(counts.requests, counts.fills, counts.samples, counts.transitions) + SPARE < LOG:
        if loop.number + 1 == until[2]:
            break
        until_ns = play_window(cells, setup, tapes[0], tapes[1], until[0], until[1])
        if until_ns < 0:
            return until_ns
        before = counts.requests
        while True:
            run = take_market(loop, venue, tapes[0], until_ns, len(tapes[0]))
            if run > 0:
                rows = tapes[0][loop.desk - run : loop.desk]
            else:
                made = take_own(loop, venue, receipts[0], times, until_ns, own, 0)
                if made == NOTHING_LEFT:
                    break
                rows = own[:made]
                if made > 0 and own[0].kind == CONTROL:
                    counts.control_ns, counts.control_window = own[0].ts_recv, loop.number
            known = counts.fills
            desk_on_rows(desk, rules, rows, sheet, outbox)
            for k in range(known, counts.fills):
                fill_rows[k] = rows[outbox.fills[k].row]
        sent = outbox.requests[before : counts.requests]
        ask(exchange.venue, receipts, rules.venue, sent, counts.requests - before)
        if counts.control_window > 0:
            break
    return 0


def step_by_step(desk: Desk, rules: Rules, measure: Measure, rows: Rows, model: Model | None = None) -> Logs:
    """Take a frame through one step after the other, as the graph does; return what it made of it."""
    n = len(rows)
    tops, readings, quotes, outbox = Top.table(n), Reading.table(n), Quotes.table(n), open_outbox(n)
    book_on_frame(desk.book, desk.own, rules.book, rows, tops)
    measure.on_frame(rows, readings)
    flow_on_frame(desk.flow, rules.flow, rows, readings)
    decided = quotes_on_frame(desk.asmm, rules.asmm, rows, tops, readings, quotes, model)
    office_on_frame(office_of(desk), office_rules(rules), rows, tops, readings, quotes, decided, outbox)
    where = np.asarray(outbox.fills)["row"][: outbox.counts[0].fills]
    return _logs(outbox, picked(rows, where))


def _logs(outbox: Outbox, fill_rows: Rows) -> Logs:
    counts = outbox.counts[0]
    return Logs(
        outbox.requests[: counts.requests],
        fill_rows[: counts.fills],
        outbox.fills[: counts.fills],
        outbox.transitions[: counts.transitions],
        outbox.samples[: counts.samples],
    )


def run_frames(
    playback: Playback,
    measure: Measure,
    model: Model | None,
    on_stretch: OnStretch,
    stops: Callable[[], bool] = lambda: False,
    controls: Controls | None = None,
) -> tuple[Desk, bool]:
    """Play a tape as `run_tape` does, frame by frame: the measure or the model is ordinary Python."""
    desk, requests, number = open_desk(), Row.table(0), 0
    while not stops():
        number += 1
        wanted = None if controls is None else controls.due(number)
        if controls is not None and wanted is not None:
            playback.control(wanted.reason, controls.n + 1)
        rows = playback.play(requests)
        while rows is NOTHING_YET and not stops():
            time.sleep(PATIENCE_S)
            rows = playback.play(NOTHING_YET)
        if rows is None:
            return desk, True
        if rows is NOTHING_YET:
            break
        if controls is not None and wanted is not None:
            controls.note(int(rows[0].ts_recv), number, wanted)
            if wanted.reload is not None:
                _adopt(desk, playback, wanted.reload)
                if isinstance(measure, VpinMeasure):
                    measure.adopt(playback.rules.vpin, new_window=wanted.reload.new_window)
        made = step_by_step(desk, playback.rules, measure, rows, model)
        requests = made.requests
        on_stretch(made)
    return desk, False


def run_tape(
    playback: Playback,
    on_stretch: OnStretch,
    stops: Callable[[], bool] = lambda: False,
    controls: Controls | None = None,
) -> tuple[Desk, bool]:
    """Play a tape through one symbol's desk, handing out logs stretch by stretch.

    Return the desk, and whether the tape came to its end before `stops` said yes.
    """
    desk, sheet, fill_rows = open_desk(), open_sheet(), Row.table(LOG + 1)
    tables = Row.table(LOG), Fill.table(LOG), Transition.table(LOG), Sample.table(LOG)
    outbox = Outbox(Counts.cell(), *tables)
    wanted: Due | None = None
    while True:
        # One that is on its way stays so until its window is played: by then it may have been adopted.
        stop = 0
        if wanted is None and controls is not None:
            wanted, stop = _control(desk, playback, controls)
        why = run_stretch(
            desk,
            playback.exchange,
            playback.rules,
            (playback.desk, playback.venue),
            (playback.desk_until, playback.venue_until, stop),
            sheet,
            fill_rows,
            outbox,
        )
        counts = outbox.counts[0]
        if controls is not None and wanted is not None and counts.control_window > 0:
            controls.note(int(counts.control_ns), int(counts.control_window), wanted)
            wanted = None
        on_stretch(_logs(outbox, fill_rows))
        outbox = outbox._replace(counts=Counts.cell())
        if why == FINISHED or stops():
            return desk, why == FINISHED
        if why == STARVED and not playback.load():
            time.sleep(PATIENCE_S)


def _control(desk: Desk, playback: Playback, controls: Controls) -> tuple[Due | None, int]:
    """Let the loop know of the next control: of one that was recorded for a later window, or of a new one.

    New parameters hold from their window on, so it has to be the next: else return its number, at which
    the stretch has to stop, and no control.
    """
    following = int(playback.exchange.loop[0].number) + 1
    window = max(controls.next_frame(), following)
    due = controls.due(window)
    if due is None:
        return None, 0
    if due.reload is not None:
        if window > following:
            return None, window
        _adopt(desk, playback, due.reload)
    playback.control(due.reason, controls.n + 1, window)
    return due, 0


def _adopt(desk: Desk, playback: Playback, reload: Reload) -> None:
    """Go on by other parameters of the desk; how time is cut, and the venue, stay as they are."""
    old = playback.rules
    playback.rules = reload.rules._replace(loop=old.loop, venue=old.venue, book=old.book)
    quote_anew(desk.asmm, new_window=reload.new_window, new_fit=reload.new_fit)
    if reload.new_window:
        restart_window(desk.vpin)
