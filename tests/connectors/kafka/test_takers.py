"""Facts, reports and requests become rows once each; poison is refused by its reason, changing nothing."""

import json
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.kafka.inbox import Item
from connectors.kafka.takers import LATEST_NS, MOST_FORMER, Both, MarketTaker, ReportTaker, RequestTaker
from connectors.recorded.letters import Reason, Unusable
from operators.rows import (
    ACCEPTED,
    BEST,
    BUY,
    CANCELED,
    CONTROL,
    FILLED,
    GAP,
    NEVER,
    PLACE,
    QUERY,
    SELL,
    SETTLED,
    STATE,
    TRADE,
    Row,
)
from tests.oracles.synthetic_market import grid
from tests.oracles.venue_world import a_row, joined

SYMBOL, RUN = "BTCUSDC", "a" * 32
ONE = grid(SYMBOL)
NOW = 1_700_000_000_000_000_000
TRADED = {"type": "trade", "v": 1, "symbol": SYMBOL, "ts_event": NOW, "price": "62000.0", "size": "0.001"}
TOLD = {"type": "best", "v": 1, "symbol": SYMBOL, "ts_event": NOW, "id": 1}
ASKED = {
    "type": "order",
    "v": 1,
    "run": RUN,
    "symbol": SYMBOL,
    "n": 1,
    "ts": NOW,
    "op": "place",
    "id": "a-1",
    "side": "buy",
    "price": "62000.0",
    "size": "0.005",
}
SAID = {
    "type": "report",
    "v": 1,
    "run": RUN,
    "symbol": SYMBOL,
    "n": 1,
    "ts": NOW,
    "what": "accepted",
    "id": "a-1",
    "side": "buy",
    "price": "62000.0",
    "size": "0.005",
    "sequence": 1,
}
OTHERS = [
    {"type": kind}
    for kind in ("trade", "best", "depth", "mark", "gap", "end", "fill", "reading", "dead_letter", "control")
]


def an_item(message, **more):
    raw = message if isinstance(message, bytes) else json.dumps(message).encode()
    return Item(0, 0, NOW // 1_000_000, raw, **more)


class Listener:
    """Hands messages to a taker, and keeps what becomes of them."""

    def __init__(self, taker):
        self.taker, self.letters, self.refused = taker, [], []

    def hear(self, message, now_ns=NOW, **more):
        try:
            made = self.taker.rows(an_item(message, **more), now_ns, self.letters)
        except Unusable as fault:
            self.refused.append(fault.reason.value)
            made = fault.raw
        return np.frombuffer(bytearray(made), Row.dtype)

    def kinds(self, message, **more):
        return self.hear(message, **more)["kind"].tolist()

    @property
    def said(self):
        return [(letter.reason, letter.text) for letter in self.letters]


def a_market():
    return Listener(MarketTaker(ONE))


def a_venue():
    return Listener(RequestTaker(ONE))


def a_desk(*numbers, lots=5):
    taker = ReportTaker(ONE, lambda: RUN)
    taker.expect(joined([a_row(PLACE, BUY, 620_000, lots, number) for number in numbers]))
    return Listener(taker)


# Poison, for all of them.

WHOLE = {"market": TRADED, "reports": SAID, "requests": ASKED}
MADE = {"market": a_market, "reports": lambda: a_desk(1), "requests": a_venue}


@pytest.mark.parametrize("which", WHOLE)
@pytest.mark.parametrize(
    ("poison", "reason"),
    [
        (b"", "malformed_json"),
        (b"null", "wrong_type"),
        (b"\x80\x04\x95", "not_text"),
        (b'{"a":' * 100_000, "too_deep"),
        ({"v": 2}, "unknown_version"),
        ({"v": 1, "type": "nonsense"}, "unknown_stream"),
        ({"symbol": "ETHUSDC"}, "wrong_key"),
        ({"symbol": 5}, "wrong_type"),
        ({"price": "62000.05"}, "off_grid"),
        ({"price": "-1"}, "wrong_type"),
        ({"size": "9" * 30}, "wrong_type"),
        ({"size": "99999999999999999"}, "overflow"),
        ({"n": -1}, "wrong_type"),
        ({"n": 1 << 63}, "wrong_type"),
        ({"n": 1 << 200}, "wrong_type"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_poison_is_refused_and_the_next_message_is_taken(which, poison, reason):
    listener = MADE[which]()
    bad = WHOLE[which] | poison if isinstance(poison, dict) else poison
    if bad == WHOLE[which] | {"v": 1, "type": "nonsense"}:
        bad = {"v": 1, "type": "nonsense", "symbol": SYMBOL}
    assert len(listener.hear(bad)) == 0
    assert listener.refused == [reason]
    assert len(listener.hear(WHOLE[which] | {"n": 2})) > 0


@pytest.mark.parametrize("which", WHOLE)
def test_a_message_that_breaks_off_anywhere_or_has_a_byte_flipped_breaks_nothing(which):
    raw, draw = json.dumps(WHOLE[which]).encode(), random.Random(7)
    listener = MADE[which]()
    for end in range(len(raw)):
        assert len(listener.hear(raw[:end])) == 0
    assert len(listener.refused) == len(raw)
    for _ in range(2000):
        at = draw.randrange(len(raw))
        listener.hear(raw[:at] + bytes([draw.randrange(256)]) + raw[at + 1 :])
    assert set(listener.refused) <= {*Reason}


@pytest.mark.parametrize("which", WHOLE)
def test_what_has_no_key_is_refused_whatever_it_says(which):
    listener = MADE[which]()
    assert len(listener.hear(WHOLE[which], reason=Reason.WRONG_KEY)) == 0
    assert listener.refused == ["wrong_key"]


@pytest.mark.parametrize("which", WHOLE)
def test_what_is_known_is_the_same_after_a_restart(which):
    draw, at_once, restarted = random.Random(5), MADE[which](), MADE[which]()
    for n in (1, 2, 2, 5, 1, 6, 6, 9, 10):
        changes: dict[str, int | str] = {"n": n, "sequence": n} if which == "reports" else {"n": n}
        if which == "requests" and n >= 5:
            changes |= {"run": draw.choice("bc") * 32, "id": f"b-{n}"}
        message = WHOLE[which] | changes
        anew = MADE[which]()
        anew.taker.restore(restarted.taker.snapshot())
        anew.letters, anew.refused, restarted = restarted.letters, restarted.refused, anew
        assert restarted.hear(message).tobytes() == at_once.hear(message).tobytes()
    assert restarted.said == at_once.said
    assert restarted.taker.quality == at_once.taker.quality
    assert restarted.taker.snapshot() == at_once.taker.snapshot()


# The market.


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


# Reports.


def test_reports_that_come_again_or_are_another_runs_say_nothing():
    desk = a_desk(1)
    assert desk.kinds(SAID | {"run": "b" * 32}) == []
    assert desk.kinds(SAID) == [ACCEPTED]
    assert desk.kinds(SAID) == []
    assert desk.kinds(SAID | {"n": 2}) == []
    assert (desk.said, desk.refused) == ([], [])
    assert desk.taker.quality == {"reports": 2, "reports_repeated": 1, "reports_lost": 0}


def test_fills_whose_reports_were_lost_are_shown_before_what_betrays_them():
    desk = a_desk(1)
    late = SAID | {"n": 9, "what": "canceled", "size": "0.001", "filled": "0.004", "sequence": 6}
    rows = desk.hear(late)
    assert rows["kind"].tolist() == [FILLED, CANCELED]
    assert rows["size_lots"].tolist() == [4, 1]
    assert desk.said == [("reports_lost", "8 reports before number 9")]
    assert len(desk.hear(late | {"n": 10, "sequence": 7})) == 0


def test_a_report_that_cannot_be_used_has_been_heard_of():
    desk = a_desk(1)
    assert desk.kinds(SAID | {"size": "0.0005"}) == []
    assert desk.kinds(SAID | {"n": 2}) == [ACCEPTED]
    assert (desk.said, desk.refused) == ([], ["off_grid"])


@pytest.mark.parametrize(
    "lie",
    [
        {"side": "sell"},
        {"what": "filled", "size": "0.005", "filled": "9007199254"},
        {"what": "canceled", "filled": "0.006"},
        {"what": "filled", "size": "0.003", "filled": "0"},
        {"what": "filled", "size": "0.003", "filled": "0.002"},
        {"what": "state", "size": "900719"},
        {"what": "accepted", "size": "0.006"},
    ],
    ids=str,
)
def test_what_cannot_be_true_of_an_order_is_refused_and_does_it_no_harm(lie):
    desk = a_desk(1)
    assert desk.kinds(SAID) == [ACCEPTED]
    assert desk.kinds(SAID | {"n": 2, "sequence": 2} | lie) == []
    assert desk.refused == ["contradiction"]
    full = SAID | {"n": 3, "sequence": 2, "what": "filled", "filled": "0.005"}
    rows = desk.hear(full)
    assert (rows["kind"].tolist(), rows["size_lots"].tolist()) == ([FILLED], [5])


def test_filled_never_goes_back():
    desk = a_desk(1)
    assert desk.kinds(SAID | {"what": "filled", "size": "0.003", "filled": "0.003"}) == [FILLED]
    back = SAID | {"n": 2, "sequence": 2, "what": "filled", "size": "0.001", "filled": "0.002"}
    assert desk.kinds(back) == []
    assert desk.refused == ["contradiction"]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(("accepted", "amended", "filled", "canceled", "state", "cancel_rejected")),
            st.integers(1, 3),
            st.sampled_from(("buy", "sell")),
            st.integers(0, 12),
            st.integers(0, 12),
            st.integers(0, 9),
        ),
        max_size=30,
    )
)
def test_a_venue_that_lies_never_gives_an_order_more_than_it_asked_for(lies):
    desk, lots = a_desk(1, 2), {1: 0, 2: 0}
    for n, (what, number, side, size, filled, sequence) in enumerate(lies, start=1):
        lie = {"what": what, "id": f"a-{number}", "side": side, "sequence": sequence, "n": n}
        rows = desk.hear(SAID | lie | {"size": f"0.{size:03}", "filled": f"0.{filled:03}"})
        for row in rows[rows["kind"] == FILLED]:
            assert row["side"] == BUY
            assert row["size_lots"] > 0
            lots[int(row["id"])] += int(row["size_lots"])
    assert max(lots.values()) <= 5
    assert set(desk.refused) <= {"contradiction", "missing_field", "zero_size"}


def test_a_settlement_says_what_is_paid_and_the_venues_clock_does_not_move_ours():
    desk = a_desk()
    told = {key: SAID[key] for key in ("type", "v", "run", "symbol", "n")} | {"ts": NEVER - 1}
    (row,) = desk.hear(told | {"what": "settled", "paid": "-0.00015", "price": "62000.0", "settled_at": 5})
    assert (row["kind"], row["id"], row["size_lots"], row["lag_us"]) == (SETTLED, 5, -2, 500_000)
    assert (row["ts_event"], row["ts_recv"]) == (NOW, NOW)


def test_before_the_market_begins_a_report_has_its_own_time():
    (row,) = a_desk(1).hear(SAID, now_ns=0)
    assert row["ts_recv"] == NOW


def test_an_order_that_we_do_not_know_is_shown_only_as_an_answer():
    desk = a_desk()
    assert desk.kinds(SAID | {"what": "filled", "filled": "0.005"}) == []
    assert desk.kinds(SAID | {"n": 2, "what": "state", "size": "0"}) == [STATE]


# Requests.


def test_a_desk_is_announced_by_its_first_request_alone():
    venue = a_venue()
    assert venue.kinds(ASKED) == [CONTROL, PLACE]
    assert venue.kinds(ASKED) == []
    assert venue.kinds(ASKED | {"n": 2, "op": "query"}) == [QUERY]
    assert venue.kinds(ASKED | {"n": 5, "id": "a-2"}) == [PLACE]
    assert venue.said == [("requests_lost", "2 requests before number 5")]
    assert [tuple(desk) for desk in venue.taker.came] == [(RUN, "a-")]
    quality = venue.taker.quality
    assert (quality["requests"], quality["requests_repeated"], quality["requests_lost"]) == (3, 1, 2)


def test_a_request_is_what_it_says():
    _, row = a_venue().hear(ASKED | {"side": "sell", "id": "a-17", "lives_ms": 250})
    assert (row["id"], row["side"], row["price_ticks"], row["size_lots"]) == (17, SELL, 620_000, 5)
    assert (row["lag_us"], row["ts_event"], row["ts_recv"]) == (250, NOW, NOW)


def test_a_desk_that_another_followed_is_dealt_with_no_more():
    venue = a_venue()
    assert venue.kinds(ASKED) == [CONTROL, PLACE]
    assert venue.kinds(ASKED | {"run": "b" * 32, "id": "b-1", "n": 7}) == [CONTROL, PLACE]
    assert venue.kinds(ASKED | {"n": 2}) == []
    assert venue.kinds(ASKED | {"run": "b" * 32, "id": "b-2", "n": 8}) == [PLACE]
    assert venue.said == [("superseded", "place a-1")]
    for k in range(MOST_FORMER + 1):
        assert venue.kinds(ASKED | {"run": f"run-{k}"}) == [CONTROL, PLACE]
    assert len(venue.taker.snapshot()[1]) == MOST_FORMER


@pytest.mark.parametrize(
    ("poison", "reason"),
    [
        ({"n": 0}, "missing_field"),
        ({"id": "no number"}, "wrong_type"),
        ({"id": ""}, "wrong_type"),
        ({"id": "a-0"}, "wrong_type"),
        ({"id": "a-" + "9" * 40}, "wrong_type"),
        ({"lives_ms": -1}, "overflow"),
        ({"lives_ms": 1 << 31}, "overflow"),
        ({"lives_ms": 1 << 62}, "overflow"),
        ({"lives_ms": 1 << 80}, "overflow"),
        ({"op": "buy"}, "wrong_type"),
        ({"side": ""}, "wrong_type"),
        ({"run": ""}, "wrong_type"),
        ({"run": "x" * 65}, "wrong_type"),
        ({"price": "62000.0" + "0" * 50}, "wrong_type"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_a_hostile_request_is_refused_and_announces_nobody(poison, reason):
    venue = a_venue()
    assert venue.kinds(ASKED | poison) == []
    assert (venue.refused, venue.taker.came, venue.taker.quality["desks"]) == ([reason], [], 0)
    assert venue.kinds(ASKED) == [CONTROL, PLACE]
    assert venue.kinds(ASKED | {"n": 2} | poison) == []
    assert venue.kinds(ASKED | {"n": 3}) == [PLACE]


def test_a_request_that_cannot_be_used_has_been_heard_of_once():
    venue = a_venue()
    venue.hear(ASKED)
    assert venue.kinds(ASKED | {"n": 2, "size": "0.0005"}) == []
    assert venue.kinds(ASKED | {"n": 2, "size": "0.0005"}) == []
    assert venue.kinds(ASKED | {"n": 3}) == [PLACE]
    assert (venue.refused, venue.said) == (["off_grid"], [])


def test_numbers_of_one_desk_have_one_beginning():
    venue = a_venue()
    venue.hear(ASKED)
    assert venue.kinds(ASKED | {"n": 2, "id": "b-1"}) == []
    assert venue.refused == ["contradiction"]


# Everything in one topic.


@pytest.mark.parametrize("which", ["reports", "requests"])
def test_in_one_topic_each_takes_its_own(which):
    other = MADE[which]()
    both = Listener(Both(MarketTaker(ONE), other.taker))
    assert both.kinds(TRADED | {"n": 1}) == [TRADE]
    assert len(both.hear(WHOLE[which])) > 0
    strangers = [each for each in (ASKED, SAID) if each is not WHOLE[which]]
    for message in (*OTHERS[6:], *strangers):
        assert both.kinds(message) == []
    assert (both.refused, both.said) == ([], [])
    assert both.kinds({"type": "nonsense", "v": 1}) == []
    assert both.kinds(b"\xff") == []
    assert both.kinds(WHOLE[which] | {"v": 2}) == []
    assert both.refused == ["unknown_stream", "not_text", "unknown_version"]
    anew = Both(MarketTaker(ONE), MADE[which]().taker)
    anew.restore(both.taker.snapshot())
    assert anew.snapshot() == both.taker.snapshot()


@pytest.mark.parametrize("which", WHOLE)
def test_kinds_that_others_read_are_passed_over(which):
    listener = MADE[which]()
    for message in (*OTHERS[6:], *(each for each in WHOLE.values() if each is not WHOLE[which])):
        assert listener.kinds(message) == []
    assert (listener.refused, listener.said) == ([], [])
