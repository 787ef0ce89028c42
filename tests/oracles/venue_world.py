"""A venue and its book, spoken to in plain numbers."""

from typing import NamedTuple

import numpy as np

from operators.book import BookParams, open_book
from operators.matching import on_market, on_time
from operators.queue import PROB, Resting, VenueParams
from operators.requests import on_request
from operators.ring import Book
from operators.rows import (
    ACCEPTED,
    BEST,
    BUY,
    CLEAR,
    LAST,
    LEVEL,
    MARK,
    PLACE,
    POST_ONLY,
    SELL,
    TRADE,
    Row,
    Rows,
)
from operators.venue import RING, Venue


class Report(NamedTuple):
    kind: int
    number: int
    price_ticks: int
    lots: int
    reason: int = 0


def a_row(kind: int, side: int, price_ticks: int, lots: int, number: int = 0, ts_ns: int = 0) -> Row:
    """Return one fact that ends its message, seen when it happened."""
    row = Row.cell(ts_event=ts_ns, ts_recv=ts_ns, id=number, price_ticks=price_ticks, size_lots=lots)[0]
    row.kind, row.side, row.marks = kind, side, LAST
    return row


def joined(rows: list[Row]) -> Rows:
    """Return rows as the frame that kernels are called with."""
    table = Row.table(len(rows))
    for n, row in enumerate(rows):
        table[n] = row
    return table


class World:
    """Levels, prints and requests go in; reports come out."""

    def __init__(
        self,
        *,
        queue: int = PROB,
        partial: bool = True,
        minimum: int = 0,
        power: float = 3.0,
        **params: float,
    ) -> None:
        self.books, self.venues = Book.cell(), Venue.cell()
        open_book(self.books)
        self.params = VenueParams.cell(
            queue=queue,
            partial_fills=partial,
            min_notional_tick_lots=minimum,
            queue_power=power,
            **params,
        )
        self.rules = BookParams.cell(newer_wins=1)
        self._id = 0
        self.wires: list[tuple[int, int]] = []
        """Total filled and sequence of every report, beside it."""

    @property
    def venue(self) -> Venue:
        return self.venues[0]

    @property
    def orders(self) -> list[Resting]:
        return [self.venue.resting[k] for k in range(self.venue.n_resting)]

    def market(self, row: Row) -> list[Report]:
        on_market(self.venue, self.books[0], self.rules[0], self.params[0], row)
        return self.reports()

    def level(self, side: int, price_ticks: int, lots: int) -> list[Report]:
        self._id += 1
        return self.market(a_row(LEVEL, side, price_ticks, lots, self._id))

    def best(self, side: int, price_ticks: int, lots: int) -> list[Report]:
        self._id += 1
        return self.market(a_row(BEST, side, price_ticks, lots, self._id))

    def message(self, *levels: tuple[int, int, int]) -> list[Report]:
        """Tell of levels, as (side, price, lots), in one message of depth."""
        self._id += 1
        said = []
        for n, (side, price_ticks, lots) in enumerate(levels, start=1):
            row = a_row(LEVEL, side, price_ticks, lots, self._id)
            row.marks = LAST if n == len(levels) else 0
            said += self.market(row)
        return said

    def clear(self) -> list[Report]:
        self._id += 1
        return self.market(a_row(CLEAR, 0, 0, 0, self._id))

    def trade(self, side: int, price_ticks: int, lots: int) -> list[Report]:
        return self.market(a_row(TRADE, side, price_ticks, lots))

    def mark(self, price_ticks: int, rate_e8: int, next_ns: int, ts_ns: int) -> list[Report]:
        """Tell of a mark price; what is due before comes first, as in the loop."""
        said = self.until(ts_ns)
        return said + self.market(a_row(MARK, 0, price_ticks, rate_e8, next_ns, ts_ns))

    def until(self, ts_ns: int) -> list[Report]:
        """Let the venue do what is due by then."""
        while 0 < self.venue.timed_ns <= ts_ns:
            on_time(self.venue, self.params[0], self.venue.timed_ns)
        return self.reports()

    def ask_for(
        self,
        kind: int,
        number: int,
        side: int = 0,
        price_ticks: int = 0,
        lots: int = 0,
        *,
        marks: int = POST_ONLY,
        life_ms: int = 0,
        ts_ns: int = 0,
    ) -> list[Report]:
        self.ask(kind, number, side, price_ticks, lots, marks=marks, life_ms=life_ms, ts_ns=ts_ns)
        return self.reports()

    def ask(self, kind: int, number: int, side: int, price_ticks: int, lots: int, **how: int) -> None:
        """Ask, and leave the answers on the wire."""
        row = a_row(kind, side, price_ticks, lots, number, how.get("ts_ns", 0))
        row.marks, row.lag_us = LAST | how.get("marks", 0), how.get("life_ms", 0)
        on_request(self.venue, self.books[0], self.params[0], row)

    def print(self, side: int, price_ticks: int, lots: int) -> None:
        """Let a trade happen, and leave what is told of it on the wire."""
        row = a_row(TRADE, side, price_ticks, lots)
        on_market(self.venue, self.books[0], self.rules[0], self.params[0], row)

    def reports(self) -> list[Report]:
        """Return what the venue has said since the last call."""
        venue, said = self.venue, []
        while venue.reports_head < venue.reports_tail:
            wire = venue.reports[venue.reports_head % RING]
            row = wire.row
            self.wires.append((int(wire.filled_lots), int(wire.sequence)))
            fields = (row.kind, row.id, row.price_ticks, row.size_lots, row.reason)
            said.append(Report(*(int(np.int64(value)) for value in fields)))
            venue.reports_head += 1
        return said


def a_world(**how) -> World:
    """Return a venue with 10 lots bid at 1000 ticks and offered at 1001."""
    world = World(**how)
    world.level(BUY, 1000, 10)
    world.level(SELL, 1001, 10)
    return world


def a_deep_world(**how) -> World:
    """Return a venue with a synced book: offers of 10, 4, 0 and 7 lots from 1001, bids below."""
    world = World(**how)
    world.clear()
    world.message(
        *((SELL, 1001, 10), (SELL, 1002, 4), (SELL, 1004, 7)),
        *((BUY, 1000, 10), (BUY, 999, 4), (BUY, 997, 7)),
    )
    return world


def with_a_bid(lots: int = 5, ts_ns: int = 0, **how) -> World:
    """Return that venue with our bid at 1000, behind the 10."""
    world = a_world(**how)
    assert world.ask_for(PLACE, 1, BUY, 1000, lots, ts_ns=ts_ns) == [Report(ACCEPTED, 1, 1000, lots)]
    return world
