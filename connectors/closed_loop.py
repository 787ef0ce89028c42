"""The closed loop behind the graph: the source owns the venue, the sink posts each round's answer to it.

A source's snapshot predates the answers to what it just released, so the sink's
snapshot holds the last answered round with its orders, and posts them again.
"""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition
from bytewax.outputs import FixedPartitionedSink, StatefulSinkPartition

from connectors.journal import Journal, RunDirectory
from connectors.playback import Playback
from connectors.progress import Progress
from connectors.report import Standing, summary
from connectors.tape import DeadLetter, State
from operators.errors import CheckpointRefused
from operators.kernel import Table
from operators.ledger import Fill
from operators.rows import Row, Rows

PAST = datetime(2000, 1, 1, tzinfo=UTC)


class Frame(NamedTuple):
    """The rows of one symbol released at one instant."""

    number: int
    rows: Rows
    letters: tuple[DeadLetter, ...]


class Answer(NamedTuple):
    """What the desk made of a frame."""

    number: int
    requests: Rows
    fill_rows: Rows
    fills: Table[Fill]
    letters: tuple[DeadLetter, ...]
    standing: Standing


class Mailbox:
    """Where the sink leaves the answer to a symbol's round, and the source finds it."""

    def __init__(self) -> None:
        self.answered = 0
        self.requests = Row.table(0)


class Stamp(NamedTuple):
    """What a checkpoint must agree on with the program that reads it."""

    code: str
    config: str

    def require(self, other: tuple[str, str]) -> None:
        """Refuse a checkpoint of other code or of another configuration.

        Raises:
            CheckpointRefused: they differ.
        """
        if other[0] != self.code:
            raise CheckpointRefused("code version", self.code, other[0])
        if other[1] != self.config:
            raise CheckpointRefused("configuration", self.config, other[1])


class Shared(NamedTuple):
    """What all partitions of one process share."""

    directory: RunDirectory
    stamp: Stamp
    mail: Mapping[str, Mailbox]
    stop: threading.Event
    progress: Progress
    speed: float
    """Replay at this many times real time; 0 is as fast as it goes."""


class Rounds(StatefulSourcePartition[tuple[str, tuple[str, Frame]], State]):
    """One symbol's rounds."""

    def __init__(self, symbol: str, playback: Playback, shared: Shared, state: State | None) -> None:
        self.symbol, self.playback, self.shared = symbol, playback, shared
        self.mail = shared.mail[symbol]
        self.number = 0
        self.ended = False
        self.began: tuple[float, int] | None = None
        self.due = PAST
        if state is not None:
            self._resume(state)

    def _resume(self, state: Any) -> None:  # noqa: ANN401 - what a checkpoint held
        stamp, directory, self.number, self.ended, playback = state
        self.shared.stamp.require(stamp)
        self.shared.directory.adopt(Path(directory))
        self.playback.restore(playback)

    def next_batch(self) -> Iterable[tuple[str, tuple[str, Frame]]]:
        """Play the last answer into the venue, and release the next window of facts."""
        if self.mail.answered < self.number:
            return []
        if self.shared.stop.is_set() or self.ended:
            raise StopIteration
        self.shared.directory.make()
        rows = self.playback.play(self.mail.requests)
        self.ended = rows is None
        self.number += 1
        copy = Row.table(0) if rows is None else rows.copy()
        self._pace(copy)
        frame = Frame(self.number, copy, self.playback.take_letters())
        return [(self.symbol, (self.symbol, frame))]

    def _pace(self, rows: Rows) -> None:
        """Let wall-clock time catch up with what was just released."""
        if self.shared.speed <= 0 or len(rows) == 0:
            return
        reached = int(rows[len(rows) - 1].ts_recv)
        if self.began is None:
            self.began = time.time(), int(rows[0].ts_recv)
        wall, event = self.began
        self.due = datetime.fromtimestamp(wall + (reached - event) * 1e-9 / self.shared.speed, UTC)

    def next_awake(self) -> datetime | None:
        """At once, or when a paced replay is due."""
        return self.due

    def snapshot(self) -> State:
        """Return the round, and the whole of tape and venue."""
        directory = str(self.shared.directory.path)
        return (tuple(self.shared.stamp), directory, self.number, self.ended, self.playback.snapshot())


class Answers(StatefulSinkPartition[tuple[str, Answer], Any]):
    """Logs every answer of one symbol and posts it."""

    def __init__(self, journal: Journal, shared: Shared, state: Any) -> None:  # noqa: ANN401 - what a checkpoint held
        self.journal, self.shared = journal, shared
        self.mail = shared.mail[journal.symbol]
        self.last: tuple[int, bytes] = (0, b"")
        self.standing: Standing | None = None
        self.sizes: tuple[int, ...] | None = None
        if state is not None:
            self.last, self.sizes, journal.n_letters, standing = state
            self.standing = None if standing is None else Standing.load(standing)
            self._post()

    def _post(self) -> None:
        number, requests = self.last
        self.mail.requests = np.frombuffer(bytearray(requests), Row.dtype)
        self.mail.answered = number

    def _open(self) -> None:
        if not self.journal.files:
            self.journal.open(self.sizes)

    def write_batch(self, items: list[tuple[str, Answer]]) -> None:
        """Write each answer down, then let the source go on."""
        self._open()
        for _, answer in items:
            self.journal.orders(answer.requests)
            self.journal.fills(answer.fill_rows, answer.fills)
            self.journal.letters(answer.letters)
            self.standing = answer.standing
            self.last = answer.number, answer.requests.tobytes()
            self._post()
            self._note(answer)

    def _note(self, answer: Answer) -> None:
        reached = int(answer.standing.ledger[0].last_ns)
        placed, filled = len(answer.requests), len(answer.fills)
        self.shared.progress.note(self.journal.symbol, reached, placed, filled)

    def snapshot(self) -> Any:  # noqa: ANN401 - plain tuples and bytes
        """Return the last answered round with its orders, and how long the logs are."""
        self._open()
        standing = None if self.standing is None else self.standing.dump()
        return self.last, self.journal.sizes(), self.journal.n_letters, standing

    def close(self) -> None:
        """Close the logs; the last symbol to do so merges them."""
        if self.shared.directory.ready:
            self._open()
            self.journal.sizes()
            self.journal.close()
            if self.shared.directory.finish(self.journal.symbol, summary(self.journal, self.standing)):
                self.shared.progress.end()


class LoopSource(FixedPartitionedSource[tuple[str, tuple[str, Frame]], State]):
    """Every symbol's rounds, one partition each."""

    def __init__(self, shared: Shared, playback: Callable[[str], Playback]) -> None:
        self.shared, self.playback = shared, playback

    def list_parts(self) -> list[str]:
        """One part per symbol."""
        return sorted(self.shared.mail)

    def build_part(self, _step_id: str, for_part: str, resume_state: State | None) -> Rounds:
        """Start a symbol's rounds, or go on with them."""
        return Rounds(for_part, self.playback(for_part), self.shared, resume_state)


class VenueSink(FixedPartitionedSink[tuple[str, Answer], Any]):
    """Every symbol's answers, one partition each."""

    def __init__(self, shared: Shared, journal: Callable[[str], Journal]) -> None:
        self.shared, self.journal = shared, journal
        self.parts = sorted(shared.mail)

    def list_parts(self) -> list[str]:
        """One part per symbol."""
        return self.parts

    def part_fn(self, item_key: str) -> int:
        """A symbol's part is its own."""
        return self.parts.index(item_key)

    def build_part(self, _step_id: str, for_part: str, resume_state: Any) -> Answers:  # noqa: ANN401
        """Start a symbol's logs, or cut them back."""
        return Answers(self.journal(for_part), self.shared, resume_state)
