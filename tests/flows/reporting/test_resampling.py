import numpy as np
import pytest

from connectors.equity import RESAMPLES
from flows.reporting.comparison import statistics
from flows.reporting.resampling import Draws, Sure, blocks, compared
from flows.reporting.shared_time import SUMS

PNL = {"pnl": lambda sums: sums["pnl"]}


def difference(first, other):
    sure = compared(first, other, PNL)["pnl"]
    assert sure is not None
    return sure


def test_sums_of_draws_are_those_of_the_instants_drawn():
    changes = np.random.default_rng(1).normal(size=100)
    draws = Draws(100)
    circle = np.concatenate((changes, changes))
    slow = [
        sum(circle[start + k] for start in starts for k in range(draws.block))
        * 100
        / (draws.block * draws.n_blocks)
        for starts in draws.starts
    ]
    assert draws.sums(changes) == pytest.approx(np.array(slow))
    assert len(slow) == RESAMPLES


def test_what_does_not_differ_has_an_interval_of_nothing():
    run = {"pnl": np.random.default_rng(2).normal(size=500)}
    sure = difference(run, dict(run))
    assert (sure.difference, sure.low, sure.high) == (0.0, 0.0, 0.0)
    assert not sure.clear


def test_what_the_market_did_to_both_cancels():
    """The same noise in both leaves the interval as narrow as what differs."""
    rng = np.random.default_rng(3)
    market, extra = 100 * rng.normal(size=600), 0.1 + 0.5 * rng.normal(size=600)
    paired = difference({"pnl": market}, {"pnl": market + extra})
    assert paired.difference == pytest.approx(extra.sum())
    assert paired.clear
    assert paired.high - paired.low < 0.1 * 100 * np.sqrt(600)


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    """Of changes that hang together, as those of a position do; 300 are few, so somewhat less often."""
    rng, held, n_worlds = np.random.default_rng(4), 0, 200
    for _ in range(n_worlds):
        noise, gap = rng.normal(size=301), np.zeros(300)
        for k in range(300):
            gap[k] = 0.05 + noise[k + 1] + 0.5 * noise[k]
        common = rng.normal(size=300)
        sure = difference({"pnl": common}, {"pnl": common + gap})
        held += sure.low <= 0.05 * 300 <= sure.high
    assert 0.87 * n_worlds <= held <= 0.99 * n_worlds


def test_too_few_instants_say_nothing():
    run = {"pnl": np.ones(20)}
    assert compared(run, run, PNL) == {"pnl": None}


def test_a_ratio_of_nothing_says_nothing():
    names = (*SUMS, "both_live", "watched", "toxic", "counted", "squares", "instants")
    run = dict.fromkeys(names, np.zeros(100))
    assert set(compared(run, run, statistics(1.0)).values()) == {None, Sure(0.0, 0.0, 0.0)}
    assert compared(run, run, statistics(1.0))["fill_rate",] is None


def test_the_yearly_sharpe_ratio_is_the_mean_over_the_deviation_of_the_changes():
    changes = np.random.default_rng(5).normal(0.2, 1, 400)
    sums = {
        "pnl_after_fees": np.array([changes.sum()]),
        "squares": np.array([(changes**2).sum()]),
        "instants": np.array([400.0]),
    }
    wanted = changes.mean() / changes.std() * np.sqrt(365 * 86_400 / 2)
    assert statistics(2.0)["sharpe", "yearly"](sums)[0] == pytest.approx(wanted)


def test_blocks_grow_as_the_third_root():
    assert [blocks(n) for n in (30, 1000, 27_000)] == [4, 10, 30]
