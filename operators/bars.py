"""Bulk volume classification: the volume of a bar of time, split by how far its price moved.

Easley, López de Prado and O'Hara (2016), "Discerning information from trade
data", Journal of Financial Economics 120(2). Inferior to a venue's own flag
where there is one.
"""

import math

from operators.buckets import carry_after, pour
from operators.kernel import kernel
from operators.toxicity import MOST_STEPS, WHOLE, Vpin, VpinParams


@kernel
def gather(vpin: Vpin, ticks: int, steps: int) -> None:
    """Add a trade to the bar being filled."""
    vpin.bar_steps = min(vpin.bar_steps + steps, MOST_STEPS >> 2)
    vpin.bar_ticks = ticks


@kernel
def end_bar(vpin: Vpin, params: VpinParams, ts_ns: int) -> None:
    """Pour the bar that has ended by `ts_ns`, if one has."""
    bar = ts_ns // params.bvc_bar_ns
    if bar == vpin.bar:
        return
    if vpin.bar_steps > 0:
        change = float(vpin.bar_ticks - vpin.before_ticks) if vpin.before_ticks > 0 else 0.0
        share = bought_share(change, vpin.bar_variance)
        pour(vpin, params, share, vpin.bar_steps, ts_ns)
        vpin.carry = carry_after(share, vpin.bar_steps, vpin.carry)
        if vpin.before_ticks > 0:
            _learn(vpin, params, change)
        vpin.before_ticks = vpin.bar_ticks
        vpin.bar_steps = 0
    vpin.bar = bar


@kernel
def bought_share(change_ticks: float, variance: float) -> int:
    """Return Φ(ΔP / σ) in 2⁻⁵³; a half while the past has no σ."""
    if variance <= 0.0:
        return WHOLE // 2
    return int(0.5 * math.erfc(-change_ticks / math.sqrt(2.0 * variance)) * WHOLE)


@kernel
def _learn(vpin: Vpin, params: VpinParams, change_ticks: float) -> None:
    """Take a bar's change into the mean of squares, after it was judged by those before it."""
    squared = change_ticks * change_ticks
    if vpin.n_bars == 0:
        vpin.bar_variance = squared
    else:
        vpin.bar_variance = params.bvc_decay * vpin.bar_variance + (1.0 - params.bvc_decay) * squared
    vpin.n_bars += 1
