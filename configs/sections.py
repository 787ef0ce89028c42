"""Check one section against its model."""

from collections.abc import Iterable
from typing import Generic, NamedTuple, TypeVar

from pydantic import ValidationError

from configs.coherence import Clash
from configs.document import Node, Tree
from configs.keys import Section
from configs.problems import Key, Problems

S = TypeVar("S", bound=Section)


class Checked(NamedTuple, Generic[S]):
    """A section, and the keys whose values were refused: they hold their defaults."""

    value: S
    refused: frozenset[str]


def check(
    problems: Problems, key: Key, model: type[S], given: Tree, own: Iterable[str] | None = None
) -> Checked[S]:
    """Check a section whose keys all have defaults, and go on with what is right in it.

    Of what is wrong, `own` keys are reported here; others stand, and are reported, elsewhere.
    """
    try:
        return Checked(model.model_validate(given), frozenset())
    except ValidationError as error:
        problems.section(key, model, error, given, given if own is None else own)
        refused = frozenset(str(detail["loc"][0]) for detail in error.errors())
        usable = {field: value for field, value in given.items() if field not in refused}
        return Checked(model.model_validate(usable), refused)


def complete(problems: Problems, key: Key, model: type[S], given: Tree, own: Iterable[str]) -> S | None:
    """Check a section that has keys without defaults: it is whole, or it is nothing."""
    try:
        return model.model_validate(given)
    except ValidationError as error:
        problems.section(key, model, error, given, own)
        return None


def keys_of(problems: Problems, key: Key, node: Node, expected: str = "a section of keys") -> Tree:
    """Take a section's keys; an empty section has none, and anything else is a problem."""
    if isinstance(node, dict):
        return node
    if node is not None:
        problems.key(key, f"must be {expected}", node)
    return {}


def report(
    problems: Problems, clashes: Iterable[Clash], refused: frozenset[str], near: Key, own: Iterable[str]
) -> None:
    """Note contradictions, unless one of their keys was refused anyway.

    `near` is where they were found, such as `symbols.ETHUSDC.vpin`. When none of
    their keys was written there (`own`), they stand in the section for all symbols.
    """
    written = set(own)
    for clash in clashes:
        if refused.isdisjoint(clash.fields):
            here = clash.one_symbol or written.intersection(clash.fields)
            place = near if here else near[-1:]
            problems.key((*place, clash.fields[0]), clash.text, clash.value)
