"""A desk and a venue in processes of their own, a broker between them: they agree, whatever is killed."""

import json
import signal

import pytest

from tests.oracles.floor import QUIET, kill_either, require_agreement
from tests.oracles.runs import SOON, lively

SYMBOLS = ("BTCUSDC", "DOGEUSDC")


@pytest.mark.parametrize("one_topic", [False, True], ids=["three topics", "one topic"])
def test_desk_and_venue_agree_once_the_market_has_ended(floor_of, one_topic):
    floor = floor_of(lively(*SYMBOLS, seconds=10), one_topic=one_topic)
    floor.begin()
    floor.wait("desk")
    desk, venue = floor.summary("desk"), floor.close_venue()
    assert require_agreement(floor, desk, venue) == 0
    assert all(figures["fills"] > 0 for figures in desk.values())
    assert all(figures["dead_letters"] == 0 for figures in desk.values())
    assert "stopped" not in json.loads((floor.folder / "desk" / "summary.json").read_text())


def test_kills_of_either_leave_no_order_twice_and_none_behind(floor_of):
    floor = floor_of(lively(*SYMBOLS, seconds=45))
    floor.begin()
    floor.until(floor.has_traded, "nothing was filled")
    hit = kill_either(floor, 8, seed=5)
    assert floor.processes["publisher"].poll() is None, "the market was over before the kills were"
    floor.wait("desk")
    require_agreement(floor, floor.summary("desk"), floor.close_venue())
    assert min(hit.values()) >= 2


def test_a_desk_that_is_stopped_leaves_nothing_live_and_goes_on_where_it_was(floor_of):
    floor = floor_of(lively(*SYMBOLS, seconds=20))
    floor.begin()
    floor.until(floor.has_traded, "nothing was filled")
    floor.kill("desk", signal.SIGTERM)
    assert floor.processes["desk"].returncode == 0, floor.said("desk")
    assert floor.live() == set()
    assert json.loads((floor.folder / "desk" / "summary.json").read_text())["stopped"]
    before = sum(each["fills"] for each in floor.summary("desk").values())
    floor.trade(resume=True)
    floor.wait("desk")
    desk = floor.summary("desk")
    require_agreement(floor, desk, floor.close_venue())
    assert sum(each["fills"] for each in desk.values()) > before
    assert {each["trading_state"] for each in desk.values()} == {"active"}


def test_reports_that_are_lost_repeated_and_overtaken_leave_both_agreed(floor_of):
    shares = ("venue.lose_share=0.05", "venue.repeat_share=0.1", "venue.swap_share=0.1")
    floor = floor_of((*lively(*SYMBOLS, seconds=20), *shares))
    floor.begin()
    floor.wait("desk")
    desk, venue = floor.summary("desk"), floor.close_venue()
    for symbol, figures in desk.items():
        assert figures["fills"] > 0
        assert figures["position"] == venue[symbol]["position"]
        assert venue[symbol]["live"] == []
    orders, _ = floor.told(floor.orders, "order")
    assert any(each["op"] == "query" for sent in orders.values() for each in sent), "no report was missed"


def test_kills_before_the_first_checkpoint_change_nothing_that_was_told(floor_of):
    floor = floor_of((*lively(*SYMBOLS, seconds=30), "run.checkpoint_every_s=600"))
    floor.begin()
    floor.until(floor.has_traded, "nothing was filled")
    for name in ("desk", "venue"):
        floor.kill(name)
    floor.open_venue(resume=True)
    floor.until(floor.is_open, "the venue did not open again")
    floor.trade(resume=True)
    floor.wait("desk")
    assert require_agreement(floor, floor.summary("desk"), floor.close_venue()) > 0


@pytest.mark.long
def test_eight_symbols_and_a_thousand_trades_a_second_through_kills_of_either(floor_of):
    lots = "synthetic.trades_per_s=180"
    market = (*QUIET, *SOON, lots, "synthetic.mean_trade_notional=500", "source.duration_s=120")
    floor = floor_of(market)
    floor.begin()
    floor.until(floor.has_traded, "nothing was filled")
    hit = kill_either(floor, 12, seed=9)
    floor.wait("desk")
    desk, venue = floor.summary("desk"), floor.close_venue()
    assert require_agreement(floor, desk, venue) > 0
    assert min(hit.values()) == 6
    assert len(desk) == 8
    n_trades = sum(figures["source"]["trades"] for figures in desk.values())
    assert n_trades == floor.count("trade")
    assert n_trades / 120 > 1000
