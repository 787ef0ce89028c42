"""VPIN for users who are not in a dataflow: hand it trades one by one, and ask.

The rules are those of `operators/vpin.py`; `phoenix vpin` says the same after every trade.
"""

import math
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from numbers import Integral, Real
from typing import Any, Final, NamedTuple

from configs.schema_quoting import Vpin
from connectors.recorded.blocks import as_rows, best_rows, load_block, trade_row
from connectors.recorded.grid import Grid, Grids, TooFine
from connectors.recorded.letters import Reason, Unusable
from connectors.trades.columns import SIDES
from connectors.trades.judge import BAD_QUOTE
from connectors.trades.stretch import DUPLICATE
from flows.vpin.meter import Meter
from flows.vpin.settings import setup
from operators.errors import ConfigError
from operators.rows import LIMIT, NOTIONAL_LIMIT
from operators.toxicity import STATUSES
from operators.vpin import dominant_share

TS_LIMIT: Final = 1 << 63
NEAR: Final = Decimal("1e-6")
"""A mid that is this close to a half tick, in ticks, was meant to be there."""


class Trade(NamedTuple):
    """One print, in the venue's decimals."""

    ts_ns: int
    price: float | Decimal
    qty: float | Decimal
    side: str | int | None = None
    """The aggressor: `buy` or `sell`, `b` or `s`, 1 or -1; None, 0 or an empty text if it is not known."""
    trade_id: int | None = None


class VpinReading(NamedTuple):
    """What flow looks like."""

    vpin: float
    """In 0..1, or the fallback while it is not ready."""
    level: float
    """What thresholds are compared with: the value, or its rank."""
    net_imbalance: float
    """Signed (buys - sells) / volume of the window, -1..1."""
    bucket_imbalance: float
    """The same of the bucket closed last."""
    buckets_closed: int
    """Since the first trade."""
    status: str
    """`ok`, or why the value may not be acted on: `warming`, `low_volume`, `invalid_flag`, `disabled`."""

    @property
    def dominant_share(self) -> float:
        """Share of the larger side: 0.8 for 80 % buys."""
        return dominant_share(self.vpin)


class VPINCalculator:
    """Volume-synchronised probability of informed trading of one instrument, trade by trade.

    `config` holds the settings of the section `vpin` by name, and the instrument's
    `tick_size` and `lot_size` (or a `symbol` of the shipped table). A `Vpin` may be
    given instead, with those by keyword. It is enabled unless that is denied.

    >>> calculator = VPINCalculator({"tick_size": "0.01", "lot_size": "0.001", "bucket_size": 1})
    >>> for n, side in enumerate(["buy"] * 8 + ["sell"] * 2):
    ...     calculator.update_trade({"ts_ns": n, "price": 100.01, "qty": 0.1, "side": side})
    >>> calculator.get_vpin()
    0.6
    >>> calculator.update_trade(Trade(11, float("nan"), 0.1, "buy"))
    >>> calculator.get_vpin(), dict(calculator.unusable)
    (0.6, {'not_finite': 1})

    Raises:
        ConfigError: settings are wrong; it names all of them.
    """

    def __init__(self, config: Mapping[str, Any] | Vpin, **instrument: object) -> None:
        if isinstance(config, Vpin):
            config = {name: getattr(config, name) for name in config.model_fields_set}
        if not isinstance(config, Mapping):
            raise ConfigError(
                [f"config must be a mapping of settings or a Vpin, was {type(config).__name__}"]
            )
        self._setup = setup({**config, **instrument})
        self._meter = Meter(self._setup.params)
        self._point = self._meter.before()[0]
        self._grids = Grids(self._setup.instrument)
        self._ts_ns = self._last_id = 0
        self.unusable: Counter[str] = Counter()
        """How many trades, and mids, could not be used, by reason."""

    def update_trade(self, trade: object, mid: float | Decimal | None = None) -> None:
        """Take in a trade, and the mid as it stood before it.

        `trade` has the fields of `Trade`, as attributes or as keys. One that cannot be
        used is counted under its reason and changes nothing; a mid that cannot be used
        is counted as `bad_quote`, and the trade goes without it.
        """
        try:
            ts_ns, ticks, lots, side, trade_id = self._read(trade)
        except Unusable as bad:
            self.unusable[str(bad.reason)] += 1
            return
        if trade_id:
            if trade_id <= self._last_id:
                self.unusable[DUPLICATE] += 1
                return
            self._last_id = trade_id
        self._ts_ns = max(self._ts_ns, ts_ns)
        times, (bid, ask) = (ts_ns, self._ts_ns), self._touch(mid)
        touch = best_rows(*times, 0, (bid, 0), (ask, 0)) if bid else b""
        rows = load_block(touch + trade_row(*times, trade_id, ticks, lots, side))
        self._point = self._meter.on(as_rows(rows))[0]

    def get_vpin(self) -> float:
        """Return VPIN in 0..1, or the fallback while it is not ready."""
        return float(self._point["value"])

    def reading(self) -> VpinReading:
        """Return everything that is known after the last trade."""
        point = self._point
        return VpinReading(
            vpin=float(point["value"]),
            level=float(point["level"]),
            net_imbalance=float(point["net_imbalance"]),
            bucket_imbalance=float(point["bucket_imbalance"]),
            buckets_closed=int(point["n_closed"]),
            status=STATUSES[point["status"]],
        )

    def _read(self, trade: object) -> tuple[int, int, int, int, int]:
        ts_ns, price, qty = (_field(trade, name) for name in ("ts_ns", "price", "qty"))
        if ts_ns is None or price is None or qty is None:
            raise Unusable(Reason.MISSING_FIELD)
        time, number = _whole(ts_ns), _whole(_field(trade, "trade_id") or 0)
        measures, side = (_measure(price), _measure(qty)), _side(_field(trade, "side"))
        ticks = _steps(measures[0], self._grids.price, Reason.ZERO_PRICE)
        lots = _steps(measures[1], self._grids.size, Reason.ZERO_SIZE)
        if lots > NOTIONAL_LIMIT // ticks:
            raise Unusable(Reason.OVERFLOW)
        if time < 0:
            raise Unusable(Reason.BAD_TIME)
        if number < 0:
            raise Unusable(Reason.NEGATIVE)
        return time, ticks, lots, side, number

    def _touch(self, mid: object) -> tuple[int, int]:
        """Return a bid and an ask around the mid that every price compares with as with the mid itself."""
        if mid is None:
            return 0, 0
        steps = self._mid_steps(mid)
        whole = math.floor(steps)
        bid, ask = (whole - 1, whole + 1) if steps == whole else (whole, whole + 1)
        if bid > 0:
            return bid, ask
        self.unusable[BAD_QUOTE] += 1
        return 0, 0

    def _mid_steps(self, mid: object) -> Decimal:
        """Return the mid in ticks; 0 for one that cannot be used."""
        try:
            value = Decimal(repr(float(_measure(mid)))) if not isinstance(mid, Decimal) else mid
        except Unusable:
            return Decimal(0)
        steps = value / self._setup.instrument.tick if value.is_finite() else Decimal(0)
        halves = (2 * steps).to_integral_value() / 2
        steps = halves if abs(steps - halves) <= NEAR else steps
        return steps if steps < LIMIT else Decimal(0)


def _field(trade: object, name: str) -> object:
    if isinstance(trade, Mapping):
        return trade.get(name)
    return getattr(trade, name, None)


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, Integral) or abs(int(value)) >= TS_LIMIT:
        raise Unusable(Reason.WRONG_TYPE)
    return int(value)


def _measure(value: object) -> float | Decimal:
    if isinstance(value, Decimal):
        return value
    if isinstance(value, bool) or not isinstance(value, Real):
        raise Unusable(Reason.WRONG_TYPE)
    try:
        return float(value)
    except OverflowError:
        raise Unusable(Reason.OVERFLOW) from None


def _side(value: object) -> int:
    known = value is None or isinstance(value, str | Real)
    name = "" if value is None else str(value).strip().lower()
    if not known or isinstance(value, bool) or name not in SIDES:
        raise Unusable(Reason.WRONG_TYPE)
    return SIDES[name]


def _steps(value: float | Decimal, grid: Grid, zero: Reason) -> int:
    try:
        steps = grid.whole(value)
    except TooFine:
        steps = grid.whole(Decimal(repr(value)))
    if steps == 0:
        raise Unusable(zero)
    return steps
