"""Facts of a market become rows once each; what is lost breaks the book."""

import json

import pytest

from connectors.kafka.facts_taken import MarketTaker
from connectors.kafka.inbox import Item
from connectors.kafka.messages import LATEST_NS
from connectors.recorded.letters import Unusable
from operators.rows import BEST, GAP, NEVER, TRADE
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


@pytest.mark.parametrize("field", ["ts_event", "ts_recv"])
def test_a_time_from_which_none_can_go_on_is_refused(field):
    market = a_market()
    for ts in (LATEST_NS + 1, NEVER - 1):
        assert market.kinds(TRADED | {field: ts}) == []
    assert market.kinds(TRADED | {field: LATEST_NS}) == [TRADE]
    assert market.refused == ["bad_time"] * 2


def test_a_broker_with_an_impossible_clock_is_refused_too():
    taker, raw = MarketTaker(ONE), json.dumps(TRADED).encode()
    with pytest.raises(Unusable, match="bad_time"):
        taker.rows(Item(0, 0, (1 << 63) - 1, raw), NOW, [])


def test_it_knows_its_end():
    market = a_market()
    end = {"type": "end", "v": 1, "symbol": SYMBOL, "ts_event": NOW, "n": 1}
    assert (market.kinds(end), market.taker.ended) == ([], True)
