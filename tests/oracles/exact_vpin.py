"""VPIN told slowly: whole histories are kept, every sum is made anew, and ratios are fractions."""

import math
from dataclasses import dataclass, field
from fractions import Fraction

from tests.oracles.exact_sides import Sides

DAY_NS = 86_400_000_000_000
GRID_NS = 100_000_000
FAST_STEPS, SLOW_STEPS = 3_000, 864_000
HALF = Fraction(1, 2)


@dataclass(frozen=True)
class Setup:
    """Settings, in whole steps of volume."""

    bucket: int = 10
    n_buckets: int = 4
    min_buckets: int = 1
    vol_threshold: int = 0
    unit: str = "base"
    estimator: str = "mean_abs"
    partial: str = "exclude"
    fallback: float = 0.5
    classifier: str = "aggressor"
    mid_tie: str = "tick"
    key: int = 0
    quote_lag_ns: int = 0
    bar_ns: int = 1_000_000_000
    decay: float = 0.94
    max_lag_us: int = 0
    mode: str = "fixed"
    halflife_ns: int = DAY_NS
    per_day: int = 50
    cdf: bool = False
    cdf_window: int = 5000
    cdf_min: int = 250


@dataclass(frozen=True)
class Best:
    ts: int
    bid: int
    ask: int
    lag_us: int = 0


@dataclass(frozen=True)
class Trade:
    ts: int
    side: int
    price: int
    lots: int
    id: int = 0
    lag_us: int = 0


@dataclass(frozen=True)
class Clock:
    ts: int


Event = Best | Trade | Clock


@dataclass(frozen=True)
class Bucket:
    bought: int
    sold: int

    @property
    def volume(self) -> int:
        return self.bought + self.sold


@dataclass(frozen=True)
class Exact:
    """What should be read after an event."""

    status: str
    value: Fraction
    level: Fraction
    net: Fraction
    n_closed: int


@dataclass
class ExactVpin:
    """All buckets and values there ever were."""

    setup: Setup
    sides: Sides = field(init=False)
    closed: list[Bucket] = field(default_factory=list)
    values: list[Fraction] = field(default_factory=list)
    open: Bucket = Bucket(0, 0)
    total: int = 0
    last_id: int = 0
    late: bool = False
    traded: list[tuple[int, int]] = field(default_factory=list)
    """When, and how much."""
    bar: list[tuple[int, int, int]] = field(default_factory=list)
    """Trades of the bar being filled: when, price, steps."""
    bar_prices: list[int] = field(default_factory=list)
    changes: list[int] = field(default_factory=list)
    carry: Fraction = Fraction(0)
    grid: list[int] = field(default_factory=list)
    """Twice the mid at each step of the grid, from the first that there was one at."""
    grid_step: int = 0

    def __post_init__(self) -> None:
        setup = self.setup
        self.sides = Sides(setup.classifier, setup.mid_tie, setup.key, setup.quote_lag_ns)
        self.size = setup.bucket

    def sees(self, event: Event) -> Exact:
        """Take an event in; return what should be read after it."""
        self._sample(event.ts)
        if self.setup.classifier == "bvc":
            self._end_bar(event.ts)
        if isinstance(event, Best):
            self.sides.quote(event.ts, event.bid, event.ask)
        elif isinstance(event, Trade):
            self._trade(event)
        if not isinstance(event, Clock) and self.setup.max_lag_us > 0:
            self.late = event.lag_us > self.setup.max_lag_us
        return self._read()

    def _trade(self, trade: Trade) -> None:
        if trade.id:
            if trade.id <= self.last_id:
                return
            self.last_id = trade.id
        steps = trade.lots * (trade.price if self.setup.unit == "quote" else 1)
        self.traded.append((trade.ts, steps))
        if self.setup.classifier == "bvc":
            self.bar.append((trade.ts, trade.price, steps))
            return
        side = self.sides.judge(trade.ts, trade.side, trade.price, trade.lots)
        self._pour(Fraction(1 if side > 0 else 0), steps, trade.ts)

    def _pour(self, share: Fraction, steps: int, ts: int) -> None:
        """Of the first c steps ⌊share·c + carry⌋ are buys, wherever buckets end between them."""
        done = bought = 0
        while done < steps:
            part = min(self.size - self.open.volume, steps - done)
            done += part
            buys = math.floor(share * done + self.carry) - bought
            bought += buys
            self.open = Bucket(self.open.bought + buys, self.open.sold + part - buys)
            if self.open.volume == self.size:
                self.closed.append(self.open)
                self.open = Bucket(0, 0)
                if self.setup.mode != "fixed":
                    self.size = self._next_size(ts)
                if self.setup.cdf:
                    self.values.append(self._value(self.closed[-self.setup.n_buckets :]))
        self.total += steps
        exact = share * steps + self.carry
        self.carry = exact - math.floor(exact)

    def _value(self, buckets: list[Bucket]) -> Fraction:
        if self.setup.estimator == "net":
            return abs(self._net(buckets))
        return Fraction(sum(abs(b.bought - b.sold) for b in buckets), sum(b.volume for b in buckets))

    @staticmethod
    def _net(buckets: list[Bucket]) -> Fraction:
        return Fraction(sum(b.bought - b.sold for b in buckets), sum(b.volume for b in buckets))

    def _end_bar(self, ts: int) -> None:
        if not self.bar or self.bar[-1][0] // self.setup.bar_ns == ts // self.setup.bar_ns:
            return
        price = self.bar[-1][1]
        share, variance = HALF, self._variance()
        if self.bar_prices:
            change = price - self.bar_prices[-1]
            self.changes.append(change)
            if variance > 0:
                phi = 0.5 * math.erfc(-change / math.sqrt(2.0 * variance))
                share = Fraction(math.floor(Fraction(phi) * 2**53), 2**53)
        self.bar_prices.append(price)
        self._pour(share, sum(steps for _, _, steps in self.bar), ts)
        self.bar = []

    def _variance(self) -> float:
        """Of all changes so far; 0 without any."""
        variance = 0.0
        for n, change in enumerate(self.changes):
            squared = float(change * change)
            decay = self.setup.decay if n else 0.0
            variance = decay * variance + (1.0 - decay) * squared
        return variance

    def _next_size(self, ts: int) -> int:
        size = float(self.setup.bucket)
        if self.setup.mode == "adv":
            size = self._day_volume(ts) / self.setup.per_day
        elif self.setup.mode == "vol_regime":
            size *= self._regime()
        return max(1, math.floor(size + 0.5))

    def _day_volume(self, ts: int) -> float:
        """Faded volume, one bucket of the configured size before the first trade, per faded time."""
        began, span = self.traded[0][0], DAY_NS // self.setup.per_day
        half = self.setup.halflife_ns
        tau = half / math.log(2.0)

        def faded(from_ns: float, to_ns: float) -> float:
            return tau * (math.exp(-from_ns / tau) - math.exp(-to_ns / tau))

        age = ts - began
        past = self.setup.bucket / span * faded(age, age + span)
        volume = past + sum(steps * 0.5 ** ((ts - when) / half) for when, steps in self.traded)
        return volume / faded(0, age + span) * DAY_NS

    def _sample(self, ts: int) -> None:
        """Note the mid at each step of the grid up to now, as it was before this event."""
        if self.setup.mode != "vol_regime" or not self.sides.mids:
            return
        mid, step = self.sides.mids[-1][1], ts // GRID_NS
        missed = step - self.grid_step if self.grid else 1
        self.grid += [mid] * max(0, missed)
        self.grid_step = max(step, self.grid_step)

    def _regime(self) -> float:
        changes = [float((b - a) ** 2) for a, b in zip(self.grid, self.grid[1:], strict=False)]
        if not any(changes):
            return 1.0
        ratio = _faded_mean(changes, FAST_STEPS) / _faded_mean(changes, SLOW_STEPS)
        return min(4.0, max(0.25, math.sqrt(ratio)))

    def _status(self) -> str:
        if not self.closed or len(self.closed) < self.setup.min_buckets:
            return "warming"
        if self.total < self.setup.vol_threshold:
            return "low_volume"
        if self.late:
            return "stale"
        return "invalid_flag" if self.setup.classifier == "aggressor" and self.sides.broken else "ok"

    def _read(self) -> Exact:
        window = self.closed[-self.setup.n_buckets :]
        if window and self.setup.partial == "weighted":
            window = [*window, self.open]
        net = self._net(window) if window else Fraction(0)
        status = self._status()
        if status in ("warming", "low_volume"):
            shown = Fraction(self.setup.fallback)
            return Exact(status, shown, shown, net, len(self.closed))
        value = self._value(window)
        return Exact(status, value, self._level(value), net, len(self.closed))

    def _level(self, value: Fraction) -> Fraction:
        if not self.setup.cdf or len(self.values) < self.setup.cdf_min:
            return value
        among = self.values[-self.setup.cdf_window :]
        below, equal = (sum(v < among[-1] for v in among), among.count(among[-1]))
        return (below + HALF * equal) / len(among)


def _faded_mean(values: list[float], halflife: int) -> float:
    """Newest last, each step back weighing less."""
    weights = [0.5 ** ((len(values) - 1 - n) / halflife) for n in range(len(values))]
    return sum(w * v for w, v in zip(weights, values, strict=True)) / sum(weights)
