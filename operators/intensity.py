"""Fill intensity by distance: ln λ(δ) = ln A − k·δ, fitted over the distances that are quoted.

Each distance weighs as many steps as reach it: ln λ of a distance that few reach is mostly chance,
and without weights the farthest would decide on k.
"""

import math
from typing import Final

from operators.calibration import (
    FITTED,
    POOR,
    STEP_S,
    WARMING,
    Calibration,
    CalibrationParams,
    Fit,
    lay_bins,
)
from operators.kernel import kernel

FEWEST_PRINTS: Final = 30
FEWEST_POINTS: Final = 3
FARTHEST: Final = 50.0
"""ln A beyond this is no rate of anything."""
DRIFT: Final = 20
"""Bins are laid out anew when the mid has moved by a part in this many."""


@kernel
def refit(cal: Calibration, params: CalibrationParams, ts_ns: int) -> None:
    """Say what the window and the changes of the mid come to."""
    cal.refit_at_ns = ts_ns + params.refit_ns
    cal.n_refits += 1
    if abs(cal.twice_mid - cal.shaped_mid) * DRIFT > cal.shaped_mid and cal.twice_mid > 0:
        lay_bins(cal, params)
    cal.sigma = math.sqrt(cal.squares / cal.weight / STEP_S) if cal.weight > 0.0 else 0.0
    fit_side(cal, 0, cal.bid)
    fit_side(cal, 1, cal.ask)
    cal.status = WARMING
    if cal.n_steps >= params.warm_steps and cal.n_steps > 0:
        good = is_good(cal.bid, params.min_r2) and is_good(cal.ask, params.min_r2)
        cal.status = FITTED if good else POOR


@kernel
def is_good(fit: Fit, min_r2: float) -> bool:
    """Say whether a side's numbers may be quoted by."""
    return fit.n_prints >= FEWEST_PRINTS and fit.r2 >= min_r2 and fit.k_per_tick > 0.0


@kernel
def rate_per_s(n_reached: int, n_steps: int) -> float:
    """Return how often a distance is reached, from the share of steps that saw it, never all."""
    share = min(float(n_reached), n_steps - 0.5) / n_steps
    return -math.log1p(-share) / STEP_S


@kernel
def fit_side(cal: Calibration, side: int, fit: Fit) -> None:
    """Fit a line through ln λ by weighted least squares; 0 is the bids' side, 1 the asks'.

    Where the mid is such that no quote stands at a bin's edge, the bin begins half a tick further.
    """
    odd = cal.n_odd if (cal.nearest & 1) == 0 else cal.n_steps - cal.n_odd
    shift = 0.5 * odd / max(1, cal.n_steps)
    n = reached = 0
    w = wx = wy = wxx = wxy = wyy = 0.0
    for b in range(cal.n_bins - 1, -1, -1):
        reached += cal.counts[side, b]
        if reached > 0:
            n += 1
            x, y = float(b * cal.width), math.log(rate_per_s(reached, cal.n_steps))
            w += reached
            wx += reached * x
            wy += reached * y
            wxx += reached * x * x
            wxy += reached * x * y
            wyy += reached * y * y
    fit.n_prints = reached
    fit.a_per_s = fit.k_per_tick = fit.r2 = 0.0
    if n < FEWEST_POINTS:
        return
    xx, xy, yy = wxx - wx * wx / w, wxy - wx * wy / w, wyy - wy * wy / w
    if yy <= 1e-12 * w or xx <= 0.0:
        return
    fit.r2 = min(1.0, xy * xy / (xx * yy))
    k = -2.0 * xy / xx
    fit.k_per_tick = k
    intercept = wy / w + k * (0.5 * (wx / w + cal.nearest) + shift)
    fit.a_per_s = math.exp(min(max(intercept, -FARTHEST), FARTHEST))
