"""What new settings make of what a symbol's rules remember: most is kept, some begins anew."""

from typing import Any, Final, cast

from operators.kernel import Cell
from operators.quotes import Asmm
from operators.toxicity import Vpin

WINDOW: Final = (
    *("open_buy", "open_sell", "open_size", "n_closed", "sum_abs", "sum_net", "sum_size", "total_steps"),
    *("level", "n_values", "imbalance", "sizes", "values"),
    *("bar", "bar_steps", "bar_ticks", "before_ticks", "n_bars", "bar_variance", "carry"),
    *("day_steps", "day_since_ns", "day_ns"),
    *("step_number", "step_mid", "fast_sum", "fast_weight", "slow_sum", "slow_weight"),
)
"""Fields of `Vpin` that hold volume in the units, or by the cuts, of its settings."""
FIT: Final = (
    *("status", "bid", "ask", "refit_at_ns", "n_steps", "next_slot", "n_odd"),
    *("shaped_mid", "nearest", "width", "n_bins", "counts", "deepest"),
)
"""Fields of `Calibration` that were counted over its window; σ fades by itself."""


def restart_window(vpin: Cell[Vpin]) -> None:
    """Forget the buckets, and keep what trades are signed by and which of them were seen."""
    record = cast("Any", vpin)
    for name in WINDOW:
        record[name] = 0


def restart_fit(asmm: Cell[Asmm]) -> None:
    """Forget how deep takers reached."""
    calibration = cast("Any", asmm)["calibration"]
    for name in FIT:
        calibration[name] = 0


def quote_anew(asmm: Cell[Asmm], *, new_window: bool, new_fit: bool) -> None:
    """Let depths follow from the parameters as they are now, before the next decision."""
    asmm[0].depths.ready = 0
    if new_window:
        asmm[0].pause_closed = 0
    if new_fit:
        restart_fit(asmm)
