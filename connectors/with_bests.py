"""A tape whose recording tells no best prices: they are made from its depth."""

from collections.abc import Mapping
from typing import cast

from connectors.tape import Chunk, State, Tape
from connectors.whole import copied
from operators.bests import Bests, with_bests
from operators.book import BookParams, open_book
from operators.kernel import Cell
from operators.packing import pack_book, unpack_book
from operators.ring import Book
from operators.rows import Row


class WithBests:
    """Another tape with best bid/offer rows after each message of depth that moved the touch.

    Only what reaches us is added to: the venue of the closed loop knows its own book.
    """

    def __init__(self, tape: Tape) -> None:
        self.tape, self.symbol = tape, tape.symbol
        self.bests = Bests.cell()
        self.book: Cell[Book] = Book.cell()
        self.setup = BookParams.cell(newer_wins=1)
        open_book(self.book)

    @property
    def quality(self) -> Mapping[str, int]:
        """What the tape counted."""
        return self.tape.quality

    def read(self) -> Chunk | None:
        """Return the next chunk, or None after the last."""
        chunk = self.tape.read()
        if chunk is None:
            return None
        out = Row.table(3 * len(chunk.desk))
        n = with_bests(self.bests, self.book, self.setup, chunk.desk, out)
        return chunk._replace(desk=copied(out[:n]))

    def snapshot(self) -> State:
        """Return where the tape stands, and its book."""
        return (self.tape.snapshot(), self.bests.tobytes(), pack_book(self.book))

    def restore(self, state: State) -> None:
        """Go on where `snapshot` was taken."""
        tape, bests, book = cast("tuple[State, bytes, tuple[bytes, bytes, bytes, bytes]]", state)
        self.tape.restore(tape)
        self.bests, self.book = Bests.load(bests), unpack_book(book)

    def close(self) -> None:
        """Give files back."""
        self.tape.close()
