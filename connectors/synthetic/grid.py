"""A market on its instrument's grid: basis points become ticks, money becomes lots."""

from collections.abc import Iterator
from math import sqrt
from typing import Final

from connectors.synthetic.latent import CALMING_PER_S, OFFSPRING
from connectors.synthetic.settings import SyntheticMarket, refuse
from connectors.synthetic.state import MarketParams
from operators.instruments import Instrument
from operators.kernel import Cell

LEAST_PRICE_TICKS: Final = 100
LEAST_TRADE_LOTS: Final = 5
MOST: Final = 2.0**40
"""Of ticks in a price and of lots in a trade; 20 of the largest orders stay below `LIMIT`."""
MOST_NOTIONAL: Final = 2.0**46
"""Of tick·lots in a mean trade; the largest order stays below `NOTIONAL_LIMIT`."""
MOST_S: Final = 1e9

NEWS_VARIANCE: Final = 0.4
"""Share of the fair price's variance that comes as news."""
NEWS_EVERY_S: Final = 45.0
NEWS_TO_TOUCH: Final = 3.0
"""Mean size of a piece of news, at least, in distances from the providers' view to the touch."""
NEWS_SPREAD: Final = 13 / 12
"""Mean square of a uniform draw between ½ and 1½."""
NEWS_BEHIND: Final = 4.0
"""Pieces of news that the informed may be behind their share of the volume."""
EDGE_TO_TOUCH: Final = 0.25
"""What the informed want to gain, in the same distances."""
QUOTE_TO_TRADE: Final = 8.0
"""Mean size of a resting order, in mean trades."""

Numbers = dict[str, float]


def market_params(
    market: SyntheticMarket, instrument: Instrument, *, start_ns: int, duration_s: float
) -> Cell[MarketParams]:
    """Return the numbers that kernels read.

    Raises:
        ValueError: the market does not suit the grid, or its time is out of range.
    """
    price_ticks = float(market.price / instrument.tick)
    trade_lots = float(market.mean_trade_notional / market.price / instrument.multiplier / instrument.lot)
    refuse([*_off_scale(price_ticks, trade_lots), *_out_of_time(start_ns, duration_s)])
    prices = _prices(market, price_ticks)
    return MarketParams.cell(
        start_ns=start_ns,
        end_ns=start_ns + round(duration_s * 1e9),
        **prices,
        **_crowd(market),
        **_sizes(market, trade_lots, prices["news_per_s"]),
        **_feed(market),
    )


def _prices(market: SyntheticMarket, price_ticks: float) -> Numbers:
    """Distances in ticks. News is large enough to trade on; its part of the variance says how rare it is."""
    bps = price_ticks * 1e-4
    half_spread, gap = max(0.5, market.half_spread_bps * bps), max(1.0, market.level_gap_bps * bps)
    touch = half_spread + gap / 2
    variance = (market.volatility_bps_per_sqrt_s * bps) ** 2
    least_square = NEWS_SPREAD * (NEWS_TO_TOUCH * touch) ** 2
    news_every_s = max(NEWS_EVERY_S, least_square / (NEWS_VARIANCE * variance))
    return {
        "start_ticks": price_ticks,
        "half_spread_ticks": half_spread,
        "gap_ticks": gap,
        "edge_ticks": EDGE_TO_TOUCH * touch,
        "volatility_ticks": sqrt((1 - NEWS_VARIANCE) * variance),
        "news_ticks": sqrt(NEWS_VARIANCE * variance * news_every_s / NEWS_SPREAD),
        "news_per_s": 1 / news_every_s,
    }


def _crowd(market: SyntheticMarket) -> Numbers:
    return {
        "provider_lag_s": market.provider_lag_ms / 1e3,
        "provider_actions_per_s": market.provider_actions_per_s,
        "takers_per_s": market.trades_per_s,
        "excitement": OFFSPRING * CALMING_PER_S / market.trades_per_s,
        "noise_share": 1 - market.informed_share,
    }


def _sizes(market: SyntheticMarket, trade_lots: float, news_per_s: float) -> Numbers:
    informed_lots_per_s = market.informed_share * market.trades_per_s * trade_lots
    return {
        "mean_trade_lots": trade_lots,
        "mean_quote_lots": QUOTE_TO_TRADE * trade_lots,
        "most_budget_lots": NEWS_BEHIND / news_per_s * informed_lots_per_s,
    }


def _feed(market: SyntheticMarket) -> Numbers:
    return {
        "depth_every_ns": round(market.depth_every_ms * 1e6),
        "feed_latency_ns": round(market.feed_latency_ms * 1e6),
        "feed_jitter_ns": market.feed_jitter_ms * 1e6,
    }


def _off_scale(price_ticks: float, trade_lots: float) -> Iterator[str]:
    if not LEAST_PRICE_TICKS <= price_ticks <= MOST:
        yield f"price must be between {LEAST_PRICE_TICKS} and {MOST:.0f} ticks, was {price_ticks:g}"
    if not LEAST_TRADE_LOTS <= trade_lots <= MOST:
        yield f"mean_trade_notional must buy {LEAST_TRADE_LOTS} to {MOST:.0f} lots, bought {trade_lots:g}"
    elif price_ticks <= MOST < MOST_NOTIONAL < price_ticks * trade_lots:
        yield f"mean_trade_notional must be at most 2^46 ticks x lots, was {price_ticks * trade_lots:g}"


def _out_of_time(start_ns: int, duration_s: float) -> Iterator[str]:
    if not 0 <= start_ns <= 1 << 62:
        yield f"start_ns must be between 0 and 2^62, was {start_ns}"
    if not 0 < duration_s <= MOST_S:
        yield f"duration_s must be positive and at most {MOST_S:.0f}, was {duration_s}"
