"""Where the closed loop behind the graph ends: the sink logs each answer, and posts it to the source.

A source's snapshot predates the answers to what it just released, so the sink's
snapshot holds the last answered round with its orders, and posts them again.
"""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
from bytewax.outputs import FixedPartitionedSink, StatefulSinkPartition

from connectors.board import Now
from connectors.equity import EquitySeries
from connectors.journal import Journal
from connectors.remarks import remark
from connectors.shared import NO_ROWS, Answer, Shared
from connectors.standing import Standing, summary
from connectors.tape import Tally
from operators.rows import Row, Rows


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
            with self._writing():
                self.journal.open(self.sizes)

    def _writing(self) -> AbstractContextManager[None]:
        return self.shared.directory.writing(self.shared.refuse)

    def write_batch(self, items: list[tuple[str, Answer]]) -> None:
        """Write each answer down, then let the source go on."""
        self._open()
        for _, answer in items:
            self._log(answer)
            remark(self.shared.console, self.journal.symbol, self.standing, answer)
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
        with self._writing():
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
        with self._writing():
            sizes = self.journal.sizes()  # What topics did not take is counted only then.
        counts = dict(self.journal.letter_counts)
        return last, sizes, counts, standing, self.equity.dump(), tally

    def close(self) -> None:
        """Close the logs; the last symbol to do so merges them."""
        directory = self.shared.directory
        if directory.ready:
            self._open()
            with self._writing():
                self.journal.sizes()
                self.journal.close()
                figures = summary(self.journal, self.standing, self.equity, self.tally)
                last = directory.finish(self.journal.symbol, figures, stopped=self.tally is None)
            if last:
                self.shared.console.ended(stopped=directory.stopped)
                with self._writing():
                    self.shared.timing.write(directory.path)
                self.shared.progress.end()
                self.shared.finished(directory.path)


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
