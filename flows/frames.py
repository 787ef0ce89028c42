"""A configuration run for a notebook: orders, fills, readings and figures as polars frames."""

import json
import signal
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

from connectors.run_directory import LOGS
from flows.driver import run
from flows.market import program
from flows.program import Program
from operators.flow import Flow, flow_on_frame
from operators.measure import VpinMeasure
from operators.toxicity import INVALID_FLAG, OK, Reading

Schema = dict[str, type[pl.DataType]]
ORDERS: Schema = {"ts": pl.Int64} | dict.fromkeys(("symbol", "op", "id", "side", "price", "size"), pl.String)
FILLS: Schema = (
    {"ts": pl.Int64}
    | dict.fromkeys(("symbol", "id", "side", "price", "size", "fee"), pl.String)
    | {"maker": pl.Boolean, "position": pl.String}
)
READINGS: Schema = {
    "ts": pl.Int64,
    "symbol": pl.String,
    "vpin": pl.Float64,
    "level": pl.Float64,
    "net_imbalance": pl.Float64,
    "ofi_lots": pl.Float64,
    "queue_imbalance": pl.Float64,
    "microprice_ticks": pl.Float64,
    "trade_imbalance": pl.Float64,
    "buckets": pl.Int64,
    "ready": pl.Boolean,
}
SIGNALS = [name for name, kind in READINGS.items() if kind is pl.Float64]
LIVE: Schema = {"live": pl.Int64}
TRANSITIONS: Schema = (
    {"ts": pl.Int64} | dict.fromkeys(("symbol", "from", "to", "reason", "position"), pl.String) | LIVE
)
LETTERS: Schema = {"ts": pl.Int64} | dict.fromkeys(("symbol", "reason", "where", "text"), pl.String)


class Frames(NamedTuple):
    """What a run did. Prices, sizes and fees are decimal strings, exactly as logged; `ts` is in ns."""

    orders: pl.DataFrame
    fills: pl.DataFrame
    readings: pl.DataFrame
    """VPIN after each trade that closed a bucket, its fallback until it is `ready`, by symbol and `ts`.

    Beside it, which way flow leans then: see `operators/flow.py`.
    """
    dead_letters: pl.DataFrame
    figures: pl.DataFrame
    """One row per symbol: the fields of `summary.json`."""
    transitions: pl.DataFrame
    """Changes of the trading state, with the code that each stands for."""


def frames(config: str | Path, overrides: Sequence[str] = (), driver: str = "research") -> Frames:
    """Run a configuration in a directory that is gone afterwards, and return what it did.

    Raises:
        ConfigError: something in the configuration is wrong.
        SourceError: a recording is missing or unusable.
    """
    with tempfile.TemporaryDirectory() as folder:
        made = program(Path(config), (*overrides, "run.report=false"), Path(folder) / "run")
        with _own_signals():
            out = run(made, driver)
        orders, fills, letters, transitions = (out / f"{log}.jsonl" for log in LOGS)
        return Frames(
            _log(orders, ORDERS),
            _log(fills, FILLS),
            _readings(made),
            _log(letters, LETTERS),
            _figures(out),
            _log(transitions, TRANSITIONS),
        )


@contextmanager
def _own_signals() -> Iterator[None]:
    """Give back what the graph takes for itself: a notebook goes on."""
    numbers = (signal.SIGINT, signal.SIGTERM) if threading.current_thread() is threading.main_thread() else ()
    kept = {number: signal.getsignal(number) for number in numbers}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)


def _log(path: Path, schema: Schema) -> pl.DataFrame:
    return pl.read_ndjson(path, schema=schema) if path.stat().st_size else pl.DataFrame(schema=schema)


def _readings(made: Program) -> pl.DataFrame:
    """Toxicity depends on the market alone, so its tape is read once more."""
    parts = [part for symbol in made.shared.directory.symbols for part in _read(made, symbol)]
    return pl.concat([pl.DataFrame(schema=READINGS), *parts])


def _read(made: Program, symbol: str) -> Iterator[pl.DataFrame]:
    tape, flow, closed = made.tape(symbol), Flow.cell(), 0
    measure = made.measure(symbol) or VpinMeasure(made.rules[symbol].vpin)
    while (chunk := tape.read()) is not None:
        readings = Reading.table(len(chunk.desk))
        measure.on_frame(chunk.desk, readings)
        flow_on_frame(flow, made.rules[symbol].flow, chunk.desk, readings)
        rows, found = np.asarray(chunk.desk), np.asarray(readings)
        reached = np.maximum.accumulate(np.concatenate(([closed], found["n_closed"])))
        where = np.flatnonzero(np.diff(reached))
        closed = int(reached[-1])
        some = found[where]
        yield pl.DataFrame(
            [
                rows["ts_recv"][where],
                [symbol] * len(where),
                *(some["value" if name == "vpin" else name] for name in SIGNALS),
                some["n_closed"],
                np.isin(some["status"], (OK, INVALID_FLAG)),
            ],
            schema=READINGS,
            orient="col",
        )
    tape.close()


def _figures(out: Path) -> pl.DataFrame:
    symbols = json.loads((out / "summary.json").read_text())["symbols"]
    return pl.DataFrame([{"symbol": symbol, **figures} for symbol, figures in symbols.items()])
