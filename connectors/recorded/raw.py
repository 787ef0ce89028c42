"""Messages as a collector wrote them, one a line: `<receive time, ns> <message as JSON>`."""

from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Final, cast

from connectors.recorded.binance import EXACT, FAST, decode, is_text, open_envelope
from connectors.recorded.blocks import Page
from connectors.recorded.grid import Grids, TooFine
from connectors.recorded.interpreter import Interpreter, InterpreterState
from connectors.recorded.letters import Reason, Unusable, excerpt
from connectors.recorded.lines import LineReader
from connectors.recorded.quality import Quality, count_letter
from connectors.recorded.sync import Chain
from connectors.recorded.tape import Batch
from connectors.tape import DeadLetter, State
from operators.instruments import Instrument

LINES_PER_ROW: Final = 4
LETTERS_BYTES: Final = 16 << 20
STAMP_DIGITS: Final = 19


class RawFeed:
    """Reads one file of messages forward."""

    def __init__(
        self,
        symbol: str,
        instrument: Instrument,
        path: Path,
        chain: Chain,
        quality: Quality,
        neighbours: AbstractSet[str] = frozenset(),
    ) -> None:
        self._symbol, self._quality = symbol, quality
        self._lines = LineReader(path)
        self._interpreter = Interpreter(symbol, Grids(instrument), chain, quality, neighbours)

    def fill(self, n_rows: int) -> Batch:
        """Read lines until they made this many rows, or nothing but trouble for long."""
        page, letters, kept_bytes, ended = Page(), [], 0, False
        last_line = self._lines.number + LINES_PER_ROW * n_rows
        while len(page) < n_rows and self._lines.number < last_line and kept_bytes < LETTERS_BYTES:
            line: bytes | None = b""
            try:
                line = self._lines.next()
                if line is None:
                    ended = True
                    break
                self._on_line(line, page)
            except Unusable as bad:
                letters.append(self._letter(bad, line or bad.raw))
                kept_bytes += len(letters[-1].text)
        return Batch(page.block(), tuple(letters), ended)

    def snapshot(self) -> State:
        """Return the place in the file, and what was learned on the way."""
        return self._lines.snapshot(), tuple(self._interpreter.snapshot())

    def restore(self, state: State) -> None:
        """Go on from a snapshot."""
        place, learned = cast("tuple[tuple[int, int, bool], InterpreterState]", state)
        self._lines.restore(place)
        self._interpreter.restore(learned)

    def close(self) -> None:
        """Give the file back."""
        self._lines.close()

    def _on_line(self, line: bytes, page: Page) -> None:
        if not line or line.isspace():
            return
        stamp, body = split_line(line)
        kind, data = open_envelope(body)
        try:
            self._interpreter.on(decode(FAST[kind], data), stamp, page)
        except TooFine:
            self._interpreter.on(decode(EXACT[kind], data), stamp, page)

    def _letter(self, bad: Unusable, raw: bytes) -> DeadLetter:
        count_letter(self._quality, bad.reason)
        where = f"{self._lines.path.name}:{self._lines.number}"
        ts = self._interpreter.clock.ts_recv
        return DeadLetter(ts, self._symbol, bad.reason.value, where, excerpt(raw))


def split_line(line: bytes) -> tuple[int, bytes]:
    """Return the receive stamp, ns, and the message.

    Raises:
        Unusable: the line does not begin with a stamp.

    >>> split_line(b'17 {"e":"trade"}')
    (17, b'{"e":"trade"}')
    """
    stamp, _, body = line.partition(b" ")
    if stamp.isdigit() and len(stamp) <= STAMP_DIGITS:
        return int(stamp), body
    raise Unusable(Reason.BAD_RECEIVE_TIME if is_text(line) else Reason.NOT_TEXT)
