"""Ledger, markouts, time and samples against books that look at everything again."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.accounts import Accounts
from operators.attribution import attribution
from operators.kpis import ASK_LIVE, BID_LIVE, HALTED, NO_BOOK, PAUSED, REDUCING, Kpis, close
from operators.ledger import (
    MICRO,
    Ledger,
    equity_micro,
    equity_tick_lots,
    realised_micro,
    share_of,
    unrealised_micro,
)
from operators.markouts import HORIZONS, WAITING, Markouts, Trail
from operators.orders import Orders
from operators.packing import pack_trail, unpack_trail
from operators.risk import Risk
from operators.rows import BUY, CLOCK, SELL, SETTLED
from operators.samples import Sample
from operators.toxicity import OK, WARMING
from tests.oracles.account_world import ASK, BID, SAMPLE_NS, SECOND, THRESHOLD, World, fill, quiet, streams
from tests.oracles.plain_accounts import Books, Event

MAKER, TAKER = 20_000, 50_000
RATES = Fraction(MAKER, 10**8), Fraction(TAKER, 10**8)
MS = 10**6


def exact(micro):
    return Fraction(micro, MICRO)


def told(events, **params):
    return World(**params).tell(*events).accounts


@given(st.integers(0, 2**62), st.integers(0, 2**61), st.integers(1, 2**61))
def test_a_share_is_what_unbounded_integers_say(amount, part, whole):
    if part > whole:
        part, whole = whole, part
    if whole > 0 and amount // whole * part < 2**62:
        assert share_of(amount, part, whole) == amount * part // whole


def test_a_worked_account_with_a_flip_through_zero():
    accounts = told(
        [
            fill(1, BUY, 100, 3, touch=(99, 101)),
            fill(2, BUY, 101, 4, touch=(99, 101)),  # 7 lots for 704
            fill(3, SELL, 103, 2, touch=(102, 104)),  # of them 2 for 201 (704 · 2/7 = 201.14)
            fill(4, SELL, 105, 6, touch=(104, 106)),  # the 5 left for 503, and 1 short at 105
            quiet(5, 106, 108),
        ]
    )
    ledger = accounts.ledger[0]
    assert (ledger.position_lots, ledger.open_cost_tick_lots) == (-1, -105)
    assert realised_micro(ledger) == (2 * 103 - 201 + 5 * 105 - 503) * MICRO
    assert unrealised_micro(ledger) == (105 - 107) * MICRO
    assert equity_micro(ledger) == (27 - 2) * MICRO
    # Bought a tick above the mid; what the mid did, it did within a second of every fill.
    adverse = 3 * 7 + 4 * 7 - 2 * 4 - 6 * 2
    parts = attribution(ledger, accounts.markouts[0])
    assert parts == (-4 * MICRO, adverse * MICRO, 0, 0, 0)


@given(streams())
def test_every_sum_of_the_account_is_what_fractions_say(events):
    books, accounts = Books(events, *RATES), told(events, maker_fee_e8=MAKER, taker_fee_e8=TAKER)
    ledger, end = accounts.ledger[0], len(events) - 1
    assert ledger.position_lots == books.position(end)
    assert exact(equity_micro(ledger)) == books.equity(end)
    assert equity_tick_lots(ledger) == books.equity(end).__floor__()
    assert ledger.open_cost_tick_lots == books.open_cost()
    assert exact(int(ledger.funding_tick_lots) * MICRO + int(ledger.funding_micro)) == books.funding(end)
    assert 0 <= ledger.funding_micro < MICRO
    paid = books.fees(end) + books.funding(end)
    assert exact(realised_micro(ledger) + unrealised_micro(ledger)) - paid == books.equity(end)
    assert ledger.n_settlements == sum(event.kind == SETTLED for event in events)
    valid = [event.touch is not None for event in events]
    assert ledger.marked == valid[-1]
    assert ledger.n_unmarked == sum(a and not b for a, b in pairwise(valid))


@given(streams())
def test_rounding_realised_profit_never_costs_more_than_a_tick_lot_for_each_close(events):
    books = Books(events)
    away = abs(books.open_cost() - books.average_cost())
    assert away <= len(books.fills)
    assert told(events).ledger[0].open_cost_tick_lots == books.open_cost()


@given(streams())
def test_profit_is_attributed_without_a_rest(events):
    books, accounts = Books(events, *RATES), told(events, maker_fee_e8=MAKER, taker_fee_e8=TAKER)
    parts = attribution(accounts.ledger[0], accounts.markouts[0])
    assert sum(parts) == equity_micro(accounts.ledger[0])
    assert tuple(map(exact, parts)) == books.parts()


@given(streams())
def test_markouts_are_what_a_look_back_over_all_rows_says(events):
    books, markouts = Books(events), told(events).markouts[0]
    for h, horizon in enumerate(HORIZONS.tolist()):
        found = books.markouts(horizon)
        gains = [f.side * f.lots * (mid - f.ticks) for f, mid in found]
        at = markouts.at[h]
        assert (at.n, at.n_negative) == (len(found), sum(gain < 0 for gain in gains))
        assert at.lots == sum(f.lots for f, _ in found)
        assert Fraction(int(at.gain_twice), 2) == sum(gains)
        bps = [float(f.side * (mid - f.ticks) / f.ticks * 10_000) for f, mid in found]
        assert at.bps_sum == pytest.approx(sum(bps), rel=1e-12, abs=1e-9)
        assert at.bps_squares == pytest.approx(sum(x * x for x in bps), rel=1e-12, abs=1e-9)
        assert (at.n_lost, markouts.n_fills - at.cursor) == (0, len(books.fills) - len(found))


@given(streams())
def test_time_is_spent_as_the_rows_say(events):
    books, accounts = Books(events), told(events)
    close(accounts.kpis, events[-1].ts_ns)
    kpis = accounts.kpis[0]

    def time_in(bit):
        return sum(int(ns) for mode, ns in enumerate(kpis.in_mode_ns) if mode & bit)

    assert int(kpis.in_mode_ns.sum()) == events[-1].ts_ns - events[0].ts_ns
    assert time_in(BID_LIVE) == books.time_of(lambda event: event.sides[0])
    assert time_in(ASK_LIVE) == books.time_of(lambda event: event.sides[1])
    assert time_in(NO_BOOK) == books.time_of(lambda event: event.touch is None)
    assert time_in(PAUSED) == books.time_of(lambda event: event.paused)
    assert time_in(REDUCING) == books.time_of(lambda event: event.state == 1)
    assert time_in(HALTED) == books.time_of(lambda event: event.state == 2)
    both = sum(int(kpis.in_mode_ns[mode]) for mode in range(64) if mode & 3 == 3)
    assert both == books.time_of(lambda event: event.sides == (True, True))
    assert kpis.held_lot_seconds == pytest.approx(books.held_lot_ns() * 1e-9, rel=1e-12)
    held = [books.position(k) for k in range(len(events))]
    assert kpis.most_lots == max(map(abs, held))
    most = max(abs(lots) * mid for lots, mid in zip(held, books.mids, strict=True))
    assert Fraction(int(kpis.most_twice_notional), 2) == most


@given(streams())
def test_toxicity_is_weighed_by_the_time_it_was_read(events):
    accounts, ready = told(events), Books(events).ready()
    close(accounts.kpis, events[-1].ts_ns)
    kpis = accounts.kpis[0]
    assert int(kpis.at_level_ns.sum()) == sum(ns for _, ns in ready)
    for k in range(1, 10):
        above = sum(ns for event, ns in ready if event.reading[1] > k / 10)
        assert int(kpis.at_level_ns[k:].sum()) == above
    assert kpis.toxic_ns == sum(ns for event, ns in ready if event.reading[1] > THRESHOLD)
    mean = sum(event.reading[0] * ns * 1e-9 for event, ns in ready)
    assert kpis.value_seconds == pytest.approx(mean, rel=1e-12)


@given(streams(), st.sampled_from((SECOND // 3, SAMPLE_NS, 3 * SECOND)))
def test_samples_are_the_account_at_every_instant_of_the_grid(events, step_ns):
    world = World(MAKER, TAKER, step_ns).tell(*events)
    found = {}
    for ts_ns, n_intervals, *account in world.samples:
        for k in range(n_intervals):
            found[ts_ns - k * step_ns] = tuple(account)
    assert found == Books(events, *RATES).samples(step_ns)
    assert sum(n for _, n, *_ in world.samples) == len(found), "none is told twice"


@given(streams(), st.integers(0, 24))
def test_books_kept_and_gone_on_with_are_the_same(events, cut):
    whole = World(MAKER, TAKER).tell(*events)
    first = World(MAKER, TAKER).tell(*events[:cut])
    ledger, markouts, trail, kpis = first.accounts
    kept = [cell.tobytes() for cell in (ledger, markouts, kpis)]
    waiting = pack_trail(trail, markouts)
    again = World(MAKER, TAKER)
    loaded = Markouts.load(kept[1])
    again.accounts = Accounts(Ledger.load(kept[0]), loaded, unpack_trail(waiting, loaded), Kpis.load(kept[2]))
    again.orders = first.orders
    again.tell(*events[cut:])
    assert first.samples + again.samples == whole.samples
    for ours, theirs in zip(again.accounts, whole.accounts, strict=True):
        if len(ours.tobytes()) != Trail.dtype.itemsize:
            assert ours.tobytes() == theirs.tobytes()
    assert pack_trail(again.accounts.trail, again.accounts.markouts) == pack_trail(
        whole.accounts.trail, whole.accounts.markouts
    )


def test_a_worked_markout():
    """Bought at 100 with the mid at 101; the mid then is 99.5, 102, 90 and 103."""
    events = [
        fill(SECOND, BUY, 100, 5, touch=(100, 102)),
        quiet(SECOND + 100 * MS, 99, 100),  # at its instant: this one counts
        quiet(2 * SECOND, 101, 103),
        quiet(2 * SECOND + 1, 89, 91),
        quiet(7 * SECOND),  # no book: the last mid there was
        quiet(31 * SECOND, 102, 104),
        quiet(31 * SECOND + 1, 1, 3),
    ]
    at = told(events).markouts[0].at
    assert [int(at[h].gain_twice) for h in range(4)] == [2 * 5 * each for each in (-0.5, 2, -10, 3)]
    assert [int(at[h].n_negative) for h in range(4)] == [1, 0, 1, 0]
    assert at[1].bps_sum == pytest.approx(200.0, rel=1e-12)
    assert [int(at[h].drift_twice) for h in range(4)] == [2 * 5 * each for each in (-1.5, 1, -11, 2)]


def test_a_sale_is_marked_the_other_way_round():
    at = told([fill(1, SELL, 100, 2, touch=(99, 103)), quiet(SECOND * 40, 104, 106)]).markouts[0].at
    assert [int(at[h].gain_twice) for h in range(4)] == [-4] * 4, "the last mid before each is 101"
    at = told([fill(1, SELL, 100, 2), quiet(2, 104, 106), quiet(SECOND * 40)]).markouts[0].at
    assert [int(at[h].gain_twice) for h in range(4)] == [-20] * 4


def test_a_fill_before_any_mid_is_its_own_mid():
    accounts = told([fill(1, BUY, 100, 2), fill(2, BUY, 104, 1), quiet(3, 104, 108)])
    ledger = accounts.ledger[0]
    assert (ledger.captured_twice, ledger.moved_twice) == (2 * -4, 2 * 3 * 6)
    assert equity_micro(ledger) == (2 * 6 + 2) * MICRO


def test_what_waits_at_the_end_counts_in_the_attribution_and_not_among_the_markouts():
    accounts = told([fill(SECOND, BUY, 100, 5, touch=(100, 102)), quiet(SECOND + 500 * MS, 96, 98)])
    at = accounts.markouts[0].at
    assert [int(at[h].n) for h in range(4)] == [1, 0, 0, 0]
    parts = attribution(accounts.ledger[0], accounts.markouts[0])
    assert (parts.spread_capture, parts.adverse_selection, parts.inventory) == (5 * MICRO, -20 * MICRO, 0)


def test_when_the_ring_is_full_the_oldest_fill_is_given_up_and_counted():
    spare = 7
    world = World().tell(quiet(1, 99, 101))
    fills = [fill(2 + n, BUY, 100, 1, touch=(99 + (n >= WAITING), 101)) for n in range(WAITING + spare)]
    world.tell(*fills)
    markouts = world.accounts.markouts[0]
    assert [int(markouts.at[h].n_lost) for h in range(4)] == [spare] * 4
    parts = attribution(world.accounts.ledger[0], markouts)
    assert sum(parts) == equity_micro(world.accounts.ledger[0])
    # The first is given up when the mid is half a tick up, as all those after it.
    assert int(markouts.at[1].drift_twice) == spare
    world.tell(quiet(60 * SECOND, 109, 111), quiet(61 * SECOND, 109, 111))
    assert [int(markouts.at[h].n) for h in range(4)] == [WAITING] * 4
    assert sum(attribution(world.accounts.ledger[0], markouts)) == equity_micro(world.accounts.ledger[0])


@given(streams(), st.sampled_from((SECOND // 3, SAMPLE_NS)))
def test_no_extreme_between_two_samples_is_lost(events, step_ns):
    world = World(sample_ns=step_ns).tell(*events)
    slow = Books(events).extremes(step_ns)
    reached = 0
    for sample in world.details:
        at = int(sample["ts_ns"])
        spans = [extremes for instant, extremes in slow.items() if reached < instant <= at]
        low, high, least, most, level = zip(*spans, strict=True)
        assert (sample["low_twice_mid"], sample["high_twice_mid"]) == (
            2 * min(filter(None, low), default=0),
            2 * max(high),
        )
        assert (sample["low_lots"], sample["high_lots"]) == (min(least), max(most))
        assert sample["top_level"] == max(level)
        reached = at


@given(streams())
def test_a_sample_tells_where_touch_and_quotes_stood(events):
    world = World(maker_fee_e8=MAKER, taker_fee_e8=TAKER).tell(*events)
    for sample in world.details:
        until = [event for event in events if event.ts_ns <= sample["ts_ns"]]
        slow, last = Books(until, *RATES), until[-1]
        assert (sample["touch_bid_ticks"], sample["touch_ask_ticks"]) == (last.touch or (0, 0))
        assert (sample["value"], sample["level"], sample["status"]) == last.reading
        live = bool(sample["mode"] & BID_LIVE), bool(sample["mode"] & ASK_LIVE)
        assert live == last.sides
        quoted = tuple(ticks if side else 0 for ticks, side in zip((BID, ASK), last.sides, strict=True))
        assert (sample["bid_ticks"], sample["ask_ticks"]) == quoted
        assert sample["n_fills"] == len(slow.fills)
        paid = exact(int(sample["fees_tick_lots"]) * MICRO + int(sample["fees_micro"]))
        assert paid == slow.fees(len(until) - 1)
        captured, adverse, *_ = slow.parts()
        assert (sample["captured_twice"], sample["adverse_twice"]) == (2 * captured, 2 * adverse)


def test_a_long_silence_is_one_sample():
    world = World().tell(quiet(SECOND // 2, 9, 11), fill(SECOND, BUY, 9, 1, touch=(9, 11)))
    world.tell(quiet(10_000 * SECOND, 19, 21))
    ((ts_ns, n_intervals, equity, mid, position),) = world.samples
    assert (ts_ns, n_intervals) == (9_999 * SECOND, 9_999)
    assert (equity, mid, position) == (Fraction(1), Fraction(10), 1)


def test_a_reading_that_does_not_count_weighs_nothing():
    events = [quiet(1, reading=(0.9, 0.9, WARMING)), quiet(SECOND + 1, reading=(0.2, 0.95, OK))]
    accounts = told([*events, quiet(3 * SECOND + 1, reading=(0.2, 0.95, OK))])
    close(accounts.kpis, 3 * SECOND + 1)
    kpis = accounts.kpis[0]
    assert (kpis.toxic_ns, int(kpis.at_level_ns[9]), kpis.value_max) == (2 * SECOND, 2 * SECOND, 0.2)
    assert kpis.value_seconds == pytest.approx(0.4, rel=1e-12)


def test_the_books_of_a_symbol_take_less_than_a_megabyte():
    records = (Orders, Risk, Ledger, Markouts, Trail, Kpis, Sample)
    assert sum(record.dtype.itemsize for record in records) < 200_000
    assert np.asarray(Trail.cell()).nbytes == WAITING * 32


def test_orders_change_with_reports_and_clock_rows_alone():
    world = World().tell(quiet(1, 9, 11, sides=(True, False)))
    world.tell(Event(5, 4, touch=(9, 11), sides=(False, False)))
    assert world.accounts.kpis[0].mode == BID_LIVE
    world.tell(Event(6, CLOCK, touch=(9, 11), sides=(False, True)))
    assert world.accounts.kpis[0].mode == ASK_LIVE
