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
    MOST_VALUES,
    NET,
    VOL_REGIME,
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
        spare = (steps - poured) // vpin.open_size - params.n_buckets
        if spare > 0:
            vpin.n_closed += spare
            poured += spare * vpin.open_size
            bought = bought_of(share, poured, vpin.carry)


@kernel
def bought_of(share: int, steps: int, carry: int) -> int:
    """Return ⌊share·steps + carry⌋ in whole numbers; `share` and `carry` are in 2⁻⁵³.

    >>> bought_of(1 << 52, 7, 0), bought_of(1 << 52, 7, 1 << 52), bought_of(1 << 53, (1 << 59) + 1, 0)
    (3, 4, 576460752303423489)
    """
    if share == WHOLE:
        return steps
    if share == 0:
        return 0
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
        _rank(vpin, params)


@kernel
def value_of(vpin: Vpin, params: VpinParams) -> float:
    """Return Σ|B − S| / ΣV or |ΣB − ΣS| / ΣV over the window; the open bucket counts if it is weighted."""
    above = abs(vpin.sum_net) if params.estimator == NET else vpin.sum_abs
    volume = vpin.sum_size
    if params.weighted != 0:
        open_net = vpin.open_buy - vpin.open_sell
        above = abs(vpin.sum_net + open_net) if params.estimator == NET else vpin.sum_abs + abs(open_net)
        volume += vpin.open_buy + vpin.open_sell
    return above / volume if volume > 0 else 0.0


@kernel
def _rank(vpin: Vpin, params: VpinParams) -> None:
    """Note the value, and its mid-rank among the last: all below it and half of its equals."""
    value = value_of(vpin, params)
    vpin.values[vpin.n_values % params.cdf_window] = value
    vpin.n_values += 1
    n = min(vpin.n_values, params.cdf_window)
    below = equal = 0
    for k in range(min(n, MOST_VALUES)):
        if vpin.values[k] < value:
            below += 1
        elif vpin.values[k] == value:
            equal += 1
    vpin.level = (below + 0.5 * equal) / n


@kernel
def next_size(vpin: Vpin, params: VpinParams, ts_ns: int) -> int:
    """Return how much the next bucket holds."""
    size = float(params.bucket_steps)
    if params.bucket_mode == ADV:
        size = day_volume(vpin, params, ts_ns) / params.buckets_per_day
    elif params.bucket_mode == VOL_REGIME:
        size *= regime(vpin)
    return max(1, min(int(size), MOST_STEPS >> 8))


@kernel
def note_volume(vpin: Vpin, params: VpinParams, steps: int, ts_ns: int) -> None:
    """Let the volume of the past fade, and add a trade's."""
    if vpin.day_since_ns == 0:
        vpin.day_since_ns = ts_ns
    vpin.day_steps *= 0.5 ** (float(ts_ns - vpin.day_ns) / params.adv_halflife_ns)
    vpin.day_steps += steps
    vpin.day_ns = ts_ns


@kernel
def day_volume(vpin: Vpin, params: VpinParams, ts_ns: int) -> float:
    """Return volume per day: the faded volume over the time that it stands for."""
    span = float(ts_ns - vpin.day_since_ns)
    if span <= 0.0:
        return float(params.bucket_steps) * params.buckets_per_day
    tau = params.adv_halflife_ns / math.log(2.0)
    return vpin.day_steps * DAY_NS / (tau * (1.0 - math.exp(-span / tau)))


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
        squared = float((vpin.twice_mid - vpin.step_mid) ** 2)
        fast, slow = 0.5 ** (1.0 / FAST_HALFLIFE), 0.5 ** (1.0 / SLOW_HALFLIFE)
        vpin.fast_sum, vpin.fast_weight = _fade(vpin.fast_sum, vpin.fast_weight, fast, squared, passed)
        vpin.slow_sum, vpin.slow_weight = _fade(vpin.slow_sum, vpin.slow_weight, slow, squared, passed)
    vpin.step_number = number
    vpin.step_mid = vpin.twice_mid


@kernel
def _fade(total: float, weight: float, keep: float, squared: float, steps: int) -> tuple[float, float]:
    """Take one step with a change and `steps` − 1 without one."""
    quiet = keep ** (steps - 1)
    total = (total * keep + (1.0 - keep) * squared) * quiet
    weight = 1.0 - (1.0 - weight) * keep**steps
    return total, weight
