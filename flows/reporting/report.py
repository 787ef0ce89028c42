"""The report of one run: `report.html` in its directory."""

from pathlib import Path

from flows.closing import REPORT
from flows.reporting.at_the_end import at_the_end
from flows.reporting.drawing import Clock, Figure
from flows.reporting.logs import DAMAGE
from flows.reporting.over_time import over_time
from flows.reporting.overview import overview
from flows.reporting.page import page, tabbed
from flows.reporting.quality import history, limits, quality
from flows.reporting.reading import Run, SymbolRun, read_run
from flows.reporting.sections import above, head, symbol_section
from operators.errors import PhoenixError, RunDirectoryError


def report(path: Path) -> str:
    """Return the page of the run in a directory.

    Raises:
        RunDirectoryError: there is no run that ended or was stopped, or what it left is damaged.
    """
    return page_of(read_run(path))


def page_of(run: Run) -> str:
    """Return the page of a run.

    Raises:
        RunDirectoryError: what it left is damaged.
    """
    try:
        return _page(run)
    except PhoenixError:
        raise
    except DAMAGE as error:
        what = f"{type(error).__name__}: {error}"
        raise RunDirectoryError(
            f"{run.path} does not hold what a run writes, or only parts ({what})"
        ) from error


def write_report(path: Path, out: Path | None = None) -> Path:
    """Write the report of a run, whole or not at all; into its own directory unless `out` names a file.

    Raises:
        RunDirectoryError: there is no run, or the file cannot be written.
    """
    return save(report(path), out or path / REPORT)


def save(text: str, out: Path) -> Path:
    """Write a page, whole or not at all.

    Raises:
        RunDirectoryError: it cannot be written.
    """
    new = out.with_name(f"{out.name}.new")
    try:
        new.write_text(text, encoding="utf-8")
        new.replace(out)
    except OSError as error:
        raise RunDirectoryError(f"{out} cannot be written: {error.strerror}") from None
    return out


def _page(run: Run) -> str:
    clock = Clock(run.began_ns)
    first = overview(run, clock)
    each = {name: _figures(symbol, clock, f"s{n}") for n, (name, symbol) in enumerate(run.symbols.items())}
    sections = {name: symbol_section(run, symbol, each[name]) for name, symbol in run.symbols.items()}
    title = "Symbol by symbol" if len(sections) > 1 else "The symbol"
    parts = (*head(run), *above(run, first), tabbed(title, sections), quality(run), limits(run), history(run))
    profile = run.config.get("profile", run.path.name)
    figures = [*first, *(figure for some in each.values() for figure in some)]
    return page(f"Phoenix: {profile}, {run.path.name}", "".join(parts), figures, run.began_ns)


def _figures(symbol: SymbolRun, clock: Clock, key: str) -> list[Figure]:
    return [*over_time(symbol, clock, key), *at_the_end(symbol, key)] if symbol.traded else []
