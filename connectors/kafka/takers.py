"""What becomes of the facts of a market, the reports of a venue and the requests of a desk: rows."""

from collections.abc import Callable
from functools import cached_property
from typing import Any, Final, TypeVar, cast

import msgspec
from msgspec.json import Decoder

from connectors.kafka.feed import COUNTED, LOST, REPEATED, no_quality
from connectors.kafka.inbox import Item
from connectors.kafka.messages import Depth, End, Market, decode, misfit
from connectors.kafka.outgoing import Order
from connectors.kafka.reports import Addressee, Report, number_of, wire_of
from connectors.kafka.rows import Grid, gap_row, rows_of
from connectors.recorded.blocks import ONE
from connectors.recorded.letters import Reason, Unusable
from connectors.recorded.quality import Quality
from connectors.tape import DeadLetter, State
from operators.instruments import Instrument
from operators.receipts import FIRST_ANOTHER, SHOWN, Receipts, contradicts, expect, show_first
from operators.rows import AMEND, CANCEL, CONTROL, HALT, LAST, NEVER, PLACE, POST_ONLY, QUERY, Row, Rows

NS_PER_MS: Final = 1_000_000
OPS: Final = {"place": PLACE, "amend": AMEND, "cancel": CANCEL, "query": QUERY}
MOST_FORMER: Final = 64
"""Desks that went before, and are not dealt with any more."""
LONGEST_LIFE_MS: Final = (1 << 31) - 1
LATEST_NS: Final = NEVER // 2
"""Nothing happens after the year 2116: time has to go on from what did, and still fit a row."""
S = TypeVar("S", bound=msgspec.Struct)
FACTS: Final = frozenset(("trade", "best", "depth", "mark", "gap", "end"))
BESIDE: Final = FACTS | {"order", "fill", "reading", "dead_letter", "report", "control"}


class _Kind(msgspec.Struct, gc=False):
    type: str


KIND: Final = msgspec.json.Decoder(_Kind)
REPORTS: Final = Decoder(Report)
ORDERS: Final = Decoder(Order)


def is_beside(raw: bytes, ours: frozenset[str]) -> bool:
    """Say whether a message is of a kind that others read, where one topic holds them all."""
    try:
        kind = KIND.decode(raw).type
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return kind in BESIDE and kind not in ours


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
        raw = _text(item)
        try:
            message = decode(raw)
        except Unusable:
            if is_beside(raw, FACTS):
                return b""
            raise
        if message.symbol != self.symbol:
            raise Unusable(Reason.WRONG_KEY)
        if 0 < message.n <= self._n:
            self.quality[REPEATED] += 1
            return b""
        ts_recv = max(now_ns, message.ts_recv or item.sent_ms * NS_PER_MS or message.ts_event)
        if max(ts_recv, message.ts_event) > LATEST_NS:
            raise Unusable(Reason.BAD_TIME)
        before = self._missing(message, ts_recv, letters)
        self._n = message.n or self._n
        try:
            made = rows_of(message, self.grid, ts_recv)
        except Unusable as fault:
            broken = gap_row(message.ts_event, ts_recv, message.id) if isinstance(message, Depth) else b""
            raise Unusable(fault.reason, before + broken) from None
        self._count(message)
        return before + made

    def _missing(self, message: Market, ts_recv: int, letters: list[DeadLetter]) -> bytes:
        """What is missing may have changed the book."""
        n = message.n - 1 - self._n
        if n <= 0 or self._n == 0:
            return b""
        self.quality[LOST] += n
        text = f"{n} messages before number {message.n}"
        letters.append(DeadLetter(ts_recv, self.symbol, LOST, "", text))
        return gap_row(message.ts_event, ts_recv, 0)

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


class ReportTaker:
    """A venue's reports to one desk: each once, and what they betray of others that were lost."""

    def __init__(self, instrument: Instrument, run: Callable[[], str]) -> None:
        self.instrument, self.grid, self._named = instrument, Grid(instrument), run
        self.quality: Quality = dict.fromkeys(
            ("reports", "reports_repeated", "reports_lost", "another_venue"), 0
        )
        self.receipts = Receipts.cell()
        self._n = 0
        self._venue: str | None = None
        """Whom we deal with: who was heard first."""
        self._out = Row.table(1)

    @cached_property
    def run(self) -> str:
        """Return whose reports these are."""
        return self._named()

    def expect(self, requests: Rows) -> None:
        """Know the orders that were asked for, so that their reports are known."""
        expect(self.receipts, requests, len(requests))

    def rows(self, item: Item, now_ns: int, letters: list[DeadLetter]) -> bytes:
        """Return the rows of a report; none of one that is not ours, or says nothing new.

        Raises:
            Unusable: it cannot be understood.
        """
        raw = _text(item)
        report = _decoded(raw, REPORTS, "report")
        if report is None or report.run != self.run:
            return b""
        if report.symbol != self.instrument.symbol:
            raise Unusable(Reason.WRONG_KEY)
        if not self._is_theirs(report, now_ns, letters):
            return b""
        if 0 < report.n <= self._n:
            self.quality["reports_repeated"] += 1
            return b""
        self._number(report, now_ns, letters)
        wire = wire_of(report, self.grid, self.instrument, now_ns or min(report.ts, LATEST_NS))
        if contradicts(self.receipts, wire):
            raise Unusable(Reason.CONTRADICTION)
        self.quality["reports"] += 1
        return self._shown(wire)

    def _is_theirs(self, report: Report, now_ns: int, letters: list[DeadLetter]) -> bool:
        """Say whether it is of the venue that we deal with: another knows nothing of our account."""
        if self._venue is None:
            self._venue = report.venue
        if report.venue == self._venue:
            return True
        self.quality["another_venue"] += 1
        letters.append(DeadLetter(now_ns, report.symbol, "another_venue", "", f"{report.what} {report.id}"))
        return False

    def _number(self, report: Report, now_ns: int, letters: list[DeadLetter]) -> None:
        n = report.n - 1 - self._n
        if n > 0:
            self.quality["reports_lost"] += n
            text = f"{n} reports before number {report.n}"
            letters.append(DeadLetter(now_ns, report.symbol, "reports_lost", "", text))
        self._n = report.n or self._n

    def _shown(self, wire: Any) -> bytes:  # noqa: ANN401 - a cell
        made = b""
        while (became := show_first(self.receipts, wire, self._out)) in (SHOWN, FIRST_ANOTHER):
            made += self._out.tobytes()
            if became == SHOWN:
                break
        return made

    def snapshot(self) -> State:
        """Return the number of the last report, what we were shown, what was counted, and by whom."""
        return self._n, self.receipts.tobytes(), tuple(self.quality.items()), self._venue

    def restore(self, state: State) -> None:
        """Go on where `snapshot` was taken."""
        self._n, receipts, counts, self._venue = cast(
            "tuple[int, bytes, tuple[tuple[str, int], ...], str | None]", state
        )
        self.receipts = Receipts.load(receipts)
        self.quality |= dict(counts)


class RequestTaker:
    """What one desk after the other asks of a venue: each request once."""

    def __init__(self, instrument: Instrument) -> None:
        self.symbol, self.grid = instrument.symbol, Grid(instrument)
        self.quality: Quality = dict.fromkeys(
            ("requests", "requests_repeated", "requests_lost", "desks", "superseded"), 0
        )
        self.came: list[Addressee] = []
        """Desks that came since this was last looked at and cleared."""
        self._desk = Addressee("", "")
        self._former: list[str] = []
        self._n = 0

    def rows(self, item: Item, now_ns: int, letters: list[DeadLetter]) -> bytes:
        """Return the row of a request, after one that announces a desk that is new.

        Raises:
            Unusable: it cannot be understood.
        """
        order = _decoded(_text(item), ORDERS, "order")
        if order is None:
            return b""
        if order.symbol != self.symbol:
            raise Unusable(Reason.WRONG_KEY)
        if order.run in self._former:
            self.quality["superseded"] += 1
            letters.append(DeadLetter(now_ns, self.symbol, "superseded", "", f"{order.op} {order.id}"))
            return b""
        if order.n == 0:
            raise Unusable(Reason.MISSING_FIELD)
        if order.run != self._desk.run:
            request = self._request(order, now_ns)
            self._welcome(order)
            return ONE.pack(now_ns, now_ns, 0, 0, 0, 0, CONTROL, 0, LAST, HALT) + request
        if not self._is_next(order, now_ns, letters):
            return b""
        if number_of(order.id)[0] != self._desk.prefix:
            raise Unusable(Reason.CONTRADICTION)
        request = self._request(order, now_ns)
        self.quality["requests"] += 1
        return request

    def _request(self, order: Order, now_ns: int) -> bytes:
        _, number = number_of(order.id)
        side = 1 if order.side == "buy" else -1
        kind, marks = OPS[order.op], LAST | POST_ONLY
        ticks, lots = self.grid.ticks(order.price), self.grid.lots(order.size)
        if not 0 <= order.lives_ms <= LONGEST_LIFE_MS:
            raise Unusable(Reason.OVERFLOW)
        return ONE.pack(now_ns, now_ns, number, ticks, lots, order.lives_ms, kind, side, marks, 0)

    def _is_next(self, order: Order, now_ns: int, letters: list[DeadLetter]) -> bool:
        if order.n <= self._n:
            self.quality["requests_repeated"] += 1
            return False
        n = order.n - 1 - self._n
        if n > 0:
            self.quality["requests_lost"] += n
            text = f"{n} requests before number {order.n}"
            letters.append(DeadLetter(now_ns, self.symbol, "requests_lost", "", text))
        self._n = order.n
        return True

    def _welcome(self, order: Order) -> None:
        if self._desk.run:
            self._former = [*self._former, self._desk.run][-MOST_FORMER:]
        self._desk = Addressee(order.run, number_of(order.id)[0])
        self.came.append(self._desk)
        self._n = order.n
        self.quality["desks"] += 1
        self.quality["requests"] += 1

    def snapshot(self) -> State:
        """Return who is dealt with, who was, the number of the last request, and what was counted."""
        return tuple(self._desk), tuple(self._former), self._n, tuple(self.quality.items())

    def restore(self, state: State) -> None:
        """Go on where `snapshot` was taken."""
        desk, former, self._n, counts = cast(
            "tuple[tuple[str, str], tuple[str, ...], int, tuple[tuple[str, int], ...]]", state
        )
        self._desk, self._former = Addressee(*desk), list(former)
        self.quality |= dict(counts)


class Both:
    """Two takers of one topic, which holds everything of a symbol."""

    def __init__(self, facts: MarketTaker, others: "ReportTaker | RequestTaker") -> None:
        self.facts, self.others, self.quality = facts, others, facts.quality

    def rows(self, item: Item, now_ns: int, letters: list[DeadLetter]) -> bytes:
        """Return the rows of a message, whichever it is.

        Raises:
            Unusable: it has none, and says why.
        """
        ours = not is_beside(item.raw or b"", FACTS)
        return (self.facts if ours else self.others).rows(item, now_ns, letters)

    def snapshot(self) -> State:
        """Return both."""
        return self.facts.snapshot(), self.others.snapshot()

    def restore(self, state: State) -> None:
        """Go on where `snapshot` was taken."""
        facts, others = cast("tuple[State, State]", state)
        self.facts.restore(facts)
        self.others.restore(others)


def _text(item: Item) -> bytes:
    if item.reason is not None:
        raise Unusable(item.reason)
    return item.raw or b""


def _decoded(raw: bytes, decoder: Decoder[S], kind: str) -> S | None:
    """Return a message of a kind, or None where it is of another that is not for us.

    Raises:
        Unusable: it is neither.
    """
    try:
        return decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        if is_beside(raw, frozenset((kind,))):
            return None
        raise Unusable(misfit(raw, error)) from None
