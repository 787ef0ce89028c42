"""A picture of a tape: price, VPIN (or its rank) with its thresholds, and the imbalance of each bucket."""

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from connectors.trades.stretch import Stretch
from flows.vpin.settings import Setup
from operators.errors import SourceError

ENDINGS: Final = (".png", ".svg")
MOST: Final = 8192
"""Closed buckets that are drawn; of more, evenly many are left out."""


class Trace:
    """Keeps what is drawn: the trades at which buckets closed, thinned as they become many."""

    def __init__(self) -> None:
        self.ts_ns: NDArray[np.int64] = np.zeros(0, np.int64)
        self.columns: NDArray[np.float64] = np.zeros((0, 3))
        """Price in ticks, level, imbalance of the bucket."""
        self._n_closed = self._seen = 0
        self._every = 1

    def on(self, stretch: Stretch, points: NDArray[np.void]) -> None:
        """Take in trades."""
        n_closed = np.concatenate([[self._n_closed], points["n_closed"]])
        closing = np.flatnonzero(np.diff(n_closed))
        self._n_closed = int(n_closed[-1])
        kept = closing[(self._seen + np.arange(len(closing))) % self._every == 0]
        self._seen += len(closing)
        at = stretch.at[stretch.at >= 0][kept]
        columns = (stretch.rows["price_ticks"][at], points["level"][kept], points["bucket_imbalance"][kept])
        self.ts_ns = np.concatenate([self.ts_ns, stretch.rows["ts_recv"][at]])
        self.columns = np.concatenate([self.columns, np.column_stack(columns).astype(np.float64)])
        while len(self.ts_ns) > MOST:
            self.ts_ns, self.columns, self._every = self.ts_ns[::2], self.columns[::2], 2 * self._every


def draw(path: Path, trace: Trace, setup: Setup, title: str) -> None:
    """Draw to a file, PNG or SVG by its ending.

    Raises:
        SourceError: no bucket closed, or the file cannot be written.
    """
    from matplotlib import rc_context  # noqa: PLC0415 - slow to import, and needed here only
    from matplotlib.figure import Figure  # noqa: PLC0415 - the same

    if not len(trace.ts_ns):
        raise SourceError(f"{path} is not drawn: no bucket closed")
    figure = Figure(figsize=(12, 8), layout="constrained")
    price, vpin, imbalance = figure.subplots(3, 1, sharex=True)
    times = trace.ts_ns.astype("datetime64[ns]")
    figure.suptitle(title)
    price.plot(times, trace.columns[:, 0] * float(setup.instrument.tick), linewidth=0.8)
    price.set_ylabel("price")
    vpin.step(times, trace.columns[:, 1], where="post", linewidth=0.8)
    for name, colour in (("threshold", "tab:orange"), ("pause_threshold", "tab:red")):
        level = getattr(setup.vpin, name)
        vpin.axhline(level, color=colour, linewidth=0.8, label=f"{name} {level:g}")
    vpin.set(ylabel="VPIN" if setup.vpin.threshold_mode == "raw" else "rank of VPIN", ylim=(0, 1.02))
    vpin.legend(loc="lower left")
    imbalance.vlines(times, 0, trace.columns[:, 2], linewidth=0.6)
    imbalance.set(ylabel="(buys − sells) / bucket", ylim=(-1.02, 1.02), xlabel="UTC")
    try:
        with rc_context({"svg.hashsalt": "phoenix"}):
            figure.savefig(path, metadata={"Date": None} if path.suffix.lower() == ".svg" else None)
    except OSError as error:
        raise SourceError(f"{path} cannot be written: {error.strerror or error}") from None
