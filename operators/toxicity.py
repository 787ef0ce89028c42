"""What VPIN remembers and how it is set: parameters, state, and what is read from it."""

from typing import Annotated, Final

import numpy as np
from numpy.typing import NDArray

from operators.kernel import Record

MOST_BUCKETS: Final = 1000
MOST_VALUES: Final = 5000
GUARD: Final = 1000
"""Trades that the guard looks back over."""
MIDS: Final = 512
"""Changes of the mid that are remembered, for a quote lag."""
MOST_STEPS: Final = 1 << 62
"""The volume of a run is counted up to here, and one more trade."""
WHOLE: Final = 1 << 53
"""A share of 1: shares are counted in 2⁻⁵³, so splitting is exact."""

# Whether the value may be acted on (`status` of a reading).
DISABLED: Final = 0
WARMING: Final = 1
LOW_VOLUME: Final = 2
OK: Final = 3
STALE: Final = 4
INVALID_FLAG: Final = 5
STATUSES: Final = ("disabled", "warming", "low_volume", "ok", "stale", "invalid_flag")
"""Their names, in that order."""

MEAN_ABS: Final = 0
NET: Final = 1

AGGRESSOR: Final = 0
LEE_READY: Final = 1
TICK: Final = 2
BVC: Final = 3

FIXED: Final = 0
ADV: Final = 1
VOL_REGIME: Final = 2


class VpinParams(Record):
    """How traded volume is signed and cut into buckets, and when the value means something."""

    enabled: int
    bucket_steps: int
    n_buckets: int
    min_buckets: int
    vol_threshold_steps: int
    quote_unit: int
    """1: a step is one tick times one lot; 0: a lot."""
    estimator: int
    weighted: int
    """1: the bucket being filled counts with its share."""
    fallback: float
    classifier: int
    mid_tie_hash: int
    """1: at the mid a bit of a keyed hash decides; 0: the tick rule."""
    hash_key: int
    """Of the symbol, below 2³¹."""
    quote_lag_ns: int
    bvc_bar_ns: int
    bvc_decay: float
    max_lag_us: int
    """Rows that were released later than this after they arrived make the value stale; 0: never."""
    bucket_mode: int
    adv_halflife_ns: int
    buckets_per_day: int
    cdf: int
    """1: levels are compared with the value's rank among its last `cdf_window`; 0: with the value."""
    cdf_window: int
    cdf_min: int


class Vpin(Record):
    """The last buckets' signed imbalance, the bucket being filled, and what signs and sizes them."""

    open_buy: int
    open_sell: int
    open_size: int
    """Of the bucket being filled; 0 before the first trade."""
    n_closed: int
    sum_abs: int
    sum_net: int
    sum_size: int
    total_steps: int
    n_trades: int
    """Poured into buckets, or bars."""
    last_id: int
    n_duplicates: int
    late: int
    """1: the last row of the market came too late."""
    n_late: int
    level: float
    """What thresholds are compared with, as of the last closed bucket."""
    n_values: int

    last_ticks: int
    last_side: int
    """Of the last trade, as classified; 0 before there is one."""
    tick_side: int

    n_guarded: int
    flag_buys: int
    flag_sells: int
    tick_buys: int
    tick_sells: int
    broken: int
    n_broken: int

    best_bid: int
    best_ask: int
    twice_mid: int
    """0 while unknown."""
    n_mids: int

    bar: int
    bar_steps: int
    bar_ticks: int
    """Last price of the bar being filled."""
    before_ticks: int
    """Of the bar before; 0 without one."""
    n_bars: int
    """Changes from bar to bar that the variance has seen."""
    bar_variance: float
    carry: int
    """Share of a step left over from the last bar, in 2⁻⁵³."""

    day_steps: float
    """Decayed volume of the past."""
    day_since_ns: int
    day_ns: int

    step_number: int
    """Of the 100 ms grid that mid changes are sampled on."""
    step_mid: int
    fast_sum: float
    fast_weight: float
    slow_sum: float
    slow_weight: float

    mid_ns: Annotated[NDArray[np.int64], np.int64, (MIDS,)]
    mids: Annotated[NDArray[np.int64], np.int64, (MIDS,)]
    flagged: Annotated[NDArray[np.int8], np.int8, (GUARD,)]
    ticked: Annotated[NDArray[np.int8], np.int8, (GUARD,)]
    imbalance: Annotated[NDArray[np.int64], np.int64, (MOST_BUCKETS,)]
    sizes: Annotated[NDArray[np.int64], np.int64, (MOST_BUCKETS,)]
    values: Annotated[NDArray[np.float64], np.float64, (MOST_VALUES,)]


class Reading(Record):
    """What flow looks like after a row."""

    value: float
    """VPIN in 0..1, or the fallback while not ready."""
    level: float
    """What thresholds are compared with: the value, or its rank."""
    net_imbalance: float
    """Signed (buys - sells) / volume of the window, -1..1; its size is the value of the `net` estimator."""
    ofi_lots: float
    """The signed companions: see `operators/flow.py`."""
    queue_imbalance: float
    microprice_ticks: float
    trade_imbalance: float
    n_closed: int
    n_trades: int
    """Taken in so far."""
    status: int
