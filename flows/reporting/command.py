"""`phoenix report`: one run's report anew, several side by side, and their tables."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from flows.closing import REPORT
from flows.reporting.comparison_page import comparison
from flows.reporting.csv_tables import write_tables
from flows.reporting.reading import Run, read_run
from flows.reporting.report import page_of, save
from operators.errors import ConfigError, RunDirectoryError

COMPARED: Final = "compared.html"


def rebuild(paths: Sequence[Path], out: Path | None = None, csv: Path | None = None) -> Path:
    """Write the page of a run, or of several, and their tables if a folder is named; return the page.

    Raises:
        ConfigError: there is no such run, or nothing of it can be shown.
        RunDirectoryError: a file cannot be written.
    """
    try:
        runs = [read_run(path) for path in paths]
        text = page_of(runs[0]) if len(runs) == 1 else comparison(runs)
    except RunDirectoryError as error:
        raise ConfigError([str(error)]) from None
    if csv is not None:
        _tables(runs, csv)
    return save(text, out or paths[0] / (REPORT if len(runs) == 1 else COMPARED))


def _tables(runs: list[Run], folder: Path) -> None:
    """Those of several runs lie in folders of their own."""
    for n, run in enumerate(runs, start=1):
        write_tables(run, folder if len(runs) == 1 else folder / f"{n}-{run.path.name}")
