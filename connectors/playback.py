"""A tape played into the loop: chunks are loaded as rounds need them, and forgotten once used up."""

import time
from collections import deque
from typing import Final, NamedTuple, cast

import numpy as np

from connectors.tape import Chunk, DeadLetter, State, Tally, Tape
from connectors.whole import joined
from operators.desk import FRAME, Exchange, Rules
from operators.loop import FINISHED, STARVED, Loop
from operators.packing import pack_book, unpack_book
from operators.receipts import Receipts, ask
from operators.release import play_round
from operators.rows import NEVER, Row, Rows
from operators.venue import Venue

VERSION = "playback 3"
NOTHING_YET: Final = Row.table(0)
"""Played by a market that goes on, and has not said enough for another round."""


Read = tuple[int, int, int, tuple[tuple[int, str, str, str, str], ...]]
"""Of the held chunks: rows in either order, dead letters, and those of them that nobody was told of."""
PATIENCE_S: Final = 0.001
"""Between two looks at a market that has not said anything."""


class Held(NamedTuple):
    """A loaded chunk: how reading stood before it, its rows in either order, and its dead letters."""

    before: State
    n_desk: int
    n_venue: int
    n_letters: int


class Playback:
    """One symbol's tape and the simulated venue behind the closed loop.

    Raises:
        CheckpointRefused: by `restore`, when the state is another version's.
    """

    def __init__(self, tape: Tape, rules: Rules, exchange: Exchange) -> None:
        self.tape, self.rules, self.exchange = tape, rules, exchange
        self.held: deque[Held] = deque()
        self.letters: list[DeadLetter] = []
        self.desk, self.venue = Row.table(0), Row.table(0)
        self.desk_until = self.venue_until = 0
        self.buffer = Row.table(FRAME)
        self.plain = memoryview(np.asarray(self.buffer).view(np.uint8).data)
        self.n_rows = 0
        self.told = 0
        """Letters that are still to be read, and were told before a restart."""

    def play(self, requests: Rows) -> Rows | None:
        """Give the venue what was decided, and return what reaches us next, or None at the end.

        NOTHING_YET is that nothing does so far: what was decided has been given, and once is enough.
        They are copied as plain bytes: NumPy copies named fields one by one.
        """
        if len(requests) > 0:
            exchange = self.exchange
            ask(exchange.venue, exchange.receipts, self.rules.venue, requests, len(requests))
        while True:
            n = self._round()
            if n == FINISHED:
                return None
            if n != STARVED:
                data = bytearray(self.plain[: n * Row.dtype.itemsize])
                return cast("Rows", np.frombuffer(data, Row.dtype))
            if not self.load():
                return NOTHING_YET

    def control(self, wish: int, number: int, at: int = 0) -> None:
        """Let the next window, or the one of this number, begin with what an operator wants."""
        loop = self.exchange.loop[0]
        loop.control, loop.control_id, loop.control_at = wish, number, at

    def _round(self) -> int:
        setup = self.rules.loop, self.rules.venue, self.rules.book
        loop, venue, book, receipts = self.exchange
        cells = loop, venue, book, receipts
        return play_round(cells, setup, self.desk, self.venue, self.desk_until, self.venue_until, self.buffer)

    def load(self) -> bool:
        """Read one more chunk, drop those that both cursors are past, and say whether it held anything."""
        self._drop()
        before = self.tape.snapshot()
        chunk = self.tape.read() or Chunk(Row.table(0), Row.table(0), NEVER, NEVER)
        self.held.append(Held(before, len(chunk.desk), len(chunk.venue), len(chunk.letters)))
        self.desk, self.venue = joined(self.desk, chunk.desk), joined(self.venue, chunk.venue)
        self.desk_until, self.venue_until = chunk.desk_until, chunk.venue_until
        self.letters.extend(chunk.letters[self.told :])
        self.told = max(0, self.told - len(chunk.letters))
        self.n_rows += len(chunk.desk)
        return bool(len(chunk.desk) or len(chunk.venue) or chunk.letters or chunk.desk_until == NEVER)

    def _drop(self) -> None:
        loop = self.exchange.loop[0]
        while self.held and self.held[0].n_desk <= loop.desk and self.held[0].n_venue <= loop.venue:
            _, n_desk, n_venue, _ = self.held.popleft()
            self.desk, self.venue = self.desk[n_desk:], self.venue[n_venue:]
            loop.desk -= n_desk
            loop.venue -= n_venue

    def take_letters(self) -> tuple[DeadLetter, ...]:
        """Return the dead letters found since the last call."""
        if not self.letters:
            return ()
        letters = tuple(self.letters)
        self.letters.clear()
        return letters

    def tally(self) -> Tally:
        """Return what was counted: all of it once the tape has ended."""
        return Tally(dict(self.tape.quality), int(self.exchange.venue[0].fault))

    def close(self) -> None:
        """Give the recording back."""
        self.tape.close()

    def snapshot(self) -> State:
        """Return where reading of the oldest held chunk began, what was read since, and the venue."""
        loop, venue, book, receipts = self.exchange
        before = self.held[0].before if self.held else self.tape.snapshot()
        n_letters = self.told + sum(each.n_letters for each in self.held)
        read = len(self.desk), len(self.venue), n_letters, tuple(map(tuple, self.letters))
        return (VERSION, before, read, loop.tobytes(), venue.tobytes(), pack_book(book), receipts.tobytes())

    def restore(self, state: State) -> None:
        """Go on where `snapshot` was taken; what was held is read again, without its letters.

        A market that is still going on may be cut into chunks in other places: it is read until there is as
        much of it as there was.
        """
        _, before, read, loop, venue, book, receipts = cast(
            "tuple[str, State, Read, bytes, bytes, tuple[bytes, bytes, bytes, bytes], bytes]", state
        )
        n_desk, n_venue, self.told, untold = read
        self.letters = [DeadLetter(*each) for each in untold]
        self.tape.restore(before)
        self.exchange = Exchange(
            Loop.load(loop), Venue.load(venue), unpack_book(book), Receipts.load(receipts)
        )
        held_loop = self.exchange.loop.copy()
        self.exchange.loop[0].desk = self.exchange.loop[0].venue = -1
        while len(self.desk) < n_desk or len(self.venue) < n_venue:
            if not self.load():
                time.sleep(PATIENCE_S)
        self.exchange.loop[0].desk, self.exchange.loop[0].venue = held_loop[0].desk, held_loop[0].venue
