"""Our place in the queue of a level, as prints and the level's size tell of it.

Queue model: `prob` takes a fall of the level to be behind us with probability
1 − (front / (front + back))^n (Rigtorp 2013; n = 3 is hftbacktest's
power_prob_queue_model3); `risk_averse` lets trades alone advance us.
"""

from typing import Annotated, Final

import numpy as np
from numpy.typing import NDArray

from operators.kernel import Record, kernel

FAR_BACK: Final = float(1 << 53)
"""The queue ahead at a level that nobody told us about: only trades through it fill us."""
PROB: Final = 0
RISK_AVERSE: Final = 1
LATENCIES: Final = 64
"""Values of a table of latencies at most."""


class VenueParams(Record):
    """How the venue treats us."""

    entry_ns: int
    """From us to the venue; the shortest where there is a table."""
    response_ns: int
    queue: int
    partial_fills: int
    min_notional_tick_lots: int
    queue_power: float
    n_entry: int
    """How many values of the table are drawn from; 0 is a constant latency."""
    n_response: int
    entry_table_ns: Annotated[NDArray[np.int64], np.int64, (LATENCIES,)]
    response_table_ns: Annotated[NDArray[np.int64], np.int64, (LATENCIES,)]
    key: int
    """What draws begin with: no two symbols are as lucky."""
    max_requests: int
    """New and amended orders in a window of the rate limit; 0 is no limit."""
    rate_window_ns: int
    outage_every_ns: int
    """Every so often the venue goes out, 0 never; `outage_for_ns` is how long."""
    outage_for_ns: int
    reject_share: float
    lose_share: float
    repeat_share: float
    swap_share: float


class Resting(Record):
    """One of our orders in the queue."""

    number: int
    side: int
    price_ticks: int
    leaves_lots: int
    filled_lots: int
    n_reports: int
    """How many reports have been made about it."""
    expires_ns: int
    """When its life ends; 0 is never."""
    level_lots: int
    """Size of its level when last told, UNKNOWN if never."""
    traded_lots: int
    """Traded at its level since then."""
    front_lots: float
    """Queue ahead of us."""


@kernel
def on_level_size(order: Resting, params: VenueParams, lots: int) -> None:
    """Share a fall in the level's size, beyond what traded, between those before and behind us."""
    before, front = order.level_lots, order.front_lots
    gone = before - lots - order.traded_lots
    order.level_lots = lots
    order.traded_lots = 0
    if params.queue == PROB and before > 0 and gone >= 0:
        behind = before - front
        p_behind = 1.0 - (front / before) ** params.queue_power
        front = front - (1.0 - p_behind) * gone + min(behind - p_behind * gone, 0.0)
    order.front_lots = max(0.0, min(front, order.front_lots, float(lots)))


@kernel
def eaten(order: Resting, params: VenueParams, traded_lots: int, given: int) -> int:
    """Return how much of our order a trade at its price takes; `given` went to our orders before it."""
    order.front_lots -= traded_lots
    order.traded_lots += traded_lots
    past_front = round(-order.front_lots) - given
    order.front_lots = max(0.0, order.front_lots)
    if past_front <= 0:
        return 0
    return min(past_front, order.leaves_lots) if params.partial_fills != 0 else order.leaves_lots
