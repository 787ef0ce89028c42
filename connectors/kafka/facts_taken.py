"""The facts of a market as rows: each once, and a gap where some were lost."""

from typing import cast

from connectors.kafka.feed import COUNTED, LOST, REPEATED, no_quality
from connectors.kafka.inbox import Item
from connectors.kafka.messages import DECODER, Depth, End, Market
from connectors.kafka.plausible import TOLD_AT, again, may_be_depth, received, require_number
from connectors.kafka.rows import Grid, gap_row, rows_of
from connectors.kafka.takers import FACTS, decoded, text_of
from connectors.recorded.letters import Reason, Unusable
from connectors.recorded.quality import Quality
from connectors.tape import DeadLetter, State
from operators.instruments import Instrument


class MarketTaker:
    """The facts of a market."""

    def __init__(self, instrument: Instrument) -> None:
        self.symbol, self.grid = instrument.symbol, Grid(instrument)
        self.quality: Quality = no_quality()
        self.ended = False
        self._n = 0

    def rows(self, item: Item, now_ns: int, letters: list[DeadLetter]) -> bytes:
        """Return the rows of a fact.

        Raises:
            Unusable: it has none, and says why.
        """
        message = self._decoded(text_of(item), now_ns)
        if message is None:
            return b""
        if message.symbol != self.symbol:
            raise Unusable(Reason.WRONG_KEY)
        if 0 < message.n <= self._n:
            self._repeat(now_ns, letters)
            return b""
        require_number(message.n, self._n)
        ts_recv = max(now_ns, received(message, item.sent_ms, now_ns))
        before = self._missing(message, ts_recv, letters)
        self._n = message.n or self._n
        made = self._made(message, ts_recv, before)
        self._count(message)
        return made

    def _decoded(self, raw: bytes, now_ns: int) -> Market | None:
        """Return a fact; without numbers, nothing but its text tells that it was to change the book.

        Raises:
            Unusable: it is none.
        """
        try:
            return decoded(raw, DECODER, FACTS)
        except Unusable as fault:
            lost = self._n == 0 and now_ns > 0 and may_be_depth(raw)
            raise Unusable(fault.reason, gap_row(now_ns, now_ns, 0) if lost else b"") from None

    def _repeat(self, now_ns: int, letters: list[DeadLetter]) -> None:
        self.quality[REPEATED] += 1
        if self.quality[REPEATED] in TOLD_AT:
            text = again(self.quality[REPEATED], self._n)
            letters.append(DeadLetter(now_ns, self.symbol, REPEATED, "", text))

    def _missing(self, message: Market, ts_recv: int, letters: list[DeadLetter]) -> bytes:
        """What is missing may have changed the book."""
        n = message.n - 1 - self._n
        if n <= 0 or self._n == 0:
            return b""
        self.quality[LOST] += n
        text = f"{n} messages before number {message.n}"
        letters.append(DeadLetter(ts_recv, self.symbol, LOST, "", text))
        return gap_row(message.ts_event, ts_recv, 0)

    def _made(self, message: Market, ts_recv: int, before: bytes) -> bytes:
        """Return the rows of a message, after others; what is lost of the depth may have changed the book."""
        try:
            return before + rows_of(message, self.grid, ts_recv)
        except Unusable as fault:
            broken = gap_row(message.ts_event, ts_recv, message.id) if isinstance(message, Depth) else b""
            raise Unusable(fault.reason, before + broken) from None

    def _count(self, message: Market) -> None:
        if isinstance(message, End):
            self.ended = True
            return
        whole_book = isinstance(message, Depth) and message.snapshot
        self.quality["snapshots" if whole_book else COUNTED[type(message)]] += 1

    def snapshot(self) -> State:
        """Return the number of the last fact, whether it was the last at all, and what was counted."""
        return self._n, self.ended, tuple(self.quality.items())

    def restore(self, state: State) -> None:
        """Go on where `snapshot` was taken."""
        self._n, self.ended, counts = cast("tuple[int, bool, tuple[tuple[str, int], ...]]", state)
        self.quality |= dict(counts)
