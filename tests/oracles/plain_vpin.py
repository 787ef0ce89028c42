"""VPIN in fractions, one step of volume after another, from every bucket there ever was."""

from collections.abc import Sequence
from fractions import Fraction


def buckets_of(trades: Sequence[tuple[int, int]], bucket_steps: int) -> list[int]:
    """Return the signed imbalance of each full bucket of (side, steps) trades."""
    units = [side for side, steps in trades for _ in range(steps)]
    n = len(units) // bucket_steps
    return [sum(units[i * bucket_steps : (i + 1) * bucket_steps]) for i in range(n)]


def mean_abs(imbalances: Sequence[int], n_buckets: int, bucket_steps: int) -> Fraction:
    """Return Σ|B − S| / (k·V) over the last `n_buckets`; 0 without any."""
    window = imbalances[-n_buckets:]
    return Fraction(sum(map(abs, window)), max(1, len(window)) * bucket_steps)


def net(imbalances: Sequence[int], n_buckets: int, bucket_steps: int) -> Fraction:
    """Return Σ(B − S) / (k·V) over the last `n_buckets`; 0 without any."""
    window = imbalances[-n_buckets:]
    return Fraction(sum(window), max(1, len(window)) * bucket_steps)
