"""Quoting models: what the market's σ, A and k, and our risk aversion γ, make of an inventory.

With order size Δ, in lots, and x = γ·Δ:

- `glft`: c1 = ln(1 + x/k)/x, c2 = √(γ/(2·A·Δ·k)·(1 + x/k)^(1 + k/x)); the half spread is
  c1 + Δ·σ·c2/2 and each lot moves the reservation price by σ·c2. Guéant, Lehalle and
  Fernandez-Tapia (2013), "Dealing with the Inventory Risk", Mathematics and Financial Economics
  7(4), section 4: their approximation where inventory is unbounded and orders are Δ.
- `glft_exact`: their solution for a bounded inventory (`operators/finite.py`).
- `avellaneda_stoikov`: each lot moves the reservation price by γ·σ²·τ, and the half spread is
  γ·Δ·σ²·τ/2 + c1, with a horizon τ that never ends. Avellaneda and Stoikov (2008),
  "High-frequency trading in a limit order book", Quantitative Finance 8(3), equations 29 and 30.
- `fixed`: both are settings.

These models know one A and one k. The two sides' are pooled, A by its geometric mean and k by its
mean: they are fitted to a few hundred prints each, and quotes should not lean by what chance made
of a side.
"""

import math

from operators.calibration import FITTED, Calibration
from operators.depths import lay_table, set_line
from operators.finite import log_ratios, tempered, unmade
from operators.kernel import kernel
from operators.quotes import FIXED, GLFT, GLFT_EXACT, OWN, Asmm, AsmmParams


@kernel
def pooled_a(cal: Calibration) -> float:
    """Return A of both sides together, 1/s."""
    return math.sqrt(cal.bid.a_per_s * cal.ask.a_per_s)


@kernel
def pooled_k(cal: Calibration) -> float:
    """Return k of both sides together, 1/tick."""
    return 0.5 * (cal.bid.k_per_tick + cal.ask.k_per_tick)


@kernel
def glft(sigma: float, a: float, k: float, gamma: float, order_lots: int) -> tuple[float, float]:
    """Return the half spread, ticks, and the skew, ticks per lot."""
    x = gamma * order_lots
    c2 = math.sqrt(gamma / (2.0 * a * order_lots * k) * tempered(x, k))
    return unmade(x, k) + 0.5 * order_lots * sigma * c2, sigma * c2


@kernel
def avellaneda_stoikov(
    sigma: float, k: float, gamma: float, order_lots: int, horizon_s: float
) -> tuple[float, float]:
    """Return the half spread, ticks, and the skew, ticks per lot."""
    skew = gamma * sigma * sigma * horizon_s
    return 0.5 * order_lots * skew + unmade(gamma * order_lots, k), skew


@kernel
def fall_back(asmm: Asmm, params: AsmmParams) -> None:
    """Quote by the volatility alone; a full inventory moves the reservation price by one half spread."""
    cal = asmm.calibration
    half = params.vol_spread_factor * cal.sigma
    least = params.min_half_spread_bps * 1e-4 * 0.5 * cal.twice_mid
    set_line(asmm.depths, half, max(half, least) / max(1, params.max_inventory_lots))


@kernel
def fill_depths(asmm: Asmm, params: AsmmParams) -> None:
    """Bring the depths up to what was learnt, or ask for them."""
    cal = asmm.calibration
    if params.model == FIXED:
        set_line(asmm.depths, params.half_spread_ticks, params.skew_ticks_per_lot)
    elif cal.status != FITTED:
        fall_back(asmm, params)
    elif params.model == OWN:
        asmm.asks = 1
    elif params.model == GLFT_EXACT:
        _fill_exact(asmm, params)
    else:
        a, k, gamma, lots = pooled_a(cal), pooled_k(cal), params.risk_aversion, params.order_lots
        if params.model == GLFT:
            half, skew = glft(cal.sigma, a, k, gamma, lots)
        else:
            half, skew = avellaneda_stoikov(cal.sigma, k, gamma, lots, params.horizon_s)
        set_line(asmm.depths, half, skew)


@kernel
def _fill_exact(asmm: Asmm, params: AsmmParams) -> None:
    """Write the finite table: the bid at j orders stands by f_j/f_{j+1}, the ask at −j likewise.

    At the inventory limit no further order is quoted, and the line goes on as before it.
    """
    depths, cal = asmm.depths, asmm.calibration
    lay_table(depths, params.order_lots, params.max_inventory_lots)
    k, x = pooled_k(cal), params.risk_aversion * params.order_lots
    a = 0.5 * k * x * cal.sigma * cal.sigma * tempered(x, k) / pooled_a(cal)
    last, c1 = depths.reach, unmade(x, k)
    log_ratios(a, last, depths.ask)
    for j in range(1, last + 1):
        away, home = c1 + depths.ask[j] / k, c1 - depths.ask[j] / k
        depths.bid[last + j - 1], depths.bid[last - j] = away, home
    depths.bid[2 * last] = 2.0 * depths.bid[2 * last - 1] - depths.bid[2 * last - 2]
    for j in range(2 * last + 1):
        depths.ask[j] = depths.bid[2 * last - j]
