import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from operators.rows import BUY, LAST, LIMIT, NOTIONAL_LIMIT, SELL, TRADE, Row
from operators.toxicity import AGGRESSOR, BVC, LEE_READY, MEAN_ABS, NET, TICK, Reading, Vpin, VpinParams
from operators.vpin import vpin_on_frame
from operators.vpin_columns import Columns, vpin_of_columns

USUAL = {"enabled": 1, "bucket_steps": 10, "n_buckets": 4, "min_buckets": 1, "fallback": 0.5}
BARS = {"bvc_bar_ns": 5, "bvc_decay": 0.5}
TRADES = st.lists(
    st.tuples(st.integers(1, 3), st.integers(95, 105), st.integers(1, 90), st.sampled_from([BUY, SELL, 0])),
    max_size=30,
)


def columns(*trades: tuple[int, int, int, int]) -> Columns:
    """Columns of (ts_ns, price_ticks, size_lots, side)."""
    table = np.array(trades, np.int64).reshape(-1, 4)
    return Columns(*table.T)


def row_by_row(setup, given):
    vpin, rows, readings = Vpin.cell(), Row.table(1), Reading.table(1)
    values = []
    for ts_ns, ticks, lots, side in zip(*(column.tolist() for column in given), strict=True):
        row = rows[0]
        row.kind, row.marks, row.ts_event, row.ts_recv = TRADE, LAST, ts_ns, ts_ns
        row.price_ticks, row.size_lots, row.side = ticks, lots, side
        vpin_on_frame(vpin, setup, rows, readings)
        values.append(float(readings[0].value))
    return values, vpin


def dealt(trades):
    """Steps of time to times."""
    passed = np.cumsum([0, *(step for step, *_ in trades)])
    return columns(*((int(passed[i]) + 1, *rest) for i, (_, *rest) in enumerate(trades)))


@settings(derandomize=True, deadline=None)
@given(
    TRADES,
    st.sampled_from([AGGRESSOR, LEE_READY, TICK, BVC]),
    st.sampled_from([MEAN_ABS, NET]),
    st.booleans(),
    st.sampled_from([0, 55]),
    st.booleans(),
)
def test_columns_say_after_every_trade_what_rows_do(trades, classifier, estimator, weighted, awaited, quote):
    setup = VpinParams.cell(
        **{**USUAL, **BARS, "classifier": classifier, "estimator": estimator, "weighted": int(weighted)},
        vol_threshold_steps=awaited,
        quote_unit=int(quote),
    )
    given = dealt(trades)
    values, n_refused = vpin_of_columns(setup, given)
    assert n_refused == 0
    assert values.tolist() == row_by_row(setup, given)[0]


@settings(derandomize=True, deadline=None)
@given(TRADES, st.integers(0, 30))
def test_a_tape_in_two_pieces_says_the_same_and_leaves_the_same_state(trades, cut):
    setup, whole = VpinParams.cell(**USUAL), dealt(trades)
    vpin = Vpin.cell()
    pieces = [Columns(*(column[part] for column in whole)) for part in (slice(cut), slice(cut, None))]
    values = np.concatenate([vpin_of_columns(setup, piece, vpin)[0] for piece in pieces])
    expected, after = row_by_row(setup, whole)
    assert values.tolist() == expected
    assert vpin.tobytes() == after.tobytes()


@pytest.mark.parametrize(
    "bad",
    [
        (2, 0, 10, BUY),
        (2, -100, 10, BUY),
        (2, 100, 0, BUY),
        (2, 100, -1, BUY),
        (2, LIMIT, 1, BUY),
        (2, 1, LIMIT, BUY),
        (2, 1 << 31, 1 << 31, BUY),
        (2, 100, 10, 2),
        (2, 100, 10, 256),
    ],
)
def test_a_trade_that_cannot_be_is_counted_and_repeats_the_value(bad):
    setup, vpin = VpinParams.cell(**USUAL), Vpin.cell()
    values, n_refused = vpin_of_columns(setup, columns((1, 100, 10, BUY), bad, (3, 100, 10, SELL)), vpin)
    assert (values.tolist(), n_refused) == ([1.0, 1.0, 1.0], 1)
    assert (vpin[0].n_closed, vpin[0].total_steps) == (2, 20)


def test_the_largest_trade_is_taken():
    setup = VpinParams.cell(**USUAL)
    values, n_refused = vpin_of_columns(
        setup, columns((1, 1, LIMIT - 1, BUY), (2, NOTIONAL_LIMIT >> 20, 1, SELL))
    )
    assert (values.tolist(), n_refused) == ([1.0, 1.0], 0)


def test_no_trades_are_no_values():
    values, n_refused = vpin_of_columns(VpinParams.cell(**USUAL), columns())
    assert (len(values), n_refused) == (0, 0)


def test_smaller_integers_are_taken_and_fractions_and_flags_are_not():
    setup, good = VpinParams.cell(**USUAL), columns((1, 100, 10, BUY))
    assert vpin_of_columns(setup, good._replace(side=np.array([1], np.int8)))[0].tolist() == [1.0]
    for wrong in (np.array([0.5]), np.array([True]), np.array([[1]])):
        with pytest.raises(ValueError, match="side must be whole numbers in one dimension, was"):
            vpin_of_columns(setup, good._replace(side=wrong))


def test_columns_of_different_lengths_are_refused():
    good = columns((1, 100, 10, BUY), (2, 100, 10, BUY))
    with pytest.raises(ValueError, match=r"must have one length, but had .*'size_lots': 1"):
        vpin_of_columns(VpinParams.cell(**USUAL), good._replace(size_lots=np.array([1])))
