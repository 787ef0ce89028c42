"""A seeded tape of trades, and the exact VPIN after each of them.

Lots are whole numbers with a heavy tail, so that one trade in a hundred fills more than a bucket;
prices walk by a tick; sides persist. The series is counted in whole numbers and divided once, so
each value is the float next to the exact one.
"""

from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from operators.rows import LAST, TRADE, Row, Rows

N = 1_000_000
BUCKET_LOTS = 40
N_BUCKETS = 50
SEED = 7
CHECKED = 2000


class Tape(NamedTuple):
    ts_ns: NDArray[np.int64]
    price_ticks: NDArray[np.int64]
    size_lots: NDArray[np.int64]
    side: NDArray[np.int64]
    exact: NDArray[np.float64]
    """VPIN after each trade, over what buckets there are; NaN before the first."""
    n_closed: NDArray[np.int64]


def make_tape(n: int = N) -> Tape:
    rng = np.random.default_rng(SEED)
    ts_ns = np.arange(1, n + 1) * 1_000_000
    steps = rng.integers(-1, 2, n)
    steps[1] = 1  # flowrisk knows no volatility of 0, which two equal first prices have
    lots = np.minimum(1 + 2 * rng.pareto(1.5, n), 2000).astype(np.int64)
    side = np.where(np.cumsum(rng.random(n) < 0.4) % 2 == 0, 1, -1)
    exact, n_closed = exact_series(lots, side)
    np.testing.assert_array_equal(exact[:CHECKED], lot_by_lot(lots[:CHECKED], side[:CHECKED]))
    return Tape(ts_ns, 30_000 + np.cumsum(steps), lots, side, exact, n_closed)


def rows_of(tape: Tape) -> Rows:
    rows = Row.table(len(tape.side))
    plain: Any = np.asarray(rows)
    plain["kind"], plain["marks"] = TRADE, LAST
    plain["ts_event"] = plain["ts_recv"] = tape.ts_ns
    plain["price_ticks"], plain["size_lots"], plain["side"] = tape.price_ticks, tape.size_lots, tape.side
    return rows


def exact_series(
    lots: NDArray[np.int64], side: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return Σ|B − S| / (k·V) after each trade, and how many buckets were closed by then."""
    traded, signed = np.cumsum(lots), np.cumsum(lots * side)
    edges = np.arange(BUCKET_LOTS, traded[-1] + 1, BUCKET_LOTS)
    filling = np.searchsorted(traded, edges)
    at_edge = signed[filling] - side[filling] * (traded[filling] - edges)
    above = np.cumsum(np.abs(np.diff(at_edge, prepend=0)))
    window = above.copy()
    window[N_BUCKETS:] -= above[:-N_BUCKETS]
    values = window / (np.minimum(np.arange(1, len(edges) + 1), N_BUCKETS) * BUCKET_LOTS)
    n_closed = traded // BUCKET_LOTS
    return np.concatenate([[np.nan], values])[n_closed], n_closed


def lot_by_lot(lots: NDArray[np.int64], side: NDArray[np.int64]) -> list[float]:
    """Return the same, in fractions, from every lot there ever was."""
    values, imbalances, filling = [], [], []
    for size, sign in zip(lots.tolist(), side.tolist(), strict=True):
        filling += [sign] * size
        while len(filling) >= BUCKET_LOTS:
            imbalances.append(abs(sum(filling[:BUCKET_LOTS])))
            del filling[:BUCKET_LOTS]
        window = imbalances[-N_BUCKETS:]
        values.append(float(Fraction(sum(window), len(window) * BUCKET_LOTS)) if window else np.nan)
    return values
