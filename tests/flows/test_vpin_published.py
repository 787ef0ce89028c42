"""Values that others have published for VPIN."""

import math
from fractions import Fraction

import numpy as np
import pytest

from flows.vpin import VPINCalculator


def after(trades: list[tuple[str, float]], **settings: object) -> float:
    """Return VPIN after trades of (side, size) at 100."""
    config = {"tick_size": "0.01", "lot_size": "0.1", "bucket_unit": "base", **settings}
    calculator = VPINCalculator(config)
    for n, (side, size) in enumerate(trades):
        calculator.update_trade({"ts_ns": n, "price": 100.0, "qty": size, "side": side})
    return calculator.get_vpin()


@pytest.mark.parametrize(
    ("trades", "expected"),
    [
        ([("buy", 5.0)] * 4, 1.0),
        ([("buy", 5.0), ("sell", 5.0)] * 2, 0.0),
        ([("sell", 20.0)], 1.0),
        ([("buy", 10.0), ("buy", 5.0), ("sell", 5.0)], 0.5),
    ],
)
def test_what_the_documentation_of_wickra_says_of_two_buckets_of_ten(trades, expected):
    # docs.rs/wickra-core/2.0.0, struct Vpin: pure buying in two buckets is 1, balanced flow 0, and
    # one large trade fills several. The mean of a one-sided and a balanced bucket follows.
    assert after(trades, bucket_size=10, n_buckets=2, min_buckets=2) == expected


@pytest.mark.parametrize("m", [2, 10, 50, 300])
def test_coin_flips_sit_at_de_moivres_mean_distance_and_near_the_root_of_two_over_pi_m(m):
    # De Moivre's mean absolute deviation of m fair coins, in shares of m: C(m, m/2) / 2^m, which
    # Stirling's formula brings to sqrt(2 / (pi m)).
    exact = Fraction(math.comb(m, m // 2), 2**m)
    assert float(exact) == pytest.approx(math.sqrt(2 / (math.pi * m)), rel=1 / (3 * m))
    n_buckets = 1000
    flips = np.random.default_rng(m).integers(0, 2, m * n_buckets)
    sides = [("buy", 0.1) if flip else ("sell", 0.1) for flip in flips.tolist()]
    value = after(sides, bucket_size=m / 10, n_buckets=n_buckets, min_buckets=n_buckets)
    # The standard deviation of |B - S| / m in one bucket is sqrt(1/m - exact²); four standard errors.
    assert abs(value - exact) < 4 * math.sqrt((1 / m - exact**2) / n_buckets)
