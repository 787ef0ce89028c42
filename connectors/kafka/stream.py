"""Messages of one topic or two, and time, as one stream of rows for one symbol, cut into frames as they come.

Time goes on by the clock on the wall from the newest message of the market, so that
silence is noticed. See `connectors/kafka/cuts.py` for how frames come again after a kill.
"""

import struct
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, cast

import numpy as np

from connectors.kafka.ages import Ages
from connectors.kafka.cuts import WITHDRAWN, Cut, Cuts
from connectors.kafka.inbox import Item
from connectors.kafka.incoming import Incoming
from connectors.kafka.market import KafkaMarket
from connectors.kafka.takers import Taker
from connectors.recorded.blocks import ONE
from connectors.recorded.letters import Unusable, excerpt
from connectors.recorded.quality import count_letter
from connectors.tape import DeadLetter, State
from operators.errors import CheckpointRefused
from operators.rows import CLOCK, CONTROL, LAST, WITHDRAW, Row, Rows

VERSION: Final = "stream 2"
MOST_MESSAGES: Final = 1000
"""Of a frame, from each topic."""
NS_PER_MS: Final = 1_000_000
NS_PER_S: Final = 1_000_000_000
TIMES: Final = struct.Struct("=qq")
KIND_AT: Final = int(cast("Any", Row.dtype.fields)["kind"][1])
"""Byte of a row that says what it is."""
Messages = Sequence[tuple[int, Item]]
"""Messages, each with the number of its topic."""
NO_CUT: Final = Cut(0, 0, 0, 0, 0)


class Channel(NamedTuple):
    """A topic, and what makes rows of it."""

    topic: KafkaMarket
    taker: Taker


class Habits(NamedTuple):
    """How a stream is cut."""

    clock_ns: int
    max_age_ns: int = 0
    """Messages of the market that are older when they are read are marked; 0 is none."""
    wall_ns: Callable[[], int] = time.time_ns
    ages: Ages | None = None
    """Who says that they are old."""


class Stream:
    """One symbol's frames."""

    def __init__(self, symbol: str, channels: Sequence[Channel], habits: Habits) -> None:
        self.symbol, self.channels, self.habits = symbol, channels, habits
        self.incoming = Incoming(symbol, [channel.topic for channel in channels])
        self.cuts = Cuts()
        self.withdraw = False
        """Whether nothing is to be quoted from here on, whatever comes."""
        self.n_rows = 0
        self.letters: list[DeadLetter] = []
        self._seen: Messages = []
        """What waited when it was last looked at: a new frame begins with it."""
        self._frame = 0
        self._reached_ns, self._next_clock_ns = 0, 0
        self._ahead_ns: int | None = None
        """How far the market's time is ahead of the wall's."""
        self._marks = 0

    def open(self, directory: Path) -> None:
        """Keep cuts in a run directory, unless that is done; those after the last frame come again.

        Raises:
            RunDirectoryError: what stands there does not go on after it.
        """
        if not self.cuts.is_open:
            self.cuts.open(directory, self.symbol, self._frame)
            if self._frame == 0:
                self.incoming.begin(directory)

    def take(self, control: tuple[int, int] | None = None) -> Rows | None:
        """Return the rows of the next frame, or None when there is nothing yet.

        A control, as its reason and number, is the first row; it waits for the market to begin.

        Raises:
            PhoenixError: a topic cannot be read any further.
        """
        self.incoming.join()
        again = bool(self.cuts.again)
        if again:
            cut = self.cuts.again[0]
            if not self.incoming.holds(cut.counts):
                return None
            self.cuts.again.popleft()
        else:
            cut = self._cut(control is not None)
            if cut is NO_CUT:
                return None
            self.cuts.note(cut)
        self._frame, self._marks = cut.frame, cut.marks
        frame = self.incoming.waiting(cut.counts) if again else self._seen[: sum(cut.counts)]
        return self._rows(cut, frame, control, again=again)

    def _cut(self, controlled: bool) -> Cut:
        wall_ns = self.habits.wall_ns()
        counts, marks = self._ready(wall_ns)
        now_ns = self._now(wall_ns)
        due = self._reached_ns > 0 and (controlled or now_ns >= self._next_clock_ns)
        if not any(counts) and not due:
            return NO_CUT
        if self.withdraw:
            marks |= WITHDRAWN
        return Cut(self._frame + 1, now_ns, *counts, marks)

    def _ready(self, wall_ns: int) -> tuple[tuple[int, int], int]:
        """Return how many messages of each topic go into a frame, all of them old or none."""
        n, old = [0, 0], None
        self._seen = self.incoming.waiting((MOST_MESSAGES, MOST_MESSAGES))
        for rank, item in self._seen:
            if rank == 0 and self.habits.max_age_ns > 0:
                age_ns = wall_ns - item.sent_ms * NS_PER_MS
                is_old = age_ns > self.habits.max_age_ns
                if old not in (None, is_old):
                    break
                if old is None and self.habits.ages is not None:
                    self.habits.ages.note(self.symbol, age_ns / NS_PER_S, is_old=is_old)
                old = is_old
            n[rank] += 1
            if n[rank] == MOST_MESSAGES:
                break  # What the other topic has may be later than what is still to come of this one.
        marks = self._marks & WITHDRAWN if old is None else WITHDRAWN * old
        if self.habits.max_age_ns == 0:
            marks = 0
        return (n[0], n[1]), marks

    def _now(self, wall_ns: int) -> int:
        return self._reached_ns if self._ahead_ns is None else max(self._reached_ns, wall_ns + self._ahead_ns)

    def _rows(self, cut: Cut, frame: Messages, control: tuple[int, int] | None, *, again: bool) -> Rows:
        if control is not None:
            self._reached_ns = max(self._reached_ns, cut.now_ns)
        began_ns = self._reached_ns
        pieces = self._pieces(cut, frame)
        heard = any(piece[KIND_AT] < CONTROL for piece in pieces)
        if control is not None:
            pieces.insert(0, _control_row(began_ns or _first_ns(pieces), *control))
        if heard:
            # What comes again is as old as it is: a desk that was away for long knows.
            if not again or self._ahead_ns is None:
                self._ahead_ns = self._reached_ns - self.habits.wall_ns()
        elif self._reached_ns > 0:
            self._tick(cut.now_ns, pieces)
        rows = cast("Rows", np.frombuffer(bytearray(b"".join(pieces)), Row.dtype))
        if cut.marks & WITHDRAWN:
            np.asarray(rows)["marks"] |= WITHDRAW
        self.n_rows += len(rows)
        return rows

    def _pieces(self, cut: Cut, frame: Messages) -> list[bytes]:
        """Return the rows of each message of a frame that has any, and the clock's between them."""
        pieces = list[bytes]()
        for rank, item in frame:
            now_ns = self._reached_ns if rank == 0 else max(self._reached_ns, cut.now_ns)
            made = self._made(rank, item, now_ns)
            self.incoming.take(rank)
            if made:
                _, ts_recv = TIMES.unpack_from(made)
                self._tick(ts_recv, pieces)
                self._reached_ns = ts_recv
                pieces.append(made)
        return pieces

    def _made(self, rank: int, item: Item, now_ns: int) -> bytes:
        channel, letters = self.channels[rank], list[DeadLetter]()
        try:
            made = channel.taker.rows(item, now_ns, letters)
        except Unusable as fault:
            count_letter(channel.taker.quality, fault.reason)
            text = excerpt(item.raw or b"")
            letters.append(DeadLetter(now_ns, self.symbol, fault.reason.value, "", text))
            made = fault.raw
        where = self.incoming.where(rank, item)
        self.letters.extend(letter._replace(where=where) for letter in letters)
        return made

    def _tick(self, ts_ns: int, pieces: list[bytes]) -> None:
        """Let the clock strike the last time that it should have before an instant."""
        step = self.habits.clock_ns
        if self._next_clock_ns == 0:
            self._next_clock_ns = (ts_ns // step + 1) * step
        elif ts_ns >= self._next_clock_ns:
            struck_ns = max(self._reached_ns, ts_ns // step * step)
            self._reached_ns = struck_ns
            self._next_clock_ns = struck_ns // step * step + step
            pieces.append(ONE.pack(struck_ns, struck_ns, 0, 0, 0, 0, CLOCK, 0, 0, 0))

    def take_letters(self) -> tuple[DeadLetter, ...]:
        """Return the dead letters found since the last call."""
        letters = tuple(self.letters)
        self.letters.clear()
        return letters

    def snapshot(self) -> State:
        """Return the positions in both topics, the time, and what the takers know."""
        self.cuts.checkpoint(self._frame)
        times = self._frame, self._reached_ns, self._next_clock_ns, self._ahead_ns, self._marks
        takers = tuple(channel.taker.snapshot() for channel in self.channels)
        letters = tuple(map(tuple, self.letters))
        return VERSION, self.incoming.taken(), times, takers, letters

    def restore(self, state: State) -> None:
        """Go on where `snapshot` was taken, in a stream that has not read.

        Raises:
            CheckpointRefused: the snapshot was taken by another version.
            SourceError: a topic has not all of its partitions any more.
        """
        if state[0] != VERSION:
            raise CheckpointRefused("stream version", VERSION, str(state[0]))
        _, taken, times, takers, letters = cast(
            "tuple[str, tuple[tuple[tuple[int, int], ...], ...], tuple[int, int, int, int | None, int], "
            "tuple[State, State], tuple[tuple[int, str, str, str, str], ...]]",
            state,
        )
        self.incoming.restore(taken)
        frame, reached, clock, self._ahead_ns, self._marks = times
        self._frame, self._reached_ns, self._next_clock_ns = frame, reached, clock
        for channel, taker in zip(self.channels, takers, strict=True):
            channel.taker.restore(taker)
        self.letters = [DeadLetter(*each) for each in letters]

    def close(self) -> None:
        """Read no further."""
        self.cuts.close()
        self.incoming.leave()


def _first_ns(pieces: Sequence[bytes]) -> int:
    """Return when the first of some rows reached us, 0 where there is none."""
    return int(TIMES.unpack_from(pieces[0])[1]) if pieces else 0


def _control_row(ts_ns: int, reason: int, number: int) -> bytes:
    return ONE.pack(ts_ns, ts_ns, number, 0, 0, 0, CONTROL, 0, LAST, reason)
