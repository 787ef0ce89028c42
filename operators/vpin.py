"""Volume-synchronised probability of informed trading (VPIN).

Easley, López de Prado and O'Hara (2012), "Flow Toxicity and Liquidity in a
High-Frequency World", Review of Financial Studies 25(5).

Volumes are integers (lots, or ticks × lots), so a bucket closes exactly where it
should, however its trades are cut.
"""

from typing import Annotated, Final

import numpy as np
from numpy.typing import NDArray

from operators.kernel import Cell, Record, Table, kernel
from operators.rows import BUY, SELL, TRADE, Row, Rows, settles

MOST_BUCKETS: Final = 1000
MOST_STEPS: Final = 1 << 62
"""The volume of a run is counted up to here, and one more trade."""

DISABLED: Final = 0
WARMING: Final = 1
LOW_VOLUME: Final = 2
OK: Final = 3

MEAN_ABS: Final = 0
NET: Final = 1


class VpinParams(Record):
    """How traded volume is cut into buckets, and when the value means something."""

    enabled: int
    bucket_steps: int
    n_buckets: int
    min_buckets: int
    vol_threshold_steps: int
    quote_unit: int
    """1: a step is one tick times one lot; 0: a lot."""
    estimator: int
    fallback: float


class Vpin(Record):
    """The last buckets' signed imbalance, the bucket being filled, and their sums."""

    open_buy: int
    open_sell: int
    n_closed: int
    sum_abs: int
    sum_net: int
    total_steps: int
    last_price_ticks: int
    last_side: int
    last_id: int
    n_duplicates: int
    imbalance: Annotated[NDArray[np.int64], np.int64, (MOST_BUCKETS,)]


class Reading(Record):
    """What flow looks like after a row."""

    value: float
    """VPIN in 0..1, or the fallback while not ready."""
    net_imbalance: float
    """Signed (buys - sells) / volume of the window, -1..1."""
    n_closed: int
    status: int


@kernel
def side_of(vpin: Vpin, row: Row) -> int:
    """Return the aggressor: the venue's flag, else the tick rule (a first trade counts as a buy)."""
    side = int(row.side)
    if side == 0:
        if row.price_ticks > vpin.last_price_ticks:
            side = BUY
        elif row.price_ticks < vpin.last_price_ticks:
            side = SELL
        else:
            side = vpin.last_side
    return BUY if side >= 0 else SELL


@kernel
def on_trade(vpin: Vpin, params: VpinParams, row: Row) -> None:
    """Pour a trade into buckets, unless its id was seen before."""
    if row.id != 0:
        if row.id <= vpin.last_id:
            vpin.n_duplicates += 1
            return
        vpin.last_id = row.id
    side = side_of(vpin, row)
    vpin.last_price_ticks = row.price_ticks
    vpin.last_side = side
    steps = row.size_lots
    if params.quote_unit != 0:
        steps = row.size_lots * row.price_ticks
    pour(vpin, params, side, steps)


@kernel
def pour(vpin: Vpin, params: VpinParams, side: int, steps: int) -> None:
    """Fill buckets of equal volume with one side, splitting it where one is full.

    A trade that fills more buckets than the window holds skips those that it would overwrite itself.
    """
    vpin.total_steps = min(vpin.total_steps + steps, MOST_STEPS)
    room = params.bucket_steps - vpin.open_buy - vpin.open_sell
    while steps >= room:
        _add(vpin, side, room)
        steps -= room
        _close_bucket(vpin, params)
        room = params.bucket_steps
        spare = steps // room - params.n_buckets
        if spare > 0:
            vpin.n_closed += spare
            steps -= spare * room
    _add(vpin, side, steps)


@kernel
def _add(vpin: Vpin, side: int, steps: int) -> None:
    if side > 0:
        vpin.open_buy += steps
    else:
        vpin.open_sell += steps


@kernel
def _close_bucket(vpin: Vpin, params: VpinParams) -> None:
    slot = vpin.n_closed % params.n_buckets
    oldest = vpin.imbalance[slot]
    newest = vpin.open_buy - vpin.open_sell
    vpin.sum_abs += abs(newest) - abs(oldest)
    vpin.sum_net += newest - oldest
    vpin.imbalance[slot] = newest
    vpin.open_buy = vpin.open_sell = 0
    vpin.n_closed += 1


@kernel
def status_of(vpin: Vpin, params: VpinParams) -> int:
    """Say whether the value may be acted on (`OK`), and why not."""
    if params.enabled == 0:
        return DISABLED
    if vpin.n_closed < params.min_buckets or vpin.n_closed == 0:
        return WARMING
    if vpin.total_steps < params.vol_threshold_steps:
        return LOW_VOLUME
    return OK


@kernel
def read(vpin: Vpin, params: VpinParams, reading: Reading) -> None:
    """Write VPIN: Σ|B − S| / (k·V), or |ΣB − ΣS| / (k·V), over the k closed buckets."""
    reading.status = status_of(vpin, params)
    reading.n_closed = vpin.n_closed
    volume = float(min(vpin.n_closed, params.n_buckets)) * params.bucket_steps
    reading.net_imbalance = vpin.sum_net / volume if volume > 0.0 else 0.0
    if reading.status != OK:
        reading.value = params.fallback
    elif params.estimator == NET:
        reading.value = abs(reading.net_imbalance)
    else:
        reading.value = vpin.sum_abs / volume


@kernel
def vpin_on_frame(cell: Cell[Vpin], setup: Cell[VpinParams], rows: Rows, readings: Table[Reading]) -> None:
    """Fold each trade in; after each row that settles, write what flow looks like."""
    vpin, params = cell[0], setup[0]
    for n in range(len(rows)):
        row = rows[n]
        if row.kind == TRADE:
            on_trade(vpin, params, row)
        if settles(row):
            read(vpin, params, readings[n])
