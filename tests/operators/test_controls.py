"""A control is the first row of the window that it was asked for."""

import numpy as np
import pytest

from operators.loop import FINISHED, first_ns
from operators.release import NOTHING_LEFT, take_market, take_own
from operators.rows import (
    ACCEPTED,
    BUY,
    CANCEL_REJECTED,
    CLOCK,
    CONTROL,
    HALT,
    LAST,
    LEVEL,
    REDUCE,
    RESUME,
    Row,
)
from tests.oracles.loop_world import MS, START, BusyDesk, Desk, Run, Script, a_tape, quiet


class Watcher(BusyDesk):
    """Trades on controls too."""

    def on_row(self, row: Row) -> list[Row]:
        if row.kind == CONTROL:
            return [*self.cancel(row), *self.place(row, BUY)]
        return Desk.on_row(self, row) if self.on_clock_only else super().on_row(row)


def asked(run: Run, control: int = HALT, control_id: int = 5, at: int = 0) -> Run:
    """Ask for a control."""
    loop = run.cells[0][0]
    loop.control, loop.control_id, loop.control_at = control, control_id, at
    return run


def controls(run: Run) -> list[tuple[int, int, int]]:
    rows = np.frombuffer(run.rows, Row.dtype)
    rows = rows[rows["kind"] == CONTROL]
    return [(int(row["reason"]), int(row["id"]), int(row["ts_recv"]) - START) for row in rows]


@pytest.mark.parametrize("on_clock_only", [0, 1])
@pytest.mark.parametrize("control", [HALT, RESUME, REDUCE])
def test_a_control_begins_the_next_window(control, on_clock_only):
    run = asked(Run(Script({}), on_clock_only=on_clock_only), control)
    tape = quiet(0, 1, 4, 5, 50)
    run.step(tape, tape)
    first = np.frombuffer(run.got[0], Row.dtype)
    assert [int(kind) for kind in first["kind"]] == [CONTROL, LEVEL, LEVEL, LEVEL], "the window is no longer"
    told = first[0]
    assert told["ts_event"] == told["ts_recv"] == START
    assert [int(told[name]) for name in ("id", "reason", "marks")] == [5, control, LAST]
    assert [int(told[name]) for name in ("price_ticks", "size_lots", "lag_us", "side")] == [0] * 4
    assert run.cells[0][0].control == 0
    assert run.whole(tape).story.count((CONTROL, 5, 0)) == 1


@pytest.mark.parametrize("at", [1, 2, 5])
def test_a_control_waits_for_its_window(at):
    run = asked(Run(Script({})), at=at)
    tape = quiet(*range(0, 100, 2))
    run.whole(tape)
    frames = [np.frombuffer(rows, Row.dtype) for rows in run.got]
    assert [n for n, rows in enumerate(frames, start=1) if (rows["kind"] == CONTROL).any()] == [at]
    assert frames[at - 1]["kind"][0] == CONTROL
    assert frames[at - 1]["ts_recv"][0] == frames[at - 1]["ts_recv"][1]


def test_what_is_asked_in_answer_arrives_an_entry_after_the_window_began():
    tape = quiet(0, 3, 20, 40, 60, 80)
    desk = Watcher(on_clock_only=True)
    run = Run(desk, clock_ns=1000 * MS)
    while run.rounds < 3:
        run.step(tape, tape)
    desk.live.append(7)
    asked(run)
    run.whole(tape)
    when = controls(run)[0][2]
    assert when in (20 * MS, 40 * MS, 60 * MS)
    assert [told for told in run.story if told[0] in (ACCEPTED, CANCEL_REJECTED)] == [
        (CANCEL_REJECTED, 7, when + 5 * MS),
        (ACCEPTED, 1, when + 5 * MS),
    ]


@pytest.mark.parametrize("on_clock_only", [0, 1])
@pytest.mark.parametrize("out", [1, 2, 512])
def test_time_never_steps_back_for_a_control(on_clock_only, out):
    run = Run(Watcher(on_clock_only=bool(on_clock_only)), on_clock_only=on_clock_only, out=out)
    tape, number = a_tape(6, settles_every_ns=37 * MS), 0
    while True:
        number += 1
        if number % 3 == 0 and run.cells[0][0].control == 0:
            asked(run, 1 + number % 3, number)
        if run.step(tape, tape) == FINISHED:
            break
    rows = np.frombuffer(run.rows, Row.dtype)
    assert (np.diff(rows["ts_recv"]) >= 0).all()
    assert len(controls(run)) >= 5
    own = rows[rows["kind"] >= ACCEPTED]
    assert (own["ts_recv"] - own["ts_event"]).min() >= 3 * MS


def test_windows_of_any_length_live_through_a_control_alike():
    """Which window it is differs, the instant does not: the story is the same."""
    tape = a_tape(7, settles_every_ns=37 * MS)

    def until(run: Run, instant_ns: int) -> Run:
        while first_ns(run.cells[0][0], run.cells[1][0], run.setup[1][0], tape, tape) < instant_ns:
            run.step(tape, tape)
        return run

    reference = until(Run(Watcher()), START + 90 * MS)
    assert controls(asked(reference).whole(tape))[0][2] >= 90 * MS
    instant_ns = START + controls(reference)[0][2]
    for window_ns in (1, 1000, 100_000):
        again = until(Run(Watcher(), window_ns=window_ns), instant_ns)
        assert asked(again).whole(tape).rows == reference.rows


def test_a_control_after_the_end_is_not_played():
    run = Run(Script({}))
    tape = quiet(0, 1)
    run.whole(tape)
    assert asked(run).step(tape, tape) == FINISHED
    assert (controls(run), run.cells[0][0].control) == ([], HALT)


def test_a_control_comes_before_the_tape_in_the_fused_loop_too():
    run = asked(Run(Script({})))
    loop, venue, receipts, times = run.cells[0][0], run.cells[1][0], run.cells[3][0], run.setup[0][0]
    loop.control_ns, loop.next_clock_ns = START, START + 20 * MS
    tape, out = quiet(0, 1), Row.table(1)
    assert take_market(loop, venue, tape, START + 5 * MS, 2) == 0
    assert take_own(loop, venue, receipts, times, START + 5 * MS, out, 0) == 1
    assert (out[0].kind, out[0].reason, out[0].id) == (CONTROL, HALT, 5)
    assert take_market(loop, venue, tape, START + 5 * MS, 2) == 2
    assert take_own(loop, venue, receipts, times, START + 5 * MS, out, 0) == NOTHING_LEFT
    assert take_own(loop, venue, receipts, times, START + 21 * MS, out, 0) == 1
    assert out[0].kind == CLOCK
