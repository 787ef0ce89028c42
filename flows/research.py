"""The fused driver: the same kernels in one compiled loop over a tape, no graph between them."""

from collections.abc import Callable
from typing import NamedTuple

from connectors.playback import Playback
from operators.desk import FRAME, Desk, Exchange, Rules, Sheets, desk_on_frame, open_desk, sheets
from operators.kernel import Table, kernel
from operators.ledger import Fill
from operators.loop import FINISHED, STARVED, play_round
from operators.rows import Row, Rows
from operators.venue import submit

LOG = 1 << 15


class Logs(NamedTuple):
    """What a stretch of the run did."""

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
    buffer: Rows,
    sheets: Sheets,
    logs: Logs,
) -> tuple[int, int, int]:
    """Play rounds until the tape is used up or a log may be full; return why, and what was logged."""
    n_requests = n_fills = 0
    cells = (exchange.loop, exchange.venue, exchange.book)
    setup = (rules.loop, rules.venue, rules.book)
    while n_requests + len(sheets.requests) < len(logs.requests) and n_fills + len(buffer) < len(logs.fills):
        n = play_round(cells, setup, tapes[0], tapes[1], until[0], until[1], buffer)
        if n < 0:
            return n, n_requests, n_fills
        rows = buffer[:n]
        _, requested, filled = desk_on_frame(desk, rules, rows, sheets)
        submit(exchange.venue, rules.venue, sheets.requests, requested)
        for k in range(requested):
            logs.requests[n_requests] = sheets.requests[k]
            n_requests += 1
        if filled > 0:
            for k in range(filled):
                logs.fills[n_fills + k] = sheets.fills[k]
                logs.fill_rows[n_fills + k] = rows[sheets.fills[k].row]
            n_fills += filled
    return 0, n_requests, n_fills


def run_tape(playback: Playback, on_stretch: Callable[[Rows, Rows, Table[Fill]], None]) -> Desk:
    """Play a tape to its end through one symbol's desk; logs are handed out stretch by stretch."""
    desk = open_desk()
    paper = sheets(FRAME)
    logs = Logs(Row.table(LOG), Row.table(LOG), Fill.table(LOG))
    while True:
        why, n_requests, n_fills = run_stretch(
            desk,
            playback.exchange,
            playback.rules,
            (playback.desk, playback.venue),
            (playback.desk_until, playback.venue_until),
            playback.buffer,
            paper,
            logs,
        )
        on_stretch(logs.requests[:n_requests], logs.fill_rows[:n_fills], logs.fills[:n_fills])
        if why == FINISHED:
            return desk
        if why == STARVED:
            playback.load()
