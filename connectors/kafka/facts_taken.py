"""The facts of a market as rows: each once, and a gap where some were lost."""

from typing import Final, cast

from connectors.kafka.feed import COUNTED, LOST, REPEATED, no_quality
from connectors.kafka.inbox import Item
from connectors.kafka.messages import DECODER, LATEST_NS, Depth, End, Market
from connectors.kafka.rows import Grid, gap_row, rows_of
from connectors.kafka.takers import FACTS, decoded, text_of
from connectors.recorded.letters import Reason, Unusable
from connectors.recorded.quality import Quality
from connectors.tape import DeadLetter, State
from operators.instruments import Instrument

NS_PER_MS: Final = 1_000_000


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
        message = decoded(text_of(item), DECODER, FACTS)
        if message is None:
            return b""
        if message.symbol != self.symbol:
            raise Unusable(Reason.WRONG_KEY)
        if 0 < message.n <= self._n:
            self.quality[REPEATED] += 1
            return b""
        ts_recv = _received(message, item, now_ns)
        before = self._missing(message, ts_recv, letters)
        self._n = message.n or self._n
        made = self._made(message, ts_recv, before)
        self._count(message)
        return made

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


def _received(message: Market, item: Item, now_ns: int) -> int:
    """Return when a message reached us: not before anything else did.

    Raises:
        Unusable: time could not go on from there.
    """
    ts_recv = max(now_ns, message.ts_recv or item.sent_ms * NS_PER_MS or message.ts_event)
    if max(ts_recv, message.ts_event) > LATEST_NS:
        raise Unusable(Reason.BAD_TIME)
    return ts_recv
