"""A run directory read back, whatever is left of it: what cannot be read is named, and done without."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
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
    controls: list[Tree] = field(default_factory=list)
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
    troubles: list[str] = field(default_factory=list)
    """What could not be read, a sentence each."""

    @property
    def began_ns(self) -> int:
        """Return the whole second in which the first of its symbols began."""
        firsts = [int(symbol.figures.get("first_ns", 0)) for symbol in self.symbols.values()]
        return min((ns for ns in firsts if ns > 0), default=0) // SECOND * SECOND


def read_run(path: Path) -> Run:
    """Read a run that ended or was stopped.

    Raises:
        RunDirectoryError: there is none, or nothing of it can be shown.
    """
    summary, troubles = _summary(path), list[str]()

    def tried(name: str, read: Callable[[Path], Found], otherwise: Found) -> Found:
        """Do without what cannot be read; what a run never wrote is missing, not damaged."""
        try:
            return read(path / name)
        except FileNotFoundError:
            troubles.append(f"{name} is missing")
        except DAMAGE as error:
            troubles.append(f"{name} cannot be read: {_why(error)}")
        return otherwise

    text = tried("config.yaml", lambda file: file.read_text(encoding="utf-8"), "")
    nothing: Tree = {}
    config = tried("config.yaml", lambda _: _tree(text), nothing)
    no_fills: Mapping[str, Fills] = {}
    fills = tried("fills.jsonl", read_fills, no_fills)
    no_lines: list[Tree] = []
    controls = tried("control.jsonl", _lines, no_lines)
    symbols = {
        name: _symbol(name, figures, _part(config, "symbols", name), fills.get(name), tried)
        for name, figures in summary["symbols"].items()
    }
    for name, symbol in symbols.items():
        symbol.controls.extend(each for each in controls if each.get("symbol") == name)
    return Run(
        path,
        summary,
        tried("timing.json", lambda file: _object(file.read_text(encoding="utf-8")), {}),
        config,
        text,
        symbols,
        controls,
        tried("transitions.jsonl", _lines, []),
        tried("dead_letters.jsonl", _first_letters, []),
        sorted(set(troubles)),
    )


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


def _symbol(
    name: str, figures: Tree, settings: Tree, fills: Fills | None, tried: Callable[..., Any]
) -> SymbolRun:
    grid = tried("config.yaml", lambda _: Grid.of(settings) if settings else None, None)
    samples = tried(f"samples/{name}.bin", read_samples, None)
    made = None
    if grid is not None and samples is not None and len(samples):
        made = tried(f"samples/{name}.bin", lambda _: series_of(np.asarray(samples), grid), None)
    return SymbolRun(name, figures, settings, grid, made, fills or Fills.none())


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
