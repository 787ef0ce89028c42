"""Facts of a market become rows once each; what is lost breaks the book."""

import json

import numpy as np
import pytest

from connectors.kafka.facts_taken import MarketTaker
from connectors.kafka.inbox import Item
from connectors.kafka.messages import LATEST_NS
from connectors.kafka.plausible import DAY_NS, MOST_MISSING, MOST_NUMBER
from connectors.recorded.letters import Unusable
from operators.rows import BEST, GAP, NEVER, TRADE, Row
from tests.oracles.heard import NOW, ONE, SYMBOL, TOLD, TRADED, a_market


def test_what_comes_again_is_dropped_and_what_is_missing_breaks_the_book():
    market = a_market()
    assert market.kinds(TRADED | {"n": 3}) == [TRADE]
    assert market.kinds(TRADED | {"n": 3}) == []
    assert market.kinds(TRADED | {"n": 2}) == []
    assert market.kinds(TRADED | {"n": 6}) == [GAP, TRADE]
    assert market.kinds(TRADED) == [TRADE]
    assert market.said == [("lost", "2 messages before number 6")]
    assert (market.taker.quality["repeated"], market.taker.quality["lost"]) == (2, 2)


def test_a_bad_message_of_depth_breaks_the_book_and_another_does_not():
    market = a_market()
    depth = {"type": "depth", "v": 1, "symbol": SYMBOL, "ts_event": NOW, "id": 9}
    assert market.kinds(depth | {"levels": [["buy", "1.05", "1"]]}) == [GAP]
    assert market.kinds(TOLD | {"bid": ["62000.1", "1"], "ask": ["62000.0", "1"]}) == []
    assert market.kinds(TOLD | {"bid": ["62000.0", "1"], "ask": ["62000.1", "1"]}) == [BEST, BEST]
    assert market.refused == ["off_grid", "crossed_best"]


@pytest.mark.parametrize(
    "bad", ["cut off {", "prices that are numbers", "another version"], ids=lambda name: name
)
def test_without_numbers_a_depth_that_cannot_be_read_breaks_the_book(bad):
    depth = {"type": "depth", "v": 1, "symbol": SYMBOL, "ts_event": NOW, "id": 9}
    whole = depth | {"levels": [["buy", "62000.0", "1"]]}
    raw = {
        "cut off {": json.dumps(whole)[:-5],
        "prices that are numbers": json.dumps(depth | {"levels": [["buy", 62000.0, 1]]}),
        "another version": json.dumps(whole | {"v": 2}),
    }[bad].encode()
    for numbers, broken in (({}, GAP), ({"n": 1}, None)):
        taker = MarketTaker(ONE)
        taker.rows(Item(0, 0, 0, json.dumps(TRADED | numbers).encode()), NOW, [])
        with pytest.raises(Unusable) as refused:
            taker.rows(Item(0, 1, 0, raw), NOW, [])
        kinds = np.frombuffer(refused.value.raw, Row.dtype)["kind"].tolist()
        assert kinds == ([] if broken is None else [broken])


@pytest.mark.parametrize("field", ["ts_event", "ts_recv"])
def test_a_time_from_which_none_can_go_on_is_refused(field):
    market = a_market()
    for ts in (LATEST_NS + 1, NEVER - 1):
        assert market.kinds(TRADED | {field: ts}) == []
    assert market.refused == ["bad_time"] * 2


def test_a_time_that_has_not_come_is_refused_unless_the_broker_confirms_it():
    market, day_ms = a_market(), DAY_NS // 10**6
    assert market.kinds(TRADED | {"ts_event": NOW + DAY_NS + 1, "ts_recv": NOW}) == []
    assert market.kinds(TRADED | {"ts_event": NOW + DAY_NS, "ts_recv": NOW}) == [TRADE]
    later = json.dumps(TRADED | {"ts_recv": NOW + 3 * DAY_NS}).encode()
    taker, now_ms = MarketTaker(ONE), NOW // 10**6
    with pytest.raises(Unusable, match="bad_receive_time"):
        taker.rows(Item(0, 0, now_ms + day_ms, later), NOW, [])
    for sent_ms in (0, now_ms + 2 * day_ms, now_ms + 9 * day_ms):
        assert taker.rows(Item(0, 0, sent_ms, later), NOW, [])
    assert market.refused == ["bad_time"]


def test_one_that_does_not_say_when_it_was_received_goes_by_its_neighbours_where_they_are_old():
    taker, sent_ms = MarketTaker(ONE), (NOW + 400 * DAY_NS) // 10**6
    for now, ts_event, received in (
        (0, NOW, sent_ms * 10**6),
        (NOW, NOW + 5, NOW + 5),
        (NOW, NOW - 5, NOW),
        (NOW, NOW + 2 * DAY_NS, sent_ms * 10**6),
    ):
        made = taker.rows(Item(0, 0, sent_ms, json.dumps(TRADED | {"ts_event": ts_event}).encode()), now, [])
        assert np.frombuffer(made, Row.dtype)["ts_recv"].tolist() == [received]


def test_a_number_that_would_have_all_that_follow_pass_for_repeats_is_refused():
    market = a_market()
    assert market.kinds(TRADED | {"n": MOST_NUMBER + 1}) == []
    assert market.kinds(TRADED | {"n": 7}) == [TRADE]
    assert market.kinds(TRADED | {"n": 7 + MOST_MISSING + 1}) == []
    assert market.kinds(TRADED | {"n": 8}) == [TRADE]
    assert market.kinds(TRADED | {"n": 8 + MOST_MISSING}) == [GAP, TRADE]
    assert market.refused == ["bad_number"] * 2


def test_many_that_came_again_are_told_as_numbers_that_may_have_begun_anew():
    market = a_market()
    market.kinds(TRADED | {"n": 5})
    for _ in range(1001):
        assert market.kinds(TRADED | {"n": 1}) == []
    ((reason, text),) = market.said
    assert reason == "repeated"
    assert text.startswith("1000 messages came again with numbers up to 5")


def test_a_broker_with_an_impossible_clock_is_refused_too():
    taker, raw = MarketTaker(ONE), json.dumps(TRADED).encode()
    with pytest.raises(Unusable, match="bad_time"):
        taker.rows(Item(0, 0, (1 << 63) - 1, raw), 0, [])


def test_it_knows_its_end():
    market = a_market()
    end = {"type": "end", "v": 1, "symbol": SYMBOL, "ts_event": NOW, "n": 1}
    assert (market.kinds(end), market.taker.ended) == ([], True)
