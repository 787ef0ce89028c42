"""VPIN over columns of trades, as files and data frames hold them: arrays in, a value per trade out.

Columns hold no quotes, trade ids or lateness: what goes by a mid has the tick rule in its
place, and nothing is a duplicate or stale.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from operators.kernel import Cell, kernel
from operators.rows import LAST, LIMIT, NOTIONAL_LIMIT, TRADE, Row
from operators.toxicity import Reading, Vpin, VpinParams
from operators.vpin import on_row, read


class Columns(NamedTuple):
    """Trades of one symbol, oldest first: `int64` arrays of one length."""

    ts_ns: NDArray[np.int64]
    price_ticks: NDArray[np.int64]
    size_lots: NDArray[np.int64]
    side: NDArray[np.int64]
    """Of the aggressor: BUY, SELL, or 0 where the venue does not say."""


def vpin_of_columns(
    setup: Cell[VpinParams], columns: Columns, vpin: Cell[Vpin] | None = None
) -> tuple[NDArray[np.float64], int]:
    """Return the value after each trade, and how many trades were refused: those repeat the value before.

    The value is the fallback while there are too few buckets. Given a `vpin`, it goes on from
    there, so a long tape may come in pieces.

    Raises:
        ValueError: the columns differ in length, or hold something else than whole numbers.

    >>> flat = np.full(3, 100)
    >>> setup = VpinParams.cell(enabled=1, bucket_steps=10, n_buckets=50, min_buckets=1, fallback=0.5)
    >>> columns = Columns(np.arange(3), flat, np.array([6, 2, 2]), np.array([1, 1, -1]))
    >>> vpin_of_columns(setup, columns)
    (array([0.5, 0.5, 0.6]), 0)
    """
    plain = _plain(columns)
    values = np.empty(len(plain.side))
    vpin = Vpin.cell() if vpin is None else vpin
    return values, vpin_on_columns(vpin, setup, plain, Row.cell(), Reading.cell(), values)


def _plain(columns: Columns) -> Columns:
    """Return the columns as kernels read them; what is there already is not copied."""
    arrays = {name: np.asarray(column) for name, column in columns._asdict().items()}
    for name, array in arrays.items():
        if array.dtype.kind not in "iu" or array.ndim != 1:
            raise ValueError(f"{name} must be whole numbers in one dimension, was {array.dtype}{array.shape}")
    lengths = {name: len(array) for name, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"columns of trades must have one length, but had {lengths}")
    return Columns(*(np.ascontiguousarray(array, np.int64) for array in arrays.values()))


@kernel
def vpin_on_columns(
    cell: Cell[Vpin],
    setup: Cell[VpinParams],
    columns: Columns,
    one: Cell[Row],
    last: Cell[Reading],
    values: NDArray[np.float64],
) -> int:
    """Pour each trade as the row that it would be; `one` and `last` are room to do so."""
    vpin, params, row, reading = cell[0], setup[0], one[0], last[0]
    row.kind, row.marks = TRADE, LAST
    # Otherwise the value only moves when a bucket closes.
    always = params.weighted != 0 or params.vol_threshold_steps > 0
    n_refused = 0
    read(vpin, params, reading)
    for n in range(len(values)):
        row.price_ticks, row.size_lots = columns.price_ticks[n], columns.size_lots[n]
        if sound(row.price_ticks, row.size_lots, columns.side[n]):
            row.ts_event = row.ts_recv = columns.ts_ns[n]
            row.side = int(columns.side[n])
            on_row(vpin, params, row)
        else:
            n_refused += 1
        if always or vpin.n_closed != reading.n_closed:
            read(vpin, params, reading)
        values[n] = reading.value
    return n_refused


@kernel
def sound(price_ticks: int, size_lots: int, side: int) -> bool:
    """Say whether a trade is worth something, no more than 64 bits can sum, and has a side that there is."""
    if not (0 < price_ticks < LIMIT and 0 < size_lots < LIMIT and -1 <= side <= 1):
        return False
    return float(price_ticks) * float(size_lots) < NOTIONAL_LIMIT
