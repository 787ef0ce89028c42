"""Fills as the log has them, as columns."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class _Line(msgspec.Struct):
    ts: Annotated[int, msgspec.Meta(ge=0, le=(1 << 63) - 1)]
    symbol: str
    side: str
    price: str
    size: str


LINE: Final = msgspec.json.Decoder(_Line)


class Fill(NamedTuple):
    """A line of the log."""

    symbol: str
    ts_ns: int
    side: float
    price: float
    size: float


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


def fill(line: bytes) -> Fill:
    """Read a line.

    Raises:
        ValueError: it is no fill.
    """
    try:
        told = LINE.decode(line)
    except msgspec.DecodeError as error:
        raise ValueError(str(error)) from None
    side = 1.0 if told.side == "buy" else -1.0
    return Fill(told.symbol, told.ts, side, float(told.price), float(told.size))


def by_symbol(fills: Iterable[Fill]) -> Mapping[str, Fills]:
    """Return each symbol's fills as columns."""
    found: dict[str, list[Fill]] = {}
    for each in fills:
        found.setdefault(each.symbol, []).append(each)
    return {symbol: _columns(some) for symbol, some in found.items()}


def _columns(fills: list[Fill]) -> Fills:
    _, ts_ns, side, price, size = zip(*fills, strict=True)
    return Fills(np.array(ts_ns, np.int64), np.array(side), np.array(price), np.array(size))
