"""What `phoenix vpin --out` writes: a row for each entry of the file, whatever it is worth."""

from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from connectors.trades.stretch import REASONS, Stretch
from operators.toxicity import STATUSES

SAID: Final = pl.Series((*STATUSES, *REASONS))
"""What the column `status` may say: of a good entry the reading's status, of others the reason."""


class Rows:
    """Turns stretches, and the points of their trades, into rows; what is no trade repeats the last."""

    def __init__(self, before: NDArray[np.void]) -> None:
        self._last, self.n = before, 0

    def of(self, stretch: Stretch, points: NDArray[np.void]) -> pl.DataFrame:
        """Return the rows of the next stretch."""
        good = stretch.at >= 0
        known = np.concatenate([self._last, points])
        point = known[np.cumsum(good)]
        self._last = known[-1:].copy()
        said = np.where(good, point["status"], len(STATUSES) + stretch.reasons)
        first, self.n = self.n, self.n + len(good)
        times = np.where(good, stretch.rows["ts_event"][stretch.at], 0) if len(stretch.rows) else 0 * said
        frame = pl.DataFrame(
            {
                "i": np.arange(first, self.n),
                "vpin": point["value"],
                "buckets_closed": point["n_closed"],
                "status": SAID.gather(said),
                "net_imbalance": point["net_imbalance"],
                "level": point["level"],
                "dominant_share": (1.0 + point["value"]) / 2.0,
                "bucket_imbalance": point["bucket_imbalance"],
                "side": point["side"],
                "ts_ns": times,
            }
        )
        nothing = pl.lit(None, pl.Int64)
        mask = pl.lit(pl.Series(good))
        return frame.with_columns(
            pl.when(mask).then(pl.col(name)).otherwise(nothing).alias(name) for name in ("side", "ts_ns")
        )
