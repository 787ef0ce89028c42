"""What a user sees at the end of a run: a table, what was lost, and where it all is."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

REPORT: Final = "report.html"
COLUMNS: Final = {
    "pnl_after_fees": "PnL",
    "fees": "fees",
    "fills": "fills",
    "fill_rate": "rate",
    "adverse_selection_rate": "adverse",
    "markout": "1s bps",
    "uptime": "up",
    "position": "position",
    "vpin_mean": "VPIN",
    "pauses": "pauses",
    "dead_letters": "dead",
    "worst_us": "worst",
}
"""What the closing table shows of a summary, under which heading."""
MONEY: Final = ("pnl_after_fees", "fees")
SHARES: Final = ("fill_rate", "adverse_selection_rate", "uptime")

WIDEST: Final = 1000
"""What a table is measured against: one that is cut tells nothing."""
LEGEND: Final = """\
PnL after fees and funding; rate: orders with a fill; adverse: fills against us 1 s later; 1s bps: mean
markout then; up: time with both quotes live; VPIN: mean; dead: messages set aside; worst: longest frame"""


def show(directory: Path) -> None:
    """Print the figures of the run in a directory."""
    from rich.console import Console  # noqa: PLC0415 - only where a table is shown
    from rich.table import Table  # noqa: PLC0415 - the same

    from connectors.runs import CHECKPOINT  # noqa: PLC0415 - the same
    from connectors.sentences import losses, refusals, silence  # noqa: PLC0415 - the same

    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("symbol", no_wrap=True)
    for heading in COLUMNS.values():
        table.add_column(heading, justify="right", no_wrap=True)
    whole, timed = _read(directory / "summary.json"), _read(directory / "timing.json")
    for symbol, figures in whole["symbols"].items():
        row = _row(figures) | timed.get("symbols", {}).get(symbol, {})
        table.add_row(symbol, *(_short(column, row.get(column)) for column in COLUMNS))
    if len(whole["symbols"]) > 1:
        table.add_row("total", *(_short(column, whole["total"].get(column)) for column in COLUMNS))
    needed = Console(width=WIDEST).measure(table).maximum
    Console(width=max(Console().width, needed)).print(table)
    sys.stdout.write(f"{LEGEND}\n{whole['note']}\n")
    if (directory / REPORT).is_file():
        sys.stdout.write(f"{directory / REPORT} shows it\n")
    for symbol, figures in whole["symbols"].items():
        for say in (silence, refusals, losses):
            sys.stdout.writelines(f"{sentence}\n" for sentence in say(symbol, figures))
    if "stopped" in whole:
        again = (
            f": `phoenix run --resume --out {directory}` goes on" if (directory / CHECKPOINT).is_dir() else ""
        )
        sys.stdout.write(f"Stopped before the end{again}\n")
    sys.stdout.write(f"{directory}\n")


def _read(path: Path) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(path.read_text()) if path.is_file() else {}
    return found


def _row(figures: Mapping[str, Any]) -> dict[str, Any]:
    """Return a symbol's figures with those that stand deeper brought up."""
    markout = figures.get("markouts", {}).get("1s", {}).get("mean_bps")
    return {**figures, "markout": markout, "uptime": figures.get("uptime", {}).get("both")}


def _short(column: str, value: object) -> str:
    if value is None:
        return "-"
    if column in MONEY:
        return f"{float(str(value)):.2f}"
    if column in SHARES:
        return f"{float(str(value)):.0%}"
    if column == "worst_us":
        return f"{float(str(value)) / 1000:.1f}ms"
    return f"{value:.2f}" if isinstance(value, float) else str(value)
