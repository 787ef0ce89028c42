"""Random draws that are the same bits everywhere, compiled or interpreted.

Only additions, products, divisions and square roots are used: IEEE 754 rounds
these in one way, while `log`, `exp` and `cos` differ between mathematical
libraries. Integers stay far below 2^63, so nothing wraps around.
"""

import hashlib
from math import sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

from operators.kernel import kernel

Draws = NDArray[np.int64]
"""The two words of one generator."""

FIRST_MODULUS: Final = 2_147_483_563
SECOND_MODULUS: Final = 2_147_483_399
LN_2: Final = 0.6931471805599453

HEAVY_CAP: Final = 50.0
HEAVY_MEAN: Final = 8 / 3 - 0.15939
"""Mean of `heavy`: the Pareto mean a/(a−1), less c^(1−a)/(a−1) for what the cap takes away."""


def seed_words(seed: int, symbol: str) -> tuple[int, int]:
    """Derive a generator's two words, so that a symbol's market does not depend on the others."""
    digest = hashlib.sha256(f"{seed}/{symbol}".encode()).digest()
    first, second = (int.from_bytes(half) for half in (digest[:16], digest[16:]))
    return 1 + first % (FIRST_MODULUS - 1), 1 + second % (SECOND_MODULUS - 1)


@kernel
def uniform(draws: Draws) -> float:
    """Draw from (0, 1), both ends excluded, with a period of 2.3e18.

    L'Ecuyer (1988), "Efficient and Portable Combined Random Number Generators",
    Communications of the ACM 31(6), figure 3.
    """
    draws[0] = draws[0] * 40014 % FIRST_MODULUS
    draws[1] = draws[1] * 40692 % SECOND_MODULUS
    mixed = draws[0] - draws[1]
    if mixed < 1:
        mixed += FIRST_MODULUS - 1
    return float(mixed) / FIRST_MODULUS


@kernel
def log_of(u: float) -> float:
    """Return ln(u) for u in (0, 1], to 1e-7 of its value."""
    halvings = 0
    while u < 0.75:
        u *= 2.0
        halvings += 1
    s = (u - 1.0) / (u + 1.0)
    q = s * s
    series = 1.0 + q * (1.0 / 3.0 + q * (1.0 / 5.0 + q * (1.0 / 7.0 + q / 9.0)))
    return 2.0 * s * series - halvings * LN_2


@kernel
def faded(age: float) -> float:
    """Return about exp(−age): (1 + age/16)^−16, right to age²/32 of its value."""
    y = 1.0 / (1.0 + age / 16.0)
    y *= y
    y *= y
    y *= y
    return y * y


@kernel
def exponential(draws: Draws) -> float:
    """Draw a waiting time with mean 1."""
    return -log_of(uniform(draws))


@kernel
def normal(draws: Draws) -> float:
    """Draw from the standard normal distribution, by Marsaglia's polar method."""
    radius = 0.0
    x = 0.0
    while radius >= 1.0 or radius == 0.0:
        x = 2.0 * uniform(draws) - 1.0
        y = 2.0 * uniform(draws) - 1.0
        radius = x * x + y * y
    return x * sqrt(-2.0 * log_of(radius) / radius)


@kernel
def heavy(draws: Draws) -> float:
    """Draw a Pareto size, tail exponent 8/5, from 1 to `HEAVY_CAP`.

    Trade sizes have tail exponents near 1.5: Gopikrishnan, Plerou, Gabaix and
    Stanley (2000), Physical Review E 62(4). u^(−5/8) needs square roots only.
    """
    root = sqrt(uniform(draws))
    return min(HEAVY_CAP, 1.0 / (root * sqrt(sqrt(root))))


@kernel
def either_side(draws: Draws) -> int:
    """Toss a coin: buy or sell."""
    return 1 if uniform(draws) < 0.5 else -1
