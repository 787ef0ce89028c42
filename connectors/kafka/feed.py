"""One symbol's messages of a topic as rows, in the broker's order: what a tape is fed with."""

from collections.abc import Callable
from typing import Final, cast

from connectors.kafka.inbox import Inbox, Item, Position
from connectors.kafka.messages import Best, Depth, End, Gap, Mark, Market, Trade, decode
from connectors.kafka.plausible import TOLD_AT, again, may_be_depth, received, require_number
from connectors.kafka.reader import Reader
from connectors.kafka.rows import Grid, gap_row, rows_of
from connectors.kafka.stretch import MOST, Canon, Stretch
from connectors.recorded.blocks import Page
from connectors.recorded.letters import Reason, Unusable, excerpt
from connectors.recorded.quality import Quality, count_letter
from connectors.recorded.tape import Batch
from connectors.tape import DeadLetter, State
from operators.errors import CheckpointRefused
from operators.instruments import Instrument

VERSION: Final = "kafka 1"
Begun = Callable[[Position], Position]
COUNTED: Final[dict[type[Market], str]] = {
    Trade: "trades",
    Best: "bests",
    Depth: "diffs",
    Mark: "marks",
    Gap: "gaps",
}
REPEATED, LOST, BACKWARDS, LATE = "repeated", "lost", "time_backwards", "late_at_venue"


def as_told(start: Position) -> Position:
    """Begin where it is said to."""
    return start


def no_quality() -> Quality:
    """Return every counter at zero; reasons join when their first letter is written."""
    return dict.fromkeys((*COUNTED.values(), "snapshots", REPEATED, LOST, BACKWARDS, LATE), 0)


class KafkaFeed:
    """Reads from a position on: offsets, by partition, of what was not taken yet."""

    def __init__(
        self,
        instrument: Instrument,
        reader: Reader,
        start: Position,
        quality: Quality,
        begun: Begun = as_told,
    ) -> None:
        """`begun` says where the first message stands, given where that is now; a snapshot knows itself."""
        self._symbol, self._grid, self._reader = instrument.symbol, Grid(instrument), reader
        self._start, self._quality, self._begun = dict(start), quality, begun
        self._inbox: Inbox | None = None
        self._canon = Canon(instrument)
        self._n, self._reached_ns, self._ended = 0, 0, False

    def fill(self, n_rows: int) -> Batch:
        """Return about this many rows of what is there, none when there is nothing yet.

        Raises:
            PhoenixError: the topic cannot be read any further.
        """
        if self._inbox is None and not self._ended:
            self._inbox = self._reader.join(self._symbol, self._begin())
        page, letters, inbox, stretch = Page(), list[DeadLetter](), self._inbox, Stretch(())
        while inbox is not None and len(page) < n_rows and not self._ended:
            if stretch.is_over():
                stretch = Stretch(inbox.texts(MOST))
            if self._read_on(stretch, inbox, page, n_rows):
                continue
            item = inbox.take()
            if item is None:
                break
            stretch.at += 1
            try:
                self._on(item, page, letters)
            except Unusable as fault:
                self._set_aside(item, fault.reason, letters)
        return Batch(page.block(), tuple(letters), self._ended)

    def _read_on(self, stretch: Stretch, inbox: Inbox, page: Page, n_rows: int) -> bool:
        """Take canonical messages; say whether it was not one of another form that ended them."""
        if stretch.is_over():
            return False
        before, reached = stretch.at, (self._n, self._reached_ns)
        rows, reached = self._canon.read(stretch, reached, self._quality, n_rows - len(page))
        self._n, self._reached_ns = reached
        page.add(rows)
        inbox.skip(stretch.at - before)
        return stretch.at > before and (stretch.is_over() or len(page) >= n_rows)

    def snapshot(self) -> State:
        """Return the offsets, and the number and time of the last message.

        Raises:
            PhoenixError: it is not known where the run began.
        """
        position = self._begin() if self._inbox is None else self._inbox.taken
        return VERSION, tuple(sorted(position.items())), self._n, self._reached_ns, self._ended

    def restore(self, state: State) -> None:
        """Go on from a snapshot, in a feed that has not read; partitions that are new begin at the start.

        Raises:
            CheckpointRefused: the snapshot was taken by another version.
            SourceError: the topic has not all of its partitions any more.
        """
        if state[0] != VERSION:
            raise CheckpointRefused("tape version", VERSION, str(state[0]))
        _, position, self._n, self._reached_ns, self._ended = cast(
            "tuple[str, tuple[tuple[int, int], ...], int, int, bool]", state
        )
        self._reader.compare({partition for partition, _ in position}, set(self._start))
        self._start |= dict(position)
        self._begun = as_told

    def _begin(self) -> Position:
        """Return where it begins: as of a checkpoint, or else where the run began."""
        self._start = self._begun(self._start)
        return self._start

    def close(self) -> None:
        """Read no further."""
        self._reader.leave(self._symbol)

    def _on(self, item: Item, page: Page, letters: list[DeadLetter]) -> None:
        """Write the rows of a message.

        Raises:
            Unusable: there are none, and it says why.
        """
        if item.reason is not None:
            raise Unusable(item.reason)
        message = self._decoded(item.raw or b"", page)
        if message.symbol != self._symbol:
            raise Unusable(Reason.WRONG_KEY)
        n, last = message.n, self._n
        if 0 < n <= last:
            self._repeat(item, letters)
            return
        require_number(n, last)
        ts_recv = self._received(message, item)
        if 0 < last < n - 1:
            self._lose(message, item, ts_recv, page, letters)
        self._n = n or last
        try:
            page.add(rows_of(message, self._grid, ts_recv))
        except Unusable:
            if isinstance(message, Depth):
                page.add(gap_row(message.ts_event, ts_recv, message.id))
                self._reached_ns = ts_recv
            raise
        self._reached_ns = ts_recv
        self._count(message)

    def _decoded(self, raw: bytes, page: Page) -> Market:
        """Return a message; without numbers, nothing but its text tells that it was to change the book.

        Raises:
            Unusable: it is none.
        """
        try:
            return decode(raw)
        except Unusable:
            if self._n == 0 and self._reached_ns > 0 and may_be_depth(raw):
                page.add(gap_row(self._reached_ns, self._reached_ns, 0))
            raise

    def _repeat(self, item: Item, letters: list[DeadLetter]) -> None:
        self._quality[REPEATED] += 1
        if self._quality[REPEATED] in TOLD_AT:
            text = again(self._quality[REPEATED], self._n)
            letters.append(DeadLetter(self._reached_ns, self._symbol, REPEATED, self._where(item), text))

    def _count(self, message: Market) -> None:
        kind = type(message)
        if kind is End:
            self._ended = True
            self._reader.leave(self._symbol)
            return
        whole_book = kind is Depth and cast("Depth", message).snapshot
        self._quality["snapshots" if whole_book else COUNTED[kind]] += 1

    def _received(self, message: Market, item: Item) -> int:
        """Return when a message was received; that never goes back.

        Raises:
            Unusable: it is from a time that has not come.
        """
        told = received(message, item.sent_ms, self._reached_ns)
        if told >= self._reached_ns:
            return told
        self._quality[BACKWARDS] += 1
        return self._reached_ns

    def _lose(self, message: Market, item: Item, ts_recv: int, page: Page, letters: list[DeadLetter]) -> None:
        """What is missing may have changed the book."""
        n = message.n - 1 - self._n
        self._quality[LOST] += n
        text = f"{n} messages before number {message.n}"
        letters.append(DeadLetter(ts_recv, self._symbol, LOST, self._where(item), text))
        page.add(gap_row(message.ts_event, ts_recv, 0))
        self._reached_ns = ts_recv

    def _set_aside(self, item: Item, reason: Reason, letters: list[DeadLetter]) -> None:
        count_letter(self._quality, reason)
        where, text = self._where(item), excerpt(item.raw or b"")
        letters.append(DeadLetter(self._reached_ns, self._symbol, reason.value, where, text))

    def _where(self, item: Item) -> str:
        return f"{self._reader.place.topic}[{item.partition}]@{item.offset}"
