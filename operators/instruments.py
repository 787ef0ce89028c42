"""What is traded: the grid of prices and sizes, and the only place that rounds to it."""

from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal

from operators.rows import LIMIT


@dataclass(frozen=True)
class Instrument:
    """One symbol's grid and limits, in the venue's decimals.

    `multiplier` is the base amount of one unit of size (1 for linear contracts).

    >>> btc = Instrument("BTCUSDT", Decimal("0.1"), Decimal("0.001"), Decimal(100))
    >>> btc.ticks(Decimal("61800.20"))
    618002
    >>> btc.ticks(Decimal("61800.25")) is None
    True
    >>> btc.price(618002), btc.size(2507)
    ('61800.2', '2.507')
    """

    symbol: str
    tick: Decimal
    lot: Decimal
    min_notional: Decimal = Decimal(0)
    multiplier: Decimal = Decimal(1)

    def ticks(self, price: Decimal) -> int | None:
        """Return the price in ticks, or None when it is off the grid or out of range."""
        return _on_grid(price, self.tick)

    def lots(self, size: Decimal) -> int | None:
        """Return the size in lots, or None when it is off the grid or out of range."""
        return _on_grid(size, self.lot)

    def price(self, ticks: int) -> str:
        """Write a price as the venue does."""
        return _decimal(int(ticks), self.tick)

    def size(self, lots: int) -> str:
        """Write a size as the venue does."""
        return _decimal(int(lots), self.lot)

    @property
    def tick_lot(self) -> Decimal:
        """Quote currency in one tick times one lot."""
        return self.tick * self.lot * self.multiplier

    def tick_lots(self, quote: Decimal) -> int:
        """Return an amount of quote currency in whole tick·lots, rounded down."""
        return int((quote / self.tick_lot).to_integral_value(ROUND_FLOOR))


def _on_grid(value: Decimal, step: Decimal) -> int | None:
    if not value.is_finite() or abs(value) >= step * LIMIT:
        return None
    steps = value / step
    return int(steps) if steps == steps.to_integral_value() else None


def _decimal(steps: int, step: Decimal) -> str:
    _, digits, exponent = step.normalize().as_tuple()
    unit = int("".join(map(str, digits)))
    places = max(0, -int(exponent))
    scaled = steps * unit * 10 ** max(0, int(exponent))
    whole, rest = divmod(abs(scaled), 10**places)
    minus = "-" if scaled < 0 else ""
    return f"{minus}{whole}.{rest:0{places}d}" if places else f"{minus}{whole}"
