"""The closed loop behind the graph: the source owns the venue, the sink posts each round's answer to it.

A source's snapshot predates the answers to what it just released, so the sink's
snapshot holds the last answered round with its orders, and posts them again.
"""

import time
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition
from bytewax.outputs import FixedPartitionedSink, StatefulSinkPartition

from connectors.board import Now
from connectors.controls import NONE_YET, Applied, Controls, Due
from connectors.equity import EquitySeries
from connectors.journal import Journal
from connectors.pace import Pace
from connectors.playback import NOTHING_YET
from connectors.shared import NO_ROWS, Answer, Frame, Shared
from connectors.standing import Standing, summary
from connectors.tape import DeadLetter, State, Tally
from connectors.telling import tell
from operators.errors import PhoenixError, RunDirectoryError
from operators.rows import Row, Rows

Item = tuple[str, tuple[str, Frame]]


class Market(Protocol):
    """A market, and the venue at it; `connectors.playback.Playback` is one."""

    @property
    def n_rows(self) -> int:
        """How many rows were read."""

    def play(self, requests: Rows) -> Rows | None:
        """Give the venue what was decided; return what reaches us next, NOTHING_YET, or None at the end."""

    def control(self, wish: int, number: int) -> None:
        """Let what is played next begin with what an operator wants."""

    def take_letters(self) -> tuple[DeadLetter, ...]:
        """Return the dead letters found since the last call."""

    def tally(self) -> Tally:
        """Return what was counted."""

    def snapshot(self) -> State:
        """Return the whole of it."""

    def restore(self, state: State) -> None:
        """Go on where `snapshot` was taken."""

    def close(self) -> None:
        """Give everything back."""


class Rounds(StatefulSourcePartition[Item, State]):
    """One symbol's rounds."""

    def __init__(self, symbol: str, playback: Market, shared: Shared, state: State | None) -> None:
        self.symbol, self.playback, self.shared = symbol, playback, shared
        self.mail = shared.mail[symbol]
        self.number = 0
        self.asked = -1
        """Round whose decisions the venue has been given."""
        self.ended = False
        self.pace = Pace(shared.speed)
        self.wanted: Due | None = None
        self.controls: Controls | None = None
        self.controlled: Applied = NONE_YET
        if state is not None:
            self._resume(state)

    def _resume(self, state: Any) -> None:  # noqa: ANN401 - what a checkpoint held
        stamp, path, self.number, self.asked, self.ended, playback, self.controlled = state
        directory = self.shared.directory
        directory.require_stamp(self.shared.stamp, stamp, Path(path))
        directory.adopt(Path(path))
        self.playback.restore(playback)

    def next_batch(self) -> Iterable[Item]:
        """Play the last answer into the venue, and release the next window of facts.

        A stop waits for the first: without one, Bytewax never opens the symbol's logs.
        """
        if self.mail.answered < self.number:
            return []
        if self.ended or (self.shared.stop.is_set() and self.number > 0):
            raise StopIteration
        if self.pace.rests(self.symbol):
            return []
        try:
            self.shared.directory.make()
            frame = self.play()
        except PhoenixError as error:
            self.shared.refuse(error)
        return self.released(frame)

    def released(self, frame: Frame | None) -> list[Item]:
        """Return a frame as the graph takes it in."""
        return [] if frame is None else [(self.symbol, (self.symbol, frame))]

    def due(self, controls: Controls) -> Due | None:
        """Return what an operator wants of the next frame."""
        return controls.due(self.number + 1)

    def _open_controls(self) -> Controls:
        controls = self.shared.controls(self.symbol)
        controls.restore(self.controlled)
        controls.open(self.shared.directory.path, self.number)
        self._adopt(controls)
        self.shared.console.follows(self.symbol, controls.current)
        return controls

    def _adopt(self, controls: Controls) -> None:
        """Let it be known which settings are in force."""
        self.mail.version = controls.version
        self.shared.board.posts[self.symbol].adopt(controls.current, controls.version)

    def play(self) -> Frame | None:
        """Return the next frame, or None while there is nothing for one."""
        self.controls = controls = self.controls or self._open_controls()
        wanted = self.wanted or self.due(controls)
        if wanted is not None:
            self.playback.control(wanted.reason, controls.n + 1)
        rows = self.playback.play(NO_ROWS if self.asked == self.number else self.mail.requests)
        self.asked = self.number
        if rows is NOTHING_YET:
            return self._wait(wanted)
        self.wanted = None
        self.number += 1
        if wanted is not None and rows is not None:
            controls.note(int(rows[0].ts_recv), self.number, wanted)
            self.controlled = controls.snapshot()
            if wanted.reload is not None:
                self._adopt(controls)
                self.shared.console.in_force(self.symbol, wanted.reload, self.number, controls.current)
        tally, reload = None, None if wanted is None or rows is None else wanted.reload
        if rows is None:
            self.ended, tally = True, self.playback.tally()
            self.shared.timing.of(self.symbol).rows = self.playback.n_rows
        released = NO_ROWS if rows is None else rows
        self.pace.reach(released)
        return Frame(self.number, released, self._letters(), time.perf_counter_ns(), tally, reload)

    def _letters(self) -> tuple[DeadLetter, ...]:
        misheard = () if self.controls is None else self.controls.switch.take_letters()
        ours = (letter._replace(symbol=self.symbol) for letter in misheard)
        return (*self.playback.take_letters(), *ours)

    def _wait(self, wanted: Due | None) -> Frame | None:
        """Look again soon. Told to stop before the first round, release one of nothing."""
        self.wanted = wanted
        self.playback.control(0, 0)
        self.pace.look_again()
        if self.number > 0 or not self.shared.stop.is_set():
            return None
        self.number += 1
        return Frame(self.number, NO_ROWS, self._letters(), time.perf_counter_ns())

    def next_awake(self) -> datetime | None:
        """At once, or when a paced replay is due, or a silent market is looked at again."""
        return self.pace.due

    def snapshot(self) -> State:
        """Return the round, and the whole of tape and venue."""
        self.shared.timing.note_checkpoint()
        directory = str(self.shared.directory.path)
        here = self.number, self.asked, self.ended, self.playback.snapshot(), self.controlled
        ours = self.shared.stamp
        began = ours._replace(config=self.shared.directory.identity or ours.config)
        return (tuple(began), directory, *here)

    def close(self) -> None:
        """Give the recording back."""
        self.pace.leave()
        self.playback.close()


class Answers(StatefulSinkPartition[tuple[str, Answer], Any]):
    """Logs every answer of one symbol and posts it."""

    def __init__(self, journal: Journal, shared: Shared, state: Any) -> None:  # noqa: ANN401 - what a checkpoint held
        self.journal, self.shared = journal, shared
        self.mail = shared.mail[journal.symbol]
        self.times = shared.timing.of(journal.symbol)
        self.post = shared.board.posts[journal.symbol]
        self.post.letters = journal.letter_counts
        self.last: tuple[int, Rows] = (0, NO_ROWS)
        self.standing: Standing | None = None
        self.tally: Tally | None = None
        self.equity = EquitySeries()
        self.sizes: tuple[int, ...] | None = None
        if state is not None:
            self._resume(state)

    def _resume(self, state: Any) -> None:  # noqa: ANN401 - what a checkpoint held
        (number, requests), self.sizes, letters, standing, equity, tally = state
        self.last = number, np.frombuffer(bytearray(requests), Row.dtype)
        self.journal.letter_counts.update(letters)
        self.standing = None if standing is None else Standing.load(standing)
        self.equity = EquitySeries.load(equity)
        self.tally = None if tally is None else Tally(*tally)
        self._post()
        self.post.now = Now(number, self.standing, self.tally)

    def _post(self) -> None:
        self.mail.answered, self.mail.requests = self.last

    def _open(self) -> None:
        if not self.journal.files:
            try:
                self.journal.open(self.sizes)
            except PhoenixError as error:
                self.shared.refuse(error)

    def write_batch(self, items: list[tuple[str, Answer]]) -> None:
        """Write each answer down, then let the source go on."""
        self._open()
        for _, answer in items:
            self._log(answer)
            tell(self.shared.console, self.journal.symbol, self.standing, answer)
            self.equity.take(answer.samples)
            self.standing = answer.standing
            self.tally = answer.tally
            self.last = answer.number, answer.requests
            self._post()
            self._time(answer)
            self._note(answer)

    def _time(self, answer: Answer) -> None:
        """Note how long the answer took, and let it be seen."""
        now_ns = time.perf_counter_ns()
        took_ns = now_ns - answer.released_ns
        self.times.note(took_ns)
        self.post.now = Now(answer.number, answer.standing, answer.tally, now_ns, took_ns)

    def _log(self, answer: Answer) -> None:
        try:
            if len(answer.requests) > 0:
                self.journal.orders(answer.requests)
            if len(answer.fills) > 0:
                self.journal.fills(answer.fill_rows, answer.fills)
            if len(answer.transitions) > 0:
                self.journal.transitions(answer.transitions)
            if len(answer.samples) > 0:
                self.journal.samples(answer.samples)
            if answer.letters:
                self.journal.letters(answer.letters)
        except OSError as error:
            path = self.shared.directory.path
            self.shared.refuse(RunDirectoryError(f"{path} cannot be written any more: {error.strerror}"))

    def _note(self, answer: Answer) -> None:
        progress = self.shared.progress
        if progress.stream is not None:
            reached = answer.standing.reached_ns()
            progress.note(self.journal.symbol, reached, len(answer.requests), len(answer.fills))

    def snapshot(self) -> Any:  # noqa: ANN401 - plain tuples and bytes
        """Return the last answered round with its orders, how long the logs are, and what was counted."""
        self._open()
        standing = None if self.standing is None else self.standing.dump()
        tally = None if self.tally is None else tuple(self.tally)
        last = self.last[0], self.last[1].tobytes()
        sizes = self.journal.sizes()  # What topics did not take is counted only then.
        counts = dict(self.journal.letter_counts)
        return last, sizes, counts, standing, self.equity.dump(), tally

    def close(self) -> None:
        """Close the logs; the last symbol to do so merges them."""
        directory = self.shared.directory
        if directory.ready:
            self._open()
            self.journal.sizes()
            self.journal.close()
            figures = summary(self.journal, self.standing, self.equity, self.tally)
            if directory.finish(self.journal.symbol, figures, stopped=self.tally is None):
                self.shared.console.ended(stopped=directory.stopped)
                self.shared.timing.write(directory.path)
                self.shared.progress.end()
                self.shared.finished(directory.path)


class LoopSource(FixedPartitionedSource[Item, State]):
    """Every symbol's rounds, one partition each."""

    def __init__(self, shared: Shared, playback: Callable[[str], Market]) -> None:
        self.shared, self.playback = shared, playback

    def list_parts(self) -> list[str]:
        """One part per symbol."""
        return sorted(self.shared.mail)

    def build_part(self, _step_id: str, for_part: str, resume_state: State | None) -> Rounds:
        """Start a symbol's rounds, or go on with them."""
        try:
            return Rounds(for_part, self.playback(for_part), self.shared, resume_state)
        except PhoenixError as error:
            self.shared.refuse(error)


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
