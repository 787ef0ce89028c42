import random

import pytest

from operators.limits import (
    ACTIVE,
    ALLOWED,
    BROKEN_INVARIANT,
    CLOCK_LAG,
    DAILY_LOSS,
    DENIALS,
    DRAWDOWN,
    HALTED,
    INVALID_BOOK,
    MEANINGS,
    N_CODES,
    NOT_REDUCING,
    OFF_GRID,
    OPERATOR,
    ORDER_TOO_LARGE,
    OUTSIDE_BAND,
    OVER_BUDGET,
    OVER_INVENTORY,
    RATE_LIMIT,
    REDUCING,
    SELF_CROSS,
    STALE_BOOK,
    TOO_SMALL,
    Code,
    table,
)
from operators.orders import CANCELING, FREE, SLOTS, WORKING, OrdersParams, live_lots
from operators.quotes import Quotes
from operators.risk import DAY_NS, exposure_lots
from operators.rows import (
    ACCEPTED,
    AMEND,
    AMEND_REJECTED,
    AMENDED,
    BUY,
    CANCEL,
    CANCEL_REJECTED,
    CANCELED,
    CLOCK,
    CONTROL,
    EXPIRED,
    FILLED,
    HALT,
    LIMIT,
    PLACE,
    REDUCE,
    REJECTED,
    RESUME,
    SELL,
    STATE,
    Row,
)
from operators.touch import EMPTY, INVALID
from tests.oracles.office_world import PLENTY, Behind, frame_of
from tests.oracles.runs import ROOT


class Desk(Behind):
    """Our side of the wire: limits, orders and the frames that reach them."""

    def __init__(
        self, *, budget=PLENTY, largest=PLENTY, smallest=0, band_bps=1e4, amends=1, requote_ticks=0, **more
    ):
        super().__init__(
            OrdersParams.cell(amends=amends, requote_ticks=requote_ticks),
            budget_tick_lots=budget,
            max_order_tick_lots=largest,
            min_notional_tick_lots=smallest,
            price_band_bps=band_bps,
            **more,
        )

    def frame(self, reports=(), bid=(0, 0), ask=(0, 0), mid=100.0, ts_ns=1):
        return super().frame(reports, bid, ask, mid, ts_ns)

    def told(self, *reports):
        assert self.run(frame_of(reports, (0, 0), (0, 0), 0.0, 1)[0], Quotes.table(0)) == []

    def hold(self, lots):
        """Own so much, as a fill of long ago left it."""
        self.risk.position_lots = self.ledger.position_lots = lots

    def mark(self, bid, ask):
        self.top[0].bid_ticks, self.top[0].ask_ticks = bid, ask

    def control(self, wish):
        return self.row(kind=CONTROL, reason=wish)


@pytest.mark.parametrize("side", [BUY, SELL])
@pytest.mark.parametrize(
    ("limits", "allowed", "refused", "code"),
    [
        # Orders are (ticks, lots); the mid is 100, so lots below it are valued at 101 ticks each.
        ({"largest": 1010}, (100, 10), (100, 11), ORDER_TOO_LARGE),
        ({"largest": 1010}, (101, 10), (102, 10), ORDER_TOO_LARGE),
        ({"smallest": 1000}, (100, 10), (100, 9), TOO_SMALL),
        ({"smallest": 1000}, (100, 10), (99, 10), TOO_SMALL),
        ({"smallest": 1001}, (100, 11), (100, 10), TOO_SMALL),
        ({"band_bps": 500.0}, (105, 1), (106, 1), OUTSIDE_BAND),
        ({"band_bps": 500.0}, (95, 1), (94, 1), OUTSIDE_BAND),
        ({"budget": 1010}, (100, 10), (100, 11), OVER_BUDGET),
        ({"budget": 1010}, (101, 10), (102, 10), OVER_BUDGET),
        ({"budget": 1009}, (100, 9), (100, 10), OVER_BUDGET),
    ],
)
def test_each_limit_holds_and_a_near_miss_passes(limits, allowed, refused, code, side):
    desk = Desk(**limits)
    for (ticks, lots), expected in ((allowed, ALLOWED), (refused, code)):
        assert desk.check(side, ticks, lots, lots, 100.0) == expected


def test_every_denial_has_a_label_a_meaning_and_a_place_to_be_counted():
    assert set(DENIALS) == set(MEANINGS) == set(Code) - {Code.ALLOWED}
    assert len(set(DENIALS.values())) == len(DENIALS)
    assert all(ALLOWED < code < N_CODES for code in DENIALS)


def test_the_documentation_lists_every_code():
    assert table() in (ROOT / "docs" / "risk.md").read_text()


@pytest.mark.parametrize(("side", "room"), [(BUY, 6), (SELL, 14)])
def test_a_position_takes_room_on_its_side_and_makes_room_on_the_other(side, room):
    desk = Desk(budget=1010)
    desk.risk.position_lots = 4
    assert exposure_lots(desk.risk, desk.orders, side, 3) == 4 * side + 3
    assert desk.check(side, 100, room, room, 100.0) == ALLOWED
    assert desk.check(side, 100, room + 1, room + 1, 100.0) == OVER_BUDGET


def test_requests_on_their_way_take_room_until_the_venue_says_they_are_gone():
    desk = Desk(budget=1010, amends=0)
    assert desk.frame(bid=(100, 6)) == [(PLACE, 1, BUY, 100, 6)]
    desk.told((ACCEPTED, 1, BUY, 100, 6))
    # The cancel may yet lose to a fill, so 6 more would make 12 of at most 10.
    assert desk.frame(bid=(99, 6)) == [(CANCEL, 1, BUY, 100, 6)]
    assert desk.denied() == {OVER_BUDGET: 1}
    assert desk.frame([(FILLED, 1, BUY, 100, 2)], bid=(99, 6)) == []
    assert desk.denied() == {OVER_BUDGET: 2}
    assert desk.frame([(CANCELED, 1, BUY, 100, 4)], bid=(99, 6)) == [(PLACE, 2, BUY, 99, 6)]
    assert desk.risk.n_denied == 2


def test_a_frame_counts_every_denial_under_its_code():
    desk = Desk(budget=1010, largest=2000, smallest=100, band_bps=500.0)
    assert desk.frame(bid=(100, 11), ask=(101, 20)) == []
    assert desk.frame(bid=(94, 5), ask=(106, 5)) == []
    assert desk.frame(bid=(100, 0), ask=(104, 0)) == []
    assert desk.frame(bid=(99, 1), ask=(99, 1)) == []
    assert desk.frame(bid=(100, 20), ask=(101, 19)) == []
    assert desk.denied() == {OVER_BUDGET: 2, ORDER_TOO_LARGE: 2, OUTSIDE_BAND: 2, TOO_SMALL: 2}
    assert desk.risk.n_denied == 8


def test_both_sides_are_placed_by_one_decision():
    desk = Desk()
    assert desk.frame(bid=(99, 5), ask=(101, 6)) == [(PLACE, 1, BUY, 99, 5), (PLACE, 2, SELL, 101, 6)]
    assert (live_lots(desk.orders, BUY), live_lots(desk.orders, SELL)) == (5, 6)


def test_an_amend_adds_nothing_to_what_is_live():
    desk = Desk(budget=1010)
    desk.frame(bid=(99, 10))
    desk.told((ACCEPTED, 1, BUY, 99, 10))
    assert desk.frame(bid=(100, 10)) == [(AMEND, 1, BUY, 100, 10)]
    assert desk.risk.n_denied == 0


@pytest.mark.parametrize(
    ("limits", "mid", "ticks", "code"),
    [
        ({"band_bps": 500.0}, 100.0, 94, OUTSIDE_BAND),
        ({"budget": 1010}, 110.0, 109, OVER_BUDGET),
        ({"largest": 1010}, 110.0, 109, ORDER_TOO_LARGE),
        ({"smallest": 1000}, 100.0, 99, TOO_SMALL),
    ],
)
def test_a_denied_amend_cancels(limits, mid, ticks, code):
    desk = Desk(**limits)
    desk.frame(bid=(100, 10))
    desk.told((ACCEPTED, 1, BUY, 100, 10))
    assert desk.frame(bid=(ticks, 10), mid=mid, ts_ns=9) == [(CANCEL, 1, BUY, 100, 10)]
    assert desk.denied() == {code: 1}
    order = desk.orders.slots[0]
    assert (order.stage, order.moved_ns, desk.orders.n_canceled, desk.orders.n_amended) == (
        CANCELING,
        9,
        1,
        0,
    )
    assert desk.frame(bid=(ticks, 10), mid=mid) == []


def test_an_amend_is_measured_by_what_is_left_of_the_order():
    desk = Desk(smallest=500)
    desk.frame(bid=(100, 10))
    desk.told((ACCEPTED, 1, BUY, 100, 10), (FILLED, 1, BUY, 100, 5))
    assert desk.frame(bid=(101, 10)) == [(AMEND, 1, BUY, 101, 5)]
    desk.told((AMENDED, 1, BUY, 101, 5), (FILLED, 1, BUY, 101, 1))
    assert desk.frame(bid=(102, 10)) == [(CANCEL, 1, BUY, 101, 4)]
    assert desk.denied() == {TOO_SMALL: 1}


def test_a_fill_of_an_order_that_is_gone_still_moves_the_position():
    desk = Desk()
    desk.told((FILLED, 9, SELL, 100, 3))
    assert (desk.risk.position_lots, desk.orders.n_stray) == (-3, 1)


def test_reports_count_up_to_the_row_decided_on_and_no_further():
    rows, decisions = Row.table(3), Quotes.table(2)
    desk = Desk(budget=1010)
    desk.frame(bid=(100, 6))
    rows[0].kind = rows[2].kind = CLOCK
    rows[1].kind, rows[1].id, rows[1].side = REJECTED, 1, BUY
    for k, i in enumerate((0, 2)):
        quotes = decisions[k]
        quotes.row, quotes.ts_ns, quotes.mid_ticks, quotes.bid_ticks, quotes.bid_lots = i, i, 100.0, 90, 6
        quotes.levels = 1
    assert desk.run(rows, decisions) == [(PLACE, 2, BUY, 90, 6)]
    assert desk.box.requests[0].ts_event == 2


class Exchange:
    """A venue that answers in order, fills at whim and always tells the truth."""

    def __init__(self, rng):
        self.rng = rng
        self.requests: list[tuple[int, int, int, int, int]] = []
        self.reports: list[tuple[int, int, int, int, int]] = []
        self.live: dict[int, tuple[int, int, int]] = {}

    def act(self):
        for _ in range(min(len(self.requests), self.rng.randrange(4))):
            self.answer(*self.requests.pop(0))
        for number in list(self.live):
            if self.rng.random() < 0.2:
                self.fill(number)

    def answer(self, kind, number, side, ticks, lots):
        refused = self.rng.random() < 0.15
        if kind == PLACE:
            self.say(REJECTED if refused else ACCEPTED, number, side, ticks, lots)
            if not refused:
                self.live[number] = (side, ticks, lots)
        elif kind == AMEND:
            refused = refused or number not in self.live
            self.say(AMEND_REJECTED if refused else AMENDED, number, side, ticks, lots)
        else:
            refused = number not in self.live
            self.say(CANCEL_REJECTED if refused else CANCELED, number, side, ticks, lots)
            self.live.pop(number, None)

    def fill(self, number):
        side, ticks, lots = self.live.pop(number)
        done = self.rng.randint(1, lots)
        if done < lots:
            self.live[number] = (side, ticks, lots - done)
        self.say(FILLED, number, side, ticks, done)

    def say(self, *report):
        self.reports.append(report)

    def deliver(self):
        n = self.rng.randrange(5)
        told, self.reports = self.reports[:n], self.reports[n:]
        return told


class Twin:
    """The worst that can happen, from nothing but the log of requests and reports."""

    def __init__(self):
        self.log: list[tuple[str, tuple[int, int, int, int, int]]] = []

    def position(self):
        return sum(side * lots for _, (kind, _, side, _, lots) in self.log if kind == FILLED)

    def open_lots(self, side):
        gone = {number for _, (kind, number, *_) in self.log if kind in (CANCELED, REJECTED)}
        placed = {
            number: lots
            for _, (kind, number, on, _, lots) in self.log
            if kind == PLACE and on == side and number not in gone
        }
        for _, (kind, number, _, _, lots) in self.log:
            if kind == FILLED and number in placed:
                placed[number] -= lots
        return sum(placed.values())

    def dearest(self, side, sign=1):
        """The highest price that anything which may still fill may stand at; with -1 the lowest, negated."""
        stands, moves = {}, {}
        for _, (kind, number, on, ticks, _) in self.log:
            if kind == PLACE and on == side:
                stands[number] = ticks
            elif kind == AMEND:
                moves[number] = ticks
            elif kind == AMENDED:
                stands |= {number: ticks} if number in stands else {}
                moves.pop(number, None)
            elif kind == AMEND_REJECTED:
                moves.pop(number, None)
            elif kind in (CANCELED, REJECTED):
                stands.pop(number, None)
        live = [number for number in stands if self.leaves(number) > 0]
        prices = [price for number in live for price in (stands[number], moves.get(number, stands[number]))]
        return max((sign * price for price in prices), default=0)

    def meets_own(self, side, ticks):
        """Whether a price reaches one that anything of ours on the other side may stand at."""
        cheapest = -self.dearest(-side, -1) if side > 0 else self.dearest(-side)
        return cheapest != 0 and side * (ticks - cheapest) >= 0

    def leaves(self, number):
        """What may still fill of an order."""
        told = [(kind, lots) for _, (kind, each, _, _, lots) in self.log if each == number]
        return sum(lots if kind == PLACE else -lots if kind == FILLED else 0 for kind, lots in told)

    def worst(self, side):
        return side * self.position() + self.open_lots(side)


BUDGET, LARGEST = 2000, 1700


def play(seed, steps=150):
    """Return the desk after random decisions met random reports, with its frames and all its requests."""
    rng = random.Random(seed)
    desk = Desk(
        budget=BUDGET, largest=LARGEST, band_bps=800.0, amends=seed % 2, requote_ticks=rng.randrange(3)
    )
    venue, twin, frames, sent = Exchange(rng), Twin(), [], []
    mid = 100.0
    for step in range(1, steps):
        mid += rng.choice((-1.5, -0.5, 0, 0.5, 1.5))
        venue.act()
        reports = venue.deliver()
        bid = (int(mid) - rng.randrange(12), rng.choice((0, 5, 9, 14, 25)))
        ask = (int(mid) + 1 + rng.randrange(12), rng.choice((0, 5, 9, 14, 25)))
        frames.append((reports, bid, ask, mid, step))
        requests = desk.frame(*frames[-1])
        twin.log += [("told", report) for report in reports]
        for request in requests:
            twin.log.append(("asked", request))
            kind, _, side, ticks, lots = request
            if kind != CANCEL:
                assert not twin.meets_own(side, ticks)
                dearest = max(ticks, mid)
                assert twin.worst(side) * max(dearest, twin.dearest(side)) <= BUDGET
                assert lots * dearest <= LARGEST
                assert abs(ticks - mid) <= 0.08 * mid + 1e-9
        assert [live_lots(desk.orders, side) for side in (BUY, SELL)] == [
            twin.open_lots(side) for side in (BUY, SELL)
        ]
        assert desk.risk.position_lots == twin.position()
        venue.requests += requests
        sent += requests
    return desk, frames, sent


@pytest.mark.parametrize("seed", range(12))
def test_no_request_ever_risks_more_than_the_budget(seed):
    desk, _, sent = play(seed)
    assert set(desk.denied()) >= {OVER_BUDGET, ORDER_TOO_LARGE, OUTSIDE_BAND}
    assert set(desk.denied()) <= {OVER_BUDGET, ORDER_TOO_LARGE, OUTSIDE_BAND, SELF_CROSS, NOT_REDUCING}
    assert (desk.orders.n_illegal, desk.orders.fault) == (0, 0)
    kinds = [kind for kind, *_ in sent]
    asked = (desk.orders.n_placed, desk.orders.n_amended, desk.orders.n_canceled)
    assert asked == tuple(kinds.count(kind) for kind in (PLACE, AMEND, CANCEL))
    numbers = [number for kind, number, *_ in sent if kind == PLACE]
    assert numbers == list(range(1, len(numbers) + 1))
    assert sum(desk.orders.slots[s].stage != FREE for s in range(SLOTS)) < SLOTS


@pytest.mark.parametrize("seed", range(4))
def test_cutting_the_stream_differently_changes_nothing(seed):
    desk, frames, sent = play(seed)
    parts = [frame_of(*frame) for frame in frames]
    rows, decisions = Row.table(sum(len(part) for part, _ in parts)), Quotes.table(len(parts))
    at = 0
    for k, (part, quotes) in enumerate(parts):
        for i in range(len(part)):
            rows[at + i] = part[i]
        decisions[k] = quotes[0]
        at += len(part)
        decisions[k].row = at - 1
    whole = Desk()
    whole.rules = desk.rules
    assert whole.run(rows, decisions) == sent
    assert [cell.tobytes() for cell in whole.office] == [cell.tobytes() for cell in desk.office]


@pytest.mark.parametrize("side", [BUY, SELL])
@pytest.mark.parametrize(("ticks", "lots"), [(0, 5), (-3, 5), (100, 0), (100, -5), (LIMIT, 5), (100, LIMIT)])
def test_what_cannot_be_counted_is_off_the_grid(side, ticks, lots):
    assert Desk().check(side, ticks, lots, lots, 100.0) == OFF_GRID
    assert Desk().check(side, 100, 5, 5, 100.0) == ALLOWED


@pytest.mark.parametrize("side", [BUY, SELL])
def test_at_the_inventory_limit_one_side_is_denied_whatever_was_asked_for(side):
    desk = Desk(max_inventory_lots=10)
    desk.hold(9 * side)
    assert desk.check(side, 100, 5, 5, 100.0) == ALLOWED
    desk.hold(10 * side)
    assert desk.check(side, 100, 5, 5, 100.0) == OVER_INVENTORY
    assert desk.check(-side, 100, 5, 5, 100.0) == ALLOWED


def test_an_order_that_would_meet_our_own_is_denied_until_that_one_is_gone():
    desk = Desk()
    desk.frame(ask=(102, 5))
    desk.told((ACCEPTED, 1, SELL, 102, 5))
    assert desk.frame(bid=(101, 5), ask=(102, 5)) == [(PLACE, 2, BUY, 101, 5)]
    desk.told((ACCEPTED, 2, BUY, 101, 5))
    # The market leaps: the offer moves away, and until it has, the bid may not follow to where it stood.
    assert desk.frame(bid=(103, 5), ask=(106, 5), mid=104.0) == [
        (CANCEL, 2, BUY, 101, 5),
        (AMEND, 1, SELL, 106, 5),
    ]
    assert desk.denied() == {SELF_CROSS: 1}
    desk.told((CANCELED, 2, BUY, 101, 5))
    assert desk.frame(bid=(102, 5), ask=(106, 5), mid=104.0) == []
    desk.told((AMENDED, 1, SELL, 106, 5))
    assert desk.frame(bid=(105, 5), ask=(106, 5), mid=104.0) == [(PLACE, 3, BUY, 105, 5)]
    assert desk.denied() == {SELF_CROSS: 2}


def test_orders_run_ahead_of_their_rate_by_the_burst_and_cancels_always_pass():
    desk = Desk(order_gap_ns=100, burst_ns=100, amends=1)
    asked = [desk.frame(bid=(100 - n, 5), ts_ns=1000) for n in range(1)]
    assert asked == [[(PLACE, 1, BUY, 100, 5)]]
    desk.told((ACCEPTED, 1, BUY, 100, 5))
    assert desk.frame(bid=(99, 5), ts_ns=1000) == [(AMEND, 1, BUY, 99, 5)]
    desk.told((AMENDED, 1, BUY, 99, 5))
    # A move that is held back is a cancel: the old price is not wanted any more.
    assert desk.frame(bid=(98, 5), ts_ns=1099) == [(CANCEL, 1, BUY, 99, 5)]
    desk.told((CANCELED, 1, BUY, 99, 5))
    assert desk.frame(bid=(98, 5), ts_ns=1099) == []
    assert desk.frame(bid=(98, 5), ts_ns=1100) == [(PLACE, 2, BUY, 98, 5)]
    assert desk.denied() == {RATE_LIMIT: 2}


@pytest.mark.parametrize(
    ("limits", "wrong", "right", "code"),
    [
        ({}, {"state": INVALID}, {}, INVALID_BOOK),
        ({}, {"state": EMPTY}, {}, INVALID_BOOK),
        ({"stale_after_ns": 10}, {"updated_ns": 89}, {"updated_ns": 90}, STALE_BOOK),
        ({"max_lag_ns": 10}, {"lag_ns": 11}, {"lag_ns": 10}, CLOCK_LAG),
    ],
)
def test_nothing_new_is_sent_into_a_market_that_is_not_known_and_what_works_is_cancelled(
    limits, wrong, right, code
):
    for fields, expected in ((right, {}), (wrong, {code: 2})):
        desk = Desk(**limits)
        desk.mark(90, 110)
        desk.top[0].updated_ns = 100
        desk.frame(bid=(99, 5), ts_ns=100)
        desk.told((ACCEPTED, 1, BUY, 99, 5))
        for name, value in fields.items():
            setattr(desk.top[0], name, value)
        asked = desk.frame(bid=(98, 5), ask=(102, 5), ts_ns=100)
        assert desk.denied() == expected
        kinds = [kind for kind, *_ in asked]
        assert kinds == ([CANCEL] if expected else [AMEND, PLACE])


@pytest.mark.parametrize("side", [BUY, SELL])
def test_reducing_caps_orders_to_the_position_by_all_that_could_fill(side):
    desk = Desk(budget=PLENTY)
    desk.hold(side)
    desk.control(REDUCE)
    # Two orders of 5 on the flattening side, against a position of 1, must not leave 9 of the other sign.
    wanted = {"ask": (101, 5)} if side > 0 else {"bid": (99, 5)}
    desk.levels = 2
    price = 101 if side > 0 else 99
    assert desk.frame(**wanted) == [(PLACE, 1, -side, price, 1)]
    assert desk.frame(**wanted) == []
    assert desk.check(-side, price, 1, 1, 100.0) == NOT_REDUCING
    assert live_lots(desk.orders, -side) == 1


@pytest.mark.parametrize("amends", [0, 1])
def test_orders_that_could_overshoot_are_cancelled_when_trading_turns_to_reducing(amends):
    desk = Desk(amends=amends)
    desk.levels = 2
    desk.rules.orders[0].level_step_ticks = 1
    desk.hold(1)
    desk.frame(bid=(99, 5), ask=(101, 5))
    for number, side, ticks in ((1, BUY, 99), (2, BUY, 98), (3, SELL, 101), (4, SELL, 102)):
        desk.told((ACCEPTED, number, side, ticks, 5))
    assert sorted(desk.control(REDUCE)) == [
        (CANCEL, 1, BUY, 99, 5),
        (CANCEL, 2, BUY, 98, 5),
        (CANCEL, 3, SELL, 101, 5),
        (CANCEL, 4, SELL, 102, 5),
    ]
    # Until they are gone they may still fill, so that nothing may be added.
    assert desk.frame(bid=(99, 5), ask=(101, 5)) == []
    desk.told(*((CANCELED, number, BUY if number < 3 else SELL, 100, 5) for number in (1, 2, 3, 4)))
    assert desk.frame(bid=(99, 5), ask=(101, 5)) == [(PLACE, 5, SELL, 101, 1)]
    assert set(desk.denied()) == {NOT_REDUCING}


def test_a_price_move_beyond_the_budget_reduces_until_it_is_back_within():
    desk = Desk(budget=1010)
    desk.mark(99, 101)
    desk.hold(10)
    assert desk.frame(bid=(99, 0), ask=(101, 5)) == [(PLACE, 1, SELL, 101, 5)]
    assert desk.risk.state == ACTIVE
    desk.mark(101, 103)
    desk.frame(ask=(101, 5), mid=102.0)
    assert (desk.risk.state, desk.risk.reason) == (REDUCING, OVER_BUDGET)
    desk.mark(99, 101)
    desk.frame(ask=(101, 5))
    assert (desk.risk.state, desk.risk.reason) == (ACTIVE, ALLOWED)
    assert desk.transitions == [(ACTIVE, REDUCING, OVER_BUDGET), (REDUCING, ACTIVE, ALLOWED)]


def test_halted_leaves_no_order_resting_and_sends_nothing_until_trading_is_resumed():
    desk = Desk()
    desk.frame(bid=(99, 5), ask=(101, 5))
    desk.told((ACCEPTED, 1, BUY, 99, 5))
    assert desk.control(HALT) == [(CANCEL, 1, BUY, 99, 5)]
    # The other one was on its way, and is cancelled as soon as it is there.
    desk.told((ACCEPTED, 2, SELL, 101, 5))
    assert desk.frame(bid=(99, 5), ask=(101, 5)) == [(CANCEL, 2, SELL, 101, 5)]
    # A cancel that is refused is sent again.
    desk.told((CANCEL_REJECTED, 2, SELL, 101, 5))
    assert desk.frame(bid=(99, 5), ask=(101, 5)) == [(CANCEL, 2, SELL, 101, 5)]
    desk.told((CANCELED, 1, BUY, 99, 5), (CANCELED, 2, SELL, 101, 5))
    assert desk.frame(bid=(99, 5), ask=(101, 5)) == []
    assert desk.denied() == {OPERATOR: 6}
    assert desk.control(RESUME) == []
    assert [kind for kind, *_ in desk.frame(bid=(99, 5), ask=(101, 5))] == [PLACE, PLACE]
    assert desk.transitions == [(ACTIVE, HALTED, OPERATOR), (HALTED, ACTIVE, ALLOWED)]


@pytest.mark.parametrize(
    ("limit", "code"), [("daily_loss_tick_lots", DAILY_LOSS), ("drawdown_tick_lots", DRAWDOWN)]
)
@pytest.mark.parametrize("then", [HALTED, REDUCING])
def test_a_loss_of_its_limit_restricts_trading_and_one_short_of_it_does_not(limit, code, then):
    desk = Desk(**{limit: 100}, loss_state=then)
    desk.hold(10)
    desk.mark(99, 101)
    # Bought for nothing: equity is 1000 at a mid of 100, which is what day and peak begin with.
    desk.frame(bid=(99, 5), ts_ns=DAY_NS)
    desk.mark(89, 92)
    desk.frame(bid=(89, 5), mid=90.5, ts_ns=DAY_NS)
    assert desk.risk.state == ACTIVE
    desk.mark(89, 91)
    desk.frame(bid=(89, 5), mid=90.0, ts_ns=DAY_NS)
    assert (desk.risk.state, desk.risk.reason) == (then, code)
    # It stands, though the price comes back and a new day begins.
    desk.mark(99, 101)
    desk.frame(bid=(99, 5), ts_ns=2 * DAY_NS)
    assert (desk.risk.state, desk.risk.reason) == (then, code)
    desk.control(RESUME)
    assert (desk.risk.state, desk.risk.peak_equity_tick_lots) == (ACTIVE, 1000)


def test_a_new_day_begins_with_what_there_is_and_a_peak_does_not():
    desk = Desk(daily_loss_tick_lots=100, drawdown_tick_lots=150)
    desk.hold(10)
    for n, (mid, state) in enumerate(((100, ACTIVE), (91, ACTIVE), (86, ACTIVE), (85, HALTED))):
        desk.mark(mid - 1, mid + 1)
        desk.frame(ts_ns=n * DAY_NS + 1, mid=float(mid))
        assert desk.risk.state == state
    assert desk.risk.reason == DRAWDOWN


def test_an_illegal_report_halts_once_and_can_be_resumed_from():
    desk = Desk()
    desk.frame(bid=(99, 5))
    desk.told((ACCEPTED, 1, BUY, 99, 5), (REJECTED, 1, BUY, 99, 5))
    assert desk.frame(bid=(99, 5)) == [(CANCEL, 1, BUY, 99, 5)]
    assert (desk.risk.state, desk.risk.reason) == (HALTED, BROKEN_INVARIANT)
    desk.told((CANCELED, 1, BUY, 99, 5))
    desk.control(RESUME)
    assert desk.frame(bid=(99, 5)) == [(PLACE, 2, BUY, 99, 5)]


def test_a_halt_goes_before_an_order_to_reduce_and_is_not_weakened_by_it():
    desk = Desk()
    desk.control(HALT)
    desk.control(REDUCE)
    assert (desk.risk.state, desk.risk.reason) == (HALTED, OPERATOR)
    assert desk.transitions == [(ACTIVE, HALTED, OPERATOR)]


REPORTS = (ACCEPTED, AMENDED, FILLED, CANCELED, REJECTED, AMEND_REJECTED, CANCEL_REJECTED, EXPIRED, STATE)


@pytest.mark.parametrize("seed", range(25))
def test_reports_in_any_order_legal_or_not_never_make_a_request_exceed_the_budget(seed):
    """Of known orders and of unknown ones, twice, too large, out of turn; amid halts and resumptions."""
    chance = random.Random(seed)
    desk = Desk(budget=3030, amends=seed % 2)
    desk.levels, desk.rules.orders[0].level_step_ticks = 1 + seed % 3, 2
    desk.rules.orders[0].unknown_after_ns, illegal = 5, 0
    for step in range(1, 250):
        last = int(desk.orders.last_number)
        reports = [
            (chance.choice(REPORTS), chance.randint(1, last + 2), chance.choice((BUY, SELL)), 100, lots)
            for lots in (chance.choice((0, 1, 2, 5)) for _ in range(chance.randrange(4)))
        ]
        position = int(desk.risk.position_lots)
        filled = sum(side * lots for kind, _, side, _, lots in reports if kind == FILLED)
        if chance.random() < 0.1:
            desk.ts_ns = step
            desk.control(chance.choice((HALT, REDUCE, RESUME, RESUME, RESUME)))
        bid = chance.randint(90, 99)
        ask = bid + chance.randint(1, 10)
        asked = desk.frame(reports, (bid, 5), (ask, 5), 100.0, step)
        assert desk.risk.position_lots == position + filled
        halted, reducing = desk.risk.state == HALTED, desk.risk.state == REDUCING
        for side in (BUY, SELL):
            new = [lots for kind, _, at, _, lots in asked if kind == PLACE and at == side]
            live = sum(int(order.leaves_lots) for order in desk.live() if order.side == side)
            worst = side * int(desk.risk.position_lots) + live
            if new:
                assert not halted
                assert worst * 101 <= 3030
                assert not reducing or worst <= 0
        if halted:
            assert all(order.stage != WORKING for order in desk.live())
        illegal = int(desk.orders.n_illegal)
    assert illegal > 0
    assert len(desk.live()) <= SLOTS


@pytest.mark.parametrize("side", [BUY, SELL])
@pytest.mark.parametrize(("held", "levels"), [(0, 3), (9, 3), (10, 2), (15, 1), (19, 1), (-30, 3)])
def test_levels_go_no_further_than_the_inventory_limit(side, held, levels):
    desk = Desk(max_inventory_lots=20)
    desk.levels, desk.rules.orders[0].level_step_ticks = 3, 2
    desk.hold(side * held)
    asked = desk.frame(**({"bid": (99, 5)} if side > 0 else {"ask": (101, 5)}))
    assert len(asked) == levels
