"""Requests of one desk after the other become rows once each."""

import pytest

from connectors.kafka.plausible import MOST_MISSING, MOST_NUMBER
from connectors.kafka.requests_taken import MOST_FORMER
from operators.rows import CONTROL, PLACE, QUERY, SELL
from tests.oracles.heard import ASKED, NOW, RUN, a_venue


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


def test_a_number_far_ahead_does_not_mute_a_desk():
    venue = a_venue()
    assert venue.kinds(ASKED | {"n": MOST_NUMBER + 1}) == []
    assert venue.kinds(ASKED) == [CONTROL, PLACE]
    assert venue.kinds(ASKED | {"n": MOST_MISSING + 2}) == []
    assert venue.kinds(ASKED | {"n": 2, "id": "a-2"}) == [PLACE]
    assert venue.refused == ["bad_number"] * 2


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
