"""What a user sees at the end of a run: a table, what was lost, and where it all is."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

COLUMNS: Final = {
    "orders": "orders",
    "fills": "fills",
    "fill_rate": "fill rate",
    "position": "position",
    "pnl_after_fees": "PnL",
    "vpin_mean": "VPIN",
    "vpin_max": "max",
    "pauses": "pauses",
    "dead_letters": "dead",
    "worst_us": "worst",
}
"""What the closing table shows of a summary, under which heading.

PnL is after fees; worst is the longest that a frame took to be answered.
"""

LEGEND: Final = "PnL after fees; VPIN mean and highest; dead: messages set aside; worst: longest a frame took"


def show(directory: Path) -> None:
    """Print the figures of the run in a directory."""
    from rich.console import Console  # noqa: PLC0415 - only where a table is shown
    from rich.table import Table  # noqa: PLC0415 - the same

    from connectors.report import losses, silence  # noqa: PLC0415 - the same
    from connectors.runs import CHECKPOINT  # noqa: PLC0415 - the same

    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("symbol", no_wrap=True)
    for heading in COLUMNS.values():
        table.add_column(heading, justify="right", no_wrap=True)
    whole, timed = _read(directory / "summary.json"), _read(directory / "timing.json")
    for symbol, figures in whole["symbols"].items():
        row = {**figures, **timed.get("symbols", {}).get(symbol, {})}
        table.add_row(symbol, *(_short(column, row.get(column)) for column in COLUMNS))
    console = Console()
    Console(width=max(console.width, console.measure(table).maximum)).print(table)
    sys.stdout.write(f"{LEGEND}\n")
    for symbol, figures in whole["symbols"].items():
        for sentence in (*silence(symbol, figures), *losses(symbol, figures)):
            sys.stdout.write(f"{sentence}\n")
    if "stopped" in whole:
        again = (
            f": `phoenix run --resume --out {directory}` goes on" if (directory / CHECKPOINT).is_dir() else ""
        )
        sys.stdout.write(f"Stopped before the end{again}\n")
    sys.stdout.write(f"{directory}\n")


def _read(path: Path) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(path.read_text()) if path.is_file() else {}
    return found


def _short(column: str, value: object) -> str:
    if value is None:
        return "-"
    if column == "pnl_after_fees":
        return f"{float(str(value)):.2f}"
    if column == "worst_us":
        return f"{float(str(value)) / 1000:.1f}ms"
    return f"{value:.3f}" if isinstance(value, float) else str(value)
