"""The market's statistics: known toxicity, clustered arrivals, heavy tails, adverse selection."""

import math
from bisect import bisect_right
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pytest

from connectors.synthetic import SyntheticTape
from operators.kernel import COMPILED
from operators.rows import BEST, BUY, LEVEL, TRADE
from tests.oracles.synthetic_market import GRIDS, START_NS, Array, a_tape, all_rows, events

pytestmark = pytest.mark.skipif(
    not COMPILED, reason="statistics need hours of market, and those compiled rules"
)

HOUR_S = 3600.0
TRADES_A_BUCKET = 250


def run_through(tape: SyntheticTape) -> SyntheticTape:
    while tape.read() is not None:
        pass
    return tape


def prints(tape: SyntheticTape) -> Array:
    rows = all_rows(tape)
    return rows[rows["kind"] == TRADE]


def orders(tape: SyntheticTape) -> tuple[Array, Array]:
    """Return side and lots of each taker's order: the prints of a sweep belong together."""
    trades = prints(tape)
    _, first = np.unique(trades["ts_event"], return_index=True)
    return trades["side"][first], np.add.reduceat(trades["size_lots"].astype(float), first)


def vpin(signs: Array, lots: Array) -> Array:
    """Return |imbalance| per bucket of equal volume, a trade poured whole where it begins."""
    bucket = lots.sum() / len(lots) * TRADES_A_BUCKET
    number = (np.cumsum(lots) - lots) // bucket
    return np.abs(np.bincount(number.astype(int), signs * lots))[:-1] / bucket


@pytest.mark.parametrize("symbol", ["BTCUSDC", "XRPUSDC"])
@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 0.8])
def test_the_informed_have_the_share_of_the_volume_that_was_asked_for(symbol, share):
    tape = run_through(a_tape(symbol, duration_s=2 * HOUR_S, informed_share=share))
    assert tape.truth.informed_share == pytest.approx(share, abs=0.02)
    assert tape.truth.total_lots > 0


@pytest.mark.parametrize("symbol", GRIDS)
def test_every_symbol_has_its_default_share_and_pace(symbol):
    tape = run_through(a_tape(symbol, duration_s=HOUR_S))
    assert tape.truth.informed_share == pytest.approx(0.25, abs=0.02)
    assert 15 < tape.quality["trades"] / HOUR_S < 27
    assert 30 < (tape.quality["best"] + tape.quality["depth"]) / HOUR_S < 55


def test_calm_order_flow_is_a_coin_flip_and_toxic_flow_is_not():
    means, chances, chance = {}, {}, np.random.default_rng(1)
    for share in (0.0, 0.1, 0.6):
        signs, lots = orders(a_tape(duration_s=HOUR_S, informed_share=share))
        means[share] = vpin(signs, lots).mean()
        chances[share] = np.mean([vpin(chance.permutation(signs), lots).mean() for _ in range(5)])
    assert means[0.0] == pytest.approx(chances[0.0], rel=0.1)
    assert means[0.1] < 1.8 * chances[0.1]
    assert means[0.6] > 2.5 * means[0.1]
    assert means[0.6] > 0.35


def test_toxicity_comes_in_episodes():
    values = vpin(*orders(a_tape(duration_s=HOUR_S, informed_share=0.3)))
    assert np.quantile(values, 0.25) < 0.15
    assert np.quantile(values, 0.9) > 0.4


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_arrivals_cluster(share):
    seconds = (prints(a_tape(duration_s=HOUR_S, informed_share=share))["ts_event"] - START_NS) // 10**9
    counts = np.bincount(seconds.astype(int), minlength=int(HOUR_S))
    assert counts.var() / counts.mean() > 4, "1 for arrivals that know nothing of each other"
    assert np.corrcoef(counts[1:], counts[:-1])[0, 1] > 0.3


def test_trade_sizes_have_a_heavy_tail():
    lots = np.sort(prints(a_tape(duration_s=HOUR_S))["size_lots"])[::-1].astype(float)
    top = lots[: len(lots) // 100]
    assert top.sum() / lots.sum() > 0.08, "of exponential sizes, the largest hundredth has 5.6 %"
    assert lots[0] > 12 * lots.mean()


@pytest.mark.parametrize("symbol", ["BTCUSDC", "DOGEUSDC"])
@pytest.mark.parametrize("bps", [0.4, 1.2, 5.0])
def test_the_fair_price_is_as_volatile_as_was_asked_for(symbol, bps):
    tape = a_tape(
        symbol, duration_s=6 * HOUR_S, volatility_bps_per_sqrt_s=bps, trades_per_s=5.0, chunk_rows=500
    )
    fair = [tape._market[0].fair_ticks]
    while tape.read() is not None:
        fair.append(tape._market[0].fair_ticks)
    per_sqrt_s = math.sqrt(np.sum(np.diff(fair) ** 2) / (6 * HOUR_S))
    assert per_sqrt_s / fair[0] * 1e4 == pytest.approx(bps, rel=0.15)


@pytest.mark.parametrize("symbol", GRIDS)
def test_the_spread_and_the_depth_suit_the_symbol(symbol):
    rows = all_rows(a_tape(symbol, duration_s=600.0))
    best = rows[rows["kind"] == BEST]
    bids, asks = best[best["side"] == BUY], best[best["side"] != BUY]
    spread = asks["price_ticks"] - bids["price_ticks"]
    tick_bps = 1e4 / bids["price_ticks"].mean()
    assert spread.mean() < max(4.0, 2 / tick_bps)
    assert spread.mean() * tick_bps > 0.5
    snapshot = rows[rows["id"] == rows["id"][0]]
    levels = snapshot[snapshot["kind"] == LEVEL]
    assert len(levels) > 25
    assert levels["size_lots"].mean() > 2 * rows["size_lots"][rows["kind"] == TRADE].mean()


class Print(NamedTuple):
    """A trade, what its taker knew, and the fair price then and a second later."""

    ts: int
    side: int
    price_ticks: int
    informed: bool
    fair_ticks: float
    fair_later: float

    @property
    def markout_bps(self) -> float:
        """What the taker gained in that second."""
        return self.side * (self.fair_later / self.price_ticks - 1) * 1e4


@pytest.fixture(scope="module", params=["BTCUSDC", "XRPUSDC"])
def seen(request) -> list[Print]:
    lived = list(pairwise(events(a_tape(request.param, duration_s=400.0, informed_share=0.4))))
    lived = [(before, event) for before, event in lived if event.facts]
    times = [event.facts[0].ts_event for _, event in lived]
    return [
        Print(
            fact.ts_event,
            fact.side,
            fact.price_ticks,
            event.informed_lots > before.informed_lots,
            event.fair_ticks,
            lived[min(bisect_right(times, fact.ts_event + 10**9), len(lived) - 1)][1].fair_ticks,
        )
        for before, event in lived
        for fact in event.facts
        if fact.kind == TRADE
    ]


def markouts(seen: list[Print], *, informed: bool) -> Array:
    return np.array([trade.markout_bps for trade in seen if trade.informed == informed])


def test_noise_takers_pay_the_spread(seen):
    bps = markouts(seen, informed=False)
    assert bps.mean() < -0.2
    assert bps.mean() < -4 * bps.std() / math.sqrt(len(bps))


def test_informed_takers_gain_what_providers_lose(seen):
    bps = markouts(seen, informed=True)
    assert bps.mean() > 0.2
    assert bps.mean() > 4 * bps.std() / math.sqrt(len(bps))
    assert np.mean(bps > 0) > 0.7


def test_the_informed_never_trade_where_there_is_nothing_to_gain(seen):
    gains = [trade.side * (trade.fair_ticks - trade.price_ticks) for trade in seen if trade.informed]
    assert min(gains) >= 0.25, "a quarter of the distance to the touch, which is a tick at the least"


def test_the_ladder_follows_the_fair_price_once_the_secret_is_out():
    tape = a_tape(duration_s=HOUR_S, chunk_rows=500)
    gaps = []
    while tape.read() is not None:
        state = tape._market[0]
        gaps.append(state.fair_ticks - state.touch[:, 0].mean())
    gaps_bps = np.array(gaps) / 62.0
    assert abs(np.mean(gaps_bps)) < 0.5
    assert np.median(np.abs(gaps_bps)) < 1.5
    assert np.max(np.abs(gaps_bps)) > 3
