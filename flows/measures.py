"""Which measure of toxicity a symbol has: VPIN, or what its settings name."""

import importlib
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import cast

from configs.settings import SymbolSettings
from operators.errors import ConfigError
from operators.measure import Measure

Factory = Callable[[SymbolSettings], Measure]
NEEDED = ("on_frame", "dump", "restore")


def measure_of(symbol: SymbolSettings) -> Measure | None:
    """Return the measure that the settings name, made anew, or None for VPIN.

    Raises:
        ConfigError: there is no such thing, or it is no measure.
    """
    named = symbol.vpin.measure
    if not named:
        return None
    make = factory(symbol)
    try:
        made = make(symbol)
    except Exception as error:
        raise _wrong(symbol, f"must make a measure, but raised {type(error).__name__} ({error})") from error
    lacks = [name for name in NEEDED if not callable(getattr(made, name, None))]
    if lacks:
        raise _wrong(symbol, f"must make a measure, but what it makes has no {', '.join(lacks)}")
    return made


def factory(symbol: SymbolSettings) -> Factory:
    """Return what makes a symbol's measure: `module:name` in the settings.

    Raises:
        ConfigError: the module or the name in it is missing.
    """
    module, _, name = (symbol.vpin.measure or "").partition(":")
    if str(Path.cwd()) not in sys.path:
        sys.path.append(str(Path.cwd()))
    try:
        found = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise _wrong(symbol, f"must name something that can be imported as module:name ({error})") from None
    if not callable(found):
        raise _wrong(symbol, "must name something that can be called with a symbol's settings")
    return cast("Factory", found)


def source_of(symbol: SymbolSettings) -> bytes:
    """Return the source of the measure's module: a checkpoint is for it alone."""
    if not symbol.vpin.measure:
        return b""
    path = inspect.getsourcefile(inspect.unwrap(factory(symbol)))
    return Path(path).read_bytes() if path else b""


def _wrong(symbol: SymbolSettings, text: str) -> ConfigError:
    where = f"symbols.{symbol.instrument.symbol}.vpin.measure"
    return ConfigError([f'{where} {text}, was "{symbol.vpin.measure}"'])
