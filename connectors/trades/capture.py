"""A recording as a file of trades: every row of it, and an entry for each print."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np

from connectors.recorded import Market, open_tape
from connectors.recorded.blocks import Block
from connectors.trades.stretch import STRETCH, Stretch
from operators.instruments import Instrument
from operators.rows import TRADE

PASSED: Final = ("duplicate_trade", "not_market")
"""What is counted of prints that are left out."""


class Capture:
    """Plays a recording of one symbol, in the order in which it reached us."""

    def __init__(self, path: Path, instrument: Instrument, market: Market, others: frozenset[str]) -> None:
        self._tape = open_tape(
            instrument.symbol, instrument, [path], market, chunk_rows=STRETCH, neighbours=others
        )
        self.total: int | None = None
        self.done = 0

    def __iter__(self) -> Iterator[Stretch]:
        """Read on."""
        told: dict[str, int] = {}
        while (chunk := self._tape.read()) is not None:
            rows: Block = np.asarray(chunk.desk)
            at = np.flatnonzero(rows["kind"] == TRADE)
            self.done += len(at)
            lost: dict[str, int] = {}
            for letter in chunk.letters:
                lost[letter.reason] = lost.get(letter.reason, 0) + 1
            for name in PASSED:
                if new := self._tape.quality[name] - told.get(name, 0):
                    lost[name] = new
                told[name] = self._tape.quality[name]
            yield Stretch(rows, at, np.zeros(len(at), np.int8), lost)

    def close(self) -> None:
        """Give files back."""
        self._tape.close()
