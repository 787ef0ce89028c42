"""Our view of our orders against the venue's own, over a line that loses, repeats and reorders."""

import os
import random

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from operators.limits import OVER_BUDGET
from operators.rows import BUY, HALT, REDUCE, RESUME, SELL
from tests.oracles.wire_world import PATIENCE_NS, Line

SIDES = st.sampled_from((BUY, SELL))
ANY = st.integers(0, 1 << 16)
PRICES = st.integers(990, 1010)


class Machine(RuleBasedStateMachine):
    """Anything may happen in any order; at the end the line is good again, and both sides must agree."""

    line: Line

    @initialize(amends=st.integers(0, 1), levels=st.integers(1, 3))
    def begin(self, amends, levels):
        self.line = Line(amends, levels)

    @rule(bid=st.integers(990, 1000), width=st.integers(1, 10), lots=st.sampled_from((0, 3, 5)), lost=ANY)
    def quote(self, bid, width, lots, lost):
        self.line.quote(bid, bid + width, lots, lost & (lost >> 3))

    @rule(n=st.integers(1, 4))
    def arrive(self, n):
        for _ in range(n):
            self.line.arrive()

    @rule(side=SIDES, ticks=PRICES, lots=st.integers(1, 30))
    def trade(self, side, ticks, lots):
        self.line.trade(side, ticks, lots)

    @rule(which=ANY)
    def deliver(self, which):
        self.line.deliver(which)

    @rule(which=ANY)
    def lose(self, which):
        self.line.lose(which)

    @rule(which=ANY)
    def repeat(self, which):
        self.line.repeat(which)

    @rule(ns=st.sampled_from((1, PATIENCE_NS, 6 * PATIENCE_NS)))
    def wait(self, ns):
        self.line.wait(ns)

    @rule(wish=st.sampled_from((HALT, REDUCE, RESUME)))
    def control(self, wish):
        self.line.control(wish)

    @invariant()
    def nothing_rests_that_we_do_not_know_of(self):
        if hasattr(self, "line"):
            self.line.check()

    def teardown(self):
        if hasattr(self, "line"):
            self.line.calm_down()
            self.line.check_calm()


INTERPRETED = os.environ.get("NUMBA_DISABLE_JIT") == "1"
Machine.TestCase.settings = settings(
    derandomize=True, deadline=None, max_examples=15 if INTERPRETED else 60, stateful_step_count=50
)
TestMachine = Machine.TestCase


def play(seed, steps=250, line=None):
    """Let chance play, and return the line after it has calmed down."""
    chance = random.Random(seed)
    line = line or Line(amends=seed % 2, levels=1 + seed % 3)
    for _ in range(steps):
        turn = chance.random()
        if turn < 0.3:
            bid = chance.randint(990, 1000)
            lost = sum(1 << k for k in range(12) if chance.random() < 0.1)
            line.quote(bid, bid + chance.randint(1, 10), chance.choice((0, 3, 5, 5)), lost)
        elif turn < 0.5:
            line.arrive()
        elif turn < 0.6:
            line.trade(chance.choice((BUY, SELL)), chance.randint(992, 1008), chance.randint(1, 30))
        elif turn < 0.9:
            line.deliver(chance.randrange(3))
        elif turn < 0.93:
            line.lose(chance.randrange(100))
        elif turn < 0.96:
            line.repeat(chance.randrange(100))
        else:
            line.wait(chance.choice((1, PATIENCE_NS, 6 * PATIENCE_NS)))
        line.check()
    line.calm_down()
    line.check_calm()
    return line


@pytest.mark.parametrize("seed", range(5 if INTERPRETED else 20))
def test_whatever_is_lost_on_the_way_both_sides_agree_once_all_is_quiet(seed):
    line = play(seed)
    assert line.desk.orders.n_placed > 4


def test_that_chance_tries_all_that_the_line_can_do_wrong():
    lines = [play(seed) for seed in range(100, 112)]
    receipts, orders = [line.receipts[0] for line in lines], [line.desk.orders for line in lines]
    assert sum(each.n_repeated for each in receipts) > 10
    assert sum(each.n_recovered for each in receipts) > 5
    assert sum(each.n_unknown for each in orders) > 5
    assert sum(each.n_queries for each in orders) > 20
    assert sum(int(line.desk.ledger.n_fills) for line in lines) > 50
    assert sum(each.n_stray for each in receipts) > 0


@pytest.mark.parametrize("seed", range(4))
def test_a_budget_holds_at_the_venue_too_whatever_is_lost(seed):
    """Twelve lots at a price of at most 1,010 ticks: no fill may ever take the position beyond them."""
    line = Line(amends=seed % 2, levels=2, budget=12 * 1010)
    check = line.check

    def hold():
        check()
        assert abs(int(line.world.venue.position_lots)) <= 12

    line.check = hold  # type: ignore[method-assign]
    play(seed, steps=600, line=line)
    assert line.desk.denied()[OVER_BUDGET] > 10
