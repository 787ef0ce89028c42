"""Whatever the wire does to reports, every fill is shown exactly once."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from operators.kernel import COMPILED
from operators.receipts import DROPPED, FIRST_ANOTHER, RECEIPTS, SHOWN, Receipts, expect, show
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
    IMMEDIATE,
    LAST,
    MAKER,
    PLACE,
    QUERY,
    REFUSED,
    REJECTED,
    SELL,
    SETTLED,
    STATE,
    UNKNOWN_ORDER,
    Row,
)
from operators.venue import MEMORY, RING, Wire
from tests.oracles.venue_world import a_deep_world, a_row, joined


class Desk:
    """What a desk is shown of the wires it is handed."""

    def __init__(self, *numbers: int, lots: int = 10, marks: int = 0) -> None:
        self.cell = Receipts.cell()
        for number in numbers:
            self.place(number, lots, marks=marks)

    def place(self, number: int, lots: int, side: int = BUY, *, marks: int = 0) -> None:
        row = a_row(PLACE, side, 1000, lots, number)
        row.marks |= marks
        expect(self.cell, joined([row, a_row(AMEND, side, 5, 5, 99), a_row(CANCEL, side, 5, 5, 98)]), 3)

    def hear(
        self, kind: int, number: int, lots: int, filled: int, sequence: int, **fields
    ) -> list[tuple[int, int, int, int]]:
        wire = Wire.cell(filled_lots=filled, sequence=sequence)
        wire[0].row = a_row(kind, BUY, fields.pop("price_ticks", 1000), lots, number, 77)
        for name, value in fields.items():
            setattr(wire[0].row, name, value)
        return self.take(wire[0])

    def take(self, wire) -> list[tuple[int, int, int, int]]:
        out, said, became = Row.table(1), [], FIRST_ANOTHER
        while became == FIRST_ANOTHER:
            became = show(self.cell[0], wire, out, 0)
            if became != DROPPED:
                row = out[0]
                said.append((int(row.kind), int(row.price_ticks), int(row.size_lots), int(row.marks)))
        assert became in (SHOWN, DROPPED)
        return said

    @property
    def counts(self) -> tuple[int, int, int]:
        own = self.cell[0]
        return int(own.n_repeated), int(own.n_stray), int(own.n_recovered)

    @property
    def known(self) -> list[int]:
        return [int(self.cell[0].slots[k].number) for k in range(self.cell[0].n)]


def test_a_report_is_shown_as_it_came():
    desk = Desk(1)
    assert desk.hear(ACCEPTED, 1, 10, 0, 1) == [(ACCEPTED, 1000, 10, LAST)]
    assert desk.hear(FILLED, 1, 4, 4, 2, marks=LAST | MAKER) == [(FILLED, 1000, 4, LAST | MAKER)]
    assert desk.hear(FILLED, 1, 6, 10, 3) == [(FILLED, 1000, 6, LAST)]
    assert (desk.known, desk.counts) == ([], (0, 0, 0))


def test_a_report_that_comes_twice_is_shown_once():
    desk = Desk(1)
    desk.hear(FILLED, 1, 4, 4, 2)
    assert desk.hear(FILLED, 1, 4, 4, 2) == []
    assert desk.hear(ACCEPTED, 1, 10, 0, 1) == [], "nor what a later one has overtaken"
    assert desk.counts == (2, 0, 0)


def test_a_lost_fill_is_shown_before_the_report_that_tells_of_it():
    desk = Desk(1)
    assert desk.hear(FILLED, 1, 3, 7, 3, price_ticks=1001) == [
        (FILLED, 1000, 4, LAST | MAKER),
        (FILLED, 1001, 3, LAST),
    ]
    assert desk.hear(FILLED, 1, 4, 4, 2) == [], "and not again when it comes after all"
    assert desk.hear(CANCELED, 1, 1, 9, 5) == [(FILLED, 1000, 2, LAST | MAKER), (CANCELED, 1000, 1, LAST)]
    assert (desk.known, desk.counts) == ([], (1, 0, 2))


def test_a_fill_lost_before_an_amend_was_at_the_price_before_it():
    desk = Desk(1)
    assert desk.hear(AMENDED, 1, 6, 4, 3, price_ticks=990)[0] == (FILLED, 1000, 4, LAST | MAKER)
    assert desk.hear(STATE, 1, 5, 5, 5, price_ticks=990)[0] == (FILLED, 990, 1, LAST | MAKER)


def test_a_lost_fill_of_an_immediate_order_was_no_maker():
    assert Desk(1, marks=IMMEDIATE).hear(EXPIRED, 1, 3, 7, 3) == [
        (FILLED, 1000, 7, LAST),
        (EXPIRED, 1000, 3, LAST),
    ]


def test_a_state_tells_of_all_that_was_filled_and_ends_what_is_gone():
    desk = Desk(1, 2)
    assert desk.hear(STATE, 1, 6, 4, 5) == [(FILLED, 1000, 4, LAST | MAKER), (STATE, 1000, 6, LAST)]
    assert desk.known == [1, 2]
    assert desk.hear(STATE, 2, 0, 0, 1) == [(STATE, 1000, 0, LAST)]
    assert desk.known == [1]
    assert desk.hear(STATE, 1, 0, 10, 6) == [(FILLED, 1000, 6, LAST | MAKER), (STATE, 1000, 0, LAST)]
    assert (desk.known, desk.counts) == ([], (0, 0, 2))


def test_nothing_comes_of_an_order_after_it_ended():
    for kind, reason in [(CANCELED, 0), (REJECTED, 1), (EXPIRED, 0), (CANCEL_REJECTED, UNKNOWN_ORDER)]:
        desk = Desk(1)
        assert len(desk.hear(kind, 1, 10, 0, 2, reason=reason)) == 1
        assert desk.known == []
        assert desk.hear(FILLED, 1, 4, 4, 1) == []
        assert desk.counts == (0, 1, 0)


def test_a_refusal_ends_nothing():
    for kind in (CANCEL_REJECTED, AMEND_REJECTED):
        desk = Desk(1)
        assert len(desk.hear(kind, 1, 10, 0, 2, reason=REFUSED)) == 1
        assert desk.known == [1]


def test_only_answers_to_open_questions_are_shown_of_orders_that_are_not_known():
    desk = Desk()
    for kind in (STATE, CANCEL_REJECTED, AMEND_REJECTED):
        assert len(desk.hear(kind, 5, 0, 3, 9)) == 1
    for kind in (ACCEPTED, FILLED, AMENDED, CANCELED, REJECTED, EXPIRED):
        assert desk.hear(kind, 5, 3, 3, 9) == []
    assert desk.counts == (0, 6, 0)


def test_a_settlement_is_about_no_order():
    desk = Desk(1)
    assert desk.hear(SETTLED, 1, 82, 0, 0) == [(SETTLED, 1000, 82, LAST)]
    assert desk.known == [1]


def test_the_oldest_makes_room_and_is_counted():
    desk = Desk(*range(RECEIPTS + 2))
    assert desk.known == list(range(2, RECEIPTS + 2))
    assert desk.cell[0].n_forgotten == 2
    desk.place(2, 10)
    assert len(desk.known) == RECEIPTS, "an order is noted once"


ASKED = st.tuples(
    st.sampled_from([PLACE, PLACE, AMEND, CANCEL, QUERY]), st.integers(0, 6), st.integers(-2, 2)
)
TOLD = st.tuples(st.just(FILLED), st.sampled_from([BUY, SELL]), st.integers(1, 30))


@settings(max_examples=100 if COMPILED else 25)
@given(
    st.lists(st.one_of(ASKED, TOLD), min_size=5, max_size=60),
    st.tuples(st.floats(0, 0.6), st.floats(0, 0.4), st.floats(0, 0.4)),
    st.integers(0, 1 << 30),
)
def test_the_desk_converges_to_the_venue_whatever_the_wire_does(story, shares, key):
    """In the end every order is asked for, over a wire that works again."""
    lose, repeat, swap = shares
    world = a_deep_world(lose_share=lose, repeat_share=repeat, swap_share=swap, key=key)
    desk, position, number = Desk(), 0, 0
    filled: dict[int, int] = {}

    def hear() -> None:
        nonlocal position
        venue = world.venue
        while venue.reports_head < venue.reports_tail:
            wire = venue.reports[venue.reports_head % RING]
            side, which = int(wire.row.side), int(wire.row.id)
            for kind, _, lots, _ in desk.take(wire):
                if kind == FILLED:
                    filled[which] = filled.get(which, 0) + lots
                    position += side * lots
            venue.reports_head += 1

    sizes: dict[int, int] = {}
    for what, first, second in story:
        if what == FILLED:
            world.print(first, 1000 if first == SELL else 1001, second)
        else:
            number += what == PLACE
            which = number if what == PLACE else max(1, number - first)
            side = BUY if which % 2 else SELL
            price = (1000 if side == BUY else 1001) + second
            if what == PLACE:
                sizes[which] = first + 1
                desk.place(which, first + 1, side)
            world.ask(what, which, side, price, first + 1, marks=IMMEDIATE if which % 5 == 0 else 0)
        hear()
    world.params[0].lose_share = world.params[0].swap_share = 0.0
    for which in sizes:
        world.ask(QUERY, which, BUY if which % 2 else SELL, 1000, 1)
        hear()
    gone = [world.venue.gone[k] for k in range(min(world.venue.n_gone, MEMORY))]
    truth = {int(order.number): int(order.filled_lots) for order in gone}
    truth |= {int(order.number): int(order.filled_lots) for order in world.orders}
    assert filled == {which: lots for which, lots in truth.items() if lots}
    assert all(lots <= sizes[which] for which, lots in filled.items())
    assert position == world.venue.position_lots
    assert sorted(desk.known) == sorted(int(order.number) for order in world.orders)
    assert np.asarray(desk.cell)["n_forgotten"][0] == 0
