"""Opens a file of trades, or says in one sentence why it cannot be."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal, NamedTuple, Protocol

import polars as pl

from connectors.recorded import Market, discover
from connectors.recorded.grid import Grids
from connectors.recorded.letters import Unusable
from connectors.recorded.lines import LineReader, begins_with
from connectors.recorded.opening import PARQUET_MAGIC
from connectors.trades.capture import Capture
from connectors.trades.judge import EXTRA, NEEDED, OPTIONAL, Judge
from connectors.trades.parquet import ParquetFrames
from connectors.trades.stretch import STRETCH, Stretch, Stretches
from connectors.trades.text import TextFrames
from operators.errors import SourceError
from operators.instruments import Instrument

Kind = Literal["csv", "parquet", "capture"]
EXPECTED: Final = "a CSV or Parquet file of trades, a capture, or a folder of tables"
STAMPED: Final = re.compile(rb"\d+ +\{")
COLUMNS: Final = f"{', '.join(NEEDED)}, and may have {', '.join(OPTIONAL)}"


class TradeFile(NamedTuple):
    """A path, and what it holds."""

    path: Path
    kind: Kind
    symbols: tuple[str, ...] = ()
    """Of a capture, what it is a recording of."""
    market: Market | Literal["auto"] = "auto"


class Frames(Protocol):
    """A file as frames of its columns."""

    path: Path
    names: list[str]
    total: int | None
    lost: dict[str, int]

    @property
    def done(self) -> int:
        """How much of the total was read."""

    def __iter__(self) -> Iterator[pl.DataFrame]:
        """Read on."""

    def close(self) -> None:
        """Give the file back."""


def look(path: Path) -> TradeFile:
    """Find out what a path holds.

    Raises:
        SourceError: it is missing, empty, or nothing that can be read.
    """
    if not path.exists():
        raise SourceError(f"{path} does not exist: expected {EXPECTED}")
    if not path.is_dir():
        try:
            if begins_with(path, PARQUET_MAGIC):
                return TradeFile(path, "parquet")
        except OSError as error:
            raise SourceError(f"{path} cannot be read ({error.strerror}): expected {EXPECTED}") from None
        if not STAMPED.match(_first_line(path)):
            return TradeFile(path, "csv")
    found = discover([path])
    return TradeFile(path, "capture", tuple(each.symbol for each in found), found[0].market)


def open_trades(file: TradeFile, instrument: Instrument, market: Market | None = None) -> Stretches:
    """Open a file from its beginning.

    Raises:
        SourceError: it cannot be read, or lacks a column.
    """
    if file.kind == "capture":
        found = "binance_usdm" if file.market == "auto" else file.market
        others = frozenset(file.symbols) - {instrument.symbol}
        return Capture(file.path, instrument, market or found, others)
    frames: Frames = ParquetFrames(file.path) if file.kind == "parquet" else TextFrames(file.path)
    try:
        _check_names(frames)
    except SourceError:
        frames.close()
        raise
    return Judged(frames, Judge(Grids(instrument)))


class Judged:
    """Frames of a file on their way through its judge, in stretches of equal length."""

    def __init__(self, frames: Frames, judge: Judge) -> None:
        self._frames, self._judge = frames, judge
        self.total = frames.total

    @property
    def done(self) -> int:
        """How much of the total was read."""
        return self._frames.done

    def __iter__(self) -> Iterator[Stretch]:
        """Read on."""
        for frame in _cut(self._wanted(), STRETCH):
            stretch = self._judge.on(frame)
            lost, self._frames.lost = self._frames.lost, {}
            yield stretch._replace(lost={**stretch.lost, **lost})

    def close(self) -> None:
        """Give the file back."""
        self._frames.close()

    def _wanted(self) -> Iterator[pl.DataFrame]:
        names = {*NEEDED, *OPTIONAL, EXTRA}
        for frame in self._frames:
            yield frame.select([name for name in frame.columns if name in names])


def _cut(frames: Iterator[pl.DataFrame], n: int) -> Iterator[pl.DataFrame]:
    """Return the same entries, so many at a time; the last have what is left, and may have none."""
    held: list[pl.DataFrame] = []
    for frame in frames:
        held.append(frame)
        while sum(map(len, held)) >= n:
            whole = pl.concat(held)
            yield whole[:n]
            held = [whole[n:]]
    if held:
        yield pl.concat(held)


def _check_names(frames: Frames) -> None:
    lacking = [name for name in NEEDED if name not in frames.names]
    if lacking:
        raise SourceError(
            f"{frames.path} has no column {', '.join(lacking)}: a file of trades names {COLUMNS} "
            f"in its first line, found {_shown(frames.names)}"
        )
    repeated = [name for name in (*NEEDED, *OPTIONAL) if frames.names.count(name) > 1]
    if repeated:
        raise SourceError(
            f"{frames.path} names {', '.join(repeated)} twice: expected one column of each name"
        )
    if ("bid" in frames.names) != ("ask" in frames.names):
        raise SourceError(f"{frames.path} has one of the columns bid and ask: expected both, or neither")


def _shown(names: list[str]) -> str:
    text = ", ".join(names)
    text = "".join(c if c.isprintable() else "?" for c in text)
    return text if len(text) <= 100 else f"{text[:100]}…"  # noqa: PLR2004 - what a line holds


def _first_line(path: Path) -> bytes:
    try:
        lines = LineReader(path)
    except SourceError:
        raise SourceError(f"{path} is empty, or damaged from its first byte: expected {EXPECTED}") from None
    try:
        return lines.next() or b""
    except Unusable:
        return b""
    finally:
        lines.close()
