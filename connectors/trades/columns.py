"""Columns of text or numbers as whole numbers, floats and sides; what cannot be read is marked."""

from typing import Final, NamedTuple, cast

import numpy as np
import polars as pl

from connectors.recorded.grid import Floats, Steps
from connectors.trades.stretch import Marked

BLANK: Final = ' \t\r"'
SIDES: Final = {
    **dict.fromkeys(("buy", "b", "1", "+1", "1.0"), 1),
    **dict.fromkeys(("sell", "s", "-1", "-1.0"), -1),
    **dict.fromkeys(("", "0", "0.0", "nan", "none", "null", "unknown"), 0),
}
"""What a side may be called, in any case; an empty one is not known."""
NO_SIDE: Final = 2
EXACT: Final = 2.0**53


class Read(NamedTuple):
    """A column: values, with 0 where there is none, and why there is none."""

    values: Steps
    missing: Marked
    wrong: Marked


class Measured(NamedTuple):
    """A column of floats, 0 where there is none."""

    values: Floats
    missing: Marked
    wrong: Marked


def measures(column: pl.Series) -> Measured:
    """Read decimal numbers."""
    column, missing = _trimmed(column)
    values = column.cast(pl.Float64, strict=False)
    wrong = _array(values.is_null()) & ~missing
    return Measured(values.fill_null(0.0).to_numpy(), missing, wrong)


def wholes(column: pl.Series) -> Read:
    """Read whole numbers, or times as nanoseconds.

    >>> wholes(pl.Series(["17", "17.0", "1.5", ""])).values.tolist()
    [17, 17, 0, 0]
    """
    column, missing = _trimmed(column)
    if column.dtype == pl.Datetime:
        column = column.cast(pl.Datetime("ns")).to_physical()
    values = column.cast(pl.Int64, strict=False)
    if column.dtype.is_float() or column.dtype.is_decimal() or values.null_count() > missing.sum():
        values = values.to_frame("whole").select(_whole_floats(column, values)).to_series()
    wrong = _array(values.is_null()) & ~missing
    return Read(values.fill_null(0).to_numpy().astype(np.int64), missing, wrong)


def sides(column: pl.Series) -> Read:
    """Read aggressors: 1, -1, or 0 where it is not known.

    >>> sides(pl.Series(["buy", "S", "-1", "", "up"])).values.tolist()
    [1, -1, -1, 0, 0]
    """
    if column.dtype.is_numeric():
        given = column.cast(pl.Float64).fill_nan(0.0).fill_null(0.0).to_numpy()
        wrong = ~np.isin(given, (-1.0, 0.0, 1.0))
        values = np.where(wrong, 0, given).astype(np.int64)
    else:
        text, _ = _trimmed(column.cast(pl.String))
        named = text.fill_null("").str.to_lowercase()
        values = named.replace_strict(SIDES, default=NO_SIDE, return_dtype=pl.Int64).to_numpy()
        wrong = values == NO_SIDE
        values = np.where(wrong, 0, values)
    return Read(values, np.zeros(len(values), np.bool_), wrong)


def _trimmed(column: pl.Series) -> tuple[pl.Series, Marked]:
    """Return text without blanks and quotes around it, and which entries say nothing."""
    if column.dtype in (pl.Categorical, pl.Enum):
        column = column.cast(pl.String)
    missing = _array(column.is_null())
    if column.dtype == pl.String:
        column = column.str.strip_chars(BLANK)
        missing |= _array((column == "").fill_null(value=False))
    return column, missing


def _whole_floats(column: pl.Series, values: pl.Series) -> pl.Series:
    floats = column.cast(pl.Float64, strict=False)
    whole = (floats == floats.round()) & (floats.abs() < EXACT)
    kept = floats.set(~whole.fill_null(value=False), None).cast(pl.Int64, strict=False)
    return values.fill_null(kept) if column.dtype == pl.String else kept


def _array(series: pl.Series) -> Marked:
    return cast("Marked", series.to_numpy().astype(np.bool_))
