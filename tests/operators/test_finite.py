import math

import numpy as np
import pytest

from operators.finite import log_ratios, lowest, tempered, unmade
from tests.oracles.finite_inventory import depths


def table(sigma, a, k, x, last):
    """Return the bid's depths at 0..last−1 orders, and at −last..−1."""
    ratios = np.zeros(last + 1)
    log_ratios(0.5 * k * x * sigma * sigma * tempered(x, k) / a, last, ratios)
    up = unmade(x, k) + ratios[1:] / k
    return np.concatenate([(unmade(x, k) - ratios[1:] / k)[::-1], up])


GRID = [
    (sigma, a, k, x, last)
    for sigma in ("0.3", "5", "81.2")
    for a, k in (("0.9", "0.3"), ("0.57", "0.026"), ("15", "1.5"))
    for x in ("0.00001", "0.001", "0.3")
    for last in (1, 2, 30)
]


@pytest.mark.parametrize(("sigma", "a", "k", "x", "last"), GRID)
def test_the_table_equals_the_eigenvector_of_the_whole_matrix_in_many_digits(sigma, a, k, x, last):
    exact = depths(sigma, a, k, x, last)
    mine = table(float(sigma), float(a), float(k), float(x), last)
    assert mine == pytest.approx(exact, rel=1e-10, abs=1e-9)


def test_published_numbers():
    mild = table(0.3, 0.9, 0.3, 0.01, 30)
    assert mild[30] == pytest.approx(3.3130, abs=5e-5)
    hard = table(81.2, 0.57, 0.026, 0.001, 30)
    assert hard[30 + 10] == pytest.approx(189.5, abs=0.05)
    for last in (30, 50):
        assert table(81.2, 0.57, 0.026, 0.001, last)[last + 10] == pytest.approx(189.544, abs=5e-4)


def test_far_out_where_the_eigenvector_is_below_what_a_double_holds_depths_still_have_their_digits():
    exact = depths("81.2", "0.57", "0.026", "0.003", 128, digits=400)
    assert table(81.2, 0.57, 0.026, 0.003, 128) == pytest.approx(exact, rel=1e-11)
    eigenvector_falls_by = 0.026 * float(np.sum(np.array(exact[128:]) - unmade(0.003, 0.026)))
    assert eigenvector_falls_by > 600, "nats; a double has 745"


def test_without_risk_the_eigenvector_is_half_a_wave():
    last = 10
    assert lowest(0.0, last) == pytest.approx(2 - 2 * math.cos(math.pi / (2 * last + 2)), rel=1e-12)
    waves = [math.cos(math.pi * j / (2 * last + 2)) for j in range(last + 1)]
    ratios = np.zeros(last + 1)
    log_ratios(0.0, last, ratios)
    assert ratios[1:] == pytest.approx([math.log(waves[j - 1] / waves[j]) for j in range(1, last + 1)])


def test_without_risk_aversion_the_limits_are_reached_smoothly():
    assert unmade(0.0, 0.5) == 2.0
    assert unmade(1e-7, 0.5) == pytest.approx(2.0, rel=1e-6)
    assert tempered(0.0, 0.5) == pytest.approx(math.e, rel=1e-15)
    assert tempered(1e-6, 0.5) == pytest.approx(math.e, rel=1e-5)
    assert tempered(0.7, 0.5) == pytest.approx((1 + 0.7 / 0.5) ** (1 + 0.5 / 0.7), rel=1e-14)
