"""What was cut comes again as it was cut, to the byte, whatever killed whom and when."""

import random
from typing import Any

import numpy as np
import pytest

from connectors.kafka.beginnings import BEGINNINGS
from connectors.kafka.inbox import MOST_BYTES
from operators.errors import CheckpointRefused, RunDirectoryError, SourceError
from operators.rows import ACCEPTED, CLOCK, CONTROL, HALT, TRADE
from tests.oracles.letterbox import (
    CLOCK_NS,
    MARKET,
    MS,
    SYMBOL,
    WALL,
    Hall,
    a_market_message,
    a_report,
    rows_of,
)


@pytest.fixture
def hall(tmp_path):
    return Hall(tmp_path)


class Story:
    """Random arrivals, and what came of them frame by frame."""

    def __init__(self, folder, seed: int, *, one_topic: bool) -> None:
        self.draw = random.Random(seed)
        self.hall = Hall(folder, one_topic=one_topic, max_age_ns=self.draw.choice((0, 20 * MS)))
        self.frames: list[Any] = []
        self.controls: dict[int, tuple[int, int]] = {}
        self.snapshots: list[tuple[int, Any]] = [(0, None)]
        self.n, self.m, self.n_again = 0, 0, 0

    def arrive(self) -> None:
        """Let some messages come to the broker, some late and some by a clock that is off."""
        draw, hall = self.draw, self.hall
        hall.wall_ns += draw.choice((0, 1, 7, 40, 300)) * draw.randrange(MS)
        for _ in range(draw.choice((0, 0, 1, 3, 12))):
            ts = hall.wall_ns - WALL + MARKET + draw.randrange(-20 * MS, 5 * MS)
            sent_ms = hall.wall_ns // MS - draw.choice((0, 0, 1, 30))
            if draw.random() < 0.7:
                self.n += draw.choice((1, 1, 1, 1, 0, 2))
                hall.logs[0].append(a_market_message(draw, max(1, self.n), ts), sent_ms)
            else:
                self.m += draw.choice((1, 1, 1, 0, 3))
                hall.logs[-1].append(a_report(draw, self.m, ts), sent_ms)

    def look(self) -> None:
        """Let some of it reach the desk, which takes what there is."""
        desk, number = self.hall.desk, self.hall.desk.stream._frame + 1
        desk.stream.incoming.join()
        for reader in desk.readers:
            reader.hand_on(self.draw.choice((0, 1, 2, 5, 40)))
        known = number <= len(self.frames)
        wanted = (HALT, number) if self.draw.random() < 0.1 else None
        control = self.controls.get(number) if known else wanted
        frame = desk.take(control)
        if frame is None:
            assert known or not desk.stream.cuts.again
            return
        if known:
            before, letters = self.frames[number - 1]
            assert frame[0].tobytes() == before.tobytes()
            assert frame[1] == letters
            self.n_again += 1
            return
        self.frames.append(frame)
        if control is not None:
            self.controls[number] = control
            assert frame[0]["kind"][0] == CONTROL
        if self.draw.random() < 0.3:
            self.snapshots.append((number, desk.stream.snapshot()))

    def kill(self) -> None:
        """Begin anew at any snapshot there was."""
        number, state = self.draw.choice(self.snapshots)
        if number == 0:
            self.snapshots = self.snapshots[:1]
        self.hall.again(state)

    def live(self, steps: int) -> "Story":
        for _ in range(steps):
            self.arrive()
            self.look()
            if self.draw.random() < 0.03:
                self.kill()
        return self


@pytest.mark.parametrize("one_topic", [False, True], ids=["two topics", "one topic"])
@pytest.mark.parametrize("seed", range(12))
def test_after_any_kill_the_same_frames_come_again_to_the_byte(tmp_path, seed, one_topic):
    story = Story(tmp_path, seed, one_topic=one_topic).live(400)
    assert story.n_again > 20
    assert len(story.frames) > 50
    rows = rows_of(story.frames)
    assert {CLOCK, CONTROL, TRADE, ACCEPTED} <= set(rows["kind"].tolist())
    assert (np.diff(rows["ts_recv"]) >= 0).all()
    assert (rows["ts_event"] <= rows["ts_recv"]).all()
    struck = rows["ts_recv"][rows["kind"] == CLOCK] // CLOCK_NS
    assert (np.diff(struck) > 0).all(), "the clock struck twice for one point of its grid"
    assert story.hall.desk.stream.n_rows > 0


def test_a_kill_before_a_frame_was_kept_cuts_anew(hall):
    hall.trade()
    hall.again()
    hall.trade()
    assert hall.kinds() == [TRADE, TRADE]


def test_a_kill_before_the_first_checkpoint_begins_where_the_run_began(hall):
    hall.trade()
    hall.take()
    hall.report(size="0.001")
    seen = hall.kinds()
    for log in hall.logs:
        log.first = len(log.items)
    hall.again()
    assert hall.kinds() == [TRADE]
    assert hall.kinds() == seen == [28]


@pytest.mark.parametrize("text", ["", "[]", "7", "[7,8]", '[{"a":1},{}]', "null"])
def test_a_beginning_that_was_changed_is_refused(hall, text):
    (hall.folder / BEGINNINGS / f"{SYMBOL}.json").write_text(text)
    with pytest.raises(RunDirectoryError, match="where the run began"):
        hall.again()


def test_a_frame_waits_until_all_of_it_is_here_again(hall):
    for _ in range(5):
        hall.trade()
    hall.report()
    assert len(hall.take()) == 6
    hall.again()
    hall.desk.stream.incoming.join()
    market, reports = hall.desk.readers
    market.hand_on(4)
    reports.hand_on()
    assert hall.desk.take() is None
    market.hand_on(1)
    rows, _ = hall.desk.take()
    assert len(rows) == 6


def test_a_frame_that_never_will_be_here_again_ends_in_the_readers_error(hall):
    for _ in range(5):
        hall.trade()
    assert len(hall.take()) == 5
    hall.again()
    hall.desk.stream.incoming.join()
    reader = hall.desk.readers[0]
    reader.hand_on(3)
    reader.inbox.failure = SourceError("gone")
    with pytest.raises(SourceError, match="gone"):
        hall.desk.take()


def test_a_frame_of_huge_messages_is_waited_for_beyond_what_may_wait(hall):
    for _ in range(40):
        hall.trade(padding="x" * (MOST_BYTES // 30))
    assert len(hall.take()) == 40
    hall.again()
    hall.desk.stream.incoming.join()
    reader = hall.desk.readers[0]
    reader.hand_on(35)
    assert reader.inbox.full
    assert hall.desk.take() is None
    assert reader.inbox.starved
    reader.hand_on()
    rows, _ = hall.desk.take()
    assert len(rows) == 40
    assert not reader.inbox.full


def test_what_was_cut_by_another_version_is_refused(hall):
    with pytest.raises(CheckpointRefused):
        hall.desk.stream.restore(("stream 0",))
