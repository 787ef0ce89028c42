"""Where the closed loop behind the graph begins: the source owns the venue, and releases round after round.

`connectors/answers.py` is where it ends. A round is released once the one before was answered.
"""

import time
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition

from connectors.controls import NONE_YET, Applied, Controls, Due
from connectors.market import Market
from connectors.pace import Pace
from connectors.playback import NOTHING_YET
from connectors.shared import NO_ROWS, Frame, Item, Shared
from connectors.tape import DeadLetter, State
from operators.errors import PhoenixError


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
        try:
            playback = self.playback.snapshot()
        except PhoenixError as error:
            self.shared.refuse(error)
        here = self.number, self.asked, self.ended, playback, self.controlled
        ours = self.shared.stamp
        began = ours._replace(config=self.shared.directory.identity or ours.config)
        return (tuple(began), directory, *here)

    def close(self) -> None:
        """Give the recording back."""
        self.pace.leave()
        self.playback.close()


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
