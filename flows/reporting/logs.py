"""Logs of a run, line by line: a line that cannot be read is named, and the others are kept."""

import json
from collections.abc import Callable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Final, TypeVar

from operators.errors import PhoenixError

Tree = Mapping[str, Any]
Found = TypeVar("Found")
DAMAGE: Final = (
    PhoenixError,
    AttributeError,
    IndexError,
    KeyError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
    ArithmeticError,
)
"""What reading or drawing something damaged may raise."""


def read_log(
    path: Path, line_of: Callable[[bytes], Found], most: int | None = None
) -> tuple[list[Found], list[str]]:
    """Return what the lines of a log hold, and a sentence on each way in which that is not all.

    Raises:
        OSError: it cannot be read at all.
    """
    found, bad = list[Found](), list[tuple[int, str]]()
    with path.open("rb") as file:
        for n, line in enumerate(islice(file, most), start=1):
            try:
                found.append(line_of(line))
            except DAMAGE as error:
                bad.append((n, why(error)))
        left_out = _named(path.name, bad)
        if most is not None and file.readline(1):
            left_out.append(f"{path.name} has more than {most:,} lines")
    return found, left_out


def _named(name: str, bad: list[tuple[int, str]]) -> list[str]:
    if not bad:
        return []
    n, said = bad[0]
    more = f" (and {len(bad) - 1:,} more)" if len(bad) > 1 else ""
    return [f"line {n:,}{more} of {name} cannot be read: {said}"]


def entry(line: bytes) -> Tree:
    """Return the object of a line.

    Raises:
        ValueError: it is none.
    """
    return json_object(line.decode(errors="replace"))


def event(line: bytes) -> Tree:
    """Return the object of a line that tells when it was, and of changes what each was and is.

    Raises:
        ValueError: it is none, or not of a time that there is.
    """
    found = entry(line)
    ts, changes = found.get("ts", 0), found.get("changes") or {}
    if type(ts) is not int or not 0 <= ts < 1 << 63:
        raise ValueError(f"ts must be whole nanoseconds, was {ts}")
    if not isinstance(changes, dict) or any(
        not isinstance(each, list) or len(each) != 2  # noqa: PLR2004 - was, and is
        for each in changes.values()
    ):
        raise ValueError("changes must be pairs")
    return found


def json_object(text: str) -> Tree:
    """Return the object that a text is.

    Raises:
        ValueError: it is none.
    """
    found = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError("it is no JSON object")  # noqa: TRY004 - what is wrong is the file
    return found


def why(error: Exception) -> str:
    """Say in one line what went wrong."""
    said = error.strerror if isinstance(error, OSError) else str(error)
    return " ".join(str(said or type(error).__name__).split())
