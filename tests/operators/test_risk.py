import random

import pytest

from operators.asmm import Quotes
from operators.orders import CANCELING, FREE, SLOTS, Orders, OrdersParams, live_lots
from operators.risk import (
    ALLOWED,
    DENIALS,
    N_CODES,
    ORDER_TOO_LARGE,
    OUTSIDE_BAND,
    OVER_BUDGET,
    TOO_SMALL,
    Risk,
    RiskParams,
    check,
    exposure_lots,
    risk_on_frame,
)
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
    FILLED,
    LAST,
    PLACE,
    REJECTED,
    SELL,
    Row,
)

PLENTY = 1 << 50


class Desk:
    """Our side of the wire: limits, orders and the frames that reach them."""

    def __init__(self, *, budget=PLENTY, largest=PLENTY, smallest=0, band_bps=1e4, amends=1, requote_ticks=0):
        self.risk_cell, self.orders_cell = Risk.cell(), Orders.cell()
        self.risk, self.orders = self.risk_cell[0], self.orders_cell[0]
        self.limits = RiskParams.cell(
            budget_tick_lots=budget,
            max_order_tick_lots=largest,
            min_notional_tick_lots=smallest,
            price_band_bps=band_bps,
        )
        self.habits = OrdersParams.cell(amends=amends, requote_ticks=requote_ticks)
        self.out = Row.table(256)

    def check(self, side, ticks, lots, more_lots, mid):
        return check(self.risk, self.orders, self.limits[0], side, ticks, lots, more_lots, mid)

    def run(self, rows, decisions):
        """Return the requests as (kind, number, side, ticks, lots)."""
        n = risk_on_frame(
            self.risk_cell,
            self.orders_cell,
            self.limits,
            self.habits,
            rows,
            decisions,
            len(decisions),
            self.out,
        )
        requests = (self.out[i] for i in range(n))
        return [
            (int(row.kind), int(row.id), int(row.side), int(row.price_ticks), int(row.size_lots))
            for row in requests
        ]

    def frame(self, reports=(), bid=(0, 0), ask=(0, 0), mid=100.0, ts_ns=1):
        """Hear reports of (kind, number, side, ticks, lots), then decide on bid and ask as (ticks, lots)."""
        return self.run(*frame_of(reports, bid, ask, mid, ts_ns))

    def hear(self, *reports):
        assert self.run(frame_of(reports, (0, 0), (0, 0), 0.0, 1)[0], Quotes.table(0)) == []

    def denied(self):
        return {code: int(self.risk.denied[code]) for code in range(N_CODES) if self.risk.denied[code]}


def frame_of(reports, bid, ask, mid, ts_ns):
    rows, decisions = Row.table(len(reports) + 1), Quotes.table(1)
    for i, (kind, number, side, ticks, lots) in enumerate(reports):
        row = rows[i]
        row.kind, row.id, row.side, row.price_ticks, row.size_lots = kind, number, side, ticks, lots
        row.ts_recv, row.marks = ts_ns, LAST
    rows[len(reports)].kind, rows[len(reports)].ts_recv = CLOCK, ts_ns
    quotes = decisions[0]
    quotes.row, quotes.ts_ns, quotes.mid_ticks = len(reports), ts_ns, mid
    quotes.bid_ticks, quotes.bid_lots = bid
    quotes.ask_ticks, quotes.ask_lots = ask
    return rows, decisions


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


def test_every_denial_has_a_label_and_a_place_to_be_counted():
    assert set(DENIALS) == {OVER_BUDGET, ORDER_TOO_LARGE, OUTSIDE_BAND, TOO_SMALL}
    assert len(set(DENIALS.values())) == len(DENIALS)
    assert all(ALLOWED < code < N_CODES for code in DENIALS)


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
    desk.hear((ACCEPTED, 1, BUY, 100, 6))
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
    assert desk.frame(bid=(100, 20), ask=(100, 19)) == []
    assert desk.denied() == {OVER_BUDGET: 2, ORDER_TOO_LARGE: 2, OUTSIDE_BAND: 2, TOO_SMALL: 2}
    assert desk.risk.n_denied == 8


def test_both_sides_are_placed_by_one_decision():
    desk = Desk()
    assert desk.frame(bid=(99, 5), ask=(101, 6)) == [(PLACE, 1, BUY, 99, 5), (PLACE, 2, SELL, 101, 6)]
    assert (live_lots(desk.orders, BUY), live_lots(desk.orders, SELL)) == (5, 6)


def test_an_amend_adds_nothing_to_what_is_live():
    desk = Desk(budget=1010)
    desk.frame(bid=(99, 10))
    desk.hear((ACCEPTED, 1, BUY, 99, 10))
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
    desk.hear((ACCEPTED, 1, BUY, 100, 10))
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
    desk.hear((ACCEPTED, 1, BUY, 100, 10), (FILLED, 1, BUY, 100, 5))
    assert desk.frame(bid=(101, 10)) == [(AMEND, 1, BUY, 101, 5)]
    desk.hear((AMENDED, 1, BUY, 101, 5), (FILLED, 1, BUY, 101, 1))
    assert desk.frame(bid=(102, 10)) == [(CANCEL, 1, BUY, 101, 4)]
    assert desk.denied() == {TOO_SMALL: 1}


def test_a_fill_of_an_order_that_is_gone_still_moves_the_position():
    desk = Desk()
    desk.hear((FILLED, 9, SELL, 100, 3))
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
    assert desk.run(rows, decisions) == [(PLACE, 2, BUY, 90, 6)]
    assert desk.out[0].ts_event == 2


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

    def dearest(self, side):
        """The highest price that anything which may still fill may stand at."""
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
        return max((max(stands[number], moves.get(number, 0)) for number in live), default=0)

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
    assert set(desk.denied()) == {OVER_BUDGET, ORDER_TOO_LARGE, OUTSIDE_BAND}
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
    whole = Desk(amends=seed % 2)
    whole.limits, whole.habits = desk.limits, desk.habits
    assert whole.run(rows, decisions) == sent
    assert whole.risk_cell.tobytes() == desk.risk_cell.tobytes()
    assert whole.orders_cell.tobytes() == desk.orders_cell.tobytes()
