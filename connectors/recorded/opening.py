"""Opens a recording as a tape, or says in one sentence why it cannot be."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Final, Literal

from connectors.recorded.lines import begins_with
from connectors.recorded.quality import Quality, no_quality
from connectors.recorded.raw import RawFeed
from connectors.recorded.sync import FUTURES, SPOT, Chain
from connectors.recorded.tape import Feed, RecordedTape
from operators.errors import SourceError
from operators.instruments import Instrument

Market = Literal["binance_usdm", "binance_spot"]
Format = Literal["raw", "tables"]

CHAINS: Final[dict[Market, Chain]] = {"binance_usdm": FUTURES, "binance_spot": SPOT}
TABLE_FILES: Final = ("trades.parquet", "book.parquet", "l2.parquet")
PARQUET_MAGIC: Final = b"PAR1"
EXPECTED_RAW: Final = "a file of `<receive ns> <json>` lines, gzipped or plain"
EXPECTED_TABLES: Final = f"a folder with any of {', '.join(TABLE_FILES)}"


def open_tape(
    symbol: str,
    instrument: Instrument,
    paths: Sequence[Path],
    market: Market,
    fmt: Format | Literal["auto"] = "auto",
    chunk_rows: int = 8192,
    neighbours: AbstractSet[str] = frozenset(),
) -> RecordedTape:
    """Open one symbol's recording: a raw file, or a folder of tables.

    Lines about `neighbours`, symbols that are read from the same file by tapes of their own, are passed over.

    Raises:
        SourceError: a path is missing, empty or not what `fmt` says, or there is not exactly one.
    """
    if len(paths) != 1:
        named = ", ".join(map(str, paths)) or "none"
        raise SourceError(f"{symbol}: expected exactly one file, or one folder of tables, received {named}")
    quality = no_quality()
    recording = (symbol, instrument, paths[0], CHAINS[market], quality)
    feed = RawFeed(*recording, neighbours) if format_of(paths[0], fmt) == "raw" else _open_tables(*recording)
    return RecordedTape(symbol, feed, quality, chunk_rows)


def format_of(path: Path, fmt: Format | Literal["auto"] = "auto") -> Format:
    """Return what a path holds.

    Raises:
        SourceError: nothing that can be read, or not what was asked for.
    """
    expected = {"raw": EXPECTED_RAW, "tables": EXPECTED_TABLES}.get(
        fmt, f"{EXPECTED_RAW}, or {EXPECTED_TABLES}"
    )
    if not path.is_file() and not path.is_dir():
        what = "is neither a file nor a folder" if path.exists() else "does not exist"
        raise SourceError(f"{path} {what}: expected {expected}")
    found: Format = "tables" if path.is_dir() else "raw"
    if fmt not in ("auto", found):
        kind = "folder" if found == "tables" else "file"
        raise SourceError(f"{path} is a {kind}: expected {expected}")
    if found == "tables" and not any((path / name).is_file() for name in TABLE_FILES):
        raise SourceError(f"{path} is a folder without tables: expected {expected}")
    if found == "raw" and _is_table(path):
        raise SourceError(f"{path} is one table: name the folder it stands in, {path.parent}")
    return found


def _is_table(path: Path) -> bool:
    try:
        return begins_with(path, PARQUET_MAGIC)
    except OSError as error:
        raise SourceError(f"{path} cannot be read ({error}): expected {EXPECTED_RAW}") from error


def _open_tables(symbol: str, instrument: Instrument, path: Path, chain: Chain, quality: Quality) -> Feed:
    from connectors.recorded.tables import TableFeed  # noqa: PLC0415 - pyarrow is slow to import

    return TableFeed(symbol, instrument, path, chain, quality)
