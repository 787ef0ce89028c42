"""The shipped table of instruments: tick, lot and minimum notional per market and symbol."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Final

from configs.document import Malformed, Tree, read_document
from operators.errors import ConfigError

TABLE: Final = Path(__file__).with_name("instruments.yaml")
MARKETS: Final = ("binance_usdm", "binance_spot")
NAME: Final = Path("configs/instruments.yaml")
"""How messages call the table."""


@cache
def table() -> Tree:
    """Read the table, once.

    Raises:
        ConfigError: the file was edited into something that cannot be read.
    """
    try:
        return read_document(TABLE)
    except Malformed as error:
        raise ConfigError([f"{NAME}: {problem}" for problem in error.problems]) from None


def market_of(symbols: Iterable[str]) -> str:
    """Return the first market that lists all of these symbols, or else the first of all."""
    wanted = list(symbols)
    return next((market for market in MARKETS if all(listed(market, name) for name in wanted)), MARKETS[0])


def listed(market: str, symbol: str) -> Tree | None:
    """Return what the table says of a symbol, not yet checked, or None."""
    symbols = table().get(market)
    entry = symbols.get(symbol) if isinstance(symbols, dict) else None
    return entry if isinstance(entry, dict) else None
