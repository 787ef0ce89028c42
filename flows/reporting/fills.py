"""Fills as the log has them, as columns."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class _Line(msgspec.Struct):
    ts: int
    symbol: str
    side: str
    price: str
    size: str


class Fills(NamedTuple):
    """One symbol's fills, in their order."""

    ts_ns: NDArray[np.int64]
    side: Floats
    """Bought +1, sold −1."""
    price: Floats
    size: Floats

    @classmethod
    def none(cls) -> "Fills":
        """Return no fills."""
        return cls(np.zeros(0, np.int64), np.zeros(0), np.zeros(0), np.zeros(0))


def read_fills(path: Path) -> Mapping[str, Fills]:
    """Read a log of fills, by symbol.

    Raises:
        OSError: it cannot be read.
        ValueError: a line of it is no fill.
    """
    try:
        lines = msgspec.json.Decoder(_Line).decode_lines(path.read_bytes())
    except msgspec.DecodeError as error:
        raise ValueError(str(error)) from None
    by_symbol: dict[str, list[_Line]] = {}
    for line in lines:
        by_symbol.setdefault(line.symbol, []).append(line)
    return {symbol: _columns(some) for symbol, some in by_symbol.items()}


def _columns(lines: list[_Line]) -> Fills:
    return Fills(
        np.array([line.ts for line in lines], np.int64),
        np.array([1.0 if line.side == "buy" else -1.0 for line in lines]),
        np.array([float(line.price) for line in lines]),
        np.array([float(line.size) for line in lines]),
    )
