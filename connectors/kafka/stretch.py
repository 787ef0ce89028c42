"""The next messages of an inbox as one text, of which what is canonical is read at once."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

import msgspec
import numpy as np

from connectors.kafka.canonical import Progress, grid_params, read_canonical
from connectors.kafka.digits import text_of
from connectors.kafka.messages import VERSION
from connectors.recorded.quality import Quality
from operators.instruments import Instrument
from operators.rows import Row

MOST: Final = 1024
"""Messages of a stretch."""
MOST_LEVELS: Final = 1024
"""Of a message that is read here."""
COUNTED: Final = ("trades", "bests", "diffs", "snapshots")
"""As `Progress` counts them."""


class Stretch:
    """Messages that wait, and how many of them were read or taken."""

    def __init__(self, raws: Sequence[bytes]) -> None:
        self.n, self.at = len(raws), 0
        begins = np.zeros(self.n + 1, np.int64)
        np.cumsum(np.fromiter(map(len, raws), np.int64, self.n), out=begins[1:])
        self.texts = text_of(b"".join(raws)), begins

    def is_over(self) -> bool:
        """Whether none is left."""
        return self.at >= self.n


class Canon:
    """Reads canonical messages of one symbol; what stands between them is told at each call."""

    def __init__(self, instrument: Instrument) -> None:
        symbol = msgspec.json.encode(instrument.symbol)
        self._head = text_of(b',"v":%d,"symbol":%b,"n":' % (VERSION, symbol))
        self._grid, self._progress = grid_params(instrument), Progress.cell()
        self._numbers = np.asarray(self._progress).view(np.int64)
        self._rows, self._bytes = Row.table(0), memoryview(b"")

    def read(
        self, stretch: Stretch, reached: tuple[int, int], quality: Quality, most: int
    ) -> tuple[bytes, tuple[int, int]]:
        """Read on until one is not canonical or there are `most` rows; return the rows, and what was reached.

        `reached` is the number and receive time of the last message.
        """
        self._make_room(most)
        self._numbers[:2] = reached
        known = self._progress, self._grid, self._head
        stretch.at, n_rows = read_canonical(*known, stretch.texts, stretch.at, self._rows, most)
        n, reached_ns, *counts = self._numbers.tolist()
        for name, count in zip(COUNTED, counts, strict=True):
            quality[name] += count
        self._numbers[2:] = 0
        return bytes(self._bytes[: n_rows * Row.dtype.itemsize]), (n, reached_ns)

    def _make_room(self, most: int) -> None:
        if len(self._rows) < most + MOST_LEVELS:
            self._rows = Row.table(most + MOST_LEVELS)
            self._bytes = memoryview(np.asarray(self._rows).view(np.uint8).data)


def warm() -> None:
    """Load the compiled rules that messages are read by."""
    one = Instrument("-", Decimal(1), Decimal(1))
    Canon(one).read(Stretch(()), (0, 0), dict.fromkeys(COUNTED, 0), 1)
