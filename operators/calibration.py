"""How lively the market is and how deep its takers reach, learnt from the stream alone.

Event time is cut into steps of 100 ms. Of each one the mid at its start is known, and the deepest
print on either side of it:

- σ, ticks per √s: squared changes of the mid from step to step, the past fading.
- A and k per side: a quote at a distance δ from the mid is reached λ(δ) = A·exp(−k·δ) times a
  second. Where prints that deep come at random, a step sees none with probability exp(−λ·Δt), so
  λ(δ) = −ln(1 − share of steps whose deepest print reaches δ)/Δt. The share itself, over Δt, would
  count several prints of a step as one.

Bids are filled by sells and asks by buys. Distances are whole half ticks, twice the price less the
sum of best bid and best ask, so nothing is rounded. The fit is in `operators/intensity.py`.
"""

from typing import Annotated, Final

import numpy as np
from numpy.typing import NDArray

from operators.kernel import Record, kernel
from operators.rows import TRADE, Row
from operators.touch import VALID, Top

STEP_NS: Final = 100_000_000
STEP_S: Final = 0.1
MOST_STEPS: Final = 36_000
BINS: Final = 64
DEEPEST: Final = 32_767
"""Half ticks: what a step remembers of its deepest print."""

# What the numbers are worth (`status` of a calibration).
WARMING: Final = 0
POOR: Final = 1
FITTED: Final = 2


class CalibrationParams(Record):
    """How far back is looked, how often, and over which distances."""

    window_steps: int
    """0: nothing is calibrated."""
    warm_steps: int
    quiet_steps: int
    """No more steps than this are taken to have passed in silence."""
    refit_ns: int
    keep: float
    """What a step leaves of the weight of the past in σ."""
    from_bps: float
    to_bps: float
    min_r2: float


class Fit(Record):
    """One side's fill intensity A·exp(−k·δ)."""

    a_per_s: float
    k_per_tick: float
    r2: float
    n_prints: int
    """Steps with a print that is deep enough to count."""


class Calibration(Record):
    """What was learnt, and the steps that it was learnt from."""

    status: int
    sigma: float
    """Ticks per √s; 0 while unknown."""
    bid: Annotated[Fit, Fit.dtype]
    ask: Annotated[Fit, Fit.dtype]
    n_refits: int
    refit_at_ns: int

    twice_mid: int
    """Now; 0 while unknown."""
    step: int
    ends_ns: int
    step_mid: int
    """At the start of the step; 0 if unknown."""
    deepest_bid: int
    """Half ticks; 0 without a print."""
    deepest_ask: int
    squares: float
    weight: float

    n_steps: int
    """In the window."""
    next_slot: int
    n_odd: int
    """Steps of the window that began with the mid between two ticks."""
    shaped_mid: int
    """What the bins were laid out for."""
    nearest: int
    width: int
    n_bins: int
    counts: Annotated[NDArray[np.int64], np.int64, (2, BINS)]
    """Steps whose deepest print of bids, of asks, is in a bin; the last holds all beyond."""
    deepest: Annotated[NDArray[np.int16], np.int16, (MOST_STEPS, 2)]
    """Per step, half ticks; without a print −1 for a mid between two ticks, else −2. Last: mostly zeros."""


@kernel
def observe(cal: Calibration, params: CalibrationParams, row: Row, top: Top) -> bool:
    """Take in a row that settles, with the touch after it; say whether it is time for a fit."""
    if params.window_steps == 0:
        return False
    if row.ts_recv >= cal.ends_ns:
        _end_steps(cal, params, row.ts_recv)
    if row.kind == TRADE and cal.step_mid > 0:
        _note_print(cal, row)
    cal.twice_mid = top.bid_ticks + top.ask_ticks if top.state == VALID else 0
    return row.ts_recv >= cal.refit_at_ns


@kernel
def _note_print(cal: Calibration, row: Row) -> None:
    """Keep the deepest print of a side: a print without a flag is on the side of the mid that it is on."""
    above = 2 * row.price_ticks - cal.step_mid
    side = row.side
    if side == 0:
        side = 1 if above > 0 else -1
    depth = min(side * above, DEEPEST - ((DEEPEST - above) & 1))
    if side > 0:
        cal.deepest_ask = max(cal.deepest_ask, depth)
    else:
        cal.deepest_bid = max(cal.deepest_bid, depth)


@kernel
def _end_steps(cal: Calibration, params: CalibrationParams, ts_ns: int) -> None:
    """End the step, and those that passed in silence; only one that a mid began and ended counts."""
    number = ts_ns // STEP_NS
    passed = min(number - cal.step, params.quiet_steps)
    if cal.step_mid > 0 and cal.twice_mid > 0:
        _note_change(cal, params, 0.5 * (cal.twice_mid - cal.step_mid), passed)
        none = -2 + (cal.step_mid & 1)
        bid = cal.deepest_bid if cal.deepest_bid > 0 else none
        ask = cal.deepest_ask if cal.deepest_ask > 0 else none
        _push(cal, params, bid, ask)
        none = -2 + (cal.twice_mid & 1)
        for _ in range(min(passed - 1, params.window_steps)):
            _push(cal, params, none, none)
    cal.step, cal.ends_ns = number, (number + 1) * STEP_NS
    cal.step_mid = cal.twice_mid
    cal.deepest_bid = cal.deepest_ask = 0


@kernel
def _note_change(cal: Calibration, params: CalibrationParams, change: float, steps: int) -> None:
    """Take one change into σ, and `steps` − 1 steps without one.

    Compiled, a power of a whole number is a chain of products, and differs in its last bits.
    """
    quiet = params.keep ** float(steps - 1)
    cal.squares = (cal.squares * params.keep + (1.0 - params.keep) * change * change) * quiet
    cal.weight = 1.0 - (1.0 - cal.weight) * params.keep * quiet


@kernel
def _push(cal: Calibration, params: CalibrationParams, bid: int, ask: int) -> None:
    at = cal.next_slot
    if cal.n_steps == params.window_steps:
        _count(cal, int(cal.deepest[at, 0]), int(cal.deepest[at, 1]), -1)
    else:
        cal.n_steps += 1
    cal.deepest[at, 0], cal.deepest[at, 1] = bid, ask
    _count(cal, bid, ask, 1)
    cal.next_slot = at + 1 if at + 1 < params.window_steps else 0


@kernel
def _count(cal: Calibration, bid: int, ask: int, by: int) -> None:
    cal.n_odd += by * (bid & 1)
    if cal.n_bins == 0:
        return
    if bid >= cal.nearest:
        cal.counts[0, min((bid - cal.nearest) // cal.width, cal.n_bins - 1)] += by
    if ask >= cal.nearest:
        cal.counts[1, min((ask - cal.nearest) // cal.width, cal.n_bins - 1)] += by


@kernel
def lay_bins(cal: Calibration, params: CalibrationParams) -> None:
    """Lay bins over the distances that are quoted, at the price of now, and count the window anew.

    Bins are whole ticks wide, so that each begins where quotes can stand.
    """
    cal.shaped_mid = cal.twice_mid
    near = int(min(cal.twice_mid * params.from_bps * 1e-4 + 0.5, 0.5 * DEEPEST))
    far = int(min(cal.twice_mid * params.to_bps * 1e-4 + 0.5, 1.0 * DEEPEST))
    cal.nearest = max(1, near)
    span = max(far - cal.nearest, LEAST_SPAN)
    cal.width = 2 * max(1, -(-span // (2 * (BINS - 1))))
    cal.n_bins = span // cal.width + 1
    cal.counts[:] = 0
    cal.n_odd = 0
    for at in range(cal.n_steps):
        _count(cal, int(cal.deepest[at, 0]), int(cal.deepest[at, 1]), 1)


LEAST_SPAN: Final = 16
"""Half ticks from the nearest distance to the farthest, where basis points make less."""
