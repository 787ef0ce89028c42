"""A run's tables as CSV: figures, markouts, samples and fills, for spreadsheets."""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from flows.reporting.logs import DAMAGE
from flows.reporting.numbers import at
from flows.reporting.reading import Run
from flows.reporting.series import Grid, Series
from operators.errors import RunDirectoryError

PRICES: Final = ("mid", "low_mid", "high_mid", "best_bid", "best_ask", "bid", "ask")
SIZES: Final = ("position", "low_position", "high_position")
WHOLE: Final = (
    *("ts_ns", "n_intervals", "vpin_status", "buckets", "fills", "accepted", "filled"),
    *("bid_live", "ask_live", "both_live", "no_book", "paused", "reducing", "halted"),
)
DIGITS: Final = 9
"""Of everything else."""
FILLS: Final = ("ts", "symbol", "id", "side", "price", "size", "fee", "maker", "position")


def write_tables(run: Run, folder: Path) -> None:
    """Write `summary.csv`, `markouts.csv`, `samples.csv` and `fills.csv` into a folder.

    Raises:
        RunDirectoryError: they cannot be written, or what the run left is damaged.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder / "summary.csv", _summary(run))
        _write(folder / "markouts.csv", _markouts(run))
        _write_samples(run, folder / "samples.csv")
        _write(folder / "fills.csv", _fills(run))
    except OSError as error:
        raise RunDirectoryError(f"{folder} cannot be written: {error.strerror}") from None
    except DAMAGE as error:
        raise RunDirectoryError(f"{run.path} does not hold what a run writes: {error}") from None


def _write(path: Path, rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def _summary(run: Run) -> Iterator[list[object]]:
    """A line per symbol; nested figures are named by their path, as in the documentation of the summary."""
    flat = {name: dict(_leaves(symbol.figures)) for name, symbol in run.symbols.items()}
    columns = list(dict.fromkeys(path for figures in flat.values() for path in figures))
    yield ["symbol", *(".".join(path) for path in columns)]
    for name, figures in flat.items():
        yield [name, *(figures.get(path, "") for path in columns)]


def _leaves(
    tree: Mapping[str, Any], before: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], object]]:
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, (*before, key))
        elif isinstance(value, list):
            yield from (((*before, key, str(n)), each) for n, each in enumerate(value))
        else:
            yield (*before, key), value


def _markouts(run: Run) -> Iterator[list[object]]:
    yield [
        "symbol",
        "after",
        "fills",
        "negative",
        "mean_bps",
        "low_bps",
        "high_bps",
        "pnl",
        "size",
        "waiting",
        "lost",
    ]
    for name, symbol in run.symbols.items():
        for after, each in (at(symbol.figures, ["markouts"]) or {}).items():
            low, high = each["ci95_bps"] or ("", "")
            rest = [each[key] for key in ("pnl", "size", "waiting", "lost")]
            yield [name, after, each["fills"], each["negative"], each["mean_bps"], low, high, *rest]


def _write_samples(run: Run, path: Path) -> None:
    """A day of eight symbols is 25 million cells: Polars writes them in a second."""
    import polars as pl  # noqa: PLC0415 - only where samples are written

    drawn = [(name, each.series, each.grid) for name, each in run.symbols.items()]
    parts = [
        pl.DataFrame({"symbol": [name] * len(series["ts_ns"]), **_columns(series, grid)})
        for name, series, grid in drawn
        if series is not None and grid is not None
    ]
    if parts:
        pl.concat(parts).fill_nan(None).write_csv(path)
    else:
        path.write_text("symbol\n", encoding="utf-8")


def _columns(series: Series, grid: Grid) -> Series:
    digits = dict.fromkeys(PRICES, grid.price_digits) | dict.fromkeys(SIZES, grid.size_digits)
    return {
        name: column.astype(np.int64) if name in WHOLE else np.round(column, digits.get(name, DIGITS))
        for name, column in series.items()
    }


def _fills(run: Run) -> Iterator[list[object]]:
    import msgspec  # noqa: PLC0415 - only where fills are written

    yield list(FILLS)
    path = run.path / "fills.jsonl"
    if path.is_file():
        with path.open("rb") as file:
            for line in file:
                fill = msgspec.json.decode(line)
                yield [fill.get(key, "") for key in FILLS]
