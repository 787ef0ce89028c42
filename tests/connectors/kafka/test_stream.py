"""A stream is cut as things come, and comes again as it was cut, whatever killed it; time goes on."""

import random
import threading
from typing import Any

import numpy as np
import pytest

from connectors.kafka.inbox import MOST_BYTES, MOST_MESSAGES, Item
from connectors.kafka.stream import MOST_MESSAGES as OF_A_FRAME
from connectors.kafka.stream import Habits
from connectors.kafka.takers import LATEST_NS
from operators.errors import CheckpointRefused, SourceError
from operators.rows import ACCEPTED, CLOCK, CONTROL, HALT, TRADE, WITHDRAW
from tests.oracles.letterbox import (
    CLOCK_NS,
    MARKET,
    MS,
    RUN,
    SYMBOL,
    WALL,
    Desk,
    Log,
    a_market_message,
    a_report,
    rows_of,
)

AGE_NS = 5_000 * MS


class Hall:
    """A wall with a clock, two logs or one, and a desk that may be killed."""

    def __init__(self, folder, *, one_topic=False, max_age_ns=0) -> None:
        self.folder, self.wall_ns = folder, WALL
        self.logs = [Log("market")] if one_topic else [Log("market"), Log("reports")]
        self.habits = Habits(CLOCK_NS, max_age_ns, lambda: self.wall_ns)
        self.desk = Desk(folder, self.logs, self.habits)

    def trade(self, ts=MARKET, n=0, sent_ns=None, **more) -> None:
        """Let the broker have a trade now, or then."""
        fact = {"type": "trade", "v": 1, "symbol": SYMBOL, "n": n, "ts_event": ts, "ts_recv": ts}
        sent_ns = self.wall_ns if sent_ns is None else sent_ns
        self.logs[0].append(fact | {"price": "62000.0", "size": "0.001"} | more, sent_ns // MS)

    def report(self, **more) -> None:
        said = {"type": "report", "v": 1, "run": RUN, "symbol": SYMBOL, "n": 0, "ts": MARKET, "what": "state"}
        order = {"id": "x-9000", "side": "buy", "sequence": 1}
        self.logs[-1].append(said | order | more, self.wall_ns // MS)

    def take(self, control=None):
        """Let everything reach the desk; return its next frame's rows."""
        if self.desk.readers[0].inbox is None:
            self.desk.stream._join()
        for reader in self.desk.readers:
            reader.hand_on()
        frame = self.desk.take(control)
        return None if frame is None else frame[0]

    def kinds(self, control=None):
        rows = self.take(control)
        return None if rows is None else rows["kind"].tolist()

    def again(self, state=None) -> None:
        """Kill the desk, and begin another where a snapshot was taken."""
        self.desk.kill()
        self.desk = Desk(self.folder, self.logs, self.habits, state)


@pytest.fixture
def hall(tmp_path):
    return Hall(tmp_path)


# Kills.


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
        desk.stream._join()
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


def test_a_frame_waits_until_all_of_it_is_here_again(hall):
    for _ in range(5):
        hall.trade()
    hall.report()
    assert len(hall.take()) == 6
    hall.again()
    hall.desk.stream._join()
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
    hall.desk.stream._join()
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
    hall.desk.stream._join()
    reader = hall.desk.readers[0]
    reader.hand_on(35)
    assert reader.inbox.full
    assert hall.desk.take() is None
    assert not reader.inbox.full
    reader.hand_on()
    rows, _ = hall.desk.take()
    assert len(rows) == 40
    assert not reader.inbox.full


def test_what_was_cut_by_another_version_is_refused(hall):
    with pytest.raises(CheckpointRefused):
        hall.desk.stream.restore(("stream 0",))


# Time.


def test_there_is_nothing_before_the_market_begins_and_none_without_news(hall):
    assert hall.take() is None
    hall.wall_ns += 10 * CLOCK_NS
    assert hall.take() is None
    assert hall.take((HALT, 1)) is None
    hall.trade()
    assert hall.kinds() == [TRADE]
    assert hall.take() is None


def test_a_control_takes_the_time_at_which_the_market_begins(hall):
    hall.trade()
    rows = hall.take((HALT, 1))
    assert rows["kind"].tolist() == [CONTROL, TRADE]
    assert rows["ts_recv"].tolist() == [MARKET, MARKET]


def test_silence_strikes_the_clock_once_for_all_that_was_missed(hall):
    hall.trade()
    hall.take()
    hall.wall_ns += CLOCK_NS - 1
    assert hall.take() is None
    hall.wall_ns += 1
    rows = hall.take()
    assert (rows["kind"].tolist(), rows["ts_recv"].tolist()) == ([CLOCK], [MARKET + CLOCK_NS])
    assert hall.take() is None
    hall.wall_ns += 7 * CLOCK_NS + CLOCK_NS // 2
    rows = hall.take()
    assert (rows["kind"].tolist(), rows["ts_recv"].tolist()) == ([CLOCK], [MARKET + 8 * CLOCK_NS])
    assert hall.take() is None


def test_what_comes_again_after_an_hour_is_an_hour_old(hall):
    hall.trade()
    hall.take()
    state = hall.desk.stream.snapshot()
    hall.wall_ns += MS
    hall.trade(ts=MARKET + MS)
    hall.take()
    hall.wall_ns += 36_000 * CLOCK_NS
    hall.again(state)
    assert hall.kinds() == [TRADE]
    rows = hall.take()
    assert (rows["kind"].tolist(), rows["ts_recv"].tolist()) == ([CLOCK], [MARKET + 36_000 * CLOCK_NS])


def test_a_clock_on_the_wall_that_goes_back_holds_time_and_does_not_turn_it(hall):
    hall.trade()
    hall.take()
    hall.wall_ns -= 3600 * 1000 * MS
    assert hall.take() is None
    hall.report(what="state", size="0.001")
    rows = hall.take()
    assert rows["ts_recv"].tolist() == [MARKET]


@pytest.mark.parametrize(
    "noise",
    [b"garbage", b'{"type":"trade","v":2}', b'{"type":"order"}', {"type": "trade", "n": 1}],
    ids=["garbage", "version", "others", "repeated"],
)
def test_a_market_that_says_nothing_of_use_is_silent(hall, noise):
    hall.trade(n=1)
    hall.take()
    for _ in range(10):
        hall.wall_ns += CLOCK_NS // 4
        if isinstance(noise, bytes):
            hall.logs[0].append(noise, hall.wall_ns // MS)
        else:
            hall.trade(**noise)
        rows = hall.take()
    assert rows["kind"].tolist() in ([], [CLOCK])
    assert hall.desk.stream._reached_ns == MARKET + 2 * CLOCK_NS


def test_a_time_too_far_ahead_does_not_move_ours(hall):
    hall.trade()
    hall.trade(ts=LATEST_NS + 1)
    hall.report(ts=LATEST_NS, size="0.001")
    hall.trade(ts=MARKET + 5)
    rows = hall.take()
    assert rows["ts_recv"].tolist() == [MARKET, MARKET + 5, MARKET + 5]
    hall.trade(ts=LATEST_NS)
    assert hall.kinds() == [CLOCK, TRADE]
    for _ in range(5):
        hall.wall_ns += 1000 * CLOCK_NS
        assert hall.kinds() == [CLOCK]


def test_reports_come_when_we_hear_of_them_and_lift_the_facts_behind_them(hall):
    hall.trade()
    hall.take()
    hall.wall_ns += 30 * MS
    hall.report(size="0.001")
    hall.wall_ns += 20 * MS
    hall.trade(ts=MARKET + 1)
    rows = hall.take()
    assert rows["ts_recv"].tolist() == [MARKET + 50 * MS] * 2


def test_what_brokers_got_first_comes_first_and_of_two_at_once_the_market(hall):
    hall.report(what="state", size="0.001")
    hall.wall_ns += MS
    hall.trade()
    hall.report(what="cancel_rejected")
    hall.wall_ns += MS
    hall.trade()
    rows = hall.take()
    assert [int(kind) for kind in rows["kind"]] == [28, TRADE, 26, TRADE]


def test_a_frame_holds_no_more_than_it_may_of_each_topic(hall):
    for _ in range(OF_A_FRAME + 5):
        hall.trade()
    hall.report(size="0.001")
    assert len(hall.take()) == OF_A_FRAME + 1
    assert len(hall.take()) == 5
    assert hall.take() is None


# Age.


@pytest.fixture
def aging(tmp_path):
    return Hall(tmp_path, max_age_ns=AGE_NS)


def marked(rows):
    """Say of each row whether quotes are withdrawn on it."""
    return (rows["marks"] & WITHDRAW != 0).tolist()


def test_a_message_is_old_only_beyond_the_limit(aging):
    aging.trade(sent_ns=aging.wall_ns - AGE_NS)
    assert marked(aging.take()) == [False]
    aging.trade(sent_ns=aging.wall_ns - AGE_NS - MS)
    assert marked(aging.take()) == [True]
    aging.wall_ns += 1
    aging.trade(sent_ns=aging.wall_ns - 1 - AGE_NS)
    assert marked(aging.take()) == [True]


def test_old_and_fresh_never_share_a_frame(aging):
    for age_ms in (9000, 8000, 10, 0, 7000, 3):
        aging.trade(sent_ns=aging.wall_ns - age_ms * MS)
    frames = []
    while (rows := aging.take()) is not None:
        frames.append(marked(rows))
    assert frames == [[True] * 2, [False] * 2, [True], [False]]


def test_what_comes_while_the_market_is_old_is_marked_with_it(aging):
    aging.trade(sent_ns=aging.wall_ns - 2 * AGE_NS)
    assert marked(aging.take()) == [True]
    aging.report(size="0.001")
    assert marked(aging.take()) == [True]
    aging.wall_ns += CLOCK_NS
    assert marked(aging.take()) == [True]
    aging.trade()
    aging.report(size="0.001")
    assert marked(aging.take()) == [False] * 2
    aging.report(size="0.001")
    assert marked(aging.take()) == [False]


def test_without_a_limit_nothing_is_old(hall):
    hall.trade(sent_ns=0)
    assert marked(hall.take()) == [False]


def test_told_to_withdraw_every_frame_is_marked_also_when_it_comes_again(hall):
    hall.trade()
    assert marked(hall.take()) == [False]
    hall.desk.stream.withdraw = True
    hall.trade()
    assert marked(hall.take()) == [True]
    hall.again()
    assert marked(hall.take()) == [False]
    assert marked(hall.take()) == [True]


# The reader beside it.


@pytest.mark.parametrize("one_topic", [False, True], ids=["two topics", "one topic"])
def test_the_reader_posts_while_the_stream_looks(tmp_path, one_topic):
    hall, n = Hall(tmp_path, one_topic=one_topic), 6000
    for k in range(1, n + 1):
        hall.trade(n=k, ts=MARKET + k, id=k)
        if k % 3 == 0:
            hall.report(n=k // 3, size="0.001")
    hall.desk.stream._join()

    def post(reader):
        for item in reader.log.items:
            reader.inbox.post(item)
            reader.inbox.pass_by(1, item.offset)

    threads = [threading.Thread(target=post, args=(reader,)) for reader in hall.desk.readers]
    for thread in threads:
        thread.start()
    frames, seen = [], 0
    while seen < n + n // 3:
        frame = hall.desk.take()
        if frame is not None:
            frames.append(frame)
            seen += len(frame[0])
    for thread in threads:
        thread.join()
    rows = rows_of(frames)
    assert rows["id"][rows["kind"] == TRADE].tolist() == list(range(1, n + 1))
    assert [letter for _, letters in frames for letter in letters] == []
    assert (np.diff(rows["ts_recv"]) >= 0).all()


def test_an_inbox_is_full_by_count_and_by_size_and_empties(hall):
    hall.trade()
    hall.take()
    inbox = hall.desk.readers[0].inbox
    for k in range(MOST_MESSAGES + 1):
        assert not inbox.full
        inbox.post(Item(0, 1 + k, 0, b"{}"))
    assert inbox.full
    while hall.desk.take() is not None:
        pass
    assert not inbox.full


def test_what_was_passed_by_is_not_read_again(hall):
    hall.trade()
    hall.take()
    hall.desk.readers[0].inbox.pass_by(0, 50)
    assert hall.take() is None
    _, (positions, _), *_ = hall.desk.stream.snapshot()
    assert dict(positions) == {0: 50}


def test_it_leaves_its_readers(hall):
    hall.take()
    hall.desk.stream.close()
    assert [reader.left for reader in hall.desk.readers] == [1, 1]
    assert not hall.desk.stream.cuts.is_open
