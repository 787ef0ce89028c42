"""The receiving clock is set right by the venue's: latency is never negative, time never goes back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.recorded.clock import DAY_NS, Clock, time_faults
from connectors.recorded.letters import Reason, Unusable
from connectors.recorded.quality import no_quality

START = 1_700_000_000_000_000_000
PAIRS = st.lists(st.tuples(st.integers(-(10**9), 10**9), st.integers(0, 10**9)), max_size=60)


def test_a_clock_that_is_slow_is_put_forward_by_the_shortest_latency_seen():
    clock = Clock(no_quality())
    assert clock.on(START + 1270, START) == START + 1270
    assert clock.on(START + 1300, START + 100) == START + 1370
    # 1280 ahead: from here on the offset is larger.
    assert clock.on(START + 1480, START + 200) == START + 1480
    assert clock.on(START + 1490, START + 300) == START + 1580


def test_a_message_without_a_venue_time_gets_the_offset_so_far():
    clock = Clock(no_quality())
    assert clock.on(None, START) == START
    clock.on(START + 1270, START)
    assert clock.on(None, START + 5) == START + 1275


def test_a_clock_that_is_fast_is_put_back_but_never_before_what_was_said():
    clock = Clock(no_quality())
    assert clock.on(None, START) == START
    assert clock.on(START - 500, START + 100) == START
    assert clock.on(START + 100, START + 700) == START + 100


def test_stamps_that_go_back_are_lifted_and_counted():
    quality = no_quality()
    clock = Clock(quality)
    assert [clock.on(START + at, START + at) for at in (0, 900, 300, 901)] == [
        START,
        START + 900,
        START + 900,
        START + 901,
    ]
    assert quality["time_backwards"] == 1


@pytest.mark.parametrize(
    ("ts_event", "stamp", "reason"),
    [
        (0, START, Reason.BAD_TIME),
        (START + DAY_NS + 1, START, Reason.BAD_TIME),
        (START - DAY_NS - 1, START, Reason.BAD_TIME),
        (START, 0, Reason.BAD_RECEIVE_TIME),
        (START, 1 << 62, Reason.BAD_RECEIVE_TIME),
        (None, START + DAY_NS + 1, Reason.BAD_RECEIVE_TIME),
    ],
)
def test_an_implausible_time_is_refused_and_moves_nothing(ts_event, stamp, reason):
    clock = Clock(no_quality())
    clock.on(START, START)
    before = clock.snapshot()
    with pytest.raises(Unusable) as told:
        clock.on(ts_event, stamp)
    assert (told.value.reason, clock.snapshot()) == (reason, before)


def test_a_day_is_the_farthest_that_clocks_may_be_apart():
    assert Clock(no_quality()).on(START + DAY_NS, START) == START + DAY_NS
    ts_event = np.array([START + DAY_NS, START + DAY_NS + 1, START - DAY_NS, START - DAY_NS - 1, 0, START])
    stamps = np.array([START, START, START, START, START, -1])
    bad = Reason.BAD_TIME
    assert time_faults(ts_event, stamps) == {1: bad, 3: bad, 4: bad, 5: Reason.BAD_RECEIVE_TIME}


@given(pairs=PAIRS)
def test_latency_is_never_negative_and_receive_time_never_goes_back(pairs):
    clock, last = Clock(no_quality()), 0
    for apart, at in pairs:
        ts_recv = clock.on(START + at + apart, START + at)
        assert ts_recv >= max(last, START + at + apart)
        last = ts_recv


@given(pairs=PAIRS, cut=st.integers(0, 60))
def test_many_at_once_are_the_same_as_one_by_one(pairs, cut):
    ts_event = np.array([START + at + apart for apart, at in pairs], np.int64)
    stamps = np.array([START + at for _, at in pairs], np.int64)
    one_quality, many_quality = no_quality(), no_quality()
    one, many = Clock(one_quality), Clock(many_quality)
    singly = [one.on(e, s) for e, s in zip(ts_event.tolist(), stamps.tolist(), strict=True)]
    parts = [
        many.on_many(ts_event[part], stamps[part]).tolist() for part in (slice(0, cut), slice(cut, None))
    ]
    assert parts[0] + parts[1] == singly
    assert (many.snapshot(), many_quality) == (one.snapshot(), one_quality)
