"""What a checkpoint must agree on with the program that reads it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple

import yaml

from operators.errors import CheckpointRefused

FREE: Final = (
    *("profile", "run.", "metrics.", "source.speed", "kafka.bootstrap", "kafka.options"),
    "kafka.control_topic",
    *("kafka.orders_topic", "kafka.fills_topic", "kafka.readings_topic", "kafka.dead_letters_topic"),
)
"""Settings that no order depends on: they may change between a run and its resumption."""
MOST_NAMED: Final = 3
Leaves = dict[str, str]


def never(_key: str) -> bool:
    """Say no."""
    return False


class Stamp(NamedTuple):
    """Which code, and which configuration."""

    code: str
    config: str

    def require(
        self,
        other: tuple[str, str],
        theirs: str = "",
        ours: str = "",
        may_change: Callable[[str], bool] = never,
    ) -> None:
        """Refuse a checkpoint of other code or of another configuration; the texts tell what differs.

        Settings that may change may differ, where both texts are known.

        Raises:
            CheckpointRefused: they differ.
        """
        if other[0] != self.code:
            raise CheckpointRefused("code version", self.code, other[0])
        if other[1] != self.config:
            refuse_other_settings(theirs, ours, may_change)
            if theirs and ours and told_apart(leaves(theirs), leaves(ours)):
                return
            raise CheckpointRefused("configuration", self.config, other[1])


def refuse_other_settings(theirs: str, ours: str, may_change: Callable[[str], bool] = never) -> None:
    """Refuse to go on under another resolved configuration than a run began with.

    Raises:
        CheckpointRefused: a setting that orders depend on, and that may not change, differs; it is named
            with both values.
    """
    there, here = leaves(theirs), leaves(ours)
    told = [key for key in told_apart(there, here) if not may_change(key)]
    if told and there and here:
        raise CheckpointRefused("configuration", _named(told, here), _named(told, there))


def told_apart(there: Leaves, here: Leaves) -> list[str]:
    """Return the settings that differ; of those that several symbols have in common, the common one."""
    told = {
        key: (there.get(key), here.get(key)) for key in {**there, **here} if there.get(key) != here.get(key)
    }
    return [key for key, pair in told.items() if told.get(_common(key)) != pair]


def _named(keys: list[str], leaves: Leaves) -> str:
    named = [f"{key}: {leaves.get(key, 'nothing')}" for key in keys[:MOST_NAMED]]
    rest = len(keys) - len(named)
    return f"with {', '.join(named)}{f' and {rest} more' if rest else ''}"


def _common(key: str) -> str:
    """Name what several symbols have in common: one that changed alike need not be named beside it."""
    return key.split(".", 2)[-1] if key.startswith("symbols.") else ""


def leaves(text: str) -> Leaves:
    """Return the settings of a resolved configuration that orders depend on, each by its whole name."""
    tree = yaml.load(text, yaml.BaseLoader)  # noqa: S506 - it leaves every value as it is written
    return {key: value for key, value in _walk(tree, "") if not key.startswith(FREE)}


def _walk(tree: object, prefix: str) -> Iterator[tuple[str, str]]:
    if not isinstance(tree, Mapping):
        yield prefix, str(tree)
        return
    for name, below in tree.items():
        yield from _walk(below, f"{prefix}.{name}" if prefix else str(name))
