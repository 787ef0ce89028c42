"""What a checkpoint must agree on with the program that reads it."""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

import yaml

from operators.errors import CheckpointRefused

FREE: Final = ("profile", "run.", "source.speed")
"""Settings that no order depends on: they may change between a run and its resumption."""
MOST_NAMED: Final = 3
Leaves = dict[str, str]


class Stamp(NamedTuple):
    """Which code, and which configuration."""

    code: str
    config: str

    def require(self, other: tuple[str, str], theirs: str = "", ours: str = "") -> None:
        """Refuse a checkpoint of other code or of another configuration; the texts tell what differs.

        Raises:
            CheckpointRefused: they differ.
        """
        if other[0] != self.code:
            raise CheckpointRefused("code version", self.code, other[0])
        if other[1] != self.config:
            refuse_other_settings(theirs, ours)
            raise CheckpointRefused("configuration", self.config, other[1])


def refuse_other_settings(theirs: str, ours: str) -> None:
    """Refuse to go on under another resolved configuration than a run began with.

    Raises:
        CheckpointRefused: a setting that orders depend on differs; it is named with both values.
    """
    there, here = _leaves(theirs), _leaves(ours)
    keys = [key for key in {**there, **here} if there.get(key) != here.get(key)]
    told = [key for key in keys if not _is_told(key, keys)]
    if told and there and here:
        raise CheckpointRefused("configuration", _named(told, here), _named(told, there))


def _named(keys: list[str], leaves: Leaves) -> str:
    named = [f"{key}: {leaves.get(key, 'nothing')}" for key in keys[:MOST_NAMED]]
    rest = len(keys) - len(named)
    return f"with {', '.join(named)}{f' and {rest} more' if rest else ''}"


def _is_told(key: str, keys: list[str]) -> bool:
    """A symbol's setting need not be named beside the common one that it comes from."""
    parts = key.split(".", 2)
    return key.startswith("symbols.") and len(parts) > 2 and parts[2] in keys  # noqa: PLR2004 - symbols, name, key


def _leaves(text: str) -> Leaves:
    tree = yaml.load(text, yaml.BaseLoader)  # noqa: S506 - it leaves every value as it is written
    return {key: value for key, value in _walk(tree, "") if not key.startswith(FREE)}


def _walk(tree: object, prefix: str) -> Iterator[tuple[str, str]]:
    if not isinstance(tree, Mapping):
        yield prefix, str(tree)
        return
    for name, below in tree.items():
        yield from _walk(below, f"{prefix}.{name}" if prefix else str(name))
