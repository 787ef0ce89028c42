"""Who was the aggressor, told slowly: every trade and every mid is kept and looked through again."""

from dataclasses import dataclass, field

LOOK_BACK = 1000


@dataclass
class Sides:
    """All trades and mids there ever were; prices in ticks, mids doubled."""

    classifier: str
    mid_tie: str
    key: int
    quote_lag_ns: int
    mids: list[tuple[int, int]] = field(default_factory=list)
    prices: list[int] = field(default_factory=list)
    flags: list[int] = field(default_factory=list)
    ticks: list[int] = field(default_factory=list)
    judged: list[int] = field(default_factory=list)

    def quote(self, ts: int, bid: int, ask: int) -> None:
        """Hear the best prices; a crossed or half touch says nothing."""
        if 0 < bid < ask:
            self.mids.append((ts, bid + ask))

    def judge(self, ts: int, flag: int, price: int, lots: int) -> int:
        """Return the side of a trade."""
        repeats = bool(self.prices) and self.prices[-1] == price
        self.prices.append(price)
        self.flags.append(flag)
        self.ticks.append(self._tick())
        self.judged.append(self._side(ts, flag, price, lots, repeats=repeats))
        return self.judged[-1]

    def _side(self, ts: int, flag: int, price: int, lots: int, *, repeats: bool) -> int:
        tick = self.ticks[-1]
        if self.classifier == "tick":
            return tick
        if self.classifier == "lee_ready":
            return self._lee_ready(ts, price, lots, tick)
        if flag:
            return tick if self.broken else flag
        return self._lee_ready(ts, price, lots, self.judged[-1] if repeats else tick)

    def _tick(self) -> int:
        for before, after in zip(self.prices[-2::-1], self.prices[:0:-1], strict=True):
            if before != after:
                return 1 if after > before else -1
        return 1

    def _lee_ready(self, ts: int, price: int, lots: int, tick: int) -> int:
        known = [mid for when, mid in self.mids if when <= ts - self.quote_lag_ns]
        if not known:
            return tick
        if 2 * price != known[-1]:
            return 1 if 2 * price > known[-1] else -1
        return hashed_side(self.key, ts, price, lots) if self.mid_tie == "hash" else tick

    @property
    def broken(self) -> bool:
        """One side has more than 99 % of the last 1000 flags, and less than 80 % of the prices' moves."""
        flags, ticks = self.flags[-LOOK_BACK:], self.ticks[-LOOK_BACK:]
        if len(flags) < LOOK_BACK:
            return False
        return any(
            flags.count(side) > 0.99 * LOOK_BACK and ticks.count(side) < 0.8 * LOOK_BACK for side in (1, -1)
        )


def hashed_side(key: int, ts: int, price: int, lots: int) -> int:
    """Return bit 9 of two multiplicative generators run over the halves of each word, and stirred."""
    prime = 2**31 - 1
    state = key % prime
    for word in (ts, price, lots):
        state = (state * 48271 + word % 2**31 + 1) % prime
        state = (state * 69621 + word // 2**31 % 2**31 + 1) % prime
    for shift, factor in ((15, 40692), (13, 39373)):
        state = (state ^ (state >> shift)) * factor % prime
    return 1 if state & 512 else -1
