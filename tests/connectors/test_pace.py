"""A paced replay is due when its market was, at that many times real time."""

from datetime import UTC, datetime

import pytest

from connectors.pace import PAST, Pace
from operators.rows import Row

NOON = 1_735_732_800


def rows_at(*seconds):
    rows = Row.table(len(seconds))
    for k, at in enumerate(seconds):
        rows[k].ts_recv = at * 10**9
    return rows


@pytest.mark.parametrize(("speed", "waits_s"), [(1, 8), (4, 2), (0.5, 16)])
def test_what_is_released_is_due_when_its_last_row_was(speed, waits_s):
    pace = Pace(speed, clock=lambda: NOON)
    pace.reach(rows_at(100, 102))
    pace.reach(rows_at(103, 108))
    assert pace.due == datetime.fromtimestamp(NOON + waits_s, UTC)


def test_without_a_speed_everything_is_due_at_once():
    pace = Pace(0)
    pace.reach(rows_at(100, 108))
    assert pace.due == PAST


def test_nothing_released_changes_nothing():
    pace = Pace(1, clock=lambda: NOON)
    pace.reach(Row.table(0))
    assert (pace.due, pace.began) == (PAST, None)
