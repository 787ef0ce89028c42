"""Read a settings file into nested mappings of text.

Scalars stay text: only the key they are given for knows what they mean
(`configs/scalars.py`). So a symbol called `NO` stays a symbol, `1e5` is as good a
number as `100000`, and `1:30` does not quietly turn into ninety.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

import yaml

Node: TypeAlias = "str | list[Node] | dict[str, Node] | None"
Tree: TypeAlias = dict[str, Node]

MAX_BYTES = 1 << 20
MAX_DEPTH = 16
MAX_NODES = 20_000
NULLS = frozenset({"", "~", "null", "Null", "NULL"})
PLAIN_TAGS = frozenset({yaml.BaseLoader.DEFAULT_SCALAR_TAG, yaml.BaseLoader.DEFAULT_SEQUENCE_TAG,
                        yaml.BaseLoader.DEFAULT_MAPPING_TAG})  # fmt: skip


class Malformed(Exception):
    """A document that cannot be read; `problems` are sentences without the file's name."""

    def __init__(self, *problems: str) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


def read_document(path: Path) -> Tree:
    """Read a file whose top level is a mapping.

    Raises:
        Malformed: it is missing, no text, too large, no YAML, or holds something else.
    """
    node = parse(_text(path))
    if node is None:
        raise Malformed("holds no settings: name at least the symbols to trade")
    if not isinstance(node, dict):
        raise Malformed(
            f"must be a mapping of sections, was {'a list' if isinstance(node, list) else 'a text'}"
        )
    return node


def parse(text: str) -> Node:
    """Read one YAML value.

    >>> parse("{threshold: 0.7, pause: [on, ~]}")
    {'threshold': '0.7', 'pause': ['on', None]}

    Raises:
        Malformed: it is no YAML, repeats a key, has a tag, or expands without measure.
    """
    # The parser in C is faster, but ends the process on a file of opening brackets.
    try:
        node = yaml.compose(text, Loader=yaml.BaseLoader)
        builder = _Builder()
        tree = None if node is None else builder.build(node, 0)
    except yaml.YAMLError as error:
        raise Malformed(_sentence(error, text)) from None
    except RecursionError:
        raise Malformed("is nested too deeply") from None
    if builder.problems:
        raise Malformed(*builder.problems)
    return tree


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise Malformed("there is no such file") from None
    except IsADirectoryError:
        raise Malformed("is a directory, not a settings file") from None
    except OSError as error:
        raise Malformed(f"cannot be read: {error.strerror}") from None
    if len(data) > MAX_BYTES:
        raise Malformed("is larger than 1 MiB, which no settings file is")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Malformed(f"is not a text file: byte {error.start + 1} is no UTF-8") from None


def _sentence(error: yaml.YAMLError, text: str) -> str:
    if isinstance(error, yaml.reader.ReaderError):
        return f"is not a text file: it holds the character 0x{int(error.character):02x}"
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return "is not valid YAML"
    line = error.problem_mark.line
    written = text.splitlines()[line : line + 1]
    if written and "\t" in written[0][: len(written[0]) - len(written[0].lstrip())]:
        return f"line {line + 1} is indented with a tab: use spaces"
    return f"line {line + 1} is not valid YAML: {error.problem}"


class _Builder:
    """Turns YAML's nodes into a tree, and notes what a settings file must not hold."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.nodes = 0

    def build(self, node: yaml.Node, depth: int) -> Node:
        self._check(node, depth)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, depth + 1)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item, depth + 1) for item in node.value]
        is_null = isinstance(node, yaml.ScalarNode) and node.style is None and node.value in NULLS
        return None if is_null else str(node.value)

    def _check(self, node: yaml.Node, depth: int) -> None:
        self.nodes += 1
        # An anchor may stand inside itself, or be multiplied until memory ends.
        if depth > MAX_DEPTH or self.nodes > MAX_NODES:
            raise Malformed(f"line {_line(node)} is nested too deeply or repeats too much")
        if node.tag not in PLAIN_TAGS:
            tag = str(node.tag).replace("tag:yaml.org,2002:", "!!")
            self.problems.append(f"line {_line(node)} has the tag {tag}, and tags are not allowed")

    def _mapping(self, node: yaml.MappingNode, depth: int) -> Tree:
        given: dict[str, int] = {}
        tree: Tree = {}
        merged: Tree = {}
        for key, value in self._entries(node):
            if key == "<<":
                merged = self._merge(value, depth)
            elif key in given:
                self.problems.append(
                    f"line {_line(value)} gives {key} again, first given on line {given[key]}"
                )
            else:
                given[key] = _line(value)
                tree[key] = self.build(value, depth)
        return {**merged, **tree}

    def _entries(self, node: yaml.MappingNode) -> Iterator[tuple[str, yaml.Node]]:
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                yield str(key.value), value
            else:
                self.problems.append(f"line {_line(key)} has a key that is not a word")

    def _merge(self, node: yaml.Node, depth: int) -> Tree:
        """Take over what `<<: *anchor` or `<<: [*one, *other]` names; the first one wins."""
        value = self.build(node, depth)
        parts = value if isinstance(value, list) else [value]
        merged: Tree = {}
        for part in reversed(parts):
            if not isinstance(part, dict):
                raise Malformed(f"line {_line(node)} merges something that is not a mapping")
            merged |= part
        return merged


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
