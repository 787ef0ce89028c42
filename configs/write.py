"""Write settings back as YAML, complete, and name them by what they say."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from configs.keys import Section
from configs.problems import BARE
from configs.schema import PER_SYMBOL, SHARED
from configs.schema_kafka import OUTGOING
from configs.schema_market import Grid
from configs.settings import Settings, SymbolSettings

PLAIN: Final = re.compile(r"[A-Za-z_./][A-Za-z0-9_./-]*")
WORDS: Final = frozenset({"null", "yes", "no", "on", "off", "y", "n"})
"""Texts that other readers of YAML take for something else."""

Values = Mapping[str, Any]


def resolved_yaml(settings: Settings) -> str:
    """Write every key with its value; loading the text again gives equal settings."""
    tree: dict[str, Any] = {"profile": settings.profile}
    tree |= {name: _values(getattr(settings, name)) for name in SHARED}
    tree |= {name: _values(getattr(settings.common, name)) for name in PER_SYMBOL}
    tree["symbols"] = {name: _symbol(symbol) for name, symbol in settings.symbols.items()}
    return "".join(f"{line}\n" for line in _lines(tree, 0))


def digest(settings: Settings) -> str:
    """Return 16 hex digits that change with anything that could change an order.

    Where a run writes, how often it checkpoints, how fast it replays and what it serves cannot.
    """
    tree: dict[str, object] = {
        "source": {name: value for name, value in _values(settings.source).items() if name != "speed"},
        "symbols": {name: _symbol(symbol) for name, symbol in settings.symbols.items()},
    }
    if settings.source.kind == "kafka":
        way = ("bootstrap", "options", "control_topic", *OUTGOING)
        tree["kafka"] = {name: value for name, value in _values(settings.kafka).items() if name not in way}
    return _hashed(tree)


def trading_digest(settings: Settings) -> str:
    """Return 16 hex digits that change with how symbols are traded, wherever their market is read from."""
    return _hashed({name: _symbol(symbol) for name, symbol in settings.symbols.items()})


def scalar(value: object) -> str:
    """Write one value as YAML.

    >>> [scalar(value) for value in (None, True, 5.0, Decimal("0.10"), "runs", "on", ("a b",))]
    ['null', 'true', '5', '0.10', 'runs', '"on"', '["a b"]']
    """
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    if isinstance(value, Decimal | datetime):
        return f"{value:f}" if isinstance(value, Decimal) else value.isoformat().replace("+00:00", "Z")
    if isinstance(value, int | float):
        return repr(value).removesuffix(".0")
    if isinstance(value, frozenset):
        return scalar(tuple(sorted(value)))
    if isinstance(value, tuple | Mapping):
        return f"[{', '.join(scalar(item) for item in value)}]" if isinstance(value, tuple) else "{}"
    return _quoted(str(value))


def _hashed(tree: object) -> str:
    text = json.dumps(tree, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _values(section: Section) -> dict[str, Any]:
    return {name: getattr(section, name) for name in type(section).model_fields}


def _symbol(symbol: SymbolSettings) -> dict[str, Values]:
    # As text, so that other readers of YAML keep the decimals too.
    grid = {name: f"{getattr(symbol.instrument, name):f}" for name in Grid.model_fields}
    return {"instrument": grid, **{name: _values(getattr(symbol, name)) for name in PER_SYMBOL}}


def _lines(tree: Values, depth: int) -> Iterator[str]:
    for name, value in tree.items():
        if depth == 0 and name != "profile":
            yield ""
        if isinstance(value, Mapping) and value:
            yield f"{'  ' * depth}{scalar(name)}:"
            yield from _lines(value, depth + 1)
        else:
            yield f"{'  ' * depth}{scalar(name)}: {scalar(value)}"


def _quoted(text: str) -> str:
    if text.lower() in WORDS or BARE.fullmatch(text) or not PLAIN.fullmatch(text):
        return json.dumps(text, ensure_ascii=False)
    return text
