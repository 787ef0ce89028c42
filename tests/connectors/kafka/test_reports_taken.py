"""Reports become rows once each, with what they betray of those that were lost, and never with a lie."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.kafka.plausible import MOST_MISSING, MOST_NUMBER
from operators.rows import (
    ACCEPTED,
    BUY,
    CANCELED,
    FILLED,
    NEVER,
    SETTLED,
    STATE,
)
from tests.oracles.heard import NOW, SAID, a_desk


def test_reports_that_come_again_or_are_another_runs_say_nothing():
    desk = a_desk(1)
    assert desk.kinds(SAID | {"run": "b" * 32}) == []
    assert desk.kinds(SAID) == [ACCEPTED]
    assert desk.kinds(SAID) == []
    assert desk.kinds(SAID | {"n": 2}) == []
    assert (desk.said, desk.refused) == ([], [])
    assert desk.taker.quality == {"reports": 2, "reports_repeated": 1, "reports_lost": 0, "another_venue": 0}


def test_a_number_far_ahead_does_not_mute_a_venue():
    desk = a_desk(1)
    assert desk.kinds(SAID | {"n": MOST_NUMBER + 1}) == []
    assert desk.kinds(SAID) == [ACCEPTED]
    assert desk.kinds(SAID | {"n": MOST_MISSING + 2}) == []
    assert desk.refused == ["bad_number"] * 2
    assert desk.taker.quality["reports"] == 1


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


def test_a_desk_deals_with_the_venue_that_it_heard_first():
    desk = a_desk(1, 2)
    assert desk.kinds(SAID | {"venue": "one"}) == [ACCEPTED]
    other = SAID | {"venue": "two", "n": 2, "id": "a-2"}
    assert desk.kinds(other) == []
    assert desk.kinds(SAID | {"n": 2, "id": "a-2"}) == []
    assert desk.said == [("another_venue", "accepted a-2")] * 2
    again = a_desk(1, 2)
    again.taker.restore(desk.taker.snapshot())
    assert again.kinds(other) == []
    assert again.kinds(other | {"venue": "one"}) == [ACCEPTED]
    assert again.taker.quality["another_venue"] == 3
