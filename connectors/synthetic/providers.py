"""Liquidity providers: they keep a ladder around a price that they see a little late."""

from math import floor
from typing import Final

import numpy as np

from connectors.synthetic.draws import HEAVY_MEAN, either_side, heavy, uniform
from connectors.synthetic.ladder import best, has_other, index, place
from connectors.synthetic.state import SLOTS, Market, MarketParams
from operators.kernel import kernel

WITHDRAWN: Final = 0.15
"""Share of their actions that leave a slot empty."""
RETURNS_PER_S: Final = 4.0
"""How often the provider of an empty slot is back, besides its ordinary turns."""


@kernel
def provider_acts(market: Market, params: MarketParams) -> None:
    """Give one slot a new quote, or none; slots near the touch have their turn more often."""
    draws = market.draws
    side = either_side(draws)
    u = uniform(draws)
    slot = int(SLOTS * u * u)
    price = int(market.price_ticks[index(side), slot])
    if uniform(draws) < WITHDRAWN and has_other(market, side, price):
        place(market, side, slot, price, 0)
    else:
        quote(market, params, side, slot)


@kernel
def provider_returns(market: Market, params: MarketParams) -> None:
    """Fill the empty slot that is nearest to the touch, on a side chosen by lot."""
    side = either_side(market.draws)
    i = index(side)
    for slot in range(SLOTS):
        if market.size_lots[i, slot] == 0:
            quote(market, params, side, slot)
            return


@kernel
def returns_per_s(market: Market) -> float:
    """Return how often a provider comes back, while as many slots are empty as now."""
    return RETURNS_PER_S * (2 * SLOTS - np.count_nonzero(market.size_lots))


@kernel
def quote(market: Market, params: MarketParams, side: int, slot: int) -> None:
    """Place a slot's order where its provider wants it, but post-only: never across the touch."""
    draws = market.draws
    distance = params.half_spread_ticks + params.gap_ticks * (slot + uniform(draws))
    price = side * floor(side * market.view_ticks - distance + 0.5)
    opposite = best(market, -side)
    if opposite > 0:
        price = side * min(side * price, side * opposite - 1)
    lots = params.mean_quote_lots / HEAVY_MEAN * heavy(draws)
    place(market, side, slot, max(1, price), max(1, int(lots)))
