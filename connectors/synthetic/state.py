"""The state of a market: one flat record, so that a snapshot is its bytes."""

from typing import Annotated, Final

import numpy as np
from numpy.typing import NDArray

from operators.kernel import Record

SLOTS: Final = 20
"""Orders on each side of the ladder; each has its place, nearest first."""
CHANGES: Final = 64
"""Levels that a depth message may hold."""


class MarketParams(Record):
    """What kernels read; distances in ticks, sizes in lots."""

    start_ns: int
    end_ns: int
    depth_every_ns: int
    feed_latency_ns: int
    feed_jitter_ns: float
    start_ticks: float
    volatility_ticks: float
    """Of public changes, per √s."""
    news_per_s: float
    news_ticks: float
    """Mean size of a piece of news."""
    edge_ticks: float
    """Informed takers act when the fair price is farther than this beyond the touch."""
    half_spread_ticks: float
    gap_ticks: float
    provider_lag_s: float
    provider_actions_per_s: float
    takers_per_s: float
    excitement: float
    """What one taker adds to activity."""
    noise_share: float
    mean_trade_lots: float
    mean_quote_lots: float
    most_budget_lots: float
    """Noise takers wait while the informed have more than this to catch up."""


class Market(Record):
    """Everything that the next event depends on. Index 0 is the bid side, 1 the ask side."""

    now_ns: int
    next_depth_ns: int
    last_recv_ns: int
    update_id: int
    trade_id: int
    fair_ticks: float
    secret_ticks: float
    """Part of the fair price that is not public yet."""
    view_ticks: float
    """The price that providers believe in."""
    activity: float
    """Intensity of takers, 1 in the long run."""
    budget_lots: float
    """What informed takers may still trade to have their share of the volume."""
    informed_lots: int
    total_lots: int
    snapshot_messages: int
    depth_messages: int
    best_messages: int
    trade_messages: int
    n_changes: int
    draws: Annotated[NDArray[np.int64], np.int64, (2,)]
    price_ticks: Annotated[NDArray[np.int64], np.int64, (2, SLOTS)]
    size_lots: Annotated[NDArray[np.int64], np.int64, (2, SLOTS)]
    touch: Annotated[NDArray[np.int64], np.int64, (2, 2)]
    """Price and size of the best bid and ask, as last told."""
    changes: Annotated[NDArray[np.int64], np.int64, (CHANGES, 2)]
    """Side and price of each level that changed since the last depth message."""
