"""Volume-synchronised probability of informed trading (VPIN), row by row.

Easley, López de Prado and O'Hara (2012), "Flow Toxicity and Liquidity in a
High-Frequency World", Review of Financial Studies 25(5). Volumes are integers
(lots, or ticks × lots), so the result does not depend on how trades are cut.
"""

from operators.bars import end_bar, gather
from operators.buckets import net_imbalance, note_volume, pour, sample_mid, value_of
from operators.classify import on_best, side_of
from operators.kernel import Cell, Table, kernel
from operators.rows import BEST, CLOCK, LAST, LEVEL, TRADE, Row, Rows, settles
from operators.toxicity import (
    ADV,
    AGGRESSOR,
    BVC,
    DISABLED,
    INVALID_FLAG,
    LOW_VOLUME,
    OK,
    STALE,
    VOL_REGIME,
    WARMING,
    WHOLE,
    Reading,
    Vpin,
    VpinParams,
)


@kernel
def on_row(vpin: Vpin, params: VpinParams, row: Row) -> None:
    """Take in one fact; only trades, best prices and the passing of time mean anything."""
    kind = row.kind
    if kind == LEVEL and (row.marks & LAST) == 0:
        return
    if kind <= CLOCK:
        pass_time(vpin, params, row.ts_recv)
    if kind == TRADE:
        on_trade(vpin, params, row)
    elif kind == BEST:
        on_best(vpin, row)
    if params.max_lag_us > 0 and kind < CLOCK:
        vpin.late = 1 if row.lag_us > params.max_lag_us else 0
        vpin.n_late += vpin.late


@kernel
def pass_time(vpin: Vpin, params: VpinParams, ts_ns: int) -> None:
    """End what time ends: a step of the grid that mids are sampled on, a bar."""
    if params.bucket_mode == VOL_REGIME:
        sample_mid(vpin, ts_ns)
    if params.classifier == BVC:
        end_bar(vpin, params, ts_ns)


@kernel
def on_trade(vpin: Vpin, params: VpinParams, row: Row) -> None:
    """Pour a trade into buckets, unless its id was seen before or it is worth nothing."""
    if row.id != 0:
        if row.id <= vpin.last_id:
            vpin.n_duplicates += 1
            return
        vpin.last_id = row.id
    steps = row.size_lots
    if params.quote_unit != 0:
        steps = row.size_lots * row.price_ticks
    if steps <= 0 or row.price_ticks <= 0:
        return
    vpin.n_trades += 1
    if params.bucket_mode == ADV:
        note_volume(vpin, params, steps, row.ts_recv)
    if params.classifier == BVC:
        gather(vpin, row.price_ticks, steps)
    else:
        side = side_of(vpin, params, row)
        pour(vpin, params, WHOLE if side > 0 else 0, steps, row.ts_recv)


@kernel
def status_of(vpin: Vpin, params: VpinParams) -> int:
    """Say whether the value may be acted on, and why not."""
    if params.enabled == 0:
        return DISABLED
    if vpin.n_closed < params.min_buckets or vpin.n_closed == 0:
        return WARMING
    if vpin.total_steps < params.vol_threshold_steps:
        return LOW_VOLUME
    if vpin.late != 0:
        return STALE
    if vpin.broken != 0 and params.classifier == AGGRESSOR:
        return INVALID_FLAG
    return OK


@kernel
def counts(reading: Reading) -> bool:
    """Say whether quotes follow the value; a broken flag has the tick rule in its place, and counts."""
    return reading.status in (OK, INVALID_FLAG)


@kernel
def read(vpin: Vpin, params: VpinParams, reading: Reading) -> None:
    """Write the value, its level and the signed imbalance."""
    reading.status = status_of(vpin, params)
    reading.n_closed, reading.n_trades = vpin.n_closed, vpin.n_trades
    reading.net_imbalance = net_imbalance(vpin, params)
    if reading.status in (DISABLED, WARMING, LOW_VOLUME):
        reading.value = reading.level = params.fallback
        return
    reading.value = reading.level = value_of(vpin, params)
    if params.cdf != 0 and vpin.n_values >= params.cdf_min:
        reading.level = vpin.level


@kernel
def vpin_on_frame(cell: Cell[Vpin], setup: Cell[VpinParams], rows: Rows, readings: Table[Reading]) -> None:
    """Take each row in; after each that settles, write what flow looks like."""
    vpin, params = cell[0], setup[0]
    for n in range(len(rows)):
        row = rows[n]
        on_row(vpin, params, row)
        if settles(row):
            read(vpin, params, readings[n])


def dominant_share(value: float) -> float:
    """Return the share of the larger side: 0.8 for 80 % buys.

    >>> dominant_share(0.6)
    0.8
    """
    return (1.0 + value) / 2.0
