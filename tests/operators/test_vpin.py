import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.kernel import Cell
from operators.rows import BEST, BUY, CLOCK, LAST, SELL, TRADE, Row, Rows
from operators.toxicity import (
    DISABLED,
    LOW_VOLUME,
    MEAN_ABS,
    MOST_BUCKETS,
    NET,
    OK,
    WARMING,
    Reading,
    Vpin,
    VpinParams,
)
from operators.vpin import vpin_on_frame

USUAL = {"enabled": 1, "bucket_steps": 10, "n_buckets": 4, "min_buckets": 1, "fallback": 0.5}
TAPES = st.lists(st.tuples(st.sampled_from([BUY, SELL]), st.integers(1, 60)), max_size=30)


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
    _, reading = play(tape(*cycle * 100), given_by(bucket_steps=20))
    assert (reading.n_closed, reading.value) == (50, 0.6)


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


@given(TAPES.filter(bool), st.integers(1, 25), st.data())
def test_cutting_trades_in_two_changes_nothing(trades, bucket_steps, data):
    setup = given_by(bucket_steps=bucket_steps)
    halves = []
    for side, lots in trades:
        first = data.draw(st.integers(0, lots - 1))
        halves += [(side, first)] * (first > 0) + [(side, lots - first)]
    whole, reading = play(tape(*trades), setup)
    cut, reading_cut = play(tape(*halves), setup)
    for name in ("open_buy", "open_sell", "n_closed", "total_steps"):
        assert getattr(cut[0], name) == getattr(whole[0], name)
    assert cut[0].imbalance.tobytes() == whole[0].imbalance.tobytes()
    assert np.asarray(reading_cut).tobytes() == np.asarray(reading).tobytes()


@given(TAPES.filter(bool), st.sampled_from([MEAN_ABS, NET]))
def test_swapping_buys_and_sells_turns_the_direction_and_keeps_the_value(trades, estimator):
    setup = given_by(estimator=estimator)
    _, reading = play(tape(*trades), setup)
    _, mirror = play(tape(*[(-side, lots) for side, lots in trades]), setup)
    assert mirror.value == reading.value
    assert mirror.net_imbalance == -reading.net_imbalance


@given(TAPES.filter(bool), st.integers(2, 1000))
def test_larger_lots_in_larger_buckets_read_the_same(trades, scale):
    _, reading = play(tape(*trades), given_by(bucket_steps=10))
    _, scaled = play(tape(*[(s, n * scale) for s, n in trades]), given_by(bucket_steps=10 * scale))
    assert scaled.value == pytest.approx(reading.value, rel=1e-12)
    assert (scaled.n_closed, scaled.status) == (reading.n_closed, reading.status)
