"""What desks ask of a venue as rows: each request once, and one row that announces a desk that is new."""

from typing import Final, cast

from msgspec.json import Decoder

from connectors.kafka.inbox import Item
from connectors.kafka.outgoing import Order
from connectors.kafka.plausible import require_number
from connectors.kafka.reports import Addressee, number_of
from connectors.kafka.rows import Grid
from connectors.kafka.takers import decoded, text_of
from connectors.recorded.blocks import ONE
from connectors.recorded.letters import Reason, Unusable
from connectors.recorded.quality import Quality
from connectors.tape import DeadLetter, State
from operators.instruments import Instrument
from operators.rows import AMEND, CANCEL, CONTROL, HALT, LAST, PLACE, POST_ONLY, QUERY

ORDERS: Final = Decoder(Order)
OURS: Final = frozenset(("order",))
OPS: Final = {"place": PLACE, "amend": AMEND, "cancel": CANCEL, "query": QUERY}
MOST_FORMER: Final = 64
"""Desks that went before, and are not dealt with any more."""
LONGEST_LIFE_MS: Final = (1 << 31) - 1


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
        order = decoded(text_of(item), ORDERS, OURS)
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
        require_number(order.n, self._n if order.run == self._desk.run else 0)
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
