"""Decimals become whole steps exactly, or are refused with their reason."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.recorded.grid import EXACT_STEPS, Grid, TooFine
from connectors.recorded.letters import Reason, Unusable
from operators.rows import LIMIT

STEPS = [Decimal(step) for step in ("0.1", "0.01", "0.00000001", "0.05", "0.25", "1", "5", "1000")]


@given(step=st.sampled_from(STEPS), whole=st.integers(0, LIMIT - 1))
def test_every_multiple_of_the_step_is_found_again(step, whole):
    grid, exact = Grid(step), step * whole
    assert grid.whole(exact) == whole
    if whole < EXACT_STEPS:
        assert grid.whole(float(exact)) == whole
        assert grid.many([float(exact)]).tolist() == [whole]
    else:
        with pytest.raises(TooFine):
            grid.whole(float(exact))
        with pytest.raises(TooFine):
            grid.many([0.0, float(exact)])
    assert grid.many([exact]).tolist() == [whole]


@given(step=st.sampled_from(STEPS), whole=st.integers(0, 10**9), share=st.integers(1, 999))
def test_what_lies_between_two_steps_is_off_the_grid(step, whole, share):
    grid, between = Grid(step), step * whole + step * share / 1000
    for value in (between, float(between)):
        with pytest.raises(Unusable) as told:
            grid.whole(value)
        assert told.value.reason == Reason.OFF_GRID
    _, faults = grid.judge(np.array([float(between)]))
    assert faults == {0: Reason.OFF_GRID}


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (float("nan"), Reason.NOT_FINITE),
        (float("inf"), Reason.NOT_FINITE),
        (float("-inf"), Reason.NOT_FINITE),
        (-0.1, Reason.NEGATIVE),
        (1e300, Reason.OVERFLOW),
        (1.7e308, Reason.OVERFLOW),
        (0.15, Reason.OFF_GRID),
        (1e-9, Reason.OFF_GRID),
    ],
)
def test_a_bad_number_is_told_the_same_way_alone_among_many_and_as_a_decimal(value, reason):
    grid = Grid(Decimal("0.1"))
    steps, faults = grid.judge(np.array([0.1, value, 0.3]))
    assert (steps[[0, 2]].tolist(), faults) == ([1, 3], {1: reason})
    with pytest.raises(Unusable) as told:
        grid.whole(Decimal(value))
    assert told.value.reason == reason
    if reason != Reason.OVERFLOW:
        for read in (lambda: grid.whole(value), lambda: grid.many([0.1, value])):
            with pytest.raises(Unusable) as told:
                read()
            assert told.value.reason == reason


def test_floats_too_large_to_divide_are_read_as_they_are_written():
    steps, faults = Grid(Decimal("0.1")).judge(np.array([99999999999999.9, 99999999999999.95]))
    assert (steps[0], faults) == (999999999999999, {1: Reason.OFF_GRID})


def test_zero_is_on_every_grid():
    grid = Grid(Decimal("0.1"))
    assert (grid.whole(0.0), grid.whole(-0.0), grid.many([0.0, -0.0]).tolist()) == (0, 0, [0, 0])
    assert grid.many([]).tolist() == []


def test_a_mark_is_rounded_to_the_nearest_step():
    grid = Grid(Decimal("0.1"))
    near, faults = grid.judge_near(np.array([28147.192794, np.nan, -1.0, 1e300]))
    assert (grid.nearest(28147.192794), near[0]) == (281472, 281472)
    assert faults == {1: Reason.NOT_FINITE, 2: Reason.NEGATIVE, 3: Reason.OVERFLOW}
    with pytest.raises(Unusable) as told:
        grid.nearest(Decimal("1e300"))
    assert told.value.reason == Reason.OVERFLOW
