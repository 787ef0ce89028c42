"""The volume clock: buckets of equal volume, each closed exactly where it is full.

Easley, López de Prado and O'Hara (2012), "Flow Toxicity and Liquidity in a
High-Frequency World", Review of Financial Studies 25(5).
"""

import math
from typing import Final

from operators.kernel import kernel
from operators.toxicity import (
    ADV,
    FIXED,
    MOST_STEPS,
    NET,
    WHOLE,
    Vpin,
    VpinParams,
)

DAY_NS: Final = 86_400_000_000_000
GRID_NS: Final = 100_000_000
"""Mid changes are sampled every 100 ms."""
FAST_HALFLIFE: Final = 5 * 60 * 10.0
"""5 minutes, in steps of that grid."""
SLOW_HALFLIFE: Final = 24 * 3600 * 10.0
MOST_FACTOR: Final = 4.0
LARGEST: Final = MOST_STEPS >> 10
"""A window of the most buckets of this size still fits 64 bits."""
HIGH_BITS: Final = 27
LOW: Final = (1 << HIGH_BITS) - 1


@kernel
def pour(vpin: Vpin, params: VpinParams, share: int, steps: int, ts_ns: int) -> None:
    """Fill buckets with a volume of which `share`, in 2⁻⁵³, was bought, splitting it where one is full.

    After c of its steps, ⌊share·c + carry⌋ are buys. A volume that fills more buckets than
    the window holds skips those that it would overwrite itself.
    """
    vpin.total_steps = min(vpin.total_steps + steps, MOST_STEPS)
    if vpin.open_size == 0:
        vpin.open_size = params.bucket_steps
    closed_before = vpin.n_closed
    poured = bought = 0
    while True:
        room = vpin.open_size - vpin.open_buy - vpin.open_sell
        part = min(room, steps - poured)
        poured += part
        buys = bought_of(share, poured, vpin.carry)
        vpin.open_buy += buys - bought
        vpin.open_sell += part - (buys - bought)
        bought = buys
        if part < room:
            break
        close_bucket(vpin, params, ts_ns)
        poured += skip(vpin, params, steps - poured)
        bought = bought_of(share, poured, vpin.carry)
    if params.cdf != 0 and vpin.n_closed > closed_before:
        vpin.level = mid_rank(vpin, params)


@kernel
def skip(vpin: Vpin, params: VpinParams, left: int) -> int:
    """Count buckets that what is left would fill and overwrite itself; return how much they hold.

    Ranks look further back: each value among them needs a whole window before it.
    """
    kept = params.n_buckets
    if params.cdf != 0:
        kept += params.cdf_window
    spare = max(0, left // vpin.open_size - kept)
    vpin.n_closed += spare
    if params.cdf != 0:
        vpin.n_values += spare
    return int(spare * vpin.open_size)


@kernel
def bought_of(share: int, steps: int, carry: int) -> int:
    """Return ⌊share·steps + carry⌋ in whole numbers; `share` and `carry` are in 2⁻⁵³.

    >>> bought_of(1 << 52, 7, 0), bought_of(1 << 52, 7, 1 << 52), bought_of(1 << 53, (1 << 59) + 1, 0)
    (3, 4, 576460752303423489)
    """
    high, low = share >> HIGH_BITS, share & LOW
    upper, lower = steps >> HIGH_BITS, steps & LOW
    middle = high * lower + low * upper
    rest = ((middle & (LOW >> 1)) << HIGH_BITS) + low * lower + carry
    return 2 * high * upper + (middle >> (HIGH_BITS - 1)) + (rest >> 53)


@kernel
def carry_after(share: int, steps: int, carry: int) -> int:
    """Return what is left of a step, in 2⁻⁵³, once all of a volume is split."""
    high, low = share >> HIGH_BITS, share & LOW
    upper, lower = steps >> HIGH_BITS, steps & LOW
    middle = high * lower + low * upper
    rest = ((middle & (LOW >> 1)) << HIGH_BITS) + low * lower + carry
    return rest & (WHOLE - 1)


@kernel
def close_bucket(vpin: Vpin, params: VpinParams, ts_ns: int) -> None:
    """Put the full bucket in the place of the oldest, and open the next."""
    slot = vpin.n_closed % params.n_buckets
    newest = vpin.open_buy - vpin.open_sell
    vpin.sum_abs += abs(newest) - abs(vpin.imbalance[slot])
    vpin.sum_net += newest - vpin.imbalance[slot]
    vpin.sum_size += vpin.open_size - vpin.sizes[slot]
    vpin.imbalance[slot] = newest
    vpin.sizes[slot] = vpin.open_size
    vpin.open_buy = vpin.open_sell = 0
    vpin.n_closed += 1
    if params.bucket_mode != FIXED:
        vpin.open_size = next_size(vpin, params, ts_ns)
    if params.cdf != 0:
        vpin.values[vpin.n_values % params.cdf_window] = value_of(vpin, params)
        vpin.n_values += 1


@kernel
def volume_of(vpin: Vpin, params: VpinParams) -> int:
    """Return ΣV of the window; the open bucket counts with what it holds if it is weighted."""
    if params.weighted != 0:
        return int(vpin.sum_size + vpin.open_buy + vpin.open_sell)
    return int(vpin.sum_size)


@kernel
def net_imbalance(vpin: Vpin, params: VpinParams) -> float:
    """Return (ΣB − ΣS) / ΣV over the window, -1..1; 0 before a bucket closed."""
    if vpin.n_closed == 0:
        return 0.0
    above = vpin.sum_net
    if params.weighted != 0:
        above += vpin.open_buy - vpin.open_sell
    return above / volume_of(vpin, params)


@kernel
def value_of(vpin: Vpin, params: VpinParams) -> float:
    """Return Σ|B − S| / ΣV or |ΣB − ΣS| / ΣV over the window, once a bucket closed."""
    if params.estimator == NET:
        return abs(net_imbalance(vpin, params))
    above = vpin.sum_abs
    if params.weighted != 0:
        above += abs(vpin.open_buy - vpin.open_sell)
    return above / volume_of(vpin, params)


@kernel
def mid_rank(vpin: Vpin, params: VpinParams) -> float:
    """Return the rank of the newest value among the last, itself too: those below, and half of its equals."""
    value = vpin.values[(vpin.n_values - 1) % params.cdf_window]
    n = min(vpin.n_values, params.cdf_window)
    below = equal = 0
    for k in range(n):
        if vpin.values[k] < value:
            below += 1
        elif vpin.values[k] == value:
            equal += 1
    return (below + 0.5 * equal) / n


@kernel
def next_size(vpin: Vpin, params: VpinParams, ts_ns: int) -> int:
    """Return how much the next bucket holds: the nearest whole number of steps, at least one."""
    if params.bucket_mode == ADV:
        size = day_volume(vpin, params, ts_ns) / params.buckets_per_day
    else:
        size = params.bucket_steps * regime(vpin)
    return max(1, int(min(size, float(LARGEST)) + 0.5))


@kernel
def note_volume(vpin: Vpin, params: VpinParams, steps: int, ts_ns: int) -> None:
    """Let the volume of the past fade, and add a trade's.

    Before the first trade lies one bucket of the configured size, traded evenly over its
    part of a day: a first burst is not taken for the pace of a day.
    """
    if vpin.day_ns == 0:
        past_ns = DAY_NS // params.buckets_per_day
        vpin.day_since_ns = ts_ns - past_ns
        vpin.day_ns = ts_ns
        vpin.day_steps = params.bucket_steps * _effective(params, past_ns) / past_ns
    vpin.day_steps = _faded(vpin, params, ts_ns) + steps
    vpin.day_ns = ts_ns


@kernel
def day_volume(vpin: Vpin, params: VpinParams, ts_ns: int) -> float:
    """Return volume per day: the faded volume over the time that it stands for."""
    return _faded(vpin, params, ts_ns) * DAY_NS / _effective(params, ts_ns - vpin.day_since_ns)


@kernel
def _faded(vpin: Vpin, params: VpinParams, ts_ns: int) -> float:
    return float(vpin.day_steps * 0.5 ** ((ts_ns - vpin.day_ns) / params.adv_halflife_ns))


@kernel
def _effective(params: VpinParams, span_ns: int) -> float:
    """Return the time that a faded volume stands for, τ·(1 − exp(−span / τ)), ns."""
    tau = params.adv_halflife_ns / math.log(2.0)
    return -tau * math.expm1(-span_ns / tau)


@kernel
def regime(vpin: Vpin) -> float:
    """Return fast over slow volatility, between a quarter and 4; 1 until there is one."""
    if vpin.fast_weight <= 0.0 or vpin.slow_sum <= 0.0:
        return 1.0
    fast, slow = vpin.fast_sum / vpin.fast_weight, vpin.slow_sum / vpin.slow_weight
    return min(MOST_FACTOR, max(1.0 / MOST_FACTOR, math.sqrt(fast / slow)))


@kernel
def sample_mid(vpin: Vpin, ts_ns: int) -> None:
    """Take the steps of the grid that have passed into both volatilities: one change, then none."""
    number = ts_ns // GRID_NS
    passed = number - vpin.step_number
    if vpin.twice_mid == 0 or passed <= 0:
        return
    if vpin.step_mid > 0:
        change = float(vpin.twice_mid - vpin.step_mid)
        squared = change * change
        fast, slow = 0.5 ** (1.0 / FAST_HALFLIFE), 0.5 ** (1.0 / SLOW_HALFLIFE)
        vpin.fast_sum, vpin.fast_weight = _fade(vpin.fast_sum, vpin.fast_weight, fast, squared, passed)
        vpin.slow_sum, vpin.slow_weight = _fade(vpin.slow_sum, vpin.slow_weight, slow, squared, passed)
    vpin.step_number = number
    vpin.step_mid = vpin.twice_mid


@kernel
def _fade(total: float, weight: float, keep: float, squared: float, steps: int) -> tuple[float, float]:
    """Take one step with a change and `steps` − 1 without one.

    Compiled, a power of a whole number is a chain of products, and differs in its last bits.
    """
    quiet = keep ** float(steps - 1)
    total = (total * keep + (1.0 - keep) * squared) * quiet
    weight = 1.0 - (1.0 - weight) * keep * quiet
    return total, weight
