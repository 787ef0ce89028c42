"""A stream is cut as things come, in the order in which brokers had them; time goes on meanwhile."""

import threading

import numpy as np
import pytest

from connectors.kafka.inbox import MOST_MESSAGES, Item
from connectors.kafka.messages import LATEST_NS
from connectors.kafka.stream import MOST_MESSAGES as OF_A_FRAME
from operators.rows import CLOCK, CONTROL, HALT, TRADE, WITHDRAW
from tests.oracles.letterbox import (
    CLOCK_NS,
    MARKET,
    MS,
    Hall,
    rows_of,
)

AGE_NS = 5_000 * MS


@pytest.fixture
def hall(tmp_path):
    return Hall(tmp_path)


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
    assert hall.kinds() == []
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
    assert len(hall.take()) == OF_A_FRAME
    assert len(hall.take()) == 5 + 1
    assert hall.take() is None


def test_nothing_of_one_topic_comes_before_what_the_other_has_had_for_longer(hall):
    for _ in range(2 * OF_A_FRAME):
        hall.trade()
    hall.wall_ns += MS
    hall.report(what="state", size="0.001")
    kinds = [hall.kinds() for _ in range(3)]
    assert [len(each) for each in kinds] == [OF_A_FRAME, OF_A_FRAME, 1]
    assert kinds[2] == [28]


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
    hall.desk.stream.incoming.join()

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
