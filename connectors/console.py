"""What a run says while it runs, beside its progress line: little, however much there is to say."""

import sys
from collections import Counter
from collections.abc import Sequence
from typing import Final, TextIO

from connectors.progress import Progress
from connectors.tape import DeadLetter
from operators.errors import InvariantBroken

FIRST_FEW: Final = 3
LONGEST: Final = 80
"""Characters of a letter's text that are shown; all of it stands in the log."""


def worth_saying(n: int) -> bool:
    """Say whether the n-th of a kind is shown: the first few, then every power of ten.

    >>> [n for n in range(1, 20_000) if worth_saying(n)]
    [1, 2, 3, 10, 100, 1000, 10000]
    """
    return n <= FIRST_FEW or n == 10 ** (len(str(n)) - 1)


class Console:
    """Writes to the terminal; a quiet one tells faults alone."""

    def __init__(self, progress: Progress, *, quiet: bool = False, stream: TextIO | None = None) -> None:
        self.progress, self.quiet = progress, quiet
        self.stream = stream or sys.stderr
        self.counts: Counter[tuple[str, str]] = Counter()

    def say(self, sentence: str) -> None:
        """Write one line, above the progress line."""
        self.progress.clear()
        self.stream.write(f"{sentence}\n")
        self.stream.flush()

    def letters(self, letters: Sequence[DeadLetter]) -> None:
        """Tell of messages that were set aside."""
        for letter in letters:
            n = self._count(letter.symbol, letter.reason)
            if n:
                text = "" if n > FIRST_FEW else f": {printable(letter.text)}"
                self.say(
                    f"{letter.symbol}: set aside {letter.reason} at {printable(letter.where)}{_nth(n)}{text}"
                )

    def book_broke(self, symbol: str, why: str, ts_ns: int) -> None:
        """Tell that a book is not to be believed any more."""
        n = self._count(symbol, why)
        if n:
            self.say(f"{symbol}: {why} in the book by {ts_ns} ns{_nth(n)}: no quotes until it is whole again")

    def flag_broke(self, symbol: str, ts_ns: int) -> None:
        """Tell that the venue's word on who bought contradicts its prices."""
        n = self._count(symbol, "invalid_flag")
        if n:
            self.say(
                f"{symbol}: the venue's flag names one side against the prices by {ts_ns} ns{_nth(n)}: "
                "the tick rule classifies until it recovers"
            )

    def fault(self, error: InvariantBroken) -> None:
        """Tell of a state that cannot be, once per symbol and rule."""
        self.counts[error.symbol, error.rule] += 1
        if self.counts[error.symbol, error.rule] == 1:
            self.say(str(error))

    def _count(self, symbol: str, what: str) -> int:
        """Return the number of this one if it is worth saying, else 0."""
        if self.quiet:
            return 0
        self.counts[symbol, what] += 1
        n = self.counts[symbol, what]
        return n if worth_saying(n) else 0


def printable(text: str) -> str:
    r"""Return a text as a terminal may be shown it: one line, nothing that moves the cursor, cut where long.

    >>> printable("17 {\x1b[2J\n}")
    '17 {\\x1b[2J\\n}'
    """
    cut = text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in cut)


def _nth(n: int) -> str:
    return f", {n:,} so far" if n > FIRST_FEW else ""
