"""Whatever the venue does, the same comes of every window up to the latency, and of every place to stop."""

import numpy as np
import pytest

from operators.kernel import COMPILED
from operators.loop import FINISHED, Loop
from operators.queue import LATENCIES
from operators.receipts import Receipts
from operators.ring import Book
from operators.rows import (
    ACCEPTED,
    AMEND_REJECTED,
    EXPIRED,
    FILLED,
    LIFE_ENDED,
    MAKER,
    NO_LIQUIDITY,
    RATE_LIMITED,
    REFUSED,
    REJECTED,
    SETTLED,
    STATE,
    Row,
)
from operators.venue import Venue
from tests.oracles.loop_world import MS, BusyDesk, Run, a_tape

# Interpreted rules take a while: fewer of everything is enough to have been through them.
WINDOWS = (MS, 2_345_678, 5 * MS, 50 * MS) if COMPILED else (2_345_678,)
SEEDS = [1, 2] if COMPILED else [1]
ROOMS = [1, 3] if COMPILED else [3]
FEW = 400 if COMPILED else 80


def sampled(*, entry: tuple[int, ...], response: tuple[int, ...]) -> dict[str, object]:
    """Return parameters of a venue whose latencies are drawn, in ms."""
    there, back = np.zeros(LATENCIES, np.int64), np.zeros(LATENCIES, np.int64)
    there[: len(entry)], back[: len(response)] = np.array(entry) * MS, np.array(response) * MS
    both = {"entry_table_ns": there, "response_table_ns": back}
    counts = {"n_entry": len(entry), "n_response": len(response)}
    return {**both, **counts, "entry_ns": int(min(entry)) * MS, "response_ns": int(min(response)) * MS}


VENUES = {
    "plain": {},
    "sampled": sampled(entry=(2, 3, 9), response=(3, 4, 5, 30)),
    "outages": {"outage_every_ns": 60 * MS, "outage_for_ns": 15 * MS},
    "faults": {"reject_share": 0.1, "lose_share": 0.1, "repeat_share": 0.2, "swap_share": 0.2, "key": 3},
    "limited": {"max_requests": 4, "rate_window_ns": 40 * MS},
    "whole": {"partial_fills": 0, "min_notional_tick_lots": 2998},
    "all": {
        **sampled(entry=(2, 2, 11), response=(3, 7, 7)),
        "outage_every_ns": 90 * MS,
        "outage_for_ns": 9 * MS,
        "key": 8,
        "reject_share": 0.05,
        "lose_share": 0.05,
        "repeat_share": 0.1,
        "swap_share": 0.1,
        "max_requests": 9,
        "rate_window_ns": 40 * MS,
    },
}


def kinds_of(run: Run) -> set[int]:
    return {kind for kind, *_ in run.story}


@pytest.mark.parametrize("how", VENUES)
@pytest.mark.parametrize("seed", SEEDS)
def test_every_window_tells_the_same_story(how, seed):
    tape = a_tape(seed, settles_every_ns=37 * MS)
    longest = Run(BusyDesk(), venue=VENUES[how]).whole(tape)
    assert {ACCEPTED, FILLED, EXPIRED, STATE, SETTLED} <= kinds_of(longest)
    for window_ns in WINDOWS:
        assert Run(BusyDesk(), venue=VENUES[how], window_ns=window_ns).whole(tape).rows == longest.rows


@pytest.mark.parametrize("how", VENUES)
@pytest.mark.parametrize("out", ROOMS)
def test_little_room_tells_the_same_story(how, out):
    tape = a_tape(3, n=FEW, settles_every_ns=37 * MS)
    roomy = Run(BusyDesk(), venue=VENUES[how]).whole(tape)
    assert Run(BusyDesk(), venue=VENUES[how], out=out).whole(tape).rows == roomy.rows


@pytest.mark.parametrize("how", VENUES)
def test_receive_times_never_step_back_and_no_answer_is_early(how):
    run = Run(BusyDesk(), venue=VENUES[how]).whole(a_tape(4, n=FEW, settles_every_ns=37 * MS))
    rows = np.frombuffer(run.rows, Row.dtype)
    assert (np.diff(rows["ts_recv"]) >= 0).all()
    own = rows[rows["kind"] >= ACCEPTED]
    assert (own["ts_recv"] - own["ts_event"]).min() >= 3 * MS


def test_the_stories_are_of_what_they_say():
    tape = a_tape(1, settles_every_ns=37 * MS)
    runs = {how: Run(BusyDesk(), venue=venue).whole(tape) for how, venue in VENUES.items()}
    rows = {how: np.frombuffer(run.rows, Row.dtype) for how, run in runs.items()}

    def reasons(how: str) -> set[int]:
        told = rows[how]
        return set(told["reason"][np.isin(told["kind"], [REJECTED, AMEND_REJECTED])].tolist())

    assert RATE_LIMITED in reasons("limited")
    assert REFUSED in reasons("faults")
    assert set(rows["plain"]["reason"][rows["plain"]["kind"] == EXPIRED].tolist()) == {
        NO_LIQUIDITY,
        LIFE_ENDED,
    }
    own = rows["sampled"][rows["sampled"]["kind"] >= ACCEPTED]
    assert len(set((own["ts_recv"] - own["ts_event"]).tolist())) > 3
    venue, receipts = runs["faults"].cells[1][0], runs["faults"].cells[3][0]
    assert min(venue.n_reports_lost, receipts.n_repeated, receipts.n_recovered) > 0
    assert runs["outages"].cells[1][0].n_requests_lost > 0
    fills = rows["plain"][rows["plain"]["kind"] == FILLED]
    assert set((fills["marks"] & MAKER).tolist()) == {0, MAKER}, "some made, some took"
    assert all(run.cells[1][0].fault == 0 for run in runs.values())


@pytest.mark.parametrize("how", VENUES)
def test_stopping_anywhere_and_going_on_from_the_bytes_changes_nothing(how):
    tape = a_tape(5, n=min(FEW, 150), settles_every_ns=37 * MS)
    whole = Run(BusyDesk(), venue=VENUES[how]).whole(tape)
    stopped = Run(BusyDesk(), venue=VENUES[how])
    while stopped.step(tape, tape) != FINISHED:
        loop, venue, book, receipts = (cell.tobytes() for cell in stopped.cells)
        stopped.cells = Loop.load(loop), Venue.load(venue), Book.load(book), Receipts.load(receipts)
    assert stopped.rows == whole.rows
