"""A configuration run for a notebook: orders, fills and figures as polars frames."""

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import polars as pl

from connectors.journal import LOGS
from flows.driver import run
from flows.market import program

Schema = dict[str, type[pl.DataType]]
ORDERS: Schema = {"ts": pl.Int64} | dict.fromkeys(("symbol", "op", "id", "side", "price", "size"), pl.String)
FILLS: Schema = (
    {"ts": pl.Int64}
    | dict.fromkeys(("symbol", "id", "side", "price", "size", "fee"), pl.String)
    | {"maker": pl.Boolean, "position": pl.String}
)
LETTERS: Schema = {"ts": pl.Int64} | dict.fromkeys(("symbol", "reason", "where", "text"), pl.String)


class Frames(NamedTuple):
    """What a run did. Prices, sizes and fees are decimal strings, exactly as logged; `ts` is in ns."""

    orders: pl.DataFrame
    fills: pl.DataFrame
    dead_letters: pl.DataFrame
    figures: pl.DataFrame
    """One row per symbol: the fields of `summary.json`."""


def frames(config: str | Path, overrides: Sequence[str] = (), driver: str = "research") -> Frames:
    """Run a configuration in a directory that is gone afterwards, and return what it did.

    Raises:
        ConfigError: something in the configuration is wrong.
        SourceError: a recording is missing or unusable.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = run(program(Path(config), overrides, Path(folder) / "run"), driver)
        orders, fills, letters = (out / f"{log}.jsonl" for log in LOGS)
        return Frames(_log(orders, ORDERS), _log(fills, FILLS), _log(letters, LETTERS), _figures(out))


def _log(path: Path, schema: Schema) -> pl.DataFrame:
    return pl.read_ndjson(path, schema=schema) if path.stat().st_size else pl.DataFrame(schema=schema)


def _figures(out: Path) -> pl.DataFrame:
    symbols = json.loads((out / "summary.json").read_text())["symbols"]
    return pl.DataFrame([{"symbol": symbol, **figures} for symbol, figures in symbols.items()])
