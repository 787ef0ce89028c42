"""Claims on symbols: no two processes run the same one where only one may.

A claim is a lock on a file named by the symbol, in a folder beside the runs, which the operating system
gives back when its process ends, however it ends. It is seen by whoever sees the same folder.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from operators.errors import RunDirectoryError

CLAIMS: Final = "claims"
ANOTHER: Final = "use another profile or run.directory"


class Claimant(NamedTuple):
    """Who claims what."""

    share: str
    symbols: Sequence[str]
    run: str
    """Names the run wherever it is: the same one that comes again takes its own place."""


@contextmanager
def claimed(
    folder: Path, symbols: Sequence[str], who: Mapping[str, object], otherwise: str = ANOTHER
) -> Iterator[None]:
    """Hold the claims on symbols; `who` is told to those who come too late, and what they may do instead.

    Raises:
        RunDirectoryError: another process holds one of them.
    """
    with ExitStack() as held:
        for symbol in sorted(symbols):
            held.callback(os.close, _claim(folder / symbol, who, otherwise))
        yield


def _claim(path: Path, who: Mapping[str, object], otherwise: str) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise RunDirectoryError(f"{path} cannot be written: {error.strerror}") from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        ways = f"stop that one, or {otherwise}, as this holds for {path.parent}"
        raise RunDirectoryError(f"{path.name} is run already, by {_holder(path)}: {ways}") from None
    os.ftruncate(handle, 0)
    os.pwrite(handle, json.dumps({**who, "process": os.getpid()}).encode() + b"\n", 0)
    return handle


def _holder(path: Path) -> str:
    """Say who holds a claim; who took it this very moment may not have said so yet."""
    try:
        told = json.loads(path.read_text())
        return f"{told['share']} in {told['run']} (process {told['process']})"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
