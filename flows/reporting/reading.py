"""A run directory read back, whatever is left of it: what cannot be read is named, and done without."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import yaml

from configs.document import MAX_DEPTH
from connectors.runs import CHECKPOINT
from connectors.samples import read_samples
from flows.reporting.fills import Fills, by_symbol, fill
from flows.reporting.logs import DAMAGE, Tree, entry, event, json_object, read_log, why
from flows.reporting.numbers import at
from flows.reporting.series import SECOND, Grid, Series, series_of
from operators.errors import RunDirectoryError

Found = TypeVar("Found")
MOST_LINES: Final = 200
"""Of a log that is shown as a table."""
MOST_READ: Final = 20_000
"""Of a log that is looked through; fills are all read."""


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
            self.troubles.add(f"{name} cannot be read: {why(error)}")
        return otherwise

    def log(self, name: str, line_of: Callable[[bytes], Found], most: int | None = MOST_READ) -> list[Found]:
        """Return what can be read of a log's lines."""
        nothing: tuple[list[Found], list[str]] = ([], [])
        found, left_out = self.read(name, lambda path: read_log(path, line_of, most), nothing)
        self.troubles |= set(left_out)
        return found


def read_run(path: Path) -> Run:
    """Read a run that ended or was stopped.

    Raises:
        RunDirectoryError: there is none, or nothing of it can be shown.
    """
    summary, remains = _summary(path), Remains(path)
    nothing: Tree = {}
    text = remains.read("config.yaml", lambda file: file.read_text(encoding="utf-8"), "")
    config = remains.read("config.yaml", lambda _: _tree(text), nothing)
    controls, transitions = (remains.log(f"{name}.jsonl", event) for name in ("control", "transitions"))
    symbols = _symbols(summary["symbols"], config, controls, remains)
    return Run(
        path,
        summary,
        remains.read("timing.json", lambda file: json_object(file.read_text(encoding="utf-8")), nothing),
        config,
        text,
        symbols,
        controls,
        transitions,
        _first_letters(remains.log("dead_letters.jsonl", entry)),
        sorted(remains.troubles),
    )


def _summary(path: Path) -> Tree:
    if not path.is_dir():
        raise RunDirectoryError(f"{path} is not a run directory: there is no such folder")
    try:
        summary = json_object((path / "summary.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        goes_on = (path / CHECKPOINT).is_dir()
        way = f": `phoenix run --resume --out {path}` goes on with it" if goes_on else ""
        raise RunDirectoryError(f"{path} holds no summary.json, so no run has ended there{way}") from None
    except (OSError, ValueError) as error:
        raise RunDirectoryError(f"{path}/summary.json cannot be read: {why(error)}") from None
    symbols = summary.get("symbols")
    if not isinstance(symbols, dict) or not all(isinstance(each, dict) for each in symbols.values()):
        raise RunDirectoryError(f"{path}/summary.json is not what a run writes: it lists no symbols")
    return summary


def _symbols(listed: Tree, config: Tree, controls: list[Tree], remains: Remains) -> dict[str, SymbolRun]:
    fills = by_symbol(remains.log("fills.jsonl", fill, None))
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
        _refuse_nested(text, loader)
        found = yaml.load(text, Loader=loader)  # noqa: S506 - a safe loader, the quick one where there is one
    except yaml.YAMLError as error:
        raise ValueError(why(error)) from None
    return found if isinstance(found, dict) else {}


def _refuse_nested(text: str, loader: type) -> None:
    """The loader in C ends the process where it has to go too deep; its parser alone does not."""
    depth = 0
    for each in yaml.parse(text, Loader=loader):
        depth += isinstance(each, yaml.CollectionStartEvent) - isinstance(each, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise ValueError("it is nested too deeply")


def _first_letters(letters: list[Tree]) -> list[Tree]:
    """Return the first letter of each kind."""
    found: dict[tuple[str, str], Tree] = {}
    for letter in letters:
        found.setdefault((str(letter.get("symbol")), str(letter.get("reason"))), letter)
    return list(found.values())
