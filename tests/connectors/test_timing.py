import json
import random
import sys
import threading
from itertools import cycle

import pytest

from connectors.timing import Times, Timing, end_of, step_of


def test_every_duration_lies_within_its_step_and_an_eighth_of_its_end():
    chance = random.Random(1)
    for ns in [*range(5000), *(chance.randrange(1 << chance.randrange(1, 50)) for _ in range(5000))]:
        step = step_of(ns)
        assert ns <= end_of(step) <= ns * 1.125
        assert step == 0 or ns > end_of(step - 1)


def test_quantiles_are_those_of_the_sorted_durations_or_slightly_more():
    chance, times = random.Random(2), Times()
    times.note(10**9)
    durations = sorted(int(chance.lognormvariate(11, 1)) for _ in range(4000))
    for ns in chance.sample(durations, len(durations)):
        times.note(ns)
    for share in (0.5, 0.9, 0.99):
        exact = durations[round(share * 4000) - 1]
        assert exact <= (times.quantile_ns(share) or 0) <= exact * 1.125
    assert times.quantile_ns(1.0) == times.worst_ns == durations[-1]


def test_the_first_frame_stands_apart():
    times = Times()
    for ns in (5_000_000, 20_000, 30_000):
        times.note(ns)
    figures = times.figures()
    assert figures["first_us"] == 5000
    assert figures["worst_us"] == 30
    assert figures["frames"] == 3


def test_a_symbol_that_was_not_timed_has_no_worst(tmp_path):
    timing = Timing()
    timing.of("A").rows = 7
    timing.write(tmp_path)
    written = json.loads((tmp_path / "timing.json").read_text())
    assert written["rows"] == 7
    assert written["symbols"]["A"]["worst_us"] is None
    assert written["symbols"]["A"]["p99_us"] is None


@pytest.fixture
def hasty():
    """Let threads take turns in the middle of everything."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_a_copy_is_as_of_one_frame_while_another_thread_notes_more(hasty):
    times, stop = Times(), threading.Event()

    def note():
        for n in cycle(range(1, 5000)):
            times.note(n)
            if stop.is_set():
                return

    noting = threading.Thread(target=note)
    copies: dict[int, tuple[int, dict[int, int]]] = {}
    noting.start()
    try:
        while len(copies) < 1000:
            frames, total_ns, steps = times.copied()
            copies[frames] = total_ns, steps
    finally:
        stop.set()
        noting.join()
    for frames, (total_ns, steps) in copies.items():
        rounds, rest = divmod(frames, 4999)
        assert sum(steps.values()) == frames
        assert total_ns == rounds * sum(range(1, 5000)) + sum(range(1, rest + 1))


def test_frames_that_were_not_timed_singly_are_counted_all_the_same():
    assert Times(frames=7, total_ns=70).copied() == (7, 70, {})
