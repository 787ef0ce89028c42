"""Takers: those who trade for no reason, in clusters, and those who know the fair price.

The informed have a budget of lots, which grows with every lot of noise, so that
in the long run their share of the volume is the one that was asked for.
"""

from typing import Final

from connectors.synthetic.draws import HEAVY_MEAN, either_side, heavy, uniform
from connectors.synthetic.feed import tell_trade
from connectors.synthetic.ladder import best, consume, has_other, index, level
from connectors.synthetic.state import Market, MarketParams
from operators.kernel import kernel
from operators.rows import BUY, SELL, Rows

ANY_PRICE: Final = 1e18
PATIENCE_S: Final = 4.0
"""The informed spend their budget over about this long, while there is something to gain."""


@kernel
def taker_comes(market: Market, params: MarketParams, out: Rows, n: int) -> int:
    """Excite others; then trade on either side at any price, or leave the turn to the informed.

    Noise takers wait, too, while the informed are far behind their share.
    """
    draws = market.draws
    market.activity += params.excitement
    leaves = uniform(draws) >= params.noise_share
    if leaves or market.budget_lots > params.most_budget_lots:
        return n
    side = either_side(draws)
    before = market.total_lots
    n = take(market, params, side, side * ANY_PRICE, out, n)
    traded = market.total_lots - before
    market.budget_lots += traded * (1.0 - params.noise_share) / params.noise_share
    return n


@kernel
def informed_comes(market: Market, params: MarketParams, out: Rows, n: int) -> int:
    """Take what the fair price has left behind, and nothing else."""
    side = stale_side(market, params)
    if side == 0:
        return n
    before = market.total_lots
    n = take(market, params, side, market.fair_ticks - side * params.edge_ticks, out, n)
    traded = market.total_lots - before
    market.informed_lots += traded
    market.budget_lots -= traded
    return n


@kernel
def informed_per_s(market: Market, params: MarketParams) -> float:
    """Return how often an informed taker comes, while all stays as it is now."""
    if stale_side(market, params) == 0:
        return 0.0
    return max(0.0, market.budget_lots) / (params.mean_trade_lots * PATIENCE_S)


@kernel
def stale_side(market: Market, params: MarketParams) -> int:
    """Return the side to trade on because the fair price is well beyond the touch, else 0."""
    for side in (BUY, SELL):
        touch_ticks = market.touch[index(-side), 0]
        if side * (market.fair_ticks - touch_ticks) > params.edge_ticks:
            return side
    return 0


@kernel
def take(market: Market, params: MarketParams, side: int, limit_ticks: float, out: Rows, n: int) -> int:
    """Walk the book with one order, a print for each level; a side's last level is left alone."""
    left = max(1, int(params.mean_trade_lots / HEAVY_MEAN * heavy(market.draws)))
    while left > 0:
        price = best(market, -side)
        if side * price > side * limit_ticks or not has_other(market, -side, price):
            break
        lots = min(left, level(market, -side, price))
        consume(market, -side, price, lots)
        tell_trade(market, params, out[n], side, price, lots)
        market.total_lots += lots
        left -= lots
        n += 1
    return n
