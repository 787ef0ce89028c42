"""What holds for every order, fill and account of a whole run, rebuilt from its logs and its wires."""

import json
from collections import defaultdict
from decimal import Decimal

import pytest

from flows.steps import AsmmStep, RiskStep
from operators.rows import (
    ACCEPTED,
    AMEND_REJECTED,
    AMENDED,
    BUY,
    CANCEL_REJECTED,
    CANCELED,
    FILLED,
    PLACE,
    REJECTED,
    TRADE,
    WOULD_CROSS,
)
from tests.oracles.raw_market import SYMBOL
from tests.oracles.runs import REPLAY, capture, lines, lively, made, prefix, replaying
from tests.oracles.witness import Touches, venue_rows, witnessed, worst_lots

TIGHT = ("risk.total_notional=25000", "risk.max_order_notional=3000", "quoting.requote_ticks=0")
CANCELS = ("orders.replace=cancel", "venue.maker_fee_bps=1.3", "venue.queue=risk_averse")
REBATE = ("venue.maker_fee_bps=-0.7", "venue.partial_fills=false", "venue.entry_latency_ms=1")
THREE = lively("BTCUSDC", "DOGEUSDC", "ETHUSDC", seconds=12)
STORIES = {
    "amends": (*THREE, *TIGHT, "source.seed=1", "venue.maker_fee_bps=2"),
    "cancels": (*THREE, *TIGHT, "source.seed=2", *CANCELS),
    "rebates": (*THREE, *TIGHT, "source.seed=3", *REBATE),
}


@pytest.fixture(scope="module", params=[*STORIES, "recording", "capture"])
def story(request, tmp_path_factory):
    """A run and all that its wires carried."""
    folder = tmp_path_factory.mktemp(request.param)
    if request.param in STORIES:
        return witnessed(made(folder / "run", *STORIES[request.param]))
    if request.param == "recording":
        late = ("quoting.min_half_spread_bps=0", "venue.entry_latency_ms=60")
        options = replaying(capture(folder / "testusdt.gz", n_diffs=500), *late)
    else:
        data = request.getfixturevalue("data")
        path = prefix(data / "raw" / "binance_usdm_btcusdt_20240808.gz", folder / "btcusdt.txt", 15_000)
        options = (f"source.path={path}", "run.progress=false", "quoting.min_half_spread_bps=0.2")
    return witnessed(made(folder / "run", *options, config=REPLAY))


def by_order(rows):
    lives = defaultdict(list)
    for row in rows:
        lives[row.id].append(row)
    return lives


def test_there_is_something_to_hold(story):
    kinds = {row.kind for wire in story.wires.values() for row in wire.reports}
    assert {ACCEPTED, FILLED} <= kinds
    assert kinds & {AMENDED, CANCELED}
    if SYMBOL in story.wires:
        (wire,) = story.wires.values()
        sizes = {row.id: row.size_lots for row in wire.asked if row.kind == PLACE}
        parts = [row for row in wire.reports if row.kind == FILLED and row.size_lots < sizes[row.id]]
        assert len(parts) > 10, "on the coarse grid orders are filled in parts"
        assert WOULD_CROSS in {row.reason for row in wire.reports}, "and some come too late"
    assert sum(len(wire.asked) for wire in story.wires.values()) > 100


def test_the_log_of_orders_is_what_went_over_the_wire(story):
    for symbol, wire in story.wires.items():
        instrument = story.job.settings.symbols[symbol].instrument
        logged = [
            (line["ts"], int(line["id"].rsplit("-", 1)[1]), line["price"], line["size"])
            for line in lines(story.out / "orders" / f"{symbol}.jsonl")
        ]
        assert logged == [
            (row.ts_recv, row.id, instrument.price(row.price_ticks), instrument.size(row.size_lots))
            for row in wire.asked
        ]


def test_fills_and_leaves_of_every_order_are_its_size(story):
    for wire in story.wires.values():
        sizes = {row.id: row.size_lots for row in wire.asked if row.kind == PLACE}
        for number, reports in by_order([*wire.reports, *wire.under_way]).items():
            filled = sum(row.size_lots for row in reports if row.kind == FILLED)
            _, _, resting = wire.queues[-1].get(number, (0, 0, 0))
            kinds = {row.kind for row in reports}
            assert 0 <= filled <= sizes[number]
            if kinds & {CANCELED, REJECTED}:
                assert resting == 0
            else:
                assert filled + resting == sizes[number]


def test_no_order_is_filled_before_it_is_accepted_or_after_it_is_gone(story):
    for wire in story.wires.values():
        sizes = {row.id: row.size_lots for row in wire.asked if row.kind == PLACE}
        for number, reports in by_order(wire.reports).items():
            assert reports[0].kind in (ACCEPTED, REJECTED)
            left = sizes[number]
            for row in reports:
                assert left > 0 or row.kind in (AMEND_REJECTED, CANCEL_REJECTED)
                if row.kind == FILLED:
                    left -= row.size_lots
                elif row.kind in (CANCELED, REJECTED):
                    left = 0


def test_every_fill_is_at_the_price_at_which_its_order_stood(story):
    for wire in story.wires.values():
        stands = {}
        for row in wire.reports:
            if row.kind in (ACCEPTED, AMENDED):
                stands[row.id] = (row.side, row.price_ticks)
            elif row.kind == FILLED:
                assert (row.side, row.price_ticks) == stands[row.id]


def test_every_fill_is_a_print_s_or_a_quote_s_that_reached_the_order(story):
    by_quotes = 0
    for symbol, wire in story.wires.items():
        market = venue_rows(story.job, symbol)
        touches, prints = Touches(market), defaultdict(list)
        for row in market:
            if row.kind == TRADE:
                prints[row.ts_event].append(row)
        for row in (row for row in wire.reports if row.kind == FILLED):
            traded = any(
                each.side == -row.side and row.side * (row.price_ticks - each.price_ticks) >= 0
                for each in prints[row.ts_event]
            )
            opposite = [touch[1 if row.side == BUY else 0] for touch in touches.within(row.ts_event)]
            quoted = any(row.side * (row.price_ticks - price) >= 0 for price in opposite)
            assert traded or quoted
            by_quotes += not traded
    assert by_quotes or SYMBOL not in story.wires


def figures(story):
    return json.loads((story.out / "summary.json").read_text())["symbols"]


def test_one_position_by_fills_ledger_risk_maker_and_wire(story):
    for symbol, wire in story.wires.items():
        lot = story.job.settings.symbols[symbol].instrument.lot
        fills = lines(story.out / "fills" / f"{symbol}.jsonl")
        held = Decimal(0)
        for line in fills:
            held += Decimal(line["size"]) * (1 if line["side"] == "buy" else -1)
            assert Decimal(line["position"]) == held
        lots = sum(row.side * row.size_lots for row in wire.reports if row.kind == FILLED)
        assert held == lots * lot == Decimal(figures(story)[symbol]["position"])
        assert story.steps[symbol, RiskStep].office.risk[0].position_lots == lots
        assert story.steps[symbol, RiskStep].office.ledger[0].position_lots == lots
        assert story.steps[symbol, AsmmStep].asmm[0].inventory_lots == lots
        assert len(fills) == figures(story)[symbol]["fills"]


def test_equity_is_cash_less_fees_and_the_position_at_the_last_mid_exactly(story):
    for symbol, wire in story.wires.items():
        settings = story.job.settings.symbols[symbol]
        cash, fees = Decimal(0), Decimal(0)
        for line in lines(story.out / "fills" / f"{symbol}.jsonl"):
            notional = Decimal(line["price"]) * Decimal(line["size"])
            cash -= notional if line["side"] == "buy" else -notional
            fee = Decimal(line["fee"])
            assert line["maker"] is True
            exact = notional * settings.venue.maker_fee_bps / 10_000
            assert abs(fee - exact) <= settings.instrument.tick_lot / 2_000_000
            fees += fee
        assert fees == Decimal(figures(story)[symbol]["fees"])
        bid, ask = Touches([row for row in wire.told if row.kind < ACCEPTED]).touches[-1]
        held = Decimal(figures(story)[symbol]["position"])
        mid = settings.instrument.tick * (bid + ask) / 2
        assert Decimal(figures(story)[symbol]["pnl_after_fees"]) == cash - fees + held * mid


def test_at_worst_no_allowed_order_leads_beyond_its_budget_nor_all_budgets_beyond_the_cap(story):
    near = 0.0
    for symbol, wire in story.wires.items():
        budget = story.job.rules[symbol].risk[0].budget_tick_lots
        for request, lots in worst_lots(wire.asked, wire.reports):
            assert lots * request.price_ticks <= budget
            near = max(near, lots * request.price_ticks / budget)
        held = 0
        for row in wire.reports:
            if row.kind == FILLED:
                held += row.side * row.size_lots
                # The price may have moved a little between two checks of what stands.
                assert abs(held) * row.price_ticks <= 1.01 * budget
    settings = story.job.settings.symbols.values()
    cap = story.job.settings.common.risk.total_notional
    assert sum(each.risk.budget_notional for each in settings) <= cap
    assert near > 0.7 or cap > 25_000, "the budget was in the way"


def test_what_rests_did_not_cross_the_book_when_it_arrived(story):
    near = 0
    for symbol, wire in story.wires.items():
        touches = Touches(venue_rows(story.job, symbol))
        arrived = [row for row in wire.reports if row.kind in (ACCEPTED, AMENDED)]
        for row in arrived:
            bid, ask = touches.at(row.ts_event)
            assert row.price_ticks < ask if row.side == BUY else row.price_ticks > bid
        near += sum(row.price_ticks in touches.at(row.ts_event) for row in arrived)
    assert near > 0, "some joined the touch"


def test_nobody_moves_back_in_the_queue_but_by_an_amend(story):
    moved = 0
    for wire in story.wires.values():
        for before, after in zip(wire.queues, wire.queues[1:], strict=False):
            for number in before.keys() & after.keys():
                (price, front, leaves), (price_now, front_now, leaves_now) = before[number], after[number]
                assert 0 < leaves_now <= leaves
                if price_now == price:
                    assert 0 <= front_now <= front
                    moved += front_now < front
    assert moved > 5
