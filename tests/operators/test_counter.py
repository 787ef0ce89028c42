"""Across the counter comes what a venue at the end of wires without latency says, in the order of events."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pytest

from operators.book import BookParams, open_book
from operators.counter import LEAST_ROOM, serve
from operators.kernel import COMPILED
from operators.loop import Loop, advance
from operators.packing import pack_book, unpack_book
from operators.queue import VenueParams
from operators.ring import Book
from operators.rows import (
    AMEND,
    BUY,
    CANCEL,
    CANCELED,
    CLOCK,
    CONTROL,
    EXPIRED,
    FILLED,
    LEVEL,
    MARK,
    PLACE,
    POST_ONLY,
    QUERY,
    SELL,
    SETTLED,
    STATE,
    TRADE,
    Row,
)
from operators.venue import PATIENCE_NS, RING, SLOTS, Venue, Wire, submit
from tests.oracles.venue_world import a_row, joined

MS = 1_000_000
START = 1_000 * MS
SEEDS = range(8) if COMPILED else range(1)
LONG = 600 if COMPILED else 120
FAULTS = {"reject_share": 0.1, "lose_share": 0.1, "repeat_share": 0.2, "swap_share": 0.2, "key": 3}
VENUES = {
    "plain": {},
    "faults": FAULTS,
    "outages": {"outage_every_ns": 60 * MS, "outage_for_ns": 15 * MS},
    "limited": {"max_requests": 4, "rate_window_ns": 40 * MS},
    "whole": {"partial_fills": 0, "min_notional_tick_lots": 2998},
}


class Told(NamedTuple):
    """A report, in plain numbers."""

    kind: int
    number: int
    lots: int
    filled: int
    sequence: int
    ts_event: int
    ts_recv: int
    rest: tuple[int, ...]


def told(wire) -> Told:
    row = [int(value) for value in np.asarray(wire)["row"].item()]
    ts_event, ts_recv, number, ticks, lots, lag, kind, side, marks, reason = row
    rest = ticks, lag, side, marks, reason
    counts = int(wire["filled_lots"]), int(wire["sequence"])
    return Told(kind, number, lots, *counts, ts_event, ts_recv, rest)


def story(seed, n=LONG, *, controls=False):
    """Return facts, ticks of the clock and requests as they come, each later than the one before."""
    draw, rows, now = np.random.default_rng(seed), [], START
    for k in range(n):
        now += 1 + int(draw.integers(0, 3)) * int(draw.integers(0, MS))
        side, what = int(draw.choice([BUY, SELL])), draw.random()
        number, ticks = int(draw.integers(1, 2 + k // 9)), 1000 - side * int(draw.integers(-1, 4))
        if what < 0.1:
            next_ns = now + int(draw.integers(1, 40)) * MS
            row = a_row(MARK, 0, 1000 + int(draw.integers(-3, 4)), int(draw.integers(-9, 9)) * 1000, next_ns)
        elif what < 0.3:
            row = a_row(LEVEL, side, 1000 - side * int(draw.integers(1, 4)), int(draw.integers(0, 6)), k)
        elif what < 0.5:
            row = a_row(TRADE, side, 1000 + side * int(draw.integers(0, 3)), int(draw.integers(1, 9)), k)
        elif what < 0.55:
            now += int(draw.choice([0, 30 * MS, PATIENCE_NS + MS], p=[0.8, 0.15, 0.05]))
            row = a_row(CLOCK, 0, 0, 0)
        elif controls and what < 0.57:
            row = a_row(CONTROL, 0, 0, 0)
        else:
            kind = int(draw.choice([PLACE, PLACE, PLACE, AMEND, CANCEL, QUERY]))
            row = a_row(kind, side, ticks, int(draw.integers(1, 5)), number)
            row.marks |= POST_ONLY
            row.lag_us = int(draw.choice([0, 7, 90])) if kind == PLACE else 0
        row.ts_event = row.ts_recv = now
        rows.append(row)
    return rows


class Counter:
    """A venue across the counter."""

    def __init__(self, how=None, room=LEAST_ROOM + 64) -> None:
        self.venue, self.book = Venue.cell(), Book.cell()
        open_book(self.book)
        self.params = VenueParams.cell(**{"partial_fills": 1, "queue_power": 3.0} | (how or {}))
        self.rules = BookParams.cell(newer_wins=1)
        self.out, self.calls = Wire.table(room), 0

    def serve(self, rows) -> list[Told]:
        table, k, found = joined(rows), 0, []
        while k < len(table):
            before = k
            setup = self.params, self.rules
            k, n = serve((self.venue, self.book), setup, table, k, self.out)
            self.calls += 1
            assert k > before, "it does not go on"
            found += [told(np.asarray(self.out)[i]) for i in range(n)]
        return found


class Wired(Counter):
    """A venue at the end of wires without latency, spoken to one by one."""

    def serve(self, rows) -> list[Told]:
        facts = [row for row in rows if row.kind <= MARK]
        self.tape, self.loop, now, found = joined(facts), Loop.cell(), 0, []
        for row in rows:
            if row.kind <= CLOCK:
                now = max(now, int(row.ts_event))
            else:
                asked = joined([row])
                asked[0].ts_event = asked[0].ts_recv = now
                submit(self.venue, self.params, asked, 1)
            found += self.until(now + 1)
        return found

    def until(self, until_ns) -> list[Told]:
        cells = self.loop[0], self.venue[0], self.book[0], self.rules[0], self.params[0]
        found, reached = [], -1
        while reached != until_ns:
            reached = advance(*cells, self.tape, until_ns)
            found += self.drain()
        return found

    def drain(self) -> list[Told]:
        venue, found = self.venue[0], []
        while venue.reports_head < venue.reports_tail:
            found.append(told(np.asarray(venue.reports)[venue.reports_head % RING]))
            venue.reports_head += 1
        return found


def asked_when_heard(rows):
    """Draws depend on when a request was made: across the counter that is the last that was heard of time."""
    now, again = 0, []
    for row in rows:
        row = row.copy()  # noqa: PLW2901 - ours alone
        if row.kind <= CLOCK:
            now = max(now, int(row.ts_event))
        else:
            row.ts_recv = now
        again.append(row)
    return again


@pytest.mark.parametrize("how", VENUES)
@pytest.mark.parametrize("seed", SEEDS)
def test_it_says_what_a_venue_says_that_is_wired_without_latency(how, seed):
    rows = asked_when_heard(story(seed))
    across = Counter(VENUES[how]).serve(rows)
    assert across == Wired(VENUES[how]).serve(rows)
    assert len(across) > LONG // 10


@pytest.mark.skipif(not COMPILED, reason="interpreted, a story is too short for all of it")
def test_the_stories_are_of_all_that_may_happen():
    kinds = {each.kind for seed in SEEDS for each in Counter().serve(story(seed))}
    assert {FILLED, EXPIRED, SETTLED, STATE, CANCELED} <= kinds
    faulty = Counter(FAULTS)
    faulty.serve(story(1))
    assert faulty.venue[0].n_reports_lost > 0


@pytest.mark.parametrize("how", VENUES)
def test_time_at_the_venue_and_the_order_of_reports_never_go_back(how):
    said = Counter(VENUES[how]).serve(story(3, controls=True))
    assert all(a.ts_recv <= b.ts_recv for a, b in pairwise(said))
    assert all(each.ts_event <= each.ts_recv for each in said)


@pytest.mark.parametrize("how", VENUES)
@pytest.mark.parametrize("cut", [1, 7, 100])
def test_cutting_what_comes_and_going_on_from_bytes_changes_nothing(how, cut):
    rows = story(5, controls=True)
    whole, counter, pieces = Counter(VENUES[how]).serve(rows), Counter(VENUES[how]), []
    for k in range(0, len(rows), cut):
        pieces += counter.serve(rows[k : k + cut])
        counter.venue = Venue.load(counter.venue.tobytes())
        counter.book = unpack_book(pack_book(counter.book))
    assert pieces == whole


def test_with_little_room_it_goes_on_where_it_stopped():
    rows = story(6, controls=True)
    roomy, tight = Counter(FAULTS, room=1 << 14), Counter(FAULTS, room=LEAST_ROOM)
    assert tight.serve(rows) == roomy.serve(rows)
    assert (roomy.calls, tight.calls > 20) == (1, True)


def test_with_too_little_room_it_does_nothing():
    counter, rows = Counter(room=LEAST_ROOM - 1), joined(story(1, 9))
    before = counter.venue.tobytes()
    setup = counter.params, counter.rules
    assert serve((counter.venue, counter.book), setup, rows, 0, counter.out) == (0, 0)
    assert counter.venue.tobytes() == before


def timed(row: Row, ts_ns: int, life_ms: int = 0) -> Row:
    row.ts_event = row.ts_recv = ts_ns
    row.lag_us = life_ms
    if row.kind >= PLACE:
        row.marks |= POST_ONLY
    return row


def a_market(ts_ns=START):
    return [timed(a_row(LEVEL, BUY, 1000, 10, 1), ts_ns), timed(a_row(LEVEL, SELL, 1001, 10, 2), ts_ns)]


def brief(said):
    return [(each.kind, each.number, each.ts_event) for each in said]


def test_what_is_due_before_a_row_comes_before_what_the_row_does():
    counter = Counter()
    rows = [
        *a_market(),
        timed(a_row(PLACE, BUY, 1000, 5, 1), START, 7),
        timed(a_row(PLACE, BUY, 999, 5, 2), START),
    ]
    counter.serve(rows)
    through = timed(a_row(TRADE, SELL, 998, 1), START + 9 * MS)
    assert brief(counter.serve([through])) == [(EXPIRED, 1, START + 7 * MS), (FILLED, 2, START + 9 * MS)]


def test_a_life_ends_by_the_clock_alone():
    counter = Counter()
    counter.serve([*a_market(), timed(a_row(PLACE, BUY, 1000, 5, 1), START, 7)])
    assert counter.serve([timed(a_row(CLOCK, 0, 0, 0), START + 7 * MS - 1)]) == []
    assert brief(counter.serve([timed(a_row(CLOCK, 0, 0, 0), START + 7 * MS)])) == [
        (EXPIRED, 1, START + 7 * MS)
    ]


def test_a_settlement_is_made_on_the_position_before_the_fill_at_its_own_row():
    counter, due = Counter(), START + 20 * MS
    mark = timed(a_row(MARK, 0, 1000, 1_000_000, due), START)
    counter.serve([*a_market(), mark, timed(a_row(PLACE, BUY, 1000, 300, 1), START)])
    counter.serve([timed(a_row(TRADE, SELL, 1000, 110), START + MS)])
    said = counter.serve(
        [timed(a_row(TRADE, SELL, 999, 1), due), timed(a_row(CLOCK, 0, 0, 0), due + PATIENCE_NS)]
    )
    assert [(each.kind, each.lots) for each in said] == [(FILLED, 200), (SETTLED, 1000)]
    assert counter.venue[0].position_lots == 300


def test_one_row_may_cause_many_reports():
    counter = Counter({"repeat_share": 1.0})
    places = [timed(a_row(PLACE, BUY, 1000, 1, k + 1), START) for k in range(SLOTS)]
    counter.serve([*a_market(), *places])
    said = counter.serve([timed(a_row(TRADE, SELL, 990, 1), START + MS)])
    assert [each.kind for each in said] == [FILLED] * 2 * SLOTS
    assert len(said) < LEAST_ROOM


# Another desk.


def test_another_desk_finds_no_orders_no_position_and_no_memory():
    counter = Counter()
    places = [timed(a_row(PLACE, BUY, 1000 - k % 3, 5, k + 1), START, 7 * (k % 2)) for k in range(9)]
    counter.serve([*a_market(), *places, timed(a_row(TRADE, SELL, 1000, 12), START + MS)])
    assert counter.venue[0].position_lots == 2
    said = counter.serve([timed(a_row(CONTROL, 0, 0, 0), START + 2 * MS)])
    assert [(each.kind, each.number) for each in said] == [(CANCELED, k + 1) for k in range(9)]
    assert [each.filled for each in said] == [2] + [0] * 8
    venue = counter.venue[0]
    assert (venue.n_resting, venue.n_gone, venue.position_lots, venue.timed_ns) == (0, 0, 0, 0)
    assert counter.serve([timed(a_row(CLOCK, 0, 0, 0), START + 900 * MS)]) == []
    (answer,) = counter.serve([timed(a_row(QUERY, BUY, 1000, 5, 1), START)])
    assert (answer.kind, answer.lots, answer.filled, answer.sequence) == (STATE, 0, 0, 1)


def test_a_settlement_that_waits_is_none_of_the_next_desk():
    counter, due = Counter(), START + 20 * MS
    mark = timed(a_row(MARK, 0, 1000, 1_000_000, due), START)
    counter.serve([*a_market(), mark, timed(a_row(PLACE, BUY, 1000, 300, 1), START)])
    counter.serve([timed(a_row(TRADE, SELL, 999, 1), START + MS), timed(a_row(CLOCK, 0, 0, 0), due)])
    assert counter.venue[0].unsettled_lots == 300
    counter.serve([timed(a_row(CONTROL, 0, 0, 0), due)])
    assert counter.serve([timed(a_row(CLOCK, 0, 0, 0), due + 2 * PATIENCE_NS)]) == []


def test_what_was_held_back_is_told_to_the_desk_that_it_concerns():
    counter = Counter({"swap_share": 1.0})
    counter.serve([*a_market(), timed(a_row(PLACE, BUY, 1000, 5, 1), START)])
    assert counter.venue[0].held_ns > 0
    said = counter.serve([timed(a_row(CONTROL, 0, 0, 0), START)])
    assert sorted(each.sequence for each in said) == [1, 2]
    assert counter.venue[0].held_ns == 0
    counter = Counter({"swap_share": 1.0})
    counter.serve(a_market())
    place = timed(a_row(PLACE, BUY, 1000, 5, 1), START)
    counter.serve([place, timed(a_row(TRADE, SELL, 999, 5), START + MS), place])
    counter.serve([timed(a_row(CONTROL, 0, 0, 0), START + MS)])
    assert counter.serve([timed(a_row(CLOCK, 0, 0, 0), START + 9000 * MS)]) == []


@pytest.mark.parametrize("how", ["plain", "faults", "outages", "whole"])
@pytest.mark.parametrize("seed", SEEDS)
def test_after_another_the_venue_is_as_if_there_had_been_none(how, seed):
    rows = asked_when_heard(story(seed))
    half = len(rows) // 2
    busy, fresh = Counter(VENUES[how]), Counter(VENUES[how])
    busy.serve([*rows[:half], timed(a_row(CONTROL, 0, 0, 0), int(rows[half].ts_recv))])
    fresh.serve([row for row in rows[:half] if row.kind <= CLOCK])
    assert busy.serve(rows[half:]) == fresh.serve(rows[half:])
