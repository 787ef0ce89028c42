"""Run directories: which belong to a profile, which can go on, and who writes into one."""

import fcntl
import json
import os
import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from urllib.parse import quote

from operators.errors import RunDirectoryError

LEFT: Final = ("-wal", "-journal")
"""Endings of the files beside a database from which it recovers."""
CHECKPOINT: Final = "checkpoint"
"""The folder in which a run of the graph keeps what it needs to go on."""

MOVED: Final = "moved.json"
"""In a run directory: where its symbols went on."""


def runs_of(parent: Path, profile: str) -> list[Path]:
    """Return a profile's runs, `<date>-<profile>-<n>`, the oldest first."""
    shape = re.compile(rf"(\d{{8}})-{re.escape(profile)}-(\d+)")
    names = {path: shape.fullmatch(path.name) for path in parent.iterdir()} if parent.is_dir() else {}
    found = {path: (name[1], int(name[2])) for path, name in names.items() if name}
    return sorted(found, key=found.__getitem__)


def next_directory(parent: Path, day: str, profile: str) -> Path:
    """Return the first `<date>-<profile>-<n>` that is free."""
    n = 1
    while (parent / f"{day}-{profile}-{n}").exists():
        n += 1
    return parent / f"{day}-{profile}-{n}"


def latest_unfinished(parent: Path, profile: str) -> Path:
    """Return a profile's latest run that can go on.

    Raises:
        RunDirectoryError: there is none.
    """
    runs = runs_of(parent, profile)
    for path in reversed(runs):
        if (path / CHECKPOINT).is_dir() and (path / "config.yaml").is_file() and not is_finished(path):
            return path
    found = f"none of its {len(runs)} runs is unfinished" if runs else "there are none"
    raise RunDirectoryError(f"{parent} holds no run of profile {profile} that could go on: {found}")


def is_finished(path: Path) -> bool:
    """Say whether a run came to its end; a stopped one has a summary too, which says so."""
    try:
        summary = json.loads((path / "summary.json").read_text())
    except (OSError, ValueError):
        return False
    return isinstance(summary, dict) and "stopped" not in summary


def require_checkpoint(path: Path) -> None:
    """Refuse to go on from a checkpoint that is not whole.

    Raises:
        RunDirectoryError: it is missing, or no database.
    """
    if (path / MOVED).is_file() and not (path / CHECKPOINT).is_dir():
        raise RunDirectoryError(f"symbols of {path} went on {_where(path)}")
    files = sorted((path / CHECKPOINT).glob("*.sqlite3"))
    if not files:
        raise RunDirectoryError(
            f"{path} holds no checkpoint to resume from: only a run of the graph makes one"
        )
    for file in files:
        try:
            _read(file)
        except sqlite3.DatabaseError as error:
            raise RunDirectoryError(f"{file} is damaged and cannot be resumed from: {error}") from None


def refuse_moved(parent: Path, profile: str) -> None:
    """Refuse to begin a profile's run anew whose last one was moved: it goes on elsewhere.

    Raises:
        RunDirectoryError: it was.
    """
    runs = runs_of(parent, profile)
    if runs and (runs[-1] / MOVED).is_file() and not (runs[-1] / CHECKPOINT).is_dir():
        raise RunDirectoryError(f"symbols of {runs[-1]} went on {_where(runs[-1])}: run those shards")


def _where(path: Path) -> str:
    try:
        return f"in {', '.join(json.loads((path / MOVED).read_text())['into'])}"
    except (OSError, ValueError, KeyError, TypeError):
        return "elsewhere"


def _read(file: Path) -> None:
    """Read a database as it lies on the disk, or as it will once what a kill left half written is recovered.

    Raises:
        DatabaseError: it is none.
    """
    try:
        with closing(sqlite3.connect(f"file:{quote(str(file))}?immutable=1", uri=True)) as store:
            store.execute("PRAGMA schema_version").fetchone()
    except sqlite3.DatabaseError:
        left = [path for path in (file.with_name(f"{file.name}{end}") for end in LEFT) if path.exists()]
        if not left:
            raise
        # On a copy: to recover it is left to the one who resumes.
        with TemporaryDirectory() as folder:
            for path in (file, *left):
                shutil.copy(path, folder)
            with closing(sqlite3.connect(Path(folder) / file.name)) as store:
                store.execute("PRAGMA schema_version").fetchone()


def claim(path: Path) -> int:
    """Keep every other process out of a run directory until this one ends, or closes what is returned.

    Raises:
        RunDirectoryError: another process is writing there.
    """
    handle = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise RunDirectoryError(f"{path} is being written by another process") from None
    return handle


def is_running(path: Path) -> bool:
    """Say whether a process is writing into a run directory."""
    try:
        os.close(claim(path))
    except RunDirectoryError:
        return True
    except OSError:
        return False
    return False


def running(parent: Path) -> list[Path]:
    """Return the run directories in a folder that are being written, by name."""
    found = sorted(parent.iterdir()) if parent.is_dir() else []
    return [path for path in found if (path / "config.yaml").is_file() and is_running(path)]
