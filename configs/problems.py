"""Collect everything that is wrong with a configuration, as sentences.

A sentence names where the value was written (the file, or `--set`), its key, what
was expected, and the value.
"""

import json
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, get_args, get_origin

from annotated_types import Ge, Gt, Le
from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from configs.document import Tree
from configs.keys import Section
from configs.scalars import NUMBER

Key = tuple[str, ...]
"""`("symbols", "ETHUSDC", "vpin", "threshold")`."""

BARE: Final = re.compile(rf"{NUMBER.pattern}|true|false|[-+]?\.?(?:nan|inf)", re.IGNORECASE)
LONGEST: Final = 60
ABSENT: Final = object()
KINDS: Final[dict[object, str]] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    Decimal: "a number",
    str: "a text",
    tuple: "a path or a list of paths",
    frozenset: "a symbol or a list of symbols",
    tuple[float, ...]: "a list of at most 64 numbers",
    dict[str, str]: "a mapping from names to texts",
    dict[int, int]: "a mapping from partitions to offsets",
    datetime: "a date and time with its zone, such as 2025-01-01T00:00:00Z",
}


class Problems:
    """The problems of one configuration, in the order they were found, each once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._set_keys: list[Key] = []
        self._sentences: dict[str, None] = {}

    @property
    def sentences(self) -> list[str]:
        """Every problem so far."""
        return list(self._sentences)

    def written_by_set(self, key: Key) -> None:
        """Remember that this key, and all below it, came from the command line."""
        self._set_keys.append(key)

    def say(self, sentence: str) -> None:
        """Note a problem that is already a whole sentence."""
        self._sentences[sentence] = None

    def file(self, text: str) -> None:
        """Note what is wrong with the file as such."""
        self.say(f"{self._path}: {text}")

    def key(self, key: Key, text: str, value: object = ABSENT) -> None:
        """Note what is wrong with a key, and its value if it has one."""
        was = "" if value is ABSENT else f", was {shown(value)}"
        dotted = ".".join(short(part) for part in key)
        by_set = any(key[: len(prefix)] == prefix for prefix in self._set_keys)
        self.say(f"--set {dotted}: {text}{was}" if by_set else f"{self._path}: {dotted} {text}{was}")

    def unknown(self, key: Key, known: Iterable[str], elsewhere: Iterable[str] = ()) -> None:
        """Note a key that does not exist, and the one that was probably meant."""
        names = list(known)
        close = get_close_matches(short(key[-1]).lower(), [*names, *elsewhere], n=1)
        hint = f"; did you mean {close[0]}?" if close else f"; known here are {', '.join(names)}"
        self.key(key, f"is not a known key{hint}")

    def section(
        self, key: Key, model: type[Section], error: ValidationError, given: Tree, own: Iterable[str]
    ) -> None:
        """Note what a section refused, as far as it stands under this key itself."""
        wanted = {*own, *(set(model.model_fields) - set(given))}
        for detail in error.errors():
            field = str(detail["loc"][0])
            if field not in wanted:
                continue
            if detail["type"] == "extra_forbidden":
                self.unknown((*key, field), model.model_fields)
            elif detail["type"] == "missing":
                self.key((*key, field), "must be given")
            else:
                self.key((*key, field), _refusal(detail, model.model_fields[field]), given[field])


def shown(value: object) -> str:
    """Write a value as a user would recognise it.

    >>> shown("abc"), shown("1.7"), shown(None), shown({"a": "1"})
    ('"abc"', '1.7', 'null', 'a mapping')
    """
    if value is None:
        return "null"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "an empty list" if not value else "a list"
    text = str(value)
    text = text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
    return text if BARE.fullmatch(text) else json.dumps(text, ensure_ascii=not text.isprintable())


def expectation(field: FieldInfo) -> str:
    """Say what a key takes: `a whole number from 1 to 1000`.

    >>> from configs.schema_quoting import Vpin
    >>> [expectation(Vpin.model_fields[name]) for name in ("estimator", "bucket_size", "n_buckets")]
    ['mean_abs or net', 'a positive number', 'a whole number from 1 to 1000']
    """
    members = get_args(field.annotation)
    if members and all(isinstance(member, str) for member in members):
        return _either(members)
    nullable = type(None) in members
    kind = members[0] if nullable else field.annotation
    return _ranged(KINDS.get(kind) or KINDS[get_origin(kind)], _limits(field)) + (
        ", or null" if nullable else ""
    )


def short(text: str) -> str:
    """Write a name as it is, or quoted where it would break its line; long ones are cut."""
    printable = text if text.isprintable() else json.dumps(text)
    return printable if len(printable) <= LONGEST else f"{printable[:LONGEST]}…"


def _either(members: Sequence[str]) -> str:
    *first, last = members
    return f"{', '.join(first)} or {last}" if first else last


def _limits(field: FieldInfo) -> dict[str, float]:
    found: dict[str, float] = {}
    for limit in field.metadata:
        for kind, name in ((Gt, "gt"), (Ge, "ge"), (Le, "le")):
            if isinstance(limit, kind):
                found[name] = getattr(limit, name)
    return found


def _ranged(kind: str, limits: dict[str, float]) -> str:
    most = limits.get("le")
    if "gt" in limits:
        positive = kind.replace("a ", "a positive ", 1)
        return positive if most is None else f"{positive}, at most {most}"
    if "ge" not in limits:
        return kind
    return f"{kind}, at least {limits['ge']}" if most is None else f"{kind} from {limits['ge']} to {most}"


def _refusal(detail: ErrorDetails, field: FieldInfo) -> str:
    facts: dict[str, Any] = detail.get("ctx", {})
    match detail["type"]:
        case "greater_than":
            return "must be positive" if facts["gt"] == 0 else f"must be more than {facts['gt']}"
        case "greater_than_equal":
            return f"must be at least {_plain(facts['ge'])}"
        case "less_than_equal":
            return f"must be at most {_plain(facts['le'])}"
        case "said":
            return str(facts["text"])
        case _:
            return f"must be {expectation(field)}"


def _plain(limit: object) -> str:
    return f"{limit:g}" if isinstance(limit, float) else str(limit)
