import random

import numpy as np
import pytest

import operators.orders
from operators.orders import (
    AMENDING,
    CANCELING,
    FREE,
    ILLEGAL,
    PENDING,
    SLOTS,
    TRANSITIONS,
    UNKNOWN,
    WORKING,
    OrdersParams,
    find,
    live_lots,
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
    EXPIRED,
    FILLED,
    LAST,
    PLACE,
    POST_ONLY,
    QUERY,
    REJECTED,
    SELL,
    STATE,
    UNKNOWN_ORDER,
    Row,
)
from operators.working import place
from tests.oracles.office_world import Behind

KINDS = (
    ("ACCEPTED", ACCEPTED),
    ("AMENDED", AMENDED),
    ("FILLED", FILLED),
    ("CANCELED", CANCELED),
    ("REJECTED", REJECTED),
    ("AMEND_REJECTED", AMEND_REJECTED),
    ("CANCEL_REJECTED", CANCEL_REJECTED),
    ("EXPIRED", EXPIRED),
)
STAGES = {
    "PENDING": PENDING,
    "WORKING": WORKING,
    "AMENDING": AMENDING,
    "CANCELING": CANCELING,
    "UNKNOWN": UNKNOWN,
}
WORDS = STAGES | {"FREE": FREE, "illegal": ILLEGAL}
X, F, P, W, A, C, U = ILLEGAL, FREE, PENDING, WORKING, AMENDING, CANCELING, UNKNOWN
EXPECTED = {
    PENDING: (W, X, P, F, F, X, X, F),
    WORKING: (W, W, W, F, X, W, W, F),
    AMENDING: (A, W, A, F, X, W, A, F),
    CANCELING: (C, C, C, F, X, C, W, F),
    UNKNOWN: (W, W, U, F, F, U, U, F),
}
CELLS = [
    (stage, kind, after)
    for stage, row in EXPECTED.items()
    for (_, kind), after in zip(KINDS, row, strict=True)
]


class Desk(Behind):
    """Our orders, one side of which is brought to what is wanted."""

    def __init__(self, *, amends=1, **habits):
        super().__init__(OrdersParams.cell(amends=amends, **habits))

    @property
    def habits(self):
        return self.rules.orders[0]

    def place(self, ticks, lots=5, side=BUY):
        out = Row.table(1)
        assert place(self.orders, self.habits, self.ts_ns, side, ticks, lots, out, 0) == 1
        return int(self.orders.last_number)

    def work(self, ticks, lots=5, side=BUY):
        number = self.place(ticks, lots, side)
        self.hear(ACCEPTED, number)
        return number

    def want(self, ticks, lots=5, side=BUY):
        """Return the requests that bring one side there, as (kind, number, ticks)."""
        other = [order for order in self.live() if order.side != side]
        stays = (int(other[0].wanted_ticks), int(other[0].leaves_lots)) if other else (0, 0)
        wanted = {"bid": (ticks, lots), "ask": stays} if side > 0 else {"bid": stays, "ask": (ticks, lots)}
        return [(kind, number, at) for kind, number, _, at, _ in self.frame(**wanted)]


def in_stage(stage):
    desk = Desk()
    number = desk.place(100)
    desk.order(number).stage = stage
    return desk, number


@pytest.mark.parametrize(("stage", "kind", "after"), CELLS)
def test_a_report_makes_of_an_order_what_the_table_says(stage, kind, after):
    desk, number = in_stage(stage)
    before = desk.office.orders.tobytes()
    desk.hear(kind, number, lots=2)
    assert desk.orders.n_illegal == (after == ILLEGAL)
    assert desk.orders.n_stray == 0
    if after == ILLEGAL:
        desk.orders.n_illegal = 0
        desk.order(number).heard_ns = 0
        assert desk.office.orders.tobytes() == before
    else:
        assert desk.stages() == ([] if after == FREE else [after])


def test_the_table_in_words_is_the_table():
    lines = [line for line in (operators.orders.__doc__ or "").splitlines() if line.startswith("| ")]
    head, *body = [[word.strip() for word in line.strip("|").split("|")] for line in lines]
    assert head == ["stage", *(name for name, _ in KINDS)]
    told = {WORDS[stage]: tuple(WORDS[word] for word in after) for stage, *after in body}
    assert told == EXPECTED
    assert np.all(TRANSITIONS[FREE] == ILLEGAL)


@pytest.mark.parametrize("stage", STAGES.values(), ids=STAGES)
def test_a_fill_of_all_that_is_left_frees_the_order_in_any_stage(stage):
    desk, number = in_stage(stage)
    desk.hear(FILLED, number, lots=2)
    assert (desk.order(number).leaves_lots, desk.stages()) == (3, [stage])
    desk.hear(FILLED, number, lots=3)
    assert desk.stages() == []
    assert live_lots(desk.orders, BUY) == 0
    assert desk.orders.n_with_fill == 1


ALIVE = (ACCEPTED, AMENDED)


@pytest.mark.parametrize("kind", [kind for _, kind in KINDS if kind not in ALIVE])
def test_a_report_about_an_order_that_is_gone_is_a_stray_and_changes_nothing(kind):
    desk = Desk()
    gone, lives = desk.work(100), desk.work(101)
    desk.hear(CANCELED, gone)
    before = desk.office.orders.tobytes()
    desk.hear(kind, gone, lots=5)
    desk.hear(kind, 77, lots=5)
    assert desk.orders.n_stray == 2
    desk.orders.n_stray = 0
    assert desk.office.orders.tobytes() == before
    assert find(desk.orders, lives) >= 0


def test_a_fill_while_the_cancel_travels_wins_and_its_refusal_is_a_stray():
    desk = Desk()
    number = desk.work(100)
    assert desk.want(0, 0) == [(CANCEL, number, 100)]
    desk.hear(FILLED, number, lots=5)
    desk.hear(CANCEL_REJECTED, number)
    assert desk.stages() == []
    assert (desk.orders.n_stray, desk.orders.n_illegal) == (1, 0)


def test_an_acknowledgement_after_a_fill_keeps_what_the_fill_left():
    desk = Desk()
    number = desk.place(100)
    desk.hear(FILLED, number, lots=4)
    assert desk.stages() == [PENDING]
    desk.hear(ACCEPTED, number)
    assert desk.stages() == [WORKING]
    assert desk.order(number).leaves_lots == 1
    desk.hear(FILLED, number, lots=1)
    desk.hear(ACCEPTED, number)
    assert desk.orders.n_stray == 1


def test_an_amended_order_stands_where_the_venue_says():
    desk = Desk()
    number = desk.work(100)
    assert desk.want(103) == [(AMEND, number, 103)]
    order = desk.order(number)
    assert (order.stage, order.price_ticks, order.wanted_ticks) == (AMENDING, 100, 103)
    desk.hear(AMENDED, number, ticks=102)
    assert (order.stage, order.price_ticks, order.wanted_ticks) == (WORKING, 102, 102)


def test_a_refused_amend_leaves_the_order_where_it_was():
    desk = Desk()
    number = desk.work(100)
    desk.want(103)
    desk.hear(AMEND_REJECTED, number)
    order = desk.order(number)
    assert (order.stage, order.price_ticks, order.wanted_ticks) == (WORKING, 100, 100)
    assert desk.want(103) == [(AMEND, number, 103)]


def test_each_report_is_counted_as_what_it_is():
    desk = Desk()
    numbers = [desk.place(100) for _ in range(3)]
    desk.hear(REJECTED, numbers[0])
    for number in numbers[1:]:
        desk.hear(ACCEPTED, number)
        desk.hear(FILLED, number, lots=1)
        desk.hear(FILLED, number, lots=1)
    desk.hear(AMEND_REJECTED, numbers[1])
    desk.hear(CANCEL_REJECTED, numbers[1])
    desk.hear(CANCELED, numbers[2])
    orders = desk.orders
    assert (orders.n_placed, orders.n_accepted, orders.n_with_fill, orders.n_rejected) == (3, 2, 2, 3)


def test_requests_carry_all_that_the_venue_needs():
    desk = Desk()
    desk.ts_ns = 7
    desk.rules.orders[0].life_ms = 1500
    assert desk.want(100, side=SELL) == [(PLACE, 1, 100)]
    row, number = desk.box.requests[0], 1
    assert (row.kind, row.id, row.side, row.price_ticks, row.size_lots) == (PLACE, number, SELL, 100, 5)
    assert (row.ts_event, row.ts_recv, row.marks) == (7, 7, LAST | POST_ONLY)
    assert (row.reason, row.lag_us) == (0, 1500)
    desk.hear(FILLED, number, lots=2)
    desk.hear(ACCEPTED, number)
    assert desk.want(90, side=SELL) == [(AMEND, number, 90)]
    assert (desk.box.requests[0].size_lots, desk.box.requests[0].lag_us) == (3, 0)


def test_live_lots_count_one_side_and_everything_on_its_way():
    desk = Desk()
    desk.place(100, 5)
    desk.want(200, 7, SELL)
    canceled = desk.work(99, 3)
    desk.order(canceled).stage = CANCELING
    assert (live_lots(desk.orders, BUY), live_lots(desk.orders, SELL)) == (8, 7)
    desk.hear(CANCELED, canceled)
    assert live_lots(desk.orders, BUY) == 5


@pytest.mark.parametrize("amends", [0, 1])
def test_an_empty_side_is_placed_once_and_then_waits_for_its_answer(amends):
    desk = Desk(amends=amends)
    assert desk.want(100) == [(PLACE, 1, 100)]
    assert desk.want(100) == []
    desk.hear(ACCEPTED, 1)
    assert desk.want(100) == []


@pytest.mark.parametrize("amends", [0, 1])
def test_nothing_wanted_cancels_what_works_and_only_that(amends):
    desk = Desk(amends=amends)
    works = desk.work(100)
    pending = desk.place(101)
    other_side = desk.work(110, side=SELL)
    assert desk.want(0, 0) == [(CANCEL, works, 100)]
    assert desk.want(0, 0) == []
    desk.hear(ACCEPTED, pending)
    assert desk.want(0, 0) == [(CANCEL, pending, 101)]
    assert desk.order(other_side).stage == WORKING


def test_with_amends_an_order_moves_and_waits_while_it_is_moving():
    desk = Desk(amends=1)
    number = desk.work(100)
    assert desk.want(105) == [(AMEND, number, 105)]
    assert desk.want(105) == []
    assert desk.want(110) == []
    desk.hear(AMENDED, number, ticks=105)
    assert desk.want(110) == [(AMEND, number, 110)]


def test_without_amends_an_order_is_canceled_and_another_placed():
    desk = Desk(amends=0)
    number = desk.work(100)
    assert desk.want(105) == [(CANCEL, number, 100), (PLACE, number + 1, 105)]
    assert desk.stages() == [CANCELING, PENDING]
    assert desk.want(105) == []


def test_with_amends_nothing_is_placed_beside_an_order_on_its_way_out():
    desk = Desk(amends=1)
    number = desk.work(100)
    desk.want(0, 0)
    assert desk.want(100) == []
    desk.hear(CANCELED, number)
    assert desk.want(100) == [(PLACE, number + 1, 100)]


def test_without_amends_an_order_on_its_way_out_is_not_the_one_wanted():
    desk = Desk(amends=0)
    number = desk.work(100)
    desk.want(0, 0)
    assert desk.want(100) == [(PLACE, number + 1, 100)]


def test_an_order_that_works_moves_although_another_is_still_unanswered():
    desk = Desk(amends=1)
    desk.place(90)
    number = desk.work(95)
    assert desk.want(100) == [(AMEND, number, 100)]


@pytest.mark.parametrize("amends", [0, 1])
@pytest.mark.parametrize("away", [-1, 1])
def test_an_order_within_requote_ticks_is_kept_and_one_tick_more_moves_it(amends, away):
    desk = Desk(amends=amends, requote_ticks=3)
    desk.work(100)
    assert desk.want(100 + 3 * away) == []
    assert desk.want(100 + 4 * away) != []


@pytest.mark.parametrize("amends", [0, 1])
def test_a_young_order_rests_until_its_time_but_never_against_a_withdrawal(amends):
    desk = Desk(amends=amends, min_requote_ns=10)
    number = desk.work(100)
    desk.ts_ns = 9
    assert desk.want(105) == []
    assert desk.stages() == [WORKING]
    desk.ts_ns = 10
    assert desk.want(105)[0][:2] == (AMEND if amends else CANCEL, number)
    young = Desk(amends=amends, min_requote_ns=10)
    assert young.want(0, 0) == []
    number = young.work(100)
    assert young.want(0, 0) == [(CANCEL, number, 100)]


@pytest.mark.parametrize("amends", [0, 1])
def test_an_order_that_is_young_and_unanswered_is_not_joined_by_another(amends):
    desk = Desk(amends=amends, min_requote_ns=10)
    number = desk.place(100)
    desk.ts_ns = 9
    assert desk.want(105) == []
    desk.ts_ns = 10
    assert desk.want(105) == ([] if amends else [(PLACE, number + 1, 105)])


def test_of_two_young_orders_one_rests():
    desk = Desk(amends=0, min_requote_ns=10)
    first, second = desk.work(100), desk.work(101)
    assert desk.want(110) == [(CANCEL, second, 101)]
    assert desk.order(first).stage == WORKING


@pytest.mark.parametrize("amends", [0, 1])
@pytest.mark.parametrize("prices", [(100, 90, 95), (90, 100, 95), (90, 95, 100)])
def test_of_several_orders_the_one_that_fits_stays_and_the_others_go(amends, prices):
    desk = Desk(amends=amends)
    numbers = {ticks: desk.work(ticks) for ticks in prices}
    asked = desk.want(100)
    assert sorted(asked) == sorted((CANCEL, numbers[ticks], ticks) for ticks in (90, 95))
    assert desk.order(numbers[100]).stage == WORKING


def test_of_several_orders_that_all_fit_one_stays():
    desk = Desk(amends=0)
    first, second = desk.work(100), desk.work(100)
    assert desk.want(100) == [(CANCEL, second, 100)]
    assert desk.order(first).stage == WORKING


def test_of_several_orders_none_of_which_fits_one_moves_and_the_others_go():
    desk = Desk(amends=1)
    numbers = [desk.work(ticks) for ticks in (90, 91, 92)]
    assert desk.want(100) == [
        (CANCEL, numbers[1], 91),
        (CANCEL, numbers[2], 92),
        (AMEND, numbers[0], 100),
    ]


def test_no_slot_left_is_a_fault_and_nothing_is_sent():
    desk = Desk()
    for ticks in range(SLOTS):
        desk.place(100 + ticks)
    assert desk.orders.fault == 0
    before = desk.orders.slots.tobytes()
    assert place(desk.orders, desk.habits, 0, BUY, 1, 1, Row.table(4), 3) == 3
    assert (desk.orders.fault, desk.orders.n_placed, desk.orders.last_number) == (1, SLOTS, SLOTS)
    assert desk.orders.slots.tobytes() == before


@pytest.mark.parametrize("amends", [0, 1])
def test_a_new_order_waits_until_a_slot_is_free(amends):
    desk = Desk(amends=amends)
    for ticks in range(SLOTS):
        desk.place(100 + ticks, side=SELL)
    assert desk.want(90) == []
    desk.hear(REJECTED, 1)
    assert desk.want(90) == [(PLACE, SLOTS + 1, 90)]
    assert desk.orders.fault == 0


def test_without_amends_quotes_that_run_ahead_of_their_answers_wait_for_a_slot():
    desk = Desk(amends=0)
    asked = [desk.want(100 + ticks) for ticks in range(2 * SLOTS)]
    assert [len(requests) for requests in asked] == [1] * SLOTS + [0] * SLOTS
    assert (desk.orders.fault, live_lots(desk.orders, BUY)) == (0, 5 * SLOTS)


@pytest.mark.parametrize("min_requote_ns", [0, 10])
@pytest.mark.parametrize("ticks", [100, 105])
def test_with_amends_an_order_that_is_larger_than_wanted_goes_first(ticks, min_requote_ns):
    desk = Desk(amends=1, min_requote_ns=min_requote_ns)
    number = desk.work(100, lots=10)
    assert desk.want(ticks, lots=3) == [(CANCEL, number, 100)]
    assert desk.want(ticks, lots=3) == []
    desk.hear(CANCELED, number)
    assert desk.want(ticks, lots=3) == [(PLACE, number + 1, ticks)]


def test_without_amends_an_order_that_is_larger_than_wanted_is_replaced():
    desk = Desk(amends=0)
    number = desk.work(100, lots=10)
    assert desk.want(100, lots=3) == [(CANCEL, number, 100), (PLACE, number + 1, 100)]


def test_an_order_of_which_less_is_left_than_wanted_is_kept():
    desk = Desk()
    number = desk.work(100, lots=10)
    desk.hear(FILLED, number, lots=7)
    assert desk.want(100, lots=3) == desk.want(100, lots=10) == []


def test_numbers_count_up_and_are_never_used_again():
    desk = Desk()
    for number in range(1, 3 * SLOTS):
        assert desk.work(100) == number
        desk.hear(CANCELED if number % 2 else FILLED, number, lots=5)
        assert find(desk.orders, number) == -1
    assert desk.orders.n_placed == desk.orders.last_number == 3 * SLOTS - 1


ANSWERS = {PLACE: ACCEPTED, AMEND: AMENDED, CANCEL: CANCELED}


@pytest.mark.parametrize("seed", range(20))
def test_however_a_side_stands_one_answered_round_leaves_the_one_order_wanted(seed):
    rng = random.Random(seed)
    desk = Desk(amends=seed % 2, requote_ticks=rng.randrange(3))
    for _ in range(rng.randrange(6)):
        desk.work(rng.randrange(90, 110))
    for _ in range(10):
        ticks, lots = rng.randrange(90, 110), rng.choice((0, 5))
        for kind, number, at in desk.want(ticks, lots):
            desk.hear(ANSWERS[kind], number, ticks=at)
        live = desk.live()
        assert len(live) == (1 if lots else 0)
        assert all(abs(order.price_ticks - ticks) <= desk.habits.requote_ticks for order in live)
        assert desk.want(ticks, lots) == []
    assert (desk.orders.n_illegal, desk.orders.n_stray, desk.orders.fault) == (0, 0, 0)


def test_an_order_that_is_said_to_live_after_all_is_ours_again_and_can_be_cancelled():
    desk = Desk()
    gone = desk.work(100)
    desk.hear(CANCELED, gone)
    desk.hear(ACCEPTED, gone, lots=5, ticks=100)
    assert (desk.stages(), desk.orders.n_adopted, desk.orders.n_stray) == ([WORKING], 1, 1)
    assert desk.want(0, 0) == [(CANCEL, gone, 100)]
    desk.hear(CANCELED, gone)
    desk.hear(STATE, gone, lots=0)
    assert (desk.stages(), desk.orders.n_adopted) == ([], 1)


PATIENT = {"unknown_after_ns": 100, "confirm_after_ns": 1000}


@pytest.mark.parametrize("amends", [0, 1])
def test_what_stays_unanswered_is_unknown_asked_for_and_nothing_is_sent_in_its_place(amends):
    desk = Desk(amends=amends, **PATIENT)
    assert desk.want(100) == [(PLACE, 1, 100)]
    desk.ts_ns = 99
    assert desk.want(100) == []
    desk.ts_ns = 100
    assert desk.want(105) == [(QUERY, 1, 100)]
    assert desk.stages() == [UNKNOWN]
    assert (live_lots(desk.orders, BUY), desk.orders.n_unknown) == (5, 1)
    desk.ts_ns = 199
    assert desk.want(105) == []
    desk.ts_ns = 200
    assert desk.want(105) == [(QUERY, 1, 100)]
    desk.hear(STATE, 1, lots=0)
    assert (desk.stages(), desk.orders.n_unknown, desk.orders.n_queries) == ([], 1, 2)
    assert desk.want(105) == [(PLACE, 2, 105)]


@pytest.mark.parametrize("stage", STAGES.values(), ids=STAGES)
def test_the_state_of_an_order_settles_it_in_any_stage(stage):
    desk, number = in_stage(stage)
    desk.hear(STATE, number, lots=2, ticks=98)
    order = desk.order(number)
    # What was asked for since is still on its way.
    after = stage if stage in (AMENDING, CANCELING) else WORKING
    assert (order.stage, order.price_ticks, order.leaves_lots) == (after, 98, 2)
    assert order.wanted_ticks == (100 if after == stage != WORKING else 98)
    assert desk.orders.n_accepted == 1
    desk.hear(STATE, number, lots=0)
    assert desk.stages() == []


def test_a_move_confirmed_after_the_state_that_was_asked_for_before_it_counts():
    desk = Desk(**PATIENT)
    number = desk.place(100)
    desk.ts_ns = 100
    assert desk.want(100) == [(QUERY, number, 100)]
    desk.hear(ACCEPTED, number)
    assert desk.want(105) == [(AMEND, number, 105)]
    desk.hear(STATE, number, lots=5, ticks=100)
    assert (desk.stages(), desk.want(105)) == ([AMENDING], [])
    desk.hear(AMENDED, number, ticks=105)
    assert (desk.stages(), desk.order(number).price_ticks, desk.orders.n_illegal) == ([WORKING], 105, 0)


@pytest.mark.parametrize(("kind", "asks"), [(AMEND_REJECTED, 105), (CANCEL_REJECTED, 0)])
def test_an_order_that_the_venue_does_not_know_is_asked_for_at_once(kind, asks):
    desk = Desk(**PATIENT)
    desk.ts_ns = 5000
    number = desk.work(100)
    assert len(desk.want(asks, 5 if asks else 0)) == 1
    desk.hear(kind, number, reason=UNKNOWN_ORDER)
    assert desk.stages() == [UNKNOWN]
    assert desk.want(105)[0][:2] == (QUERY, number)


def test_an_order_that_nothing_is_heard_of_is_asked_for_and_goes_on_working():
    desk = Desk(**PATIENT)
    number = desk.work(100)
    desk.ts_ns = 999
    assert desk.want(100) == []
    desk.ts_ns = 1000
    assert desk.want(100) == [(QUERY, number, 100)]
    assert desk.stages() == [WORKING]
    assert desk.want(100) == []


def test_acceptance_is_counted_once_whatever_shows_it():
    desk = Desk()
    number = desk.place(100)
    for kind in (FILLED, ACCEPTED, ACCEPTED, FILLED):
        desk.hear(kind, number, lots=1)
    assert (desk.orders.n_accepted, desk.orders.n_with_fill) == (1, 1)


class Ladder(Desk):
    """Several quotes on a side, five ticks apart."""

    def __init__(self, **habits):
        super().__init__(level_step_ticks=5, **habits)
        self.levels = 3


@pytest.mark.parametrize(("side", "prices"), [(BUY, [100, 95, 90]), (SELL, [100, 105, 110])])
def test_each_level_has_an_order_further_from_the_market(side, prices):
    desk = Ladder()
    assert desk.want(100, side=side) == [(PLACE, n, ticks) for n, ticks in enumerate(prices, start=1)]
    assert desk.want(100, side=side) == []


def test_levels_that_stand_are_kept_and_only_the_others_move():
    desk = Ladder()
    for ticks in (100, 95, 90):
        desk.work(ticks)
    assert desk.want(105) == [(AMEND, 3, 105)]
    desk.hear(AMENDED, 3, ticks=105)
    assert desk.want(106) == [(AMEND, 1, 106), (AMEND, 2, 101), (AMEND, 3, 96)]


def test_a_level_that_was_filled_is_placed_again_beside_those_that_stand():
    desk = Ladder()
    for ticks in (100, 95, 90):
        desk.work(ticks)
    desk.hear(FILLED, 1, lots=5)
    assert desk.want(100) == [(PLACE, 4, 100)]


def test_a_level_waits_for_an_order_of_unknown_outcome_and_the_others_do_not():
    desk = Ladder(amends=0, **PATIENT)
    desk.want(100)
    for number in (1, 2):
        desk.hear(ACCEPTED, number)
    desk.ts_ns = 100
    assert desk.want(200) == [
        (QUERY, 3, 90),
        (CANCEL, 1, 100),
        (CANCEL, 2, 95),
        (PLACE, 4, 200),
        (PLACE, 5, 195),
    ]
    assert desk.order(3).stage == UNKNOWN


@pytest.mark.parametrize("seed", range(20))
def test_however_a_side_stands_one_answered_round_leaves_the_levels_wanted(seed):
    rng = random.Random(seed)
    desk = Ladder(amends=seed % 2)
    for _ in range(rng.randrange(8)):
        desk.work(rng.randrange(80, 110))
    for _ in range(10):
        ticks, lots = rng.randrange(90, 110), rng.choice((0, 5))
        for kind, number, at in desk.want(ticks, lots):
            desk.hear(ANSWERS[kind], number, ticks=at)
        levels = [ticks, ticks - 5, ticks - 10] if lots else []
        assert sorted((int(order.price_ticks) for order in desk.live()), reverse=True) == levels
        assert desk.want(ticks, lots) == []
    assert (desk.orders.n_illegal, desk.orders.n_stray, desk.orders.fault) == (0, 0, 0)


def test_an_order_that_lives_after_all_and_finds_no_place_is_a_fault():
    desk = Desk()
    for _ in range(SLOTS):
        desk.place(100)
    desk.hear(ACCEPTED, 99, lots=5)
    assert (desk.orders.fault, desk.orders.n_adopted, desk.orders.n_stray) == (1, 0, 1)
