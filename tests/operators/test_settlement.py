"""Funding: who pays whom, what for, and when."""

from fractions import Fraction

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from operators.rows import (
    IMMEDIATE,
    LAST,
    NOTIONAL_LIMIT,
    PLACE,
    QUERY,
    SELL,
    SETTLED,
    STATE,
    TRADE,
)
from operators.settlement import TOO_LARGE, payment
from operators.venue import PATIENCE_NS, RING
from tests.oracles.venue_world import Report, World, a_row, a_world, with_a_bid

S = 1_000_000_000
T = 100 * S
E8 = 100_000_000


def holding(lots: int) -> World:
    """Return a venue at which we hold this."""
    world = a_world()
    world.venue.position_lots = lots
    return world


def paid(world: World) -> Fraction:
    """Return what the newest report says that we pay, in tick·lots."""
    row = world.venue.reports[(world.venue.reports_tail - 1) % RING].row
    assert (row.kind, row.side, row.marks) == (SETTLED, 0, LAST)
    assert 0 <= row.lag_us < 1_000_000
    return int(row.size_lots) + Fraction(int(row.lag_us), 1_000_000)


def test_a_long_position_pays_a_positive_rate_and_a_short_one_gets_it():
    for lots, rate, sign in ((7, 10_000, 1), (-7, 10_000, -1), (7, -10_000, -1), (-7, -10_000, 1)):
        world = holding(lots)
        world.mark(30_000, rate, T, 99 * S)
        assert world.mark(30_000, rate, 2 * T, T) == [Report(SETTLED, T, 30_000, sign * 21)]
        assert paid(world) == lots * rate * 30_000 / Fraction(E8)


def test_a_row_that_still_names_the_settlement_tells_its_rate_and_mark():
    world = holding(1000)
    world.mark(30_000, 2_800, T, 99 * S)
    assert world.mark(31_000, 2_760, T, T + 10_000_000) == [Report(SETTLED, T, 31_000, 855)]
    assert paid(world) == Fraction(31_000 * 1000 * 2_760, E8)
    assert world.mark(31_000, 2_760, 2 * T, T + S) == [], "once"


def test_a_row_that_names_the_next_settlement_leaves_the_one_before_to_count():
    world = holding(1000)
    world.mark(30_000, 2_800, T, 99 * S)
    assert world.mark(31_000, 9_999, 2 * T, T + S) == [Report(SETTLED, T, 30_000, 840)]
    assert world.venue.settles_ns == 2 * T


def test_a_settlement_waits_so_long_for_a_row():
    world = holding(1000)
    world.mark(30_000, 2_800, T, 99 * S)
    assert world.until(T + PATIENCE_NS - 1) == []
    assert world.until(T + PATIENCE_NS) == [Report(SETTLED, T, 30_000, 840)]
    row = world.venue.reports[(world.venue.reports_tail - 1) % RING].row
    assert (row.id, row.ts_event) == (T, T + PATIENCE_NS)


def test_a_row_that_knows_of_no_settlement_says_nothing_of_funding():
    world = holding(1000)
    world.mark(30_000, 2_800, T, 98 * S)
    world.mark(31_000, 0, 0, 99 * S)
    assert world.mark(31_000, 0, 0, T + S) == []
    assert world.until(T + PATIENCE_NS) == [Report(SETTLED, T, 30_000, 840)]


def test_only_what_was_held_before_the_settlement_counts():
    world = with_a_bid(lots=5)
    world.mark(30_000, E8, T, 99 * S)
    world.until(T)
    world.market(a_row(TRADE, SELL, 999, 1, 0, T))
    assert world.mark(30_000, E8, 2 * T, T + S) == [], "nothing was held"
    world.until(2 * T)
    world.ask_for(PLACE, 2, SELL, 1000, 4, marks=IMMEDIATE, ts_ns=2 * T)
    assert world.venue.position_lots == 1
    assert world.mark(30_000, E8, 3 * T, 2 * T + S) == [Report(SETTLED, 2 * T, 30_000, 5 * 30_000)]


def test_a_settlement_that_has_passed_is_not_made_again():
    world = holding(1000)
    world.mark(30_000, 2_800, T, T)
    assert (world.venue.settles_ns, world.venue.timed_ns) == (0, 0)


def test_two_settlements_in_one_wait_are_both_made():
    world = holding(1000)
    world.mark(30_000, 2_800, T, 99 * S)
    world.until(T)
    world.venue.settles_ns = T + S
    world.venue.timed_ns = T + S
    assert world.until(T + S) == [Report(SETTLED, T, 30_000, 840)]
    assert world.until(T + S + PATIENCE_NS) == [Report(SETTLED, T + S, 30_000, 840)]


def test_a_position_beyond_what_can_be_counted_is_a_fault():
    world = holding(NOTIONAL_LIMIT // 30_000)
    world.mark(30_000, E8, T, 99 * S)
    world.mark(30_000, E8, T, T)
    assert paid(world) == 30_000 * (NOTIONAL_LIMIT // 30_000)
    assert world.venue.fault == 0
    world = holding(-(NOTIONAL_LIMIT // 30_000) - 1)
    world.mark(30_000, E8, T, 99 * S)
    assert world.mark(30_000, E8, T, T) == []
    assert world.venue.fault == TOO_LARGE


@given(
    st.integers(-NOTIONAL_LIMIT, NOTIONAL_LIMIT),
    st.integers(-E8, E8),
)
def test_a_payment_is_exact_to_the_millionth(tick_lots, rate):
    whole, micro = payment(tick_lots, rate)
    assert 0 <= micro < 1_000_000
    exact = Fraction(tick_lots * rate, E8)
    assert abs(whole + Fraction(micro, 1_000_000) - exact) <= Fraction(1, 2_000_000)


def test_settlements_are_neither_lost_nor_held_back():
    world = a_world(lose_share=1.0, outage_every_ns=T, outage_for_ns=S)
    world.venue.position_lots = 1
    world.mark(30_000, E8, T, 99 * S)
    assert world.mark(30_000, E8, T, T) == [Report(SETTLED, T, 30_000, 30_000)]
    world.ask_for(QUERY, 1, ts_ns=99 * S)
    assert (world.venue.n_reports_lost, world.venue.reports_head) == (1, world.venue.reports_tail)


def test_a_report_held_back_goes_on_after_the_next_or_after_a_while():
    world = a_world(swap_share=1.0)
    assert world.ask_for(QUERY, 1, ts_ns=S) == []
    assert world.ask_for(QUERY, 2, ts_ns=S) == [Report(STATE, 2, 0, 0), Report(STATE, 1, 0, 0)]
    assert world.ask_for(QUERY, 3, ts_ns=S) == []
    assert world.until(2 * S - 1) == []
    assert world.until(2 * S) == [Report(STATE, 3, 0, 0)]


def test_reports_are_repeated():
    world = a_world(repeat_share=1.0)
    assert world.ask_for(QUERY, 1) == [Report(STATE, 1, 0, 0)] * 2
    assert world.wires == [(0, 1), (0, 1)]


def test_the_settlement_of_the_capture_is_made_at_midnight_with_the_settled_rate(data):
    """The first row after midnight still names midnight, and has the rate that was settled."""
    midnight = 1_680_652_800 * S
    folder = data / "tables" / "binance_usdm_btcusdt_20230405"
    marks = pl.read_parquet(folder / "mark_funding.parquet")
    settled = pl.read_parquet(data / "funding" / "binance_btcusdt_2020_2023.parquet")
    rate = settled.filter((pl.col("ts_ns") - midnight).abs() < S)["funding_rate"].to_list()
    assert rate == [0.0000276]
    for lots in (1500, -1500):
        world = holding(lots)
        said = []
        for ts, price, rate_of, next_ns in marks.select(
            "ts_ns", "mark", "funding_rate", "next_funding_ns"
        ).rows():
            said += world.mark(round(price * 10), round(rate_of * E8), next_ns, ts)
        assert [(one.kind, one.number, one.price_ticks) for one in said] == [(SETTLED, midnight, 281_551)]
        assert paid(world) == Fraction(lots * 281_551 * 2760, E8)
