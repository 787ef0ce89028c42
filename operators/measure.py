"""What stands in VPIN's place: any measure of toxicity that fills in the same readings.

A measure sees each row of one symbol once, in order, cut into frames anywhere, so
what it writes may depend on rows alone. It is told nothing of our orders but what
the rows say. A checkpoint keeps what `dump` returns.
"""

from typing import Protocol

from operators.kernel import Cell, Table
from operators.reload import restart_window
from operators.rows import Rows
from operators.toxicity import Reading, Vpin, VpinParams
from operators.vpin import vpin_on_frame


class Measure(Protocol):
    """One symbol's toxicity."""

    def on_frame(self, rows: Rows, readings: Table[Reading]) -> None:
        """Take each row in; after each that settles, write value, level, status and n_closed.

        `n_trades` may be written too: a metric counts by it.
        """

    def dump(self) -> bytes:
        """Return the whole state."""

    def restore(self, data: bytes) -> None:
        """Go on where `dump` was called."""


class VpinMeasure:
    """VPIN as a measure: the default."""

    def __init__(self, params: Cell[VpinParams]) -> None:
        self.params, self.vpin = params, Vpin.cell()

    def on_frame(self, rows: Rows, readings: Table[Reading]) -> None:
        """Take each row in; after each that settles, write what flow looks like."""
        vpin_on_frame(self.vpin, self.params, rows, readings)

    def adopt(self, params: Cell[VpinParams], *, new_window: bool) -> None:
        """Go on by other parameters, with the buckets there are or with none."""
        self.params = params
        if new_window:
            restart_window(self.vpin)

    def dump(self) -> bytes:
        """Return the buckets."""
        return self.vpin.tobytes()

    def restore(self, data: bytes) -> None:
        """Go on with them."""
        self.vpin = Vpin.load(data)
