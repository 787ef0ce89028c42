"""The books of a symbol, slowly: every figure from the whole list of what happened, in fractions."""

from fractions import Fraction
from typing import NamedTuple

from operators.rows import FILLED, SETTLED
from operators.toxicity import INVALID_FLAG, OK


class Event(NamedTuple):
    """One row that settles, and what stands beside it."""

    ts_ns: int
    kind: int
    side: int = 0
    ticks: int = 0
    lots: int = 0
    micro: int = 0
    """Of a settlement, beside its whole tick·lots."""
    maker: bool = True
    touch: tuple[int, int] | None = None
    """Best bid and ask, where they are valid."""
    sides: tuple[bool, bool] = (False, False)
    """Whether a bid and an ask are live."""
    paused: bool = False
    state: int = 0
    reading: tuple[float, float, int] = (0.0, 0.0, 0)
    """VPIN's value, level and status."""


class PlainFill(NamedTuple):
    at: int
    side: int
    lots: int
    ticks: int
    mid: Fraction


class Books:
    """Answers by looking at everything again."""

    def __init__(
        self, events: list[Event], maker_fee: Fraction = Fraction(0), taker_fee: Fraction = Fraction(0)
    ):
        self.events = events
        self.rates = taker_fee, maker_fee
        self.mids = self._mids()
        self.fills = [
            PlainFill(k, e.side, e.lots, e.ticks, self.mids[k])
            for k, e in enumerate(events)
            if e.kind == FILLED
        ]

    def _mids(self) -> list[Fraction]:
        mids, mid = [], Fraction(0)
        for event in self.events:
            if event.touch is not None:
                mid = Fraction(sum(event.touch), 2)
            if event.kind == FILLED and mid == 0:
                mid = Fraction(event.ticks)
            mids.append(mid)
        return mids

    def position(self, k: int) -> int:
        return sum(fill.side * fill.lots for fill in self.fills if fill.at <= k)

    def fees(self, k: int) -> Fraction:
        """Each rounded half up to a millionth."""
        total = 0
        for fill in self.fills:
            if fill.at <= k:
                exact = fill.lots * fill.ticks * self.rates[self.events[fill.at].maker] * 10**6
                total += (exact + Fraction(1, 2)).__floor__()
        return Fraction(total, 10**6)

    def funding(self, k: int) -> Fraction:
        paid = [e.lots * 10**6 + e.micro for e in self.events[: k + 1] if e.kind == SETTLED]
        return Fraction(sum(paid), 10**6)

    def equity(self, k: int) -> Fraction:
        cash = -sum(fill.side * fill.lots * fill.ticks for fill in self.fills if fill.at <= k)
        return cash - self.fees(k) - self.funding(k) + self.position(k) * self.mids[k]

    def open_cost(self) -> int:
        """What closes takes its share of the cost along, rounded down away from none."""
        held = cost = 0
        for fill in self.fills:
            closed = min(fill.lots, abs(held)) if held * fill.side < 0 else 0
            if closed:
                share = abs(cost) * closed // abs(held)
                cost += fill.side * share
            cost += fill.side * (fill.lots - closed) * fill.ticks
            held += fill.side * fill.lots
        return cost

    def average_cost(self) -> Fraction:
        """The same, nothing rounded."""
        held, cost = 0, Fraction(0)
        for fill in self.fills:
            closed = min(fill.lots, abs(held)) if held * fill.side < 0 else 0
            if closed:
                cost -= cost * closed / abs(held)
            cost += fill.side * (fill.lots - closed) * fill.ticks
            held += fill.side * fill.lots
        return cost

    def markouts(self, horizon_ns: int) -> list[tuple[PlainFill, Fraction]]:
        """Every fill that a later row has come for, and the mid when it was that old."""
        last_ns = self.events[-1].ts_ns
        old = [fill for fill in self.fills if self.events[fill.at].ts_ns + horizon_ns < last_ns]
        return [(fill, self._mid_at(self.events[fill.at].ts_ns + horizon_ns)) for fill in old]

    def _mid_at(self, ts_ns: int) -> Fraction:
        return self.mids[max(k for k, event in enumerate(self.events) if event.ts_ns <= ts_ns)]

    def parts(self) -> tuple[Fraction, ...]:
        """Spread capture, adverse selection, inventory, fees, funding."""
        end = len(self.events) - 1
        aged = {fill.at: mid for fill, mid in self.markouts(10**9)}
        captured = sum((f.side * f.lots * (f.mid - f.ticks) for f in self.fills), Fraction(0))
        adverse = sum(
            (f.side * f.lots * (aged.get(f.at, self.mids[end]) - f.mid) for f in self.fills), Fraction(0)
        )
        moved = sum(
            (self.position(k - 1) * (self.mids[k] - self.mids[k - 1]) for k in range(1, end + 1)), Fraction(0)
        )
        return captured, adverse, moved - adverse, -self.fees(end), -self.funding(end)

    def spells(self) -> list[tuple[Event, int, int]]:
        """Each event, its index, and how long it was the last."""
        pairs = zip(self.events, self.events[1:], strict=False)
        return [(one, k, other.ts_ns - one.ts_ns) for k, (one, other) in enumerate(pairs)]

    def time_of(self, holds) -> int:
        return sum(ns for event, _, ns in self.spells() if holds(event))

    def ready(self) -> list[tuple[Event, int]]:
        return [(event, ns) for event, _, ns in self.spells() if event.reading[2] in (OK, INVALID_FLAG)]

    def held_lot_ns(self) -> int:
        return sum(abs(self.position(k)) * ns for _, k, ns in self.spells())

    def samples(self, step_ns: int) -> dict[int, tuple[Fraction, Fraction, int]]:
        """Equity, mid and position at every instant of the grid that a later row has come for."""
        first, last = self.events[0].ts_ns, self.events[-1].ts_ns
        found = {}
        for at in range((first // step_ns + 1) * step_ns, last, step_ns):
            k = max(k for k, event in enumerate(self.events) if event.ts_ns <= at)
            found[at] = self.equity(k), self.mids[k], self.position(k)
        return found

    def extremes(self, step_ns: int) -> dict[int, tuple[Fraction, Fraction, int, int, float]]:
        """Lowest and highest mid and position, and highest level that counts, since the instant before."""
        found, before = {}, -1
        for at in self.samples(step_ns):
            k = max(k for k, event in enumerate(self.events) if event.ts_ns <= at)
            span = slice(max(0, before), k + 1)
            mids = [mid for mid in self.mids[span] if mid] or [Fraction(0)]
            held = [self.position(each) for each in range(before, k + 1)]
            spans = self.events[span]
            levels = [e.reading[1] for e in spans if e.reading[2] in (OK, INVALID_FLAG)]
            found[at] = min(mids), max(mids), min(held), max(held), max(levels, default=0.0)
            before = k
        return found

    def last(self, at: int) -> Event:
        """Return the last event up to an instant."""
        return max((event for event in self.events if event.ts_ns <= at), key=lambda e: e.ts_ns)
