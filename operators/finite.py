"""Optimal quotes where inventory is bounded: the exact solution behind the closed form.

Guéant, Lehalle and Fernandez-Tapia (2013), "Dealing with the Inventory Risk: A Solution to the
Market Making Problem", Mathematics and Financial Economics 7(4): far from the horizon, quotes
follow from the lowest eigenvector f of the matrix with α·j² on its diagonal and −η beside it,
j = −Q..Q in orders, α = k·x·σ²/2, η = A·(1 + x/k)^−(1 + k/x) and x = γ·Δ.

The eigenvector falls by hundreds of decimal orders towards its ends, where one computed in doubles
is noise. So it is never formed: only s_j = f_{j−1}/f_j − 1, from the end inwards, in units of η
above −2η, where small differences keep their digits.
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from operators.kernel import kernel

HALVINGS: Final = 200


@kernel
def unmade(gamma_lot: float, k: float) -> float:
    """Return ln(1 + x/k)/x, what is quoted even without any risk; 1/k as x → 0."""
    if gamma_lot < 1e-9 * k:
        return 1.0 / k
    return math.log1p(gamma_lot / k) / gamma_lot


@kernel
def tempered(gamma_lot: float, k: float) -> float:
    """Return (1 + x/k)^(1 + k/x); e as x → 0."""
    return math.exp((gamma_lot + k) * unmade(gamma_lot, k))


@kernel
def _gap(a: float, level: float, j: int, beyond: float) -> float:
    """Return s_j from 1 − 1/(1 + s_{j+1}); beyond the last it is 1."""
    return a * j * j - level + beyond


@kernel
def _first_drop(a: float, level: float, last: int) -> float:
    """Return 1 − f_1/f_0 for a trial eigenvalue, or −1 where that lies too high."""
    drop = 1.0
    for j in range(last, 0, -1):
        gap = _gap(a, level, j, drop)
        if gap <= -1.0:
            return -1.0
        drop = gap / (1.0 + gap)
    return drop


@kernel
def lowest(a: float, last: int) -> float:
    """Return the lowest eigenvalue above −2η, in η, for a = α/η: where it is twice the first drop."""
    low, high = 0.0, 2.0
    for _ in range(HALVINGS):
        level = 0.5 * (low + high)
        if level in (low, high):
            break
        if level < 2.0 * _first_drop(a, level, last):
            low = level
        else:
            high = level
    return 0.5 * (low + high)


@kernel
def log_ratios(a: float, last: int, out: NDArray[np.float64]) -> None:
    """Write ln(f_{j−1}/f_j) to `out[j]`, j = 1..`last`."""
    level, drop = lowest(a, last), 1.0
    for j in range(last, 0, -1):
        gap = _gap(a, level, j, drop)
        out[j] = math.log1p(gap)
        drop = gap / (1.0 + gap)
