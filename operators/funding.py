"""Funding: a payment at a known instant, and how quotes lean before it.

Who is long at the settlement pays f·S for each unit held, or is paid where f < 0. As a drift that
is nothing; as a jump it is as large as a half spread: 0.01 % of 61,724 is 62 ticks. Inventory held
at τ before the settlement is still held then with a chance of about exp(−τ/h), h being how long
inventory is held, so it is worth b·f·S·exp(−τ/h) less: both quotes move by that much.
"""

import math
from typing import Final

from operators.kernel import Record, kernel
from operators.rows import Row

STALE_NS: Final = 10_000_000_000
RATE: Final = 1e-8


class FundingParams(Record):
    """How far quotes lean before a settlement."""

    bias: float
    """b: 1 believes in the whole payment; 0 is not at all."""
    horizon_s: float
    """h; 0: no settlement is ever near."""
    max_fraction: float
    """Of the half spread, that quotes move at most."""


class Funding(Record):
    """What the mark price stream said last."""

    rate_e8: int
    next_ns: int
    """Of the settlement; 0 while unknown."""
    heard_ns: int


@kernel
def on_mark(funding: Funding, row: Row) -> None:
    """Learn the predicted rate and when it is settled."""
    funding.rate_e8, funding.next_ns, funding.heard_ns = row.size_lots, row.id, row.ts_recv


@kernel
def nearness(funding: Funding, params: FundingParams, ts_ns: int) -> float:
    """Return exp(−τ/h); 0 where the stream is silent, and where the settlement is unknown or over."""
    if funding.next_ns <= ts_ns or ts_ns - funding.heard_ns > STALE_NS or params.horizon_s <= 0.0:
        return 0.0
    return math.exp(-1e-9 * (funding.next_ns - ts_ns) / params.horizon_s)


@kernel
def bias_ticks(
    funding: Funding, params: FundingParams, near: float, fair_ticks: float, half_ticks: float
) -> float:
    """Return how far the coming payment moves both quotes: down where the long pay."""
    most = params.max_fraction * half_ticks
    payment = params.bias * (RATE * funding.rate_e8) * fair_ticks * near
    return -min(max(payment, -most), most)


@kernel
def pays(funding: Funding, inventory_lots: int) -> bool:
    """Say whether this inventory pays at the settlement, rather than being paid."""
    return (inventory_lots > 0 and funding.rate_e8 > 0) or (inventory_lots < 0 and funding.rate_e8 < 0)
