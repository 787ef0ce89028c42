import math
import random
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.ledger import MICRO, Fill, Ledger, LedgerParams, equity_micro, fee_micro, ledger_on_frame
from operators.rows import ACCEPTED, BUY, CLOCK, FILLED, LAST, LEVEL, MAKER, SELL, TRADE, Row
from operators.touch import EMPTY, INVALID, UNFINISHED, VALID, Top

FEES = st.integers(-1_000_000, 1_000_000)


class Account:
    """A ledger, and the frames that it is given."""

    def __init__(self, maker=0, taker=0):
        self.cell = Ledger.cell()
        self.ledger = self.cell[0]
        self.setup = LedgerParams.cell(maker_fee_e8=maker, taker_fee_e8=taker)
        self.fills = Fill.table(64)

    def frame(self, rows, tops=None):
        tops = Top.table(len(rows)) if tops is None else tops
        return ledger_on_frame(self.cell, self.setup, rows, tops, self.fills)


def rows_of(*rows):
    """Each is (kind, ts_recv, side, ticks, lots, marks)."""
    table = Row.table(len(rows))
    for i, (kind, ts_ns, side, ticks, lots, marks) in enumerate(rows):
        row = table[i]
        row.kind, row.side, row.marks = kind, side, marks
        row.ts_event, row.ts_recv = ts_ns - 5, ts_ns
        row.price_ticks, row.size_lots = ticks, lots
    return table


def fill_row(side, ticks, lots, *, maker=True, ts_ns=1):
    return (FILLED, ts_ns, side, ticks, lots, LAST | (MAKER if maker else 0))


def clock(ts_ns):
    return (CLOCK, ts_ns, 0, 0, 0, LAST)


def half_up(value):
    return math.floor(value + Fraction(1, 2))


@pytest.mark.parametrize(
    ("tick_lots", "fee_e8", "expected"),
    [
        (100, 20_000, 20_000),  # 2 bp of 100 is 0.02
        (1, 49, 0),
        (1, 50, 1),  # half a millionth goes up
        (1, -50, 0),  # towards the larger number, so for a rebate towards zero
        (1, -51, -1),
        (1, 150, 2),
        (1, -150, -1),
        (3, -50, -1),  # -1.5
        (12_345, -5_000, -617_250),
        (0, 20_000, 0),
    ],
)
def test_a_fee_is_rounded_half_up_to_a_millionth(tick_lots, fee_e8, expected):
    assert fee_micro(tick_lots, fee_e8) == expected


@given(st.integers(0, 1 << 43), FEES)
def test_a_fee_is_what_fractions_say(tick_lots, fee_e8):
    assert fee_micro(tick_lots, fee_e8) == half_up(Fraction(tick_lots * fee_e8 * MICRO, 10**8))


def test_a_worked_round_trip():
    account = Account(maker=20_000, taker=50_000)
    tops = Top.table(3)
    for i, (bid, ask) in enumerate([(999, 1000), (1004, 1007), (1004, 1007)]):
        tops[i].state, tops[i].bid_ticks, tops[i].ask_ticks = VALID, bid, ask
    frame = rows_of(fill_row(BUY, 999, 10), clock(2), fill_row(SELL, 1004, 4, maker=False, ts_ns=3))
    assert account.frame(frame, tops) == 2
    ledger, fills = account.ledger, account.fills
    assert (ledger.position_lots, ledger.cash_tick_lots) == (6, -9990 + 4016)
    assert (fills[0].row, fills[0].fee_tick_lots, fills[0].fee_micro, fills[0].position_lots) == (
        0,
        1,
        998_000,
        10,
    )
    assert (fills[1].row, fills[1].fee_tick_lots, fills[1].fee_micro, fills[1].position_lots) == (
        2,
        2,
        8_000,
        6,
    )
    assert (ledger.fees_tick_lots, ledger.fees_micro) == (4, 6_000)
    assert (ledger.traded_tick_lots, ledger.n_fills, ledger.n_maker_fills) == (14_006, 2, 1)
    assert equity_micro(ledger) == Fraction("54.994") * MICRO  # -5974 + 6 x 1005.5 - 4.006


def test_a_rebate_is_a_negative_fee_with_its_millionths_counted_up_from_below():
    account = Account(maker=-5_000)
    account.frame(rows_of(fill_row(SELL, 1000, 3)))
    assert (account.fills[0].fee_tick_lots, account.fills[0].fee_micro) == (-1, 850_000)
    assert (account.ledger.fees_tick_lots, account.ledger.fees_micro) == (-1, 850_000)
    assert account.ledger.cash_tick_lots == 3000


TRADES = st.tuples(st.sampled_from((BUY, SELL)), st.integers(1, 10**7), st.integers(1, 10**5), st.booleans())


@given(st.lists(TRADES, min_size=1, max_size=12), FEES, FEES, st.integers(1, 10**7), st.integers(1, 9))
def test_equity_is_exact_over_any_fills(trades, maker_fee, taker_fee, bid, spread):
    account = Account(maker_fee, taker_fee)
    tops = Top.table(len(trades))
    for i in range(len(trades)):
        tops[i].state, tops[i].bid_ticks, tops[i].ask_ticks = VALID, bid + i, bid + i + spread
    frame = rows_of(*(fill_row(side, ticks, lots, maker=maker) for side, ticks, lots, maker in trades))
    assert account.frame(frame, tops) == len(trades)
    position, cash, fees = 0, Fraction(0), Fraction(0)
    for i, (side, ticks, lots, maker) in enumerate(trades):
        rate = Fraction(maker_fee if maker else taker_fee, 10**8)
        fee = Fraction(half_up(ticks * lots * rate * MICRO), MICRO)
        position, cash, fees = position + side * lots, cash - side * lots * ticks, fees + fee
        booked = account.fills[i]
        assert booked.position_lots == position
        assert int(booked.fee_tick_lots) + Fraction(int(booked.fee_micro), MICRO) == fee
        assert 0 <= booked.fee_micro < MICRO
    ledger = account.ledger
    mid = bid + len(trades) - 1 + Fraction(spread, 2)
    assert ledger.position_lots == position == sum(side * lots for side, _, lots, _ in trades)
    assert ledger.cash_tick_lots == cash
    assert 0 <= ledger.fees_micro < MICRO
    assert int(ledger.fees_tick_lots) + Fraction(int(ledger.fees_micro), MICRO) == fees
    assert Fraction(equity_micro(ledger), MICRO) == cash - fees + position * mid
    assert ledger.n_maker_fills == sum(maker for *_, maker in trades)


def test_only_fills_are_booked_and_a_message_that_goes_on_is_not_looked_at():
    account = Account()
    tops = Top.table(4)
    tops[0].state, tops[0].bid_ticks, tops[0].ask_ticks = VALID, 1, 2
    frame = rows_of(
        (LEVEL, 1, BUY, 100, 5, 0),
        (TRADE, 2, BUY, 100, 5, LAST),
        (ACCEPTED, 3, BUY, 100, 5, LAST),
        clock(4),
    )
    assert account.frame(frame, tops) == 0
    ledger = account.ledger
    assert (ledger.position_lots, ledger.cash_tick_lots, ledger.n_fills) == (0, 0, 0)
    assert ledger.twice_mid_ticks == 0
    assert (ledger.first_ns, ledger.last_ns) == (2, 4)


@pytest.mark.parametrize("state", [0, EMPTY, INVALID, UNFINISHED])
def test_the_last_valid_touch_marks_the_position(state):
    account = Account()
    tops = Top.table(2)
    tops[0].state, tops[0].bid_ticks, tops[0].ask_ticks = VALID, 10, 13
    tops[1].state, tops[1].bid_ticks, tops[1].ask_ticks = state, 500, 700
    account.frame(rows_of(fill_row(BUY, 11, 2), clock(2)), tops)
    assert account.ledger.twice_mid_ticks == 23
    assert equity_micro(account.ledger) == 1 * MICRO


@pytest.mark.parametrize("seed", range(5))
def test_cutting_the_stream_differently_changes_nothing(seed):
    rng = random.Random(seed)
    n = 40
    frame, tops = rows_of(*([clock(1)] * n)), Top.table(n)
    for i in range(n):
        row = frame[i]
        row.kind, row.side = rng.choice((FILLED, CLOCK, LEVEL)), rng.choice((BUY, SELL))
        row.ts_recv, row.price_ticks, row.size_lots = (
            10**9 + 7 * i,
            rng.randrange(1, 999),
            rng.randrange(1, 99),
        )
        row.marks = rng.choice((0, LAST, LAST | MAKER))
        tops[i].state, tops[i].bid_ticks, tops[i].ask_ticks = rng.choice((VALID, EMPTY)), 100 + i, 103 + i
    whole, cut = Account(2_000, 5_000), Account(2_000, 5_000)
    n_fills = whole.frame(frame, tops)
    at, n_cut = 0, 0
    while at < n:
        to = at + rng.randrange(1, 6)
        n_cut += cut.frame(frame[at:to], tops[at:to])
        at = to
    assert n_cut == n_fills > 0
    assert cut.cell.tobytes() == whole.cell.tobytes()
