"""What a path holds, read off its name and its first lines: which symbols, of which market."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, Literal, NamedTuple

from msgspec import DecodeError, Raw, Struct, field
from msgspec.json import Decoder

from connectors.recorded.binance import ABSENT
from connectors.recorded.letters import Unusable
from connectors.recorded.lines import LineReader
from connectors.recorded.opening import TABLE_FILES, Format, Market, format_of
from operators.errors import SourceError

FIRST_LINES: Final = 10_000
LEAST_SHARE: Final = 0.01
"""A symbol that fewer of the messages name is damage, not a recording."""
VENUES: Final = ("binance",)
MARKETS: Final[dict[str, Market]] = {
    "usdm": "binance_usdm",
    "futures": "binance_usdm",
    "spot": "binance_spot",
}


class Recording(NamedTuple):
    """One symbol of one path."""

    path: Path
    symbol: str
    market: Market
    fmt: Format
    tells_best: bool = True
    """Whether best bids and offers are part of it."""


class _Message(Struct, gc=False):
    stream: str = ""
    symbol: str = field(name="s", default="")
    first: Raw = field(name="U", default=ABSENT)
    previous: Raw = field(name="pu", default=ABSENT)
    bid_size: Raw = field(name="B", default=ABSENT)
    data: "_Message | None" = None


class _Seen(NamedTuple):
    symbol: str
    is_diff: bool
    names_previous: bool
    is_best: bool


_MESSAGE: Final = Decoder(_Message)


def discover(paths: Sequence[Path], market: Market | Literal["auto"] = "auto") -> list[Recording]:
    """Return every symbol of every path, in that order; symbols of one path sorted.

    Raises:
        SourceError: a path is missing, or holds nothing that names a symbol.
    """
    return [recording for path in paths for recording in _look_into(path, market)]


def _look_into(path: Path, market: Market | Literal["auto"]) -> list[Recording]:
    fmt = format_of(path)
    if fmt == "raw":
        messages = list(_first_messages(path))
        symbols = _symbols_of(messages)
        expected = f"messages that name a symbol in its first {FIRST_LINES} lines"
    else:
        messages, symbols = [], _symbols_in_tables(path) or _symbols_in_name(path)
        expected = "a column symbol, or one symbol in its name, as in binance_usdm_btcusdt_20240808"
    if not symbols:
        raise SourceError(f"{path} does not say what it is a recording of: expected {expected}")
    found = _market_in_name(path) or _market_of(messages) if market == "auto" else market
    telling = {message.symbol for message in messages if message.is_best}
    if fmt == "tables" and (path / "book.parquet").is_file():
        telling = symbols
    return [Recording(path, symbol, found, fmt, symbol in telling) for symbol in sorted(symbols)]


def _first_messages(path: Path) -> Iterator[_Seen]:
    """Yield what the first lines hold, past those that hold nothing."""
    lines = LineReader(path)
    try:
        while lines.number < FIRST_LINES:
            try:
                line = lines.next()
            except Unusable:
                continue
            if line is None:
                return
            try:
                message = _MESSAGE.decode(line.partition(b" ")[2])
            except (DecodeError, UnicodeDecodeError, RecursionError):
                continue
            said = message.data or message
            is_best = said.bid_size is not ABSENT
            yield _Seen(said.symbol, said.first is not ABSENT, said.previous is not ABSENT, is_best)
    finally:
        lines.close()


def _symbols_of(messages: Sequence[_Seen]) -> set[str]:
    named = Counter(message.symbol for message in messages if message.symbol)
    return {symbol for symbol, n in named.items() if n >= LEAST_SHARE * named.total()}


def _market_of(messages: Sequence[_Seen]) -> Market:
    """Only diffs tell: on futures they name the one before."""
    diffs = [message for message in messages if message.is_diff]
    linked = sum(diff.names_previous for diff in diffs)
    return "binance_spot" if len(diffs) > 2 * linked else "binance_usdm"


def _market_in_name(path: Path) -> Market | None:
    return next((MARKETS[token] for token in _tokens(path) if token in MARKETS), None)


def _symbols_in_tables(path: Path) -> set[str]:
    from connectors.recorded.batches import symbols_in  # noqa: PLC0415 - pyarrow is slow to import

    return {name for file in TABLE_FILES if (path / file).is_file() for name in symbols_in(path / file)}


def _symbols_in_name(path: Path) -> set[str]:
    known = {*VENUES, *MARKETS}
    left = {token.upper() for token in _tokens(path) if token not in known and not token.isdigit()}
    return left if len(left) == 1 else set()


def _tokens(path: Path) -> list[str]:
    return [token for token in re.split(r"[^a-z0-9]+", path.resolve().name.lower()) if token]
