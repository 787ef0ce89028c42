"""Which measure of toxicity a symbol has: VPIN, or what its settings name."""

from typing import cast

from configs.settings import SymbolSettings
from flows.named import Named
from operators.measure import Measure

NEEDED = ("on_frame", "dump", "restore")


def measure_of(symbol: SymbolSettings) -> Measure | None:
    """Return the measure that the settings name, made anew, or None for VPIN.

    Raises:
        ConfigError: there is no such thing, or it is no measure.
    """
    named = named_measure(symbol)
    if named is None:
        return None
    made = named.made("a measure", symbol)
    lacks = [name for name in NEEDED if not callable(getattr(made, name, None))]
    if lacks:
        raise named.wrong(f"must make a measure, but what it makes has no {', '.join(lacks)}")
    return cast("Measure", made)


def named_measure(symbol: SymbolSettings) -> Named | None:
    """Return the setting that names a measure, if one does."""
    key = f"symbols.{symbol.instrument.symbol}.vpin.measure"
    return Named(key, symbol.vpin.measure) if symbol.vpin.measure else None
