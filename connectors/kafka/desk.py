"""A desk at a venue elsewhere: market and reports come in topics, and its requests leave in one.

It stands where otherwise tape and simulated venue do, behind the same rounds.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Final

import numpy as np

from connectors.controls import Controls, Due
from connectors.kafka.facts_taken import MarketTaker
from connectors.kafka.reports_taken import ReportTaker
from connectors.kafka.silence import Silence
from connectors.kafka.stream import Stream
from connectors.pace import Pace
from connectors.playback import NOTHING_YET
from connectors.rounds import LoopSource, Rounds
from connectors.shared import Item, Shared
from connectors.tape import DeadLetter, State, Tally
from operators.errors import PhoenixError
from operators.orders import FREE
from operators.rows import Rows

WITHDRAWAL_S: Final = 5.0
"""How long a desk that ends waits until none of its orders is live."""


class Desk:
    """One symbol's stream, with what is known of its orders on the way."""

    def __init__(self, stream: Stream, market: MarketTaker, reports: ReportTaker, silence: Silence) -> None:
        self.stream, self.market, self.reports, self.silence = stream, market, reports, silence
        self.finished = False
        """Whether nothing more is to be played."""
        self._control: tuple[int, int] | None = None

    @property
    def n_rows(self) -> int:
        """How many rows were played."""
        return self.stream.n_rows

    @property
    def comes_again(self) -> bool:
        """Whether the next frame was released before already."""
        return bool(self.stream.cuts.again)

    def play(self, requests: Rows) -> Rows | None:
        """Note what was asked for, and return what reaches us next, NOTHING_YET, or None at the end."""
        if len(requests) > 0:
            self.reports.expect(requests)
            self.silence.asked()
        if self.finished:
            return None
        n_before = self.reports.quality["reports"]
        rows = self.stream.take(self._control)
        if self.reports.quality["reports"] > n_before:
            self.silence.heard()
        self.silence.look()
        if rows is None:
            return NOTHING_YET
        self._control = None
        return rows

    def control(self, wish: int, number: int) -> None:
        """Let the next frame begin with what an operator wants."""
        self._control = (wish, number) if wish else None

    def take_letters(self) -> tuple[DeadLetter, ...]:
        """Return the dead letters found since the last call."""
        return self.stream.take_letters()

    def tally(self) -> Tally:
        """Return what was counted."""
        counts = Counter(self.market.quality)
        counts.update(self.reports.quality)  # Either may have had the same kind of poison.
        return Tally(dict(counts), 0)

    def snapshot(self) -> State:
        """Return where the stream stands."""
        return self.stream.snapshot()

    def restore(self, state: State) -> None:
        """Go on where `snapshot` was taken."""
        self.stream.restore(state)

    def close(self) -> None:
        """Read no further."""
        self.stream.close()


class DeskRounds(Rounds):
    """One symbol's rounds at a venue elsewhere: before they end, quotes are withdrawn."""

    def __init__(self, symbol: str, desk: Desk, shared: Shared, state: State | None) -> None:
        self.desk = desk
        self.until_s = 0.0
        """When a withdrawal is given up, 0 while there is none."""
        self._stands = 0, 0.0
        """The last frame, and when it was first seen to be that."""
        super().__init__(symbol, desk, shared, state)
        self.pace = Pace(0)

    def next_batch(self) -> Iterable[Item]:
        """Release the next frame; told to stop, or at the end of the market, once nothing of ours is live."""
        if self.mail.answered < self.number:
            return []
        if self.ended or self._held_up() or (self._withdrawn() and not self.desk.market.ended):
            raise StopIteration
        if self.pace.rests(self.symbol):
            return []
        try:
            self.shared.directory.make()
            self.desk.stream.open(self.shared.directory.path)
            return self.released(self.play())
        except PhoenixError as error:
            self.shared.refuse(error)

    def due(self, controls: Controls) -> Due | None:
        """A frame that comes again begins as it did."""
        return controls.again(self.number + 1) if self.desk.comes_again else super().due(controls)

    def _held_up(self) -> bool:
        """Say whether, told to stop, it waits in vain for what it had before, as where no broker answers."""
        now_s = time.monotonic()
        if self._stands[0] != self.number or not self.shared.stop.is_set():
            self._stands = self.number, now_s
        return self.desk.comes_again and self.number > 0 and now_s > self._stands[1] + WITHDRAWAL_S

    def _withdrawn(self) -> bool:
        """Begin to withdraw where it is time to; say whether it is done."""
        if self.desk.finished:
            return True
        wanted = self.desk.market.ended or self.shared.stop.is_set()
        if not wanted or self.desk.comes_again or self.number == 0:
            return False
        now_s, n_live = time.monotonic(), self._n_live()
        if self.until_s == 0.0:
            self.until_s, self.desk.stream.withdraw = now_s + WITHDRAWAL_S, True
        late = now_s > self.until_s
        if late and n_live:
            orders = "order" if n_live == 1 else "orders"
            self.shared.console.say(f"{self.symbol}: {n_live} {orders} may still be live at the venue")
        self.desk.finished = late or n_live == 0
        return self.desk.finished

    def _n_live(self) -> int:
        standing = self.shared.board.posts[self.symbol].now.standing
        if standing is None:
            return 0
        slots = np.asarray(standing.records.orders)["slots"]
        return int((slots["stage"] != FREE).sum())


class DeskSource(LoopSource):
    """Every symbol's rounds at a venue elsewhere, one partition each."""

    def __init__(self, shared: Shared, desk: Callable[[str], Desk]) -> None:
        super().__init__(shared, desk)
        self.desk = desk

    def build_part(self, _step_id: str, for_part: str, resume_state: State | None) -> Rounds:
        """Start a symbol's rounds, or go on with them."""
        try:
            return DeskRounds(for_part, self.desk(for_part), self.shared, resume_state)
        except PhoenixError as error:
            self.shared.refuse(error)
