"""The loop: who comes first on a tie, and that no cut of time or tape changes what a desk lives through."""

import numpy as np
import pytest

from operators.loop import FINISHED, STARVED
from operators.rows import (
    ACCEPTED,
    BUY,
    CANCEL,
    CLOCK,
    FILLED,
    LEVEL,
    NEVER,
    PLACE,
    POST_ONLY,
    SELL,
    Row,
)
from operators.venue import RING
from tests.oracles.loop_world import MS, START, Desk, Run, Script, a_tape, quiet
from tests.oracles.venue_world import a_row, joined


def test_on_a_tie_the_market_comes_first_then_reports_then_the_clock():
    place = a_row(PLACE, BUY, 900, 1, 7, START + 15 * MS)
    run = Run(Script({1: [place]})).whole(quiet(0, 15, 20, 20, 21))
    assert run.story == [
        (LEVEL, 0, 0),
        (LEVEL, 1, 15 * MS),
        (LEVEL, 2, 20 * MS),
        (LEVEL, 3, 20 * MS),
        (ACCEPTED, 7, 20 * MS),
        (CLOCK, 0, 20 * MS),
        (LEVEL, 4, 21 * MS),
    ]


def test_at_the_venue_the_market_comes_before_our_request_on_a_tie():
    told = a_row(LEVEL, SELL, 1000, 4, 9, START + 2 * MS)
    place = a_row(PLACE, BUY, 1000, 1, 7, START)
    place.marks |= POST_ONLY
    tape = joined([quiet(0)[0], told, quiet(0, 40)[1]])
    run = Run(Script({0: [place]})).whole(tape)
    rows = np.frombuffer(run.rows, Row.dtype)
    assert [int(row["reason"]) for row in rows if row["id"] == 7] == [1]  # it would have crossed


def test_a_report_travels_both_latencies():
    run = Run(Script({0: [a_row(PLACE, BUY, 900, 1, 7, START)]})).whole(quiet(0, 100))
    assert (ACCEPTED, 7, 5 * MS) in run.story


def test_the_clock_is_a_grid_that_ends_with_the_tape():
    run = Run(Script({})).whole(quiet(5, 45, 60))
    assert [when for kind, _, when in run.story if kind == CLOCK] == [20 * MS, 40 * MS, 60 * MS]
    rows = np.frombuffer(run.rows, Row.dtype)
    clock = rows[rows["kind"] == CLOCK][0]
    assert clock["ts_event"] == clock["ts_recv"]
    assert [int(clock[name]) for name in ("id", "price_ticks", "size_lots", "side", "marks", "lag_us")] == [
        0
    ] * 6


@pytest.mark.parametrize("seed", [1, 2])
def test_windows_of_every_length_tell_the_same_story(seed):
    tape = a_tape(seed)
    longest = Run(Desk()).whole(tape)
    kinds = [kind for kind, *_ in longest.story]
    assert kinds.count(FILLED) > 20
    assert kinds.count(ACCEPTED) > 20
    for window_ns in (MS, 2_345_678, 5 * MS, 50 * MS):
        assert Run(Desk(), window_ns=window_ns).whole(tape).rows == longest.rows


def test_receive_times_never_step_back():
    times = [when for *_, when in Run(Desk()).whole(a_tape(3)).story]
    assert times == sorted(times)


def test_decisions_on_the_clock_alone_need_fewer_rounds_for_the_same_story():
    tape = a_tape(4)
    longest = Run(Desk(on_clock_only=True), on_clock_only=1).whole(tape)
    shorter = Run(Desk(on_clock_only=True)).whole(tape)
    shortest = Run(Desk(on_clock_only=True), window_ns=MS).whole(tape)
    assert longest.rows == shorter.rows == shortest.rows
    assert longest.rounds < shorter.rounds < shortest.rounds


@pytest.mark.parametrize("out", [1, 2, 7])
@pytest.mark.parametrize("on_clock_only", [0, 1])
def test_little_room_for_what_is_released_changes_nothing(out, on_clock_only):
    tape = a_tape(5)
    roomy = Run(Desk(on_clock_only=bool(on_clock_only)), on_clock_only=on_clock_only).whole(tape)
    tight = Run(Desk(on_clock_only=bool(on_clock_only)), on_clock_only=on_clock_only, out=out).whole(tape)
    assert tight.rows == roomy.rows


@pytest.mark.parametrize("out", [1, 2, 3, 512])
def test_what_is_due_with_the_last_row_is_released_whatever_the_room(out):
    script = Script({0: [a_row(PLACE, BUY, 900, 1, n, START + 15 * MS) for n in (7, 8)]})
    run = Run(script, out=out).whole(quiet(15, 20))
    assert run.story[1:] == [
        (LEVEL, 1, 20 * MS),
        (ACCEPTED, 7, 20 * MS),
        (ACCEPTED, 8, 20 * MS),
        (CLOCK, 0, 20 * MS),
    ]


def test_what_is_due_after_the_last_row_is_not_released():
    late = Script({0: [a_row(PLACE, BUY, 900, 1, 7, START + 15 * MS + 1)]})
    assert [kind for kind, *_ in Run(late).whole(quiet(15, 20)).story] == [LEVEL, LEVEL, CLOCK]


@pytest.mark.parametrize("piece", [1, 7, 100])
def test_a_tape_in_pieces_is_the_whole_tape(piece):
    tape = a_tape(6)
    whole = Run(Desk()).whole(tape)
    pieces = Run(Desk())
    for n in range(piece, len(tape), piece):
        venue_until = tape[n - 1].ts_event
        assert pieces.play(tape[:n], tape[:n], tape[n - 1].ts_recv, venue_until) == STARVED
    assert pieces.play(tape, tape) == FINISHED
    assert pieces.rows == whole.rows


def test_rows_that_have_been_handed_out_may_be_dropped_from_the_tape():
    tape = a_tape(7)
    whole = Run(Desk()).whole(tape)
    run, desk, venue = Run(Desk(), out=3), 0, 0
    for n in [*range(50, len(tape), 50), len(tape)]:
        until = (NEVER, NEVER) if n == len(tape) else (tape[n - 1].ts_recv, tape[n - 1].ts_event)
        ended = run.play(tape[desk:n], tape[venue:n], *until)
        loop = run.cells[0][0]
        desk, venue = desk + loop.desk, venue + loop.venue
        loop.desk = loop.venue = 0
        assert ended == (FINISHED if n == len(tape) else STARVED)
    assert run.rows == whole.rows
    assert run.play(tape[:0], tape[:0]) == FINISHED
    assert run.rows == whole.rows


def test_reports_that_wait_are_released_when_the_end_comes_without_rows():
    run = Run(Script({0: [a_row(PLACE, BUY, 900, 1, 7, START + 15 * MS)]}), out=1)
    tape = quiet(15, 20)
    assert run.play(tape, tape, START + 30 * MS, START + 30 * MS) == STARVED
    assert [kind for kind, *_ in run.story] == [LEVEL, LEVEL]
    loop = run.cells[0][0]
    loop.desk = loop.venue = 0
    assert run.play(tape[:0], tape[:0]) == FINISHED
    assert [kind for kind, *_ in run.story] == [LEVEL, LEVEL, ACCEPTED, CLOCK]


def test_nothing_at_all_is_starved_until_it_ends():
    run = Run(Script({}))
    assert run.play(Row.table(0), Row.table(0), START, START) == STARVED
    assert run.play(Row.table(0), Row.table(0)) == FINISHED
    assert run.rows == b""


def test_a_window_waits_for_the_venue_side_of_the_tape():
    run = Run(Script({}))
    tape = quiet(0, 50)
    assert run.play(tape, tape[:1], NEVER, START) == STARVED
    assert run.rows == b""


@pytest.mark.parametrize(("entry_ns", "response_ns"), [(0, 0), (0, 3 * MS), (2 * MS, 0)])
def test_a_latency_of_nothing_comes_to_an_end_and_windows_still_agree(entry_ns, response_ns):
    tape = a_tape(8)
    longest = Run(Desk(), entry_ns=entry_ns, response_ns=response_ns).whole(tape)
    cut = Run(Desk(), entry_ns=entry_ns, response_ns=response_ns, window_ns=MS // 2, out=5).whole(tape)
    assert FILLED in [kind for kind, *_ in longest.story]
    assert cut.rows == longest.rows


@pytest.mark.parametrize("response_ns", [0, 3 * MS])
def test_more_answers_at_one_instant_than_may_wait_all_arrive_in_order(response_ns):
    asked = [a_row(CANCEL, BUY, 0, 0, n, START) for n in range(RING)]
    run = Run(Script({0: asked}), response_ns=response_ns).whole(quiet(0, 10))
    assert [number for kind, number, _ in run.story if kind != LEVEL] == list(range(RING))
