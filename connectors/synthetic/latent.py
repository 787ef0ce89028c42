"""What nobody sees as a whole: the fair price, what is public of it, and how busy the market is.

The public part of the fair price diffuses; news moves all of it at once and
becomes public little by little. Activity is self-exciting, with rare rushes.
"""

from math import sqrt
from typing import Final

from connectors.synthetic.draws import either_side, faded, normal, uniform
from connectors.synthetic.state import Market, MarketParams
from operators.kernel import kernel

OFFSPRING: Final = 0.6
"""Takers that one taker brings about, directly: Hawkes (1971), Biometrika 58(1)."""
CALMING_PER_S: Final = 1.5
"""Decay of the excitement that a taker, or a rush, leaves behind."""
RUSHES_PER_S: Final = 1 / 30
RUSH: Final = 4.0
"""What a rush adds to activity, whose mean is 1."""
REST: Final = 1.0 - OFFSPRING - RUSH * RUSHES_PER_S / CALMING_PER_S
"""Activity when nothing excites it, so that its mean is 1."""
LEAK_S: Final = 5.0
"""Time constant in which news becomes public."""


@kernel
def news_comes(market: Market, params: MarketParams) -> None:
    """Move the fair price at once; the public learns it later."""
    draws = market.draws
    before = market.fair_ticks
    jump = either_side(draws) * params.news_ticks * (0.5 + uniform(draws))
    market.fair_ticks = max(1.0, before + jump)
    market.secret_ticks += market.fair_ticks - before


@kernel
def pass_time(market: Market, params: MarketParams, until_ns: int) -> None:
    """Move the latent prices: the public part diffuses in the time of activity, secrets leak.

    Clark (1973), "A Subordinated Stochastic Process Model", Econometrica 41(1):
    prices move with the number of takers, which makes volatility cluster.
    """
    passed_s = (until_ns - market.now_ns) * 1e-9
    shock = sqrt(passed_s * market.activity) * normal(market.draws)
    market.fair_ticks = max(1.0, market.fair_ticks + params.volatility_ticks * shock)
    market.secret_ticks *= faded(passed_s / LEAK_S)
    public_ticks = market.fair_ticks - market.secret_ticks
    market.view_ticks += (public_ticks - market.view_ticks) * (1.0 - faded(passed_s / params.provider_lag_s))
    market.activity = REST + (market.activity - REST) * faded(passed_s * CALMING_PER_S)
    market.now_ns = until_ns
