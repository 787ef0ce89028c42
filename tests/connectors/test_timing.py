import json
import random

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
