import math
import random

import numpy as np
import pytest

from operators.caution import is_paused, widening
from operators.kernel import Cell
from operators.quotes import Asmm, AsmmParams
from operators.rows import BEST, BUY, CLOCK, FILLED, LAST, LEVEL, SELL, TRADE, Row, Rows
from operators.toxicity import (
    DISABLED,
    LOW_VOLUME,
    MEAN_ABS,
    MOST_BUCKETS,
    NET,
    OK,
    STALE,
    WARMING,
    Reading,
    Vpin,
    VpinParams,
)
from operators.vpin import counts, dominant_share, vpin_on_frame

USUAL = {"enabled": 1, "bucket_steps": 10, "n_buckets": 4, "min_buckets": 1, "fallback": 0.5}


def given_by(**changes: float) -> Cell[VpinParams]:
    return VpinParams.cell(**{**USUAL, **changes})


def tape(*trades: tuple[int, ...]) -> Rows:
    """Trades of (side, lots), (side, lots, ticks) or (side, lots, ticks, id)."""
    rows = Row.table(len(trades))
    for i, (side, lots, *rest) in enumerate(trades):
        row = rows[i]
        row.kind, row.side, row.size_lots, row.marks = TRADE, side, lots, LAST
        row.price_ticks, row.id = (*rest, *(100, 0)[len(rest) :])
    return rows


def play(rows: Rows, setup: Cell[VpinParams], vpin: Cell[Vpin] | None = None) -> tuple[Cell[Vpin], Reading]:
    """Return the state and the reading after the last row."""
    vpin = Vpin.cell() if vpin is None else vpin
    readings = Reading.table(len(rows))
    vpin_on_frame(vpin, setup, rows, readings)
    return vpin, readings[len(rows) - 1]


@pytest.mark.parametrize("estimator", [MEAN_ABS, NET])
@pytest.mark.parametrize("first", [BUY, SELL])
def test_8000_against_2000_in_one_bucket_is_six_tenths(estimator, first):
    setup = given_by(bucket_steps=10_000, estimator=estimator)
    _, reading = play(tape((first, 8000), (-first, 2000)), setup)
    assert reading.status == OK
    assert reading.value == 0.6
    assert reading.net_imbalance == 0.6 * first


def test_the_estimators_differ_once_buckets_point_both_ways():
    trades = tape((BUY, 10), (SELL, 10))
    assert play(trades, given_by(estimator=MEAN_ABS))[1].value == 1.0
    assert play(trades, given_by(estimator=NET))[1].value == 0.0


def test_eight_buys_then_two_sells_for_ever_is_six_tenths():
    cycle = [(BUY, 1)] * 8 + [(SELL, 1)] * 2
    _, reading = play(tape(*cycle * 1000), given_by(bucket_steps=20))
    assert (reading.n_closed, reading.value) == (500, 0.6)


def test_each_trade_that_is_poured_counts_as_one_however_many_buckets_it_fills():
    once, again, nothing = (BUY, 35, 100, 7), (BUY, 35, 100, 7), (SELL, 0, 100, 8)
    vpin, reading = play(tape(once, again, nothing, (SELL, 1, 100, 9)), given_by())
    assert (vpin[0].n_trades, reading.n_trades, reading.n_closed) == (2, 2, 3)


def test_ten_trades_of_a_tenth_fill_a_bucket_of_one_and_nine_do_not():
    vpin, reading = play(tape(*[(BUY, 100)] * 9), given_by(bucket_steps=1000))
    assert (reading.n_closed, reading.status) == (0, WARMING)
    vpin, reading = play(tape((BUY, 100)), given_by(bucket_steps=1000), vpin)
    assert (reading.n_closed, reading.status, reading.value) == (1, OK, 1.0)
    assert vpin[0].open_buy == vpin[0].open_sell == 0


def test_volume_is_counted_up_to_a_limit_and_never_wraps_round():
    huge = 1 << 60
    vpin, reading = play(tape(*[(BUY, huge)] * 9), given_by(bucket_steps=1 << 40))
    assert vpin[0].total_steps == 1 << 62
    assert (reading.status, reading.value) == (OK, 1.0)


def test_a_trade_is_split_where_its_bucket_is_full():
    vpin, reading = play(tape((SELL, 7), (BUY, 8)), given_by())
    assert (reading.n_closed, reading.value) == (1, 0.4)
    assert (vpin[0].open_buy, vpin[0].open_sell) == (5, 0)


def test_a_trade_that_fills_thousands_of_buckets_leaves_a_window_of_its_own_side():
    vpin, reading = play(tape((SELL, 4), (BUY, 6 + 123_456 * 10 + 3)), given_by())
    state = vpin[0]
    assert (reading.n_closed, reading.value, reading.net_imbalance) == (123_457, 1.0, 1.0)
    assert (state.open_buy, state.total_steps) == (3, 4 + 6 + 1_234_560 + 3)
    assert state.imbalance[:4].tolist() == [10, 10, 10, 10]
    assert not state.imbalance[4:].any()


def test_a_window_of_the_most_buckets_wraps_around():
    setup = given_by(bucket_steps=1, n_buckets=MOST_BUCKETS)
    _, reading = play(tape((BUY, MOST_BUCKETS), (SELL, MOST_BUCKETS // 4)), setup)
    assert (reading.value, reading.net_imbalance) == (1.0, 0.5)


def test_a_trade_id_counts_once_and_ids_only_rise():
    rows = tape((BUY, 3, 100, 7), (SELL, 3, 100, 7), (SELL, 3, 100, 6), (BUY, 3, 100, 8))
    vpin, _ = play(rows, given_by())
    assert (vpin[0].n_duplicates, vpin[0].last_id) == (2, 8)
    assert (vpin[0].open_buy, vpin[0].open_sell, vpin[0].total_steps) == (6, 0, 6)


def test_trades_without_an_id_all_count():
    vpin, _ = play(tape((BUY, 1), (BUY, 1), (BUY, 1, 100, 5), (BUY, 1)), given_by())
    assert (vpin[0].n_duplicates, vpin[0].open_buy, vpin[0].last_id) == (0, 4, 5)


def test_in_quote_units_a_step_is_a_tick_times_a_lot():
    setup = given_by(quote_unit=1, bucket_steps=1000)
    vpin, reading = play(tape((BUY, 4, 200), (SELL, 2, 150)), setup)
    assert (reading.n_closed, reading.value) == (1, 0.6)
    assert (vpin[0].open_sell, vpin[0].total_steps) == (100, 1100)


def test_too_few_buckets_give_the_fallback_and_keep_the_direction():
    vpin, reading = play(tape((BUY, 10), (BUY, 10)), given_by(min_buckets=3))
    assert (reading.status, reading.value, reading.net_imbalance) == (WARMING, 0.5, 1.0)
    _, reading = play(tape((BUY, 10)), given_by(min_buckets=3), vpin)
    assert (reading.status, reading.value) == (OK, 1.0)


def test_without_a_bucket_there_is_no_value_whatever_is_asked():
    _, reading = play(tape((BUY, 9)), given_by(min_buckets=0))
    assert (reading.status, reading.value, reading.net_imbalance) == (WARMING, 0.5, 0.0)


def test_a_thin_tape_gives_the_fallback_until_enough_has_traded():
    vpin, reading = play(tape((BUY, 29)), given_by(vol_threshold_steps=30))
    assert (reading.status, reading.value) == (LOW_VOLUME, 0.5)
    _, reading = play(tape((SELL, 1)), given_by(vol_threshold_steps=30), vpin)
    assert reading.status == OK
    assert reading.value == pytest.approx(28 / 30, rel=1e-15)


def test_disabled_it_says_so():
    _, reading = play(tape((BUY, 50)), given_by(enabled=0))
    assert (reading.status, reading.value) == (DISABLED, 0.5)


def test_levels_inside_a_message_mean_nothing():
    rows = tape((BUY, 10), (BUY, 10))
    rows[0].kind, rows[0].marks, rows[0].lag_us = LEVEL, 0, 5
    vpin, _ = play(rows[:1], given_by(max_lag_us=1))
    assert (vpin[0].n_late, vpin[0].total_steps) == (0, 0)
    rows[0].marks = LAST
    vpin, _ = play(rows[:1], given_by(max_lag_us=1))
    assert (vpin[0].n_late, vpin[0].total_steps) == (1, 0)


def test_only_trades_pour_and_only_whole_messages_are_read():
    rows = tape((BUY, 10), (SELL, 10), (SELL, 10), (SELL, 10))
    rows[0].marks = 0
    rows[1].kind = BEST
    rows[2].kind, rows[2].marks = CLOCK, 0
    readings = Reading.table(4)
    vpin = Vpin.cell()
    vpin_on_frame(vpin, given_by(), rows, readings)
    assert [readings[i].status for i in range(4)] == [0, OK, OK, OK]
    assert [readings[i].n_closed for i in range(4)] == [0, 1, 1, 2]


def test_ten_thousand_trades_of_coin_flips_are_as_toxic_as_coins():
    """Buckets of m = 100 equal trades: √(2 / (π·m)), within 4 standard errors."""
    rng, m = random.Random(11), 100
    flips = [(rng.choice([BUY, SELL]), 1) for _ in range(10_000)]
    _, reading = play(tape(*flips), given_by(bucket_steps=m, n_buckets=100))
    expected, deviation = math.sqrt(2 / (math.pi * m)), math.sqrt((1 - 2 / math.pi) / m)
    assert reading.n_closed == 100
    assert abs(reading.value - expected) < 4 * deviation / math.sqrt(100)


def test_unequal_sides_show_as_their_difference():
    """Eight in ten buy: |0.8 - 0.2| in the long run, within 4 standard errors of a window of 10,000."""
    rng = random.Random(12)
    flips = [(BUY if rng.random() < 0.8 else SELL, 1) for _ in range(10_000)]
    _, reading = play(tape(*flips), given_by(bucket_steps=1000, n_buckets=10, estimator=NET))
    assert abs(reading.value - 0.6) < 4 * 2 * math.sqrt(0.8 * 0.2 / 10_000)


def test_the_share_of_the_larger_side_is_eight_tenths_at_six_tenths():
    _, reading = play(tape((BUY, 8000), (SELL, 2000)), given_by(bucket_steps=10_000))
    assert dominant_share(reading.value) == 0.8


def late(*lags_us):
    rows = tape(*[(BUY, 10)] * len(lags_us))
    for row, lag in zip(rows, lags_us, strict=True):  # type: ignore[call-overload]
        row.lag_us = lag
    return rows


def test_what_is_released_too_late_is_stale_and_the_next_in_time_is_not():
    setup = given_by(max_lag_us=100_000)
    vpin, reading = play(late(0, 100_001), setup)
    assert (reading.status, reading.value, counts(reading)) == (STALE, 1.0, False)
    assert vpin[0].n_late == 1
    vpin, reading = play(late(200_000, 100_000), setup, vpin)
    assert (reading.status, counts(reading), vpin[0].n_late) == (OK, True, 2)


def test_without_a_limit_nothing_is_late():
    vpin, reading = play(late(2_000_000_000), given_by(max_lag_us=0))
    assert (reading.status, vpin[0].n_late) == (OK, 0)


def test_the_clock_and_our_own_reports_do_not_say_that_the_market_is_late():
    setup = given_by(max_lag_us=1)
    vpin, _ = play(late(0, 5), setup)
    rows = late(0, 0)
    rows[0].kind, rows[1].kind = CLOCK, FILLED
    vpin, reading = play(rows, setup, vpin)
    assert (reading.status, vpin[0].n_late) == (STALE, 1)


def test_a_late_trade_still_counts_as_volume():
    vpin, _ = play(late(9, 9), given_by(max_lag_us=1))
    assert vpin[0].total_steps == 20


@pytest.mark.parametrize(("lots", "ticks"), [(0, 100), (-5, 100), (5, 0), (5, -1), (-5, -1)])
@pytest.mark.parametrize("quote_unit", [0, 1])
def test_a_trade_that_cannot_be_changes_nothing_but_its_id(lots, ticks, quote_unit):
    vpin, reading = play(tape((BUY, 10, 100, 1), (SELL, lots, ticks, 2)), given_by(quote_unit=quote_unit))
    only, expected = play(tape((BUY, 10, 100, 1)), given_by(quote_unit=quote_unit))
    assert np.asarray(reading).tobytes() == np.asarray(expected).tobytes()
    only[0].last_id = 2
    assert vpin.tobytes() == only.tobytes()


def test_toxic_episodes_pause_and_widen():
    """Half of the volume comes in one-sided runs of a window and more."""
    rng = random.Random(5)
    sides = []
    for _ in range(40):
        sides += [rng.choice([BUY, SELL])] * 150
        sides += [rng.choice([BUY, SELL]) for _ in range(150)]
    rows = tape(*[(side, 1) for side in sides])
    readings = Reading.table(len(rows))
    setup = given_by(bucket_steps=10, n_buckets=10, min_buckets=5)
    vpin_on_frame(Vpin.cell(), setup, rows, readings)
    asmm, params = (
        Asmm.cell(),
        AsmmParams.cell(pause_threshold=0.9, pause_ns=5, threshold=0.7, multiplier=0.2),
    )
    factors = []
    for n in range(len(rows)):
        is_paused(asmm[0], params[0], readings[n], n)
        if 0.7 < readings[n].value <= 0.9:
            factors.append(widening(readings[n], params[0]))
    assert asmm[0].n_pauses > 5
    assert len(factors) > 100
    assert sum(factors) / len(factors) >= 1.15
