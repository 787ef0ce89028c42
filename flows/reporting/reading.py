"""A run directory read back, whatever is left of it: what cannot be read is named, and done without."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final, TypeVar

import yaml

from connectors.runs import CHECKPOINT
from connectors.samples import read_samples
from flows.reporting.fills import Fills, read_fills
from flows.reporting.numbers import at
from flows.reporting.series import SECOND, Grid, Series, series_of
from operators.errors import PhoenixError, RunDirectoryError

Tree = Mapping[str, Any]
Found = TypeVar("Found")
DAMAGE: Final = (
    PhoenixError,
    AttributeError,
    IndexError,
    KeyError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
    ArithmeticError,
)
"""What reading or drawing something damaged may raise."""
MOST_LINES: Final = 200
"""Of a log that is shown as a table."""
MOST_READ: Final = 20_000
"""That are looked through."""


@dataclass(frozen=True)
class SymbolRun:
    """One symbol of a run."""

    name: str
    figures: Tree
    """As `summary.json` has them."""
    settings: Tree
    grid: Grid | None
    series: Series | None
    fills: Fills
    controls: list[Tree]
    """What was wanted of it while it ran."""

    def steps(self, section: str, key: str) -> tuple[list[int], list[float]]:
        """Return when a setting took on which value, the one it began with first."""
        path = f"{section}.{key}"
        changed = [each for each in self.controls if path in (each.get("changes") or {})]
        values = [float(each["changes"][path][1]) for each in changed]
        return [0, *(int(each["ts"]) for each in changed)], [float(self.settings[section][key]), *values]

    @property
    def traded(self) -> bool:
        """Say whether it saw anything of its market."""
        return "pnl" in self.figures


@dataclass(frozen=True)
class Run:
    """A run directory."""

    path: Path
    summary: Tree
    timing: Tree
    config: Tree
    config_text: str
    symbols: Mapping[str, SymbolRun]
    controls: list[Tree]
    transitions: list[Tree]
    letters: list[Tree]
    """The first of each reason and symbol."""
    troubles: list[str]
    """What could not be read, a sentence each."""

    @property
    def began_ns(self) -> int:
        """Return the whole second in which the first of its symbols began."""
        firsts = [int(symbol.figures.get("first_ns", 0)) for symbol in self.symbols.values()]
        return min((ns for ns in firsts if ns > 0), default=0) // SECOND * SECOND


class Remains:
    """Reads what there is of a directory, and notes what there is not."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.troubles: set[str] = set()

    def read(self, name: str, read: Callable[[Path], Found], otherwise: Found) -> Found:
        """Return what is read from a file, or something else where it is missing or damaged."""
        try:
            return read(self.path / name)
        except FileNotFoundError:
            self.troubles.add(f"{name} is missing")
        except DAMAGE as error:
            self.troubles.add(f"{name} cannot be read: {_why(error)}")
        return otherwise


def read_run(path: Path) -> Run:
    """Read a run that ended or was stopped.

    Raises:
        RunDirectoryError: there is none, or nothing of it can be shown.
    """
    summary, remains = _summary(path), Remains(path)
    nothing: Tree = {}
    text = remains.read("config.yaml", lambda file: file.read_text(encoding="utf-8"), "")
    config = remains.read("config.yaml", lambda _: _tree(text), nothing)
    controls, transitions = (_log(remains, log) for log in ("control", "transitions"))
    symbols = _symbols(summary["symbols"], config, controls, remains)
    return Run(
        path,
        summary,
        remains.read("timing.json", lambda file: _object(file.read_text(encoding="utf-8")), nothing),
        config,
        text,
        symbols,
        controls,
        transitions,
        remains.read("dead_letters.jsonl", _first_letters, []),
        sorted(remains.troubles),
    )


def _log(remains: Remains, name: str) -> list[Tree]:
    no_lines: list[Tree] = []
    return remains.read(f"{name}.jsonl", _lines, no_lines)


def _summary(path: Path) -> Tree:
    if not path.is_dir():
        raise RunDirectoryError(f"{path} is not a run directory: there is no such folder")
    try:
        summary = _object((path / "summary.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        goes_on = (path / CHECKPOINT).is_dir()
        way = f": `phoenix run --resume --out {path}` goes on with it" if goes_on else ""
        raise RunDirectoryError(f"{path} holds no summary.json, so no run has ended there{way}") from None
    except (OSError, ValueError) as error:
        raise RunDirectoryError(f"{path}/summary.json cannot be read: {_why(error)}") from None
    symbols = summary.get("symbols")
    if not isinstance(symbols, dict) or not all(isinstance(each, dict) for each in symbols.values()):
        raise RunDirectoryError(f"{path}/summary.json is not what a run writes: it lists no symbols")
    return summary


def _symbols(listed: Tree, config: Tree, controls: list[Tree], remains: Remains) -> dict[str, SymbolRun]:
    no_fills: Mapping[str, Fills] = {}
    fills = remains.read("fills.jsonl", read_fills, no_fills)
    found = {}
    for name, figures in listed.items():
        settings = _part(config, "symbols", name)
        grid = remains.read("config.yaml", _reading(settings), None)
        series = None if grid is None else _series(name, grid, remains)
        of_symbol = [each for each in controls if each.get("symbol") == name]
        found[name] = SymbolRun(
            name, figures, settings, grid, series, fills.get(name, Fills.none()), of_symbol
        )
    return found


def _reading(settings: Tree) -> Callable[[Path], Grid | None]:
    return lambda _: Grid.of(settings) if settings else None


def _series(name: str, grid: Grid, remains: Remains) -> Series | None:
    def read(path: Path) -> Series | None:
        samples = read_samples(path)
        return series_of(samples, grid) if len(samples) else None

    return remains.read(f"samples/{name}.bin", read, None)


def _part(tree: Tree, *keys: str) -> Tree:
    found = at(tree, keys)
    return found if isinstance(found, Mapping) else {}


def _tree(text: str) -> Tree:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        found = yaml.load(text, Loader=loader)  # noqa: S506 - a safe loader, the quick one where there is one
    except yaml.YAMLError as error:
        raise ValueError(_why(error)) from None
    return found if isinstance(found, dict) else {}


def _object(text: str) -> Tree:
    found = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError("it is no JSON object")  # noqa: TRY004 - what is wrong is the file
    return found


def _lines(path: Path) -> list[Tree]:
    with path.open("rb") as file:
        return [_object(line.decode(errors="replace")) for line in islice(file, MOST_READ)]


def _first_letters(path: Path) -> list[Tree]:
    """Return the first letter of each kind; a recording may hold millions of them."""
    found: dict[tuple[object, object], Tree] = {}
    with path.open("rb") as file:
        for line in islice(file, MOST_READ):
            letter = _object(line.decode(errors="replace"))
            found.setdefault((letter.get("symbol"), letter.get("reason")), letter)
    return list(found.values())


def _why(error: Exception) -> str:
    said = error.strerror if isinstance(error, OSError) else str(error)
    return " ".join(str(said or type(error).__name__).split())
