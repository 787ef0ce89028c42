"""Every option against the exact computation, on random tapes that look for edges."""

import random
from dataclasses import replace

import pytest

from operators.kernel import COMPILED
from operators.rows import BUY, SELL
from tests.oracles.exact_vpin import Best, Event, Setup, Trade
from tests.oracles.toxic_tapes import SECOND, START, Chance, assert_equal

SEEDS = range(24)
TAPES_EACH = 500 if COMPILED else 6
"""12,000 tapes in all."""


@pytest.mark.parametrize("seed", SEEDS)
def test_it_equals_an_exact_computation_after_every_event(seed):
    chance = Chance(random.Random(seed))
    for _ in range(TAPES_EACH):
        setup = chance.setup()
        assert_equal(setup, chance.events(setup, chance.rng.randint(1, 30)))


@pytest.mark.parametrize("classifier", ["aggressor", "tick", "lee_ready", "bvc"])
@pytest.mark.parametrize("seed", range(8 if COMPILED else 2))
def test_buckets_that_follow_volatility_do_so_over_minutes(classifier, seed):
    chance = Chance(random.Random(seed))
    setup = replace(chance.setup(), mode="vol_regime", classifier=classifier, bucket=50, unit="base")
    events: list[Event] = []
    ts = START
    for k in range(30):
        ts += chance.rng.choice([SECOND, 30 * SECOND, 60 * SECOND])
        bid = 40 + chance.rng.choice([0, 0, 1, 9])
        events.append(Best(ts, bid, bid + 2))
        events.append(
            Trade(ts, chance.rng.choice([BUY, SELL]), bid + k % 3, chance.rng.choice([25, 50, 200]))
        )
    assert_equal(setup, events)


@pytest.mark.parametrize("seed", range(6 if COMPILED else 1))
def test_the_guard_judges_as_the_exact_computation_does(seed):
    rng = random.Random(seed)
    setup = Setup(bucket=200, n_buckets=3)
    trades, price = [], 100
    for k in range(2300):
        price += rng.choice([-1, 0, 1]) if k < 1200 else rng.choice([-1, -1, 0])
        flag = SELL if rng.random() > 0.005 * seed else rng.choice([0, BUY])
        trades.append(Trade(START + k, flag, 10_000 + price, rng.choice([1, 7, 200])))
    assert_equal(setup, trades)
