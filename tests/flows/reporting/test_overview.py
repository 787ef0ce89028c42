"""What stands before single symbols."""

from types import SimpleNamespace

import numpy as np

from flows.reporting.overview import _highest

SECOND = 1_000_000_000
NONE = float("nan")


def test_a_stretch_without_a_sample_is_as_the_last_one_before_it_left_it():
    series = {
        "ts_ns": np.array([20, 30, 40, 80]) * SECOND,
        "level": np.array([0.5, 0.6, 0.4, NONE]),
        "top_level": np.array([0.5, 0.7, 0.8, NONE]),
    }
    edges = np.arange(0, 111, 10) * SECOND
    drawn = _highest(SimpleNamespace(series=series), edges)
    np.testing.assert_array_equal(drawn, [NONE, NONE, 0.5, 0.7, 0.8, 0.4, 0.4, 0.4, NONE, NONE, NONE])
