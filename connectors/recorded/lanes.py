"""One table on its way into the merge: rows read and judged, and not yet taken."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from connectors.recorded.batches import DAMAGE, SYMBOL, open_table, read_batches
from connectors.recorded.columns import Columns, Faults, Table, read_rows, where
from connectors.recorded.grid import Floats, Grids, Steps
from connectors.recorded.letters import Reason, excerpt

UNTIMELY: Final = (Reason.BAD_TIME, Reason.BAD_RECEIVE_TIME, Reason.MISSING_FIELD)
LaneState = tuple[int, bool]
Told = dict[int, tuple[Reason, str]]
"""Why rows are unusable, and what they say, by position."""


@dataclass
class Taken:
    """Rows that left a lane; `first` is the number of the first in its file, from 1."""

    first: int
    columns: Columns
    faults: Told

    def __len__(self) -> int:
        return len(self.columns["recv_ns"])


class Lane:
    """Reads one table forward; `keys` are its receive stamps, made to never go back."""

    def __init__(self, path: Path, table: Table, symbol: str, grids: Grids) -> None:
        self.path, self.table = path, table
        self._symbol, self._grids = symbol, grids
        self._file = open_table(path, table)
        self._columns: Columns = {}
        self._faults: Told = {}
        self._start, self._told, self.ended = 0, False, False
        self._batches = read_batches(self._file, table, 0)
        self.keys: Steps = np.zeros(0, np.int64)
        self._starts: Steps = np.zeros(0, np.int64)

    def refill(self) -> str | None:
        """Read until some rows may leave or there are no more; return what damage stopped it, once."""
        while not self.ended and not self.ready:
            try:
                batch = next(self._batches, None)
            except DAMAGE as error:
                self.ended, told, self._told = True, self._told, True
                return None if told else str(error)
            self.ended = batch is None
            if batch is not None:
                self._append(batch)
        return None

    @property
    def rows_in_file(self) -> int:
        """How many rows the whole table has."""
        return int(self._file.metadata.num_rows)

    @property
    def ready(self) -> int:
        """How many rows may leave: of messages, not the last, which may go on in the next batch."""
        return len(self.keys) if self.ended or not len(self._starts) else int(self._starts[-1])

    def whole(self, n: int) -> int:
        """Return how many rows the messages of the first `n` rows have."""
        if not self.table.in_messages:
            return n
        return int(np.append(self._starts, len(self.keys))[np.searchsorted(self._starts, n)])

    def take(self, n: int) -> Taken:
        """Let the first `n` rows go."""
        mine = {i - self._start: fault for i, fault in self._faults.items() if i < self._start + n}
        taken = Taken(self._start + 1, {name: a[:n] for name, a in self._columns.items()}, mine)
        self._start += n
        self._columns = {name: a[n:] for name, a in self._columns.items()}
        self._faults = {i: fault for i, fault in self._faults.items() if i >= self._start}
        self.keys = self.keys[n:]
        self._starts = self._starts[np.searchsorted(self._starts, n) :] - n
        return taken

    def snapshot(self) -> LaneState:
        """Return where the rows not yet taken begin."""
        return self._start, self._told

    def restore(self, state: LaneState) -> None:
        """Begin there, in a lane that has not read."""
        self._start, self._told = state
        self._batches = read_batches(self._file, self.table, self._start)

    def close(self) -> None:
        """Give the file back."""
        self._file.close()

    def _append(self, batch: pa.RecordBatch) -> None:
        columns, faults = self._convert(batch)
        first, bad = self._start + len(self.keys), sorted(faults)
        for i, row in zip(bad, batch.take(pa.array(bad, pa.int64())).to_pylist(), strict=True):
            self._faults[first + i] = faults[i], excerpt(json.dumps(row, default=str).encode())
        if self._columns:
            columns = {name: np.concatenate([a, columns[name]]) for name, a in self._columns.items()}
        self._columns = columns
        self.keys = np.maximum.accumulate(columns["stamp"])
        if self.table.in_messages:
            self._starts = message_starts(columns)

    def _convert(self, batch: pa.RecordBatch) -> tuple[Columns, Faults]:
        whole = ("ts_ns", "recv_ns", *self.table.whole)
        columns = {name: _whole(batch.column(name)) for name in whole}
        measures = {name: _floats(batch.column(name)) for name in self.table.measures}
        none = np.zeros(len(batch), np.int64)
        for name in self.table.more_whole:
            columns[name] = _whole(batch.column(name)) if name in batch.schema.names else none
        for name in self.table.more_measures:
            measures[name] = _floats(batch.column(name)) if name in batch.schema.names else none.astype(float)
        faults = read_rows(self.table, columns, measures, self._grids)
        for name in self.table.needed:
            faults |= where(batch.column(name).is_null(), Reason.MISSING_FIELD)
        columns["other"] = np.zeros(len(batch), np.int64)
        if SYMBOL in batch.schema.names:
            same = pc.fill_null(
                pc.equal(batch.column(SYMBOL).cast(pa.string()), self._symbol), fill_value=False
            )
            faults |= where(pc.invert(same), Reason.UNKNOWN_SYMBOL)
            columns["other"] = _whole(pc.invert(same))
        # A row that cannot be told the time of goes with the one before it.
        columns["stamp"] = columns["recv_ns"].copy()
        columns["stamp"][[i for i, reason in faults.items() if reason in UNTIMELY]] = 0
        return columns, faults


def message_starts(columns: Columns) -> Steps:
    """Return where messages begin in rows of levels: where a time, the id or the kind changes."""
    changed = np.zeros(len(columns["recv_ns"]), np.bool_)
    changed[:1] = True
    for name in ("update_id", "recv_ns", "ts_ns", "is_snapshot", "other"):
        changed[1:] |= np.diff(columns[name]) != 0
    return np.flatnonzero(changed)


def _whole(column: pa.Array) -> Steps:
    return cast("Steps", pc.fill_null(column.cast(pa.int64(), safe=False), 0).to_numpy(zero_copy_only=False))


def _floats(column: pa.Array) -> Floats:
    return cast("Floats", pc.fill_null(column.cast(pa.float64()), 0).to_numpy(zero_copy_only=False))
