"""Which quoting model a symbol has: a compiled one, or what its settings name."""

from typing import Final, cast

import numpy as np

from configs.settings import SymbolSettings
from flows.named import Named
from operators.quoter import Fitted, Model, Side, usable

SAMPLE: Final = Fitted(80.0, Side(0.6, 0.026, 0.99), Side(0.6, 0.026, 0.99), 1e-4, 10, 100, 617_000.0)
"""The BTCUSDT perpetual of one evening: what a model is tried on before a run."""


def model_of(symbol: SymbolSettings) -> Model | None:
    """Return the model that the settings name, made anew, or None for a compiled one.

    Raises:
        ConfigError: there is no such thing, or it is no model.
    """
    named = named_model(symbol)
    if named is None:
        return None
    model = named.made("a model", symbol)
    if not callable(model):
        raise named.wrong("must make a model, but what it makes cannot be called")
    inventory = np.arange(-10, 11) * SAMPLE.order_lots
    try:
        made = usable(model(SAMPLE, inventory), inventory)
    except Exception as error:
        raise named.wrong(f"must make a model, but it raised {type(error).__name__} ({error})") from error
    if made is None:
        raise named.wrong("must make a model that gives bid and ask a finite depth for each inventory")
    return cast("Model", model)


def named_model(symbol: SymbolSettings) -> Named | None:
    """Return the setting that names a model of one's own, if one does."""
    key = f"symbols.{symbol.instrument.symbol}.quoting.model"
    return Named(key, symbol.quoting.model) if ":" in symbol.quoting.model else None
