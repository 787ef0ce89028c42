"""Claims on symbols: no two processes run the same one where only one may, nor more together than a cap.

A claim is a lock on a file named by the symbol, in a folder beside the runs, which the operating system
gives back when its process ends, however it ends. It is seen by whoever sees the same folder.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final, NamedTuple

from operators.errors import ConfigError, RunDirectoryError

CLAIMS: Final = "claims"
ANOTHER: Final = "use another profile or run.directory"


class Claimant(NamedTuple):
    """Who claims what."""

    share: str
    symbols: Sequence[str]
    run: str
    """Names the run wherever it is: the same one that comes again takes its own place."""


class Exposure(NamedTuple):
    """What symbols may be worth at worst, each and all that there are together, in quote currency."""

    budgets: Mapping[str, Decimal]
    cap: Decimal


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


@contextmanager
def claimed_within(folder: Path, exposure: Exposure, who: Mapping[str, object]) -> Iterator[None]:
    """Hold the claims on symbols, whose budgets and those of all that are held already stay below every cap.

    Raises:
        RunDirectoryError: another process holds one of them.
        ConfigError: their budgets are too much beside those of others.
    """
    with ExitStack() as held:
        with _alone_in(folder):
            for symbol, budget in sorted(exposure.budgets.items()):
                told = {**who, "budget": str(budget), "cap": str(exposure.cap)}
                held.callback(os.close, _claim(folder / symbol, told, ANOTHER))
            _require_room(folder, exposure)
        yield


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Let one process at a time claim and look: it takes milliseconds."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise RunDirectoryError(f"{folder} cannot be written: {error.strerror}") from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _require_room(folder: Path, exposure: Exposure) -> None:
    others = [path for path in folder.iterdir() if path.name not in exposure.budgets and _is_held(path)]
    told = {path.name: stake for path in sorted(others) if (stake := _stake(path)) is not None}
    worst = sum((budget for budget, _ in told.values()), sum(exposure.budgets.values()))
    cap = min((exposure.cap, *(cap for _, cap in told.values())))
    if worst > cap:
        here = f"{', '.join(told)}, which run already by {folder}"
        problem = f"risk.total_notional: with {here}, budgets come to {worst:,}, above {cap:,}"
        raise ConfigError([f"{problem}: give all shards the same settings, or this one another profile"])


def _is_held(path: Path) -> bool:
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False


def _stake(path: Path) -> tuple[Decimal, Decimal] | None:
    """Return the budget of a claimed symbol, and the cap of whoever claimed it, where that is told."""
    try:
        told = json.loads(path.read_text())
        return Decimal(told["budget"]), Decimal(told["cap"])
    except (OSError, ValueError, KeyError, TypeError, InvalidOperation):
        return None


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
