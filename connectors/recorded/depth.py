"""The levels of a table as messages, held together by the book's chain."""

import json
from itertools import pairwise
from typing import cast

import numpy as np

from connectors.recorded.blocks import Block, block, join, load_block, snapshot_block
from connectors.recorded.channels import Written
from connectors.recorded.columns import Columns
from connectors.recorded.grid import Steps
from connectors.recorded.lanes import Taken, message_starts
from connectors.recorded.letters import Unusable
from connectors.recorded.levels import Levels, best_first
from connectors.recorded.quality import Quality
from connectors.recorded.sync import BookSync, Chain, Diff, Event, Snapshot, SyncState, unchecked
from operators.rows import LAST, LEVEL


class DepthChannel:
    """Snapshots and diffs, in one chain. A table names no update before: only losses seen here are gaps."""

    def __init__(self, chain: Chain, quality: Quality) -> None:
        self._quality = quality
        self._sync = BookSync(unchecked(chain), quality)

    def write(self, taken: Taken, good: Steps, ts_recv: Steps) -> Written:
        """Return what becomes of the book, message by message."""
        starts = message_starts(taken.columns)
        rows = _level_rows(taken.columns, starts)
        bad = np.isin(np.arange(len(taken)), good, invert=True)
        at: list[int] = []
        blocks = [load_block(b"")]
        for first, end in pairwise([*starts.tolist(), len(taken)]):
            message = slice(first, end)
            if bad[message].any():
                events = self._on_bad_message(taken.columns, first, int(ts_recv[first]))
            else:
                events = self._on_message(taken, first, rows[message])
            for event in events:
                blocks.append(event.rows)
                blocks[-1]["ts_recv"] = ts_recv[first]
                at += [first] * len(blocks[-1])
        return np.array(at, np.int64), join(blocks)

    def snapshot(self) -> object:
        """Return where the chain stands."""
        return self._sync.snapshot()

    def restore(self, state: object) -> None:
        """Go on from a snapshot."""
        self._sync.restore(cast("SyncState", state))

    def _on_message(self, taken: Taken, first: int, rows: Block) -> list[Event]:
        last, ts_event = int(rows["id"][0]), int(rows["ts_event"][0])
        if not taken.columns["is_snapshot"][first]:
            self._quality["diffs"] += 1
            return self._sync.on_diff(Diff(0, last, -1, ts_event, rows))
        try:
            levels = best_first(Levels(rows["side"], rows["price_ticks"], rows["size_lots"]))
        except Unusable as bad:
            taken.faults[first] = bad.reason, _text(taken.columns, first)
            return []
        self._quality["snapshots"] += 1
        return self._sync.on_snapshot(Snapshot(last, ts_event, snapshot_block(ts_event, last, levels)))

    def _on_bad_message(self, columns: Columns, first: int, ts_recv: int) -> list[Event]:
        """It may have changed the book, unless it is about another symbol or was a whole book itself."""
        if columns["other"][first] or columns["is_snapshot"][first]:
            return []
        return self._sync.on_loss(ts_recv)


def _level_rows(c: Columns, starts: Steps) -> Block:
    """Return every level as a row, each message marked at its end."""
    rows = block(len(c["ts_ns"]), kind=LEVEL, ts_event=c["ts_ns"], id=c["update_id"], side=c["side"])
    rows["price_ticks"], rows["size_lots"] = c["ticks"], c["lots"]
    rows["marks"][starts - 1] = LAST
    return rows


def _text(columns: Columns, i: int) -> str:
    return json.dumps({name: int(column[i]) for name, column in columns.items()})
