"""The states that a checkpoint of the graph holds, read out of Bytewax's store and written into another.

Its own rules hold: a store resumes at the least epoch that all workers of its latest execution had
reached, from what each step kept of each symbol last before that. What is written here is one such cut
at the first epoch, so states that were committed at different epochs stand side by side in one store.
"""

import pickle
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from bytewax.recovery import init_db_dir

SOURCE: Final = "phoenix.source"
"""The step whose states name the run directory."""
COMMITTED: Final = 1
"""The epoch that states are written at."""
States = dict[str, dict[str, bytes]]
"""By symbol, then by step."""


def read_states(store: Path) -> States:
    """Return what a store resumes from; nothing, where it never committed anything."""
    parts = [_part(file) for file in sorted(store.glob("*.sqlite3"))]
    executions, fronts = ([row for part in parts for row in part[table]] for table in ("exs", "fronts"))
    epoch = _resumes_at(executions, fronts)
    newest: dict[tuple[str, str], tuple[int, bytes | None]] = {}
    for part in parts:
        for step, symbol, at, change in part["snaps"]:
            if at < epoch and at >= newest.get((step, symbol), (at, None))[0]:
                newest[step, symbol] = at, change
    found: States = {}
    for (step, symbol), (_, change) in newest.items():
        if change is not None:
            found.setdefault(symbol, {})[step] = change
    return found


def _part(file: Path) -> dict[str, list[Any]]:
    asked = {
        "exs": "SELECT ex_num, worker_count, resume_epoch FROM exs",
        "fronts": "SELECT ex_num, worker_index, worker_frontier FROM fronts",
        "snaps": "SELECT step_id, state_key, snap_epoch, ser_change FROM snaps",
    }
    with closing(sqlite3.connect(file)) as part:
        return {table: part.execute(query).fetchall() for table, query in asked.items()}


def _resumes_at(executions: list[tuple[int, int, int]], fronts: list[tuple[int, int, int]]) -> int:
    if not executions:
        return 0
    latest, n_workers, began = max(executions)
    reached = dict.fromkeys(range(n_workers), began)
    for number, worker, epoch in fronts:
        if number == latest:
            reached[worker] = max(epoch, reached.get(worker, began))
    return min(reached.values())


def write_states(store: Path, states: Mapping[str, Mapping[str, bytes]]) -> None:
    """Write states into a store of their own."""
    store.mkdir()
    init_db_dir(store, 1)
    rows = [(step, symbol, COMMITTED, kept) for symbol, own in states.items() for step, kept in own.items()]
    (file,) = store.glob("*.sqlite3")
    with closing(sqlite3.connect(file)) as part, part:
        part.execute("INSERT INTO exs (ex_num, worker_count, resume_epoch) VALUES (0, 1, ?)", (COMMITTED,))
        part.execute(
            "INSERT INTO fronts (ex_num, worker_index, worker_frontier) VALUES (0, 0, ?)", (COMMITTED + 1,)
        )
        part.execute("INSERT INTO commits (part_index, commit_epoch) VALUES (0, ?)", (COMMITTED,))
        part.executemany(
            "INSERT INTO snaps (step_id, state_key, snap_epoch, ser_change) VALUES (?, ?, ?, ?)", rows
        )


def stamp_of(states: Mapping[str, bytes]) -> tuple[str, str] | None:
    """Return the code and the configuration that a symbol's states are for, if it has any."""
    if SOURCE not in states:
        return None
    code, config = pickle.loads(states[SOURCE])[0]  # noqa: S301 - our own checkpoint
    return code, config


def moved(states: Mapping[str, bytes], directory: Path) -> dict[str, bytes]:
    """Return a symbol's states for another run directory."""
    if SOURCE not in states:
        return dict(states)
    stamp, _, *rest = pickle.loads(states[SOURCE])  # noqa: S301 - our own checkpoint
    return {**states, SOURCE: pickle.dumps((stamp, str(directory), *rest))}
