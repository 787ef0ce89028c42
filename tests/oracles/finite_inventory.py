"""The finite-inventory quotes from the whole matrix and its eigenvector, in many decimal digits."""

from decimal import Decimal, localcontext
from itertools import pairwise


def depths(sigma: str, a: str, k: str, x: str, last: int, digits: int = 120) -> list[float]:
    """Return the bid's depths at −last..last−1 orders, all parameters as decimal texts."""
    with localcontext() as context:
        context.prec = digits
        s, intensity, decay, risk = (Decimal(text) for text in (sigma, a, k, x))
        alpha = decay * risk * s * s / 2
        eta = intensity * ((1 + decay / risk) * -(1 + risk / decay).ln()).exp()
        diagonal = [alpha * j * j for j in range(-last, last + 1)]
        vector = _eigenvector(diagonal, eta, _lowest(diagonal, eta, digits), digits)
        unmade = (1 + risk / decay).ln() / risk
        return [float(unmade + (here / there).ln() / decay) for here, there in pairwise(vector)]


def _lowest(diagonal: list[Decimal], eta: Decimal, digits: int) -> Decimal:
    """Halve an interval by the number of negative pivots (Sturm)."""
    low, high = -2 * eta, Decimal(0)
    for _ in range(int(digits * 3.4)):
        middle = (low + high) / 2
        if _is_below(diagonal, eta, middle):
            low = middle
        else:
            high = middle
    return low


def _is_below(diagonal: list[Decimal], eta: Decimal, level: Decimal) -> bool:
    pivot = diagonal[0] - level
    for value in diagonal[1:]:
        if pivot <= 0:
            return False
        pivot = value - level - eta * eta / pivot
    return pivot > 0


def _eigenvector(diagonal: list[Decimal], eta: Decimal, level: Decimal, digits: int) -> list[Decimal]:
    """Solve (H − level)·new = old five times, a hair below the eigenvalue."""
    vector = [Decimal(1)] * len(diagonal)
    hair = eta * Decimal(10) ** -(digits // 2)
    for _ in range(5):
        pivots, right = [diagonal[0] - level + hair], [vector[0]]
        for value, old in zip(diagonal[1:], vector[1:], strict=True):
            right.append(old + eta * right[-1] / pivots[-1])
            pivots.append(value - level + hair - eta * eta / pivots[-1])
        vector[-1] = right[-1] / pivots[-1]
        for i in range(len(vector) - 2, -1, -1):
            vector[i] = (right[i] + eta * vector[i + 1]) / pivots[i]
        scale = max(vector)
        vector = [each / scale for each in vector]
    return vector
