"""Apply `--set key=value` to what the file says."""

from collections.abc import Sequence

from configs.document import Malformed, Node, Tree, parse
from configs.problems import Key, Problems, short


def apply(tree: Tree, overrides: Sequence[str], problems: Problems) -> None:
    """Write every override into the tree, the later ones over the earlier.

    Values are YAML: `--set symbols=[BTCUSDT, ETHUSDT]`, `--set quoting.max_improve_ticks=null`.
    """
    spread_symbols(tree, problems)
    for text in overrides:
        _apply_one(tree, text, problems)
        spread_symbols(tree, problems)


def spread_symbols(tree: Tree, problems: Problems) -> None:
    """Turn a list of symbols into a mapping of symbols that override nothing."""
    listed = tree.get("symbols")
    if not isinstance(listed, list):
        return
    table: Tree = {}
    for item in listed:
        if not isinstance(item, str):
            problems.key(("symbols",), "must list names only", item)
        elif item in table:
            problems.key(("symbols",), f"names {short(item)} twice")
        else:
            table[item] = None
    tree["symbols"] = table


def _apply_one(tree: Tree, text: str, problems: Problems) -> None:
    dotted, equals, written = text.partition("=")
    key = tuple(part.strip() for part in dotted.split("."))
    if not equals or not all(key):
        problems.say(f"--set {short(text)}: must be a key and its value, such as vpin.threshold=0.8")
        return
    try:
        value = parse(written)
    except Malformed as error:
        for problem in error.problems:
            problems.say(f"--set {short(dotted)}: {problem}")
        return
    _put(tree, key, value, problems)


def _put(tree: Tree, key: Key, value: Node, problems: Problems) -> None:
    place = tree
    for depth, part in enumerate(key[:-1], 1):
        below = place.get(part)
        if below is None:
            below = place[part] = {}
        if not isinstance(below, dict):
            whole, section = short(".".join(key)), short(".".join(key[:depth]))
            problems.say(f"--set {whole}: cannot be set, for {section} is no section")
            return
        place = below
    place[key[-1]] = value
    problems.written_by_set(key)
