"""A desk, a venue and the loop between them, spoken to in plain rows."""

from typing import Final

import numpy as np

from operators.book import BookParams, open_book
from operators.loop import FINISHED, Loop, LoopParams
from operators.queue import VenueParams
from operators.receipts import Receipts, ask
from operators.release import play_round
from operators.ring import Book
from operators.rows import (
    ACCEPTED,
    AMEND,
    AMENDED,
    BUY,
    CANCEL,
    CANCELED,
    CLOCK,
    EXPIRED,
    FILLED,
    IMMEDIATE,
    LEVEL,
    MARK,
    NEVER,
    PLACE,
    POST_ONLY,
    QUERY,
    REJECTED,
    SELL,
    SETTLED,
    STATE,
    TRADE,
    Row,
    Rows,
)
from operators.venue import Venue
from tests.oracles.venue_world import a_row, joined

MS: Final = 1_000_000
START: Final = 1_000 * MS


class Desk:
    """Trades on everything it sees: prints, fills, acceptances and the clock."""

    def __init__(self, *, on_clock_only: bool = False) -> None:
        self.on_clock_only = on_clock_only
        self.number = 0
        self.live: list[int] = []
        self.price_ticks = 1000

    def on_frame(self, rows: Rows) -> list[Row]:
        return [request for n in range(len(rows)) for request in self.on_row(rows[n])]

    def on_row(self, row: Row) -> list[Row]:
        if row.kind == TRADE:
            self.price_ticks = row.price_ticks
        if row.kind == FILLED and row.id in self.live:
            self.live.remove(row.id)
        if row.kind == CLOCK:
            return self.cancel(row) + self.place(row, BUY) + self.place(row, SELL)
        if self.on_clock_only:
            return []
        if row.kind == FILLED:
            return self.place(row, -row.side)
        if row.kind == ACCEPTED and row.id % 4 == 0:
            return self.cancel(row)
        return self.place(row, BUY if row.id % 2 else SELL) if row.kind == TRADE and row.id % 5 == 0 else []

    def place(self, row: Row, side: int, *, marks: int = 0, edge: int = 1, life_ms: int = 0) -> list[Row]:
        if len(self.live) > 8:
            return []
        self.number += 1
        self.live.append(self.number)
        order = a_row(PLACE, side, self.price_ticks - edge * side, 3, self.number, row.ts_recv)
        order.marks, order.lag_us = order.marks | marks, life_ms
        return [order]

    def cancel(self, row: Row) -> list[Row]:
        if not self.live:
            return []
        return [a_row(CANCEL, BUY, 0, 0, self.live.pop(0), row.ts_recv)]


class BusyDesk(Desk):
    """Also takes, amends, asks, lets orders live for a while, and trades on whatever it is told."""

    def on_row(self, row: Row) -> list[Row]:
        if row.kind == TRADE:
            self.price_ticks = row.price_ticks
        gone = row.kind in (EXPIRED, REJECTED, CANCELED) or (
            row.kind in (FILLED, STATE) and row.size_lots in (0, 3)
        )
        if gone and row.id in self.live:
            self.live.remove(row.id)
        if row.kind in (FILLED, EXPIRED, SETTLED, AMENDED) or (row.kind == TRADE and row.id % 2 == 0):
            return self.act(row)
        return super().on_row(row)

    def act(self, row: Row) -> list[Row]:
        """Do one thing or another, by what the row says."""
        what, side = (row.ts_recv // 977 + row.kind) % 7, BUY if row.ts_recv // 1009 % 2 else SELL
        if what == 0:
            return self.place(row, side, edge=3, life_ms=7)
        if what == 1:
            return self.place(row, side, marks=IMMEDIATE, edge=-1)
        if what == 2:
            return self.place(row, side, marks=POST_ONLY, edge=1)
        if what == 3 or not self.live:
            return self.place(row, side)
        kind = AMEND if what == 4 else QUERY
        number = self.live[row.ts_recv // 31 % len(self.live)]
        return [a_row(kind, side, self.price_ticks - 2 * side, 3, number, row.ts_recv)]


class Script:
    """Answers the n-th row that it sees with what was written down for it."""

    def __init__(self, answers: dict[int, list[Row]]) -> None:
        self.answers, self.seen = answers, 0

    def on_frame(self, rows: Rows) -> list[Row]:
        first, self.seen = self.seen, self.seen + len(rows)
        return [request for n in range(first, self.seen) for request in self.answers.get(n, [])]


class Run:
    """A desk, a venue and the loop between them, over a tape that may come in pieces."""

    def __init__(self, desk, *, entry_ns=2 * MS, response_ns=3 * MS, out=512, venue=None, **times) -> None:
        self.desk = desk
        self.cells = Loop.cell(), Venue.cell(), Book.cell(), Receipts.cell()
        open_book(self.cells[2])
        latencies = {"entry_ns": entry_ns, "response_ns": response_ns}
        params = VenueParams.cell(**{"partial_fills": 1, "queue_power": 3.0} | latencies | (venue or {}))
        self.setup = LoopParams.cell(**{"clock_ns": 20 * MS} | times), params, BookParams.cell(newer_wins=1)
        self.out = Row.table(out)
        self.got: list[bytes] = []
        self.rounds = 0

    def play(self, tape: Rows, venue_tape: Rows, desk_until: int = NEVER, venue_until: int = NEVER) -> int:
        """Play until STARVED or FINISHED."""
        n = 0
        while n >= 0:
            n = self.step(tape, venue_tape, desk_until, venue_until)
        return n

    def step(self, tape: Rows, venue_tape: Rows, desk_until: int = NEVER, venue_until: int = NEVER) -> int:
        """Play one round; return its rows, STARVED or FINISHED."""
        n = play_round(self.cells, self.setup, tape, venue_tape, desk_until, venue_until, self.out)
        self.rounds += 1
        assert self.rounds < 100_000, "the loop does not come to an end"
        if n >= 0:
            rows = self.out[:n].copy()
            self.got.append(rows.tobytes())
            requests = self.desk.on_frame(rows)
            ask(self.cells[1], self.cells[3], self.setup[1], joined(requests), len(requests))
        return n

    def whole(self, tape: Rows) -> "Run":
        assert self.play(tape, tape) == FINISHED
        return self

    @property
    def rows(self) -> bytes:
        return b"".join(self.got)

    @property
    def story(self) -> list[tuple[int, int, int]]:
        """Kind, number and receive time in ns after the start, of all that reached the desk."""
        rows = np.frombuffer(self.rows, Row.dtype)
        return [(int(row["kind"]), int(row["id"]), int(row["ts_recv"]) - START) for row in rows]


def a_tape(seed: int, n: int = 400, settles_every_ns: int = 0) -> Rows:
    """Return levels and prints around 1000 ticks that reach us a few ms late; mark prices too, if settled."""
    draw = np.random.default_rng(seed)
    rows, happened, seen = [], START, START
    for k in range(n):
        happened += int(draw.integers(0, 3)) * int(draw.integers(0, MS))
        seen = max(seen, happened + int(draw.integers(0, 4 * MS)))
        side = int(draw.choice([BUY, SELL]))
        if settles_every_ns and draw.random() < 0.2:
            next_ns = happened - happened % settles_every_ns + int(draw.integers(0, 2)) * settles_every_ns
            row = a_row(MARK, 0, 1000 + int(draw.integers(-3, 4)), int(draw.integers(-9, 9)) * 1000, next_ns)
        elif draw.random() < 0.5:
            row = a_row(TRADE, side, 1000 + side * int(draw.integers(0, 3)), int(draw.integers(1, 9)), k)
        else:
            row = a_row(LEVEL, side, 1000 - side * int(draw.integers(1, 4)), int(draw.integers(0, 6)), k)
        row.ts_event, row.ts_recv = happened, seen
        rows.append(row)
    return joined(rows)


def quiet(*times_ms: float) -> Rows:
    """Return levels far from the market, seen as they happen."""
    rows = [a_row(LEVEL, BUY, 500, k + 1, k, START + int(ms * MS)) for k, ms in enumerate(times_ms)]
    return joined(rows)
