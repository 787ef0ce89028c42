"""Random draws against their definitions, and against Python's own mathematics."""

import hashlib
import math
from itertools import pairwise

import numpy as np
import pytest

from connectors.synthetic import draws
from operators.kernel import COMPILED
from tests.oracles.synthetic_market import Array

MANY = 200_000 if COMPILED else 3_000
"""Enough for the moments that a test compares, where a draw is cheap."""


def words() -> Array:
    return np.array([12345, 67890], np.int64)


def many(draw, n: int = MANY) -> Array:
    state = words()
    return np.array([draw(state) for _ in range(n)])


def lecuyer(first: int, second: int) -> tuple[int, int, float]:
    """Follow the 1988 paper in Python's unbounded integers, Schrage's way of multiplying included."""
    k = first // 53668
    first = 40014 * (first - k * 53668) - k * 12211
    first += 2147483563 if first < 0 else 0
    k = second // 52774
    second = 40692 * (second - k * 52774) - k * 3791
    second += 2147483399 if second < 0 else 0
    z = first - second
    return first, second, (z + 2147483562 if z < 1 else z) / 2147483563


def test_uniform_draws_are_the_paper_s():
    state, (first, second) = words(), words().tolist()
    for _ in range(1000):
        first, second, expected = lecuyer(first, second)
        assert draws.uniform(state) == expected
    assert state.tolist() == [first, second]


def test_uniform_draws_are_uniform_and_independent_of_the_last():
    sample = many(draws.uniform)
    assert 0 < sample.min() < sample.max() < 1
    counts = np.histogram(sample, 20, (0, 1))[0]
    chi_square = np.sum((counts - MANY / 20) ** 2) / (MANY / 20)
    assert chi_square < 43.8, "19 degrees of freedom: once in a thousand"
    assert abs(np.corrcoef(sample[1:], sample[:-1])[0, 1]) < 4 / math.sqrt(MANY)


@pytest.mark.parametrize("u", [1e-300, 4.7e-10, 0.01, 0.5, 0.7499999, 0.75, 0.999, 1.0])
def test_the_logarithm_is_right_to_seven_digits(u):
    assert draws.log_of(u) == pytest.approx(math.log(u), rel=1e-7, abs=1e-12)


@pytest.mark.parametrize("age", [0.0, 1e-6, 0.01, 0.3, 1.0, 5.0, 1e9])
def test_fading_is_nearly_exponential_and_stays_between_one_and_zero(age):
    faded = draws.faded(age)
    assert 0 <= faded <= 1
    if age <= 1:
        assert faded == pytest.approx(math.exp(-age), rel=age**2 / 32 + 1e-12)


def test_fading_never_rises_with_age():
    assert all(a > b for a, b in pairwise(draws.faded(age) for age in np.linspace(0, 20, 200)))


def test_waiting_times_are_exponential():
    sample = many(draws.exponential)
    assert sample.mean() == pytest.approx(1, abs=4 / math.sqrt(MANY))
    assert np.mean(sample > 2) == pytest.approx(math.exp(-2), abs=4 * math.sqrt(0.135 * 0.865 / MANY))


def test_normal_draws_have_the_moments_of_the_normal():
    sample = many(draws.normal)
    assert sample.mean() == pytest.approx(0, abs=4 / math.sqrt(MANY))
    assert sample.var() == pytest.approx(1, abs=4 * math.sqrt(2 / MANY))
    assert np.mean(sample**4) == pytest.approx(3, abs=4 * math.sqrt(96 / MANY))
    assert np.mean(np.abs(sample) > 1.96) == pytest.approx(0.05, abs=4 * math.sqrt(0.0475 / MANY))


def test_sizes_have_a_pareto_tail_up_to_the_cap():
    sample = many(draws.heavy)
    assert sample.min() >= 1
    assert sample.max() <= draws.HEAVY_CAP
    for size in (2, 5, 10, 20):
        share = size**-1.6
        assert np.mean(sample > size) == pytest.approx(share, abs=4 * math.sqrt(share / MANY))
    assert sample.mean() == pytest.approx(draws.HEAVY_MEAN, abs=4 * sample.std() / math.sqrt(MANY))


def test_the_stated_mean_of_sizes_is_the_integral_of_their_tail():
    sizes = np.linspace(1, draws.HEAVY_CAP, 1_000_001)
    tail = sizes**-1.6
    integral = 1 + np.sum((tail[1:] + tail[:-1]) / 2 * np.diff(sizes))
    assert pytest.approx(integral, rel=1e-4) == draws.HEAVY_MEAN


def test_sides_are_a_fair_coin():
    sample = many(draws.either_side)
    assert set(sample.tolist()) == {1, -1}
    assert abs(sample.mean()) < 4 / math.sqrt(MANY)


def test_seeds_give_words_that_the_generator_may_start_from():
    seen = set()
    for seed in range(-50, 50):
        for symbol in ("BTCUSDC", "ETHUSDC"):
            first, second = draws.seed_words(seed, symbol)
            assert 1 <= first < draws.FIRST_MODULUS
            assert 1 <= second < draws.SECOND_MODULUS
            seen.add((first, second))
    assert len(seen) == 200


def test_seed_words_come_from_seed_and_symbol_alone():
    digest = hashlib.sha256(b"7/BTCUSDC").hexdigest()
    expected = [
        1 + int(half, 16) % modulus
        for half, modulus in ((digest[:32], 2147483562), (digest[32:], 2147483398))
    ]
    assert draws.seed_words(7, "BTCUSDC") == tuple(expected)
