"""Signals only: a market replayed at us while nobody answers.

For looking at what a market says (touches, VPIN, pauses, what would be asked
for first) without a venue that fills us, and for feeding back rows that were
kept from elsewhere, the venue's reports among them. Rows may be cut into frames
anywhere, in the middle of a message too: what is made of them is the same.
"""

import time
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import reduce
from pathlib import Path
from typing import NamedTuple, cast

import numpy as np
from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition

from connectors.market import Stretches
from connectors.pace import Pace
from connectors.playback import NOTHING_YET
from connectors.shared import Frame, Item, Shared
from connectors.tape import State
from connectors.whole import joined
from operators.errors import PhoenixError
from operators.rows import Row, Rows

Cut = Callable[[int], int]
"""How many rows a frame takes, by its number; 0 takes a stretch as it was released."""
NOBODY = Row.table(0)


class Framing(NamedTuple):
    """How rows become items of the dataflow."""

    cut: Cut = lambda _number: 0
    frames_per_batch: int = 1


class Signals(StatefulSourcePartition[Item, State]):
    """One symbol's rows, released without waiting for what is made of them."""

    def __init__(
        self, symbol: str, stretches: Stretches, shared: Shared, framing: Framing, state: State | None
    ) -> None:
        self.symbol, self.stretches, self.shared, self.framing = symbol, stretches, shared, framing
        self.pace = Pace(shared.speed)
        self.number, self.ended = 0, False
        self.rest: Rows = Row.table(0)
        if state is not None:
            self._resume(state)

    def _resume(self, state: State) -> None:
        stamp, directory, self.number, self.ended, rest, stretches = cast(
            "tuple[tuple[str, str], str, int, bool, bytes, State]", state
        )
        self.shared.directory.require_stamp(self.shared.stamp, stamp, Path(directory))
        self.shared.directory.adopt(Path(directory))
        self.rest = cast("Rows", np.frombuffer(bytearray(rest), Row.dtype))
        self.stretches.restore(stretches)

    def next_batch(self) -> Iterable[Item]:
        """Release the next frames: the first even when stopped, as its logs are opened by it."""
        if self.ended or (self.shared.stop.is_set() and self.number > 0):
            raise StopIteration
        if self.pace.rests(self.symbol):
            return []
        batch: list[Item] = []
        try:
            self.shared.directory.make()
            while len(batch) < self.framing.frames_per_batch and not self.ended:
                frame = self._frame()
                if frame is None:
                    break
                batch.append((self.symbol, (self.symbol, frame)))
        except PhoenixError as error:
            self.shared.refuse(error)
        return batch

    def _frame(self) -> Frame | None:
        """Return the next frame, or None when there is nothing yet; a stop finds an empty first one."""
        rows = self._take(self.framing.cut(self.number + 1))
        if rows is NOTHING_YET and (self.number > 0 or not self.shared.stop.is_set()):
            self.pace.look_again()
            return None
        self.number += 1
        self.pace.reach(rows)
        tally = self.stretches.tally() if self.ended else None
        return Frame(self.number, rows, self.stretches.take_letters(), time.perf_counter_ns(), tally)

    def _take(self, wanted: int) -> Rows:
        """Return so many rows, all that is left at the end; the rest of a stretch comes first next time."""
        held, n = [self.rest], len(self.rest)
        while not self.ended and (n == 0 or n < wanted):
            released = self.stretches.play(NOBODY)
            if released is NOTHING_YET:
                self.rest = reduce(joined, held)
                return NOTHING_YET
            self.ended = released is None
            if released is not None:
                held.append(released)
                n += len(released)
        rows = reduce(joined, held)
        cut = min(n, wanted) if wanted > 0 else n
        self.rest = rows[cut:]
        return rows[:cut]

    def next_awake(self) -> datetime | None:
        """At once, or when a paced replay is due."""
        return self.pace.due

    def snapshot(self) -> State:
        """Return the frame number, what was released but not cut yet, and where reading stands."""
        self.shared.timing.note_checkpoint()
        directory = str(self.shared.directory.path)
        here = (self.number, self.ended, self.rest.tobytes(), self.stretches.snapshot())
        return (tuple(self.shared.stamp), directory, *here)

    def close(self) -> None:
        """Give the recording back."""
        self.pace.leave()
        self.stretches.close()


class SignalSource(FixedPartitionedSource[Item, State]):
    """Every symbol's rows, one partition each. What the desk asks for goes nowhere but into the logs."""

    def __init__(
        self, shared: Shared, stretches: Callable[[str], Stretches], framing: Framing | None = None
    ) -> None:
        self.shared, self.stretches, self.framing = shared, stretches, framing or Framing()

    def list_parts(self) -> list[str]:
        """One part per symbol."""
        return sorted(self.shared.mail)

    def build_part(self, _step_id: str, for_part: str, resume_state: State | None) -> Signals:
        """Start a symbol's rows, or go on with them."""
        try:
            return Signals(for_part, self.stretches(for_part), self.shared, self.framing, resume_state)
        except PhoenixError as error:
            self.shared.refuse(error)
