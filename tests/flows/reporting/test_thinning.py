import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from flows.reporting.thinning import KINDS, MOST, kept

VALUES = st.one_of(st.floats(-1e6, 1e6, width=32), st.just(float("nan")))
LINES = arrays(np.dtype(np.float64), st.integers(1, 400), elements=VALUES)


def test_a_short_line_is_left_alone():
    assert kept(np.zeros(MOST)).tolist() == list(range(MOST))


@given(LINES, st.integers(5, 60))
def test_both_extremes_and_both_ends_stay(values, most):
    where = kept(values, most)
    assert where[0] == 0
    assert where[-1] == len(values) - 1
    if not np.isnan(values).all():
        assert np.nanmin(values[where]) == np.nanmin(values)
        assert np.nanmax(values[where]) == np.nanmax(values)


@given(LINES, st.integers(5, 60))
def test_every_stretch_keeps_its_own_extremes_and_its_gap(values, most):
    where = kept(values, most)
    width = -(-len(values) // max(1, most // KINDS)) if len(values) > most else 1
    for begin in range(0, len(values), width):
        part = values[begin : begin + width]
        drawn = values[where[(where >= begin) & (where < begin + width)]]
        assert np.isnan(part).any() == np.isnan(drawn).any()
        if not np.isnan(part).all():
            assert (np.nanmin(drawn), np.nanmax(drawn)) == (np.nanmin(part), np.nanmax(part))


@given(LINES, st.integers(5, 60))
def test_points_are_in_order_once_each_and_not_too_many(values, most):
    where = kept(values, most)
    assert (np.diff(where) > 0).all()
    assert len(where) <= max(len(values) if len(values) <= most else 0, most)
