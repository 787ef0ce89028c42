"""The synthetic feed against a slow listener and the book as it really is."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.synthetic.state import CHANGES
from operators.kernel import COMPILED
from operators.rows import BEST, BUY, CLEAR, LEVEL, LIMIT, SELL, TRADE, Fact
from tests.oracles.synthetic_market import (
    GRIDS,
    START_NS,
    Event,
    Listener,
    a_tape,
    check_messages,
    events,
    touch,
)

WATCHED_S = 120.0 if COMPILED else 3.0


@pytest.fixture(scope="module", params=GRIDS)
def watched(request) -> list[Event]:
    return list(events(a_tape(request.param, duration_s=WATCHED_S)))


def facts_of(watched: list[Event]) -> list[Fact]:
    return [fact for event in watched for fact in event.facts]


def is_sound(event: Event) -> None:
    """Nothing is crossed or locked, empty, off the scale or too much for a message."""
    assert touch(event.book, BUY)[0] < touch(event.book, SELL)[0]
    assert all(0 < price < LIMIT and 0 < lots < LIMIT for (_, price), lots in event.book.items())
    assert event.n_changes <= CHANGES


def takes(before: Event, after: Event) -> int:
    """Take an event's prints from the book before it, and compare; return how many there were."""
    left, prints = dict(before.book), [fact for fact in after.facts if fact.kind == TRADE]
    for fact in prints:
        assert touch(left, -fact.side)[0] == fact.price_ticks, "a better price was passed over"
        left[-fact.side, fact.price_ticks] -= fact.size_lots
        if left[-fact.side, fact.price_ticks] == 0:
            del left[-fact.side, fact.price_ticks]
    assert left == after.book or not prints
    return len(prints)


def test_the_tape_begins_with_one_whole_snapshot(watched):
    first, *rest = watched[0].facts
    assert first.kind == CLEAR
    assert {fact.kind for fact in rest} == {LEVEL}
    assert {(fact.side, fact.price_ticks): fact.size_lots for fact in rest} == watched[0].book
    assert [fact.kind for fact in facts_of(watched)].count(CLEAR) == 1


def test_the_book_kept_from_depth_is_the_true_book_after_every_depth_message(watched):
    listener, compared = Listener(), 0
    for event in watched:
        for fact in event.facts:
            listener.hear(fact)
        if event.facts and event.facts[-1].kind == LEVEL:
            assert listener.book == event.book
            compared += 1
    assert compared >= 9 * WATCHED_S


def test_the_touch_told_is_the_true_touch_after_every_event(watched):
    listener = Listener()
    for event in watched:
        for fact in event.facts:
            listener.hear(fact)
        if listener.told:
            assert listener.told == {side: touch(event.book, side) for side in (BUY, SELL)}
    assert listener.told_id > 0


def test_depth_and_touch_agree_at_every_update_id_they_share(watched):
    listener, shared = Listener(), 0
    for event in watched:
        for fact in event.facts:
            listener.hear(fact)
        if event.facts and event.facts[-1].kind == LEVEL and listener.told_id == listener.depth_id:
            assert listener.told == {side: touch(listener.book, side) for side in (BUY, SELL)}
            shared += 1
    assert shared >= WATCHED_S


def test_a_trade_takes_its_size_from_the_best_level_and_from_nowhere_else(watched):
    assert sum(takes(before, after) for before, after in pairwise(watched)) >= 5 * WATCHED_S


def test_the_book_is_never_crossed_nor_locked_nor_empty(watched):
    for event in watched:
        is_sound(event)


def test_messages_are_whole_and_of_one_kind(watched):
    for event in watched:
        check_messages(event.facts)


def test_ids_only_rise_each_in_its_own_stream(watched):
    facts = facts_of(watched)
    trades = [fact.id for fact in facts if fact.kind == TRADE]
    assert trades == list(range(1, len(trades) + 1))
    touches = [fact.id for fact in facts if fact.kind == BEST and fact.side == BUY]
    depths = [
        message.facts[-1].id for message in watched if message.facts and message.facts[-1].kind == LEVEL
    ]
    book = [fact.id for fact in facts if fact.kind != TRADE]
    for ids in (touches, depths):
        assert all(a < b for a, b in pairwise(ids))
    assert book == sorted(book)


def test_venue_time_rises_with_every_event_and_stays_within_the_market_s_hours(watched):
    times = [event.facts[0].ts_event for event in watched if event.facts]
    assert times[0] == START_NS
    assert all(a < b for a, b in pairwise(times))
    assert times[-1] < START_NS + WATCHED_S * 1e9


def test_depth_comes_on_its_grid(watched):
    times = [
        event.facts[-1].ts_event for event in watched[1:] if event.facts and event.facts[-1].kind == LEVEL
    ]
    on_grid = [(ts - START_NS) % 100_000_000 == 0 for ts in times]
    assert sum(on_grid) >= 0.98 * len(on_grid)


def test_providers_also_withdraw_what_nobody_took(watched):
    withdrawn = [
        before.book.keys() - after.book.keys()
        for before, after in pairwise(watched)
        if after.book.items() < before.book.items() and all(fact.kind != TRADE for fact in after.facts)
    ]
    assert len(withdrawn) >= WATCHED_S
    assert all(len(levels) == 1 for levels in withdrawn)


def test_a_price_that_falls_to_the_last_tick_leaves_a_book():
    seconds = 20.0 if COMPILED else 1.0
    tape = a_tape(
        price="10", duration_s=seconds, provider_actions_per_s=1000.0, volatility_bps_per_sqrt_s=20.0
    )
    state = tape._market[0]
    state.fair_ticks = state.view_ticks = 1.1
    tape._params[0].news_per_s = 1.0
    lowest = []
    for event in events(tape):
        is_sound(event)
        assert event.fair_ticks >= 1
        lowest.append(touch(event.book, BUY)[0])
    assert lowest[0] > 90
    assert min(lowest) == 1


@settings(max_examples=30 if COMPILED else 3)
@given(
    seed=st.integers(),
    price=st.sampled_from(["10", "62000", "300000"]),
    volatility_bps_per_sqrt_s=st.sampled_from([0.05, 1.2, 20.0]),
    informed_share=st.floats(0, 0.9),
    trades_per_s=st.sampled_from([0.5, 20.0, 400.0]),
    provider_actions_per_s=st.sampled_from([1.0, 50.0, 1000.0]),
    half_spread_bps=st.sampled_from([0.0, 0.5, 100.0]),
    level_gap_bps=st.sampled_from([0.0, 0.25, 100.0]),
    provider_lag_ms=st.sampled_from([1.0, 100.0, 10_000.0]),
    depth_every_ms=st.sampled_from([1.0, 100.0, 10_000.0]),
)
def test_no_setting_and_no_seed_breaks_the_book(seed, price, **market):
    listener, before = Listener(), None
    for event in events(a_tape(seed=seed, price=price, duration_s=4 if COMPILED else 0.5, **market)):
        is_sound(event)
        check_messages(event.facts)
        for fact in event.facts:
            listener.hear(fact)
        if event.facts and event.facts[-1].kind == LEVEL:
            assert listener.book == event.book
        if before is not None:
            takes(before, event)
        before = event
