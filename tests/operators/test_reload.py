"""What new settings make begin anew, field by field, and what they leave."""

import numpy as np
import pytest

from operators.calibration import Calibration
from operators.measure import VpinMeasure
from operators.quotes import Asmm
from operators.reload import FIT, WINDOW, quote_anew, restart_window
from operators.rows import BUY, LAST, SELL, TRADE, Row
from operators.toxicity import OK, WARMING, Reading, Vpin, VpinParams

KEPT = (
    *("last_id", "n_trades", "n_duplicates", "late", "n_late", "last_ticks", "last_side", "tick_side"),
    *("n_guarded", "flag_buys", "flag_sells", "tick_buys", "tick_sells", "broken", "n_broken"),
    *("best_bid", "best_ask", "twice_mid", "n_mids", "mid_ns", "mids", "flagged", "ticked"),
)
"""Which trades were seen, what signs them, and what was counted since the run began."""
LEARNT = (
    *("sigma", "n_refits", "twice_mid", "step", "ends_ns", "step_mid", "deepest_bid", "deepest_ask"),
    *("squares", "weight"),
)


def full(record):
    """A record in which every byte says something."""
    return record.load(b"\x01" * record.dtype.itemsize)


def is_clear(cell, name):
    return not np.asarray(cell)[name].tobytes().strip(b"\0")


@pytest.mark.parametrize(("record", "cleared", "kept"), [(Vpin, WINDOW, KEPT), (Calibration, FIT, LEARNT)])
def test_every_field_either_begins_anew_or_stays(record, cleared, kept):
    assert sorted((*cleared, *kept)) == sorted(record.dtype.names)


def test_a_new_window_clears_buckets_and_nothing_else():
    vpin = full(Vpin)
    restart_window(vpin)
    assert all(is_clear(vpin, name) for name in WINDOW)
    assert not any(is_clear(vpin, name) for name in KEPT)


@pytest.mark.parametrize("new_fit", [False, True])
def test_depths_follow_from_new_parameters_and_a_new_fit_clears_what_it_was_of(new_fit):
    asmm = full(Asmm)
    quote_anew(asmm, new_window=False, new_fit=new_fit)
    calibration = np.asarray(asmm)["calibration"]
    assert asmm[0].depths.ready == 0
    assert asmm[0].pause_closed != 0
    assert all(is_clear(calibration, name) is new_fit for name in FIT)
    assert not any(is_clear(calibration, name) for name in LEARNT)


def test_a_new_window_lets_a_pause_begin_with_its_first_bucket():
    asmm = full(Asmm)
    quote_anew(asmm, new_window=True, new_fit=False)
    assert asmm[0].pause_closed == 0


def trades(first_id, *signed_lots):
    rows = Row.table(len(signed_lots))
    for k, lots in enumerate(signed_lots):
        row = rows[k]
        row.kind, row.id, row.marks, row.price_ticks = TRADE, first_id + k, LAST, 100
        row.side, row.size_lots, row.ts_recv = (BUY if lots > 0 else SELL), abs(lots), first_id + k
    return rows


def read(measure, rows):
    readings = Reading.table(len(rows))
    measure.on_frame(rows, readings)
    return readings[len(rows) - 1]


def test_a_restarted_window_measures_what_one_that_never_saw_the_past_does():
    small = VpinParams.cell(enabled=1, bucket_steps=10, n_buckets=3, min_buckets=1)
    large = VpinParams.cell(enabled=1, bucket_steps=25, n_buckets=2, min_buckets=1)
    told, fresh = VpinMeasure(small), VpinMeasure(large)
    assert read(told, trades(1, 10, 10, -5, 5)).status == OK
    told.adopt(large, new_window=True)
    again = read(told, trades(4, 99))
    assert (again.status, again.n_closed) == (WARMING, 0), "a trade that was seen is not counted again"
    later = trades(5, 20, -10, -20, 7, 30)
    ours, theirs = read(told, later), read(fresh, later)
    assert (ours.value, ours.n_closed, ours.status) == (theirs.value, theirs.n_closed, OK)


def test_without_a_new_window_the_buckets_stay():
    params = VpinParams.cell(enabled=1, bucket_steps=10, n_buckets=3, min_buckets=1)
    stricter = VpinParams.cell(enabled=1, bucket_steps=10, n_buckets=3, min_buckets=3)
    measure = VpinMeasure(params)
    assert read(measure, trades(1, 10, 10)).value == 1.0
    measure.adopt(stricter, new_window=False)
    assert read(measure, trades(3, 1)).status == WARMING
    assert read(measure, trades(4, -19)).n_closed == 4
