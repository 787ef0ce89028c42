"""What a venue tells is understood exactly as it was meant, or refused: nothing is rounded or breaks."""

from decimal import Decimal
from fractions import Fraction

import msgspec
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from connectors.kafka.messages import encode
from connectors.kafka.reports import (
    MICRO,
    WHAT_OF,
    WHY_OF,
    Addressee,
    Report,
    number_of,
    report_of,
    wire_of,
)
from connectors.kafka.rows import Grid
from connectors.recorded.letters import Unusable
from operators.instruments import Instrument
from operators.rows import FILLED, LAST, LIMIT, MAKER, NEVER, NOTIONAL_LIMIT, SETTLED
from operators.venue import Wire
from tests.oracles.synthetic_market import GRIDS, grid

DESK = Addressee("0b9f6dca1e5c4c5f8d9a41c2f3b6e7d8", "0b9f6dca-BTCUSDC-")
ODD = Instrument("ODD", Decimal("0.000000125"), Decimal("0.00025"), multiplier=Decimal("0.0123456789"))
ONES = [*map(grid, GRIDS), ODD, Instrument("WHOLE", Decimal(25), Decimal(10))]
TIME = st.integers(1, NEVER - 1)


def told_again(cell, one, n=1):
    """Send a report as text, and read it as the desk does."""
    raw = encode(report_of(np.asarray(cell).tolist()[0], DESK, n, Grid(one), one))
    report = msgspec.json.decode(raw, type=Report)
    return wire_of(report, Grid(one), one, int(np.asarray(cell)["row"]["ts_recv"][0]))


@st.composite
def orders(draw):
    """Return a report of an order, as a venue may put it on the wire."""
    cell, kind = Wire.cell(), draw(st.sampled_from(sorted(set(WHAT_OF) - {SETTLED})))
    least = 1 if kind == FILLED else 0
    ticks = draw(st.integers(least, LIMIT - 1))
    lots = draw(st.integers(least, min(LIMIT - 1, (NOTIONAL_LIMIT - 1) // max(1, ticks))))
    ts_event = draw(TIME)
    marks = LAST | (MAKER if draw(st.booleans()) else 0)
    side, reason = draw(st.sampled_from((1, -1))), draw(st.sampled_from(sorted(WHY_OF)))
    number, ts_recv = draw(st.integers(1, 10**15 - 1)), draw(st.integers(ts_event, NEVER - 1))
    fields = np.asarray(cell)
    fields["row"][0] = (ts_event, ts_recv, number, ticks, lots, 0, kind, side, marks, reason)
    fields["filled_lots"] = draw(st.integers(0, LIMIT - 1))
    fields["sequence"] = draw(st.integers(1, NEVER))
    return cell


@given(orders(), st.sampled_from(ONES))
def test_a_report_of_an_order_comes_back_as_it_went_out(cell, one):
    assert told_again(cell, one).tobytes() == cell.tobytes()


@given(
    st.sampled_from(ONES),
    st.integers(1 - LIMIT, LIMIT - 1),
    st.integers(0, MICRO - 1),
    st.integers(0, LIMIT - 1),
    TIME,
)
def test_a_settlement_of_any_sign_and_size_comes_back_to_the_last_millionth(one, whole, micro, ticks, ts):
    cell = Wire.cell()
    np.asarray(cell)["row"][0] = (ts, ts, ts, ticks, whole, micro, SETTLED, 0, LAST, 0)
    report = report_of(np.asarray(cell).tolist()[0], DESK, 1, Grid(one), one)
    assert Fraction(report.paid) == Fraction(one.tick_lot) * (whole * MICRO + micro) / MICRO
    assert told_again(cell, one).tobytes() == cell.tobytes()


@given(st.decimals(allow_nan=False, allow_infinity=False, places=20), st.sampled_from(ONES))
def test_what_is_paid_is_exact_or_refused(paid, one):
    report = a_report(what="settled", settled_at=5, paid=f"{paid:f}")
    try:
        cell = wire_of(report, Grid(one), one, 9)
    except Unusable:
        micro = Fraction(paid) / Fraction(one.tick_lot) * MICRO
        assert micro.denominator != 1 or abs(micro) >= (LIMIT - 1) * MICRO
        return
    row = cell[0].row
    assert 0 <= row.lag_us < MICRO
    assert Fraction(paid) == Fraction(one.tick_lot) * (int(row.size_lots) * MICRO + int(row.lag_us)) / MICRO


def a_report(**changes):
    common = {"type": "report", "v": 1, "run": DESK.run, "symbol": "BTCUSDC", "n": 1, "ts": 7}
    order = {
        "what": "accepted",
        "id": "x-1",
        "side": "buy",
        "price": "62000.0",
        "size": "0.005",
        "sequence": 1,
    }
    return msgspec.convert(common | order | changes, Report)


def understood(**changes):
    return wire_of(a_report(**changes), Grid(grid("BTCUSDC")), grid("BTCUSDC"), 9)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"side": ""}, "missing_field"),
        ({"sequence": 0}, "missing_field"),
        ({"id": ""}, "wrong_type"),
        ({"id": "1"}, "wrong_type"),
        ({"id": "x-"}, "wrong_type"),
        ({"id": "x-0"}, "wrong_type"),
        ({"id": "x-01"}, "wrong_type"),
        ({"id": "x--1"}, ""),
        ({"id": "x-1\n"}, "wrong_type"),
        ({"id": "x-\u0661"}, "wrong_type"),
        ({"id": "x-" + "9" * 16}, "wrong_type"),
        ({"id": "y" * 100 + "-1"}, "wrong_type"),
        ({"id": "x y-1"}, "wrong_type"),
        ({"id": "x-1" + "0" * 100_000}, "wrong_type"),
        ({"price": "62000.05"}, "off_grid"),
        ({"price": "-62000.0"}, "wrong_type"),
        ({"price": "6.2e4"}, "wrong_type"),
        ({"price": "NaN"}, "wrong_type"),
        ({"price": "99999999999999999999"}, "overflow"),
        ({"size": "0.0005"}, "off_grid"),
        ({"size": "-0.005"}, "wrong_type"),
        ({"size": ""}, "wrong_type"),
        ({"size": "99999999999999999999"}, "overflow"),
        ({"price": "90000000000000", "size": "900000000000"}, "overflow"),
        ({"filled": "1e3"}, "wrong_type"),
        ({"filled": "99999999999999999999"}, "overflow"),
        ({"what": "filled", "price": "0"}, "zero_price"),
        ({"what": "filled", "size": "0"}, "zero_size"),
        ({"what": "filled", "price": "90000000000000", "size": "900000000000"}, "overflow"),
        ({"what": "settled", "paid": "1"}, "missing_field"),
        ({"what": "settled", "settled_at": 5}, "wrong_type"),
        ({"what": "settled", "settled_at": 5, "paid": "+1"}, "wrong_type"),
        ({"what": "settled", "settled_at": 5, "paid": "Infinity"}, "wrong_type"),
        ({"what": "settled", "settled_at": 5, "paid": "1e999999999"}, "wrong_type"),
        ({"what": "settled", "settled_at": 5, "paid": "\u0661"}, "wrong_type"),
        ({"what": "settled", "settled_at": 5, "paid": "0.00000000001"}, "off_grid"),
        ({"what": "settled", "settled_at": 5, "paid": "9" * 30}, "overflow"),
        ({"what": "settled", "settled_at": 5, "paid": "-" + "9" * 30}, "overflow"),
        ({"what": "settled", "settled_at": 5, "paid": "1", "price": "0.01"}, "off_grid"),
    ],
    ids=str,
)
def test_what_cannot_be_is_refused_with_its_reason(changes, reason):
    if not reason:
        understood(**changes)
        return
    with pytest.raises(Unusable) as caught:
        understood(**changes)
    assert caught.value.reason == reason


TEXT = st.text("0123456789.-+eNa \u0661\n\x00", max_size=24) | st.text(max_size=8)
HUGE = st.integers(-(1 << 65), 1 << 65)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "what": st.sampled_from(sorted(WHAT_OF.values())),
            "reason": st.sampled_from(sorted(WHY_OF.values())),
            "id": TEXT | st.integers(0, 1 << 70).map("x-{}".format),
            "side": st.sampled_from(("", "buy", "sell")),
            "price": TEXT,
            "size": TEXT,
            "filled": TEXT,
            "paid": TEXT,
            "sequence": HUGE,
            "settled_at": HUGE,
            "ts": HUGE,
            "n": HUGE,
        },
    ),
    st.integers(1, NEVER - 1),
)
def test_whatever_is_reported_is_a_row_or_refused(changes, ts_recv):
    try:
        report = a_report(**changes)
    except (msgspec.ValidationError, OverflowError):
        assume(False)
    one = grid("BTCUSDC")
    try:
        row = wire_of(report, Grid(one), one, ts_recv)[0].row
    except Unusable:
        return
    assert row.ts_event <= row.ts_recv == ts_recv
    assert abs(int(row.size_lots)) < LIMIT
    assert 0 <= row.price_ticks < LIMIT


def test_a_venue_whose_clock_is_ahead_does_not_move_ours():
    row = understood(ts=NEVER - 1)[0].row
    assert (int(row.ts_event), int(row.ts_recv)) == (9, 9)


@given(st.integers(1, 10**15 - 1), st.from_regex(r"[A-Za-z0-9._:-]{0,96}-", fullmatch=True))
def test_a_name_is_a_beginning_and_a_number(number, prefix):
    assert number_of(f"{prefix}{number}") == (prefix, number)
