"""What kind of market to make, in a desk's units."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

RANGES: Final = {
    "volatility_bps_per_sqrt_s": (0.05, 20.0),
    "informed_share": (0.0, 0.9),
    "trades_per_s": (0.01, 1000.0),
    "half_spread_bps": (0.0, 100.0),
    "level_gap_bps": (0.0, 100.0),
    "provider_lag_ms": (1.0, 10_000.0),
    "provider_actions_per_s": (1.0, 5000.0),
    "depth_every_ms": (1.0, 10_000.0),
    "feed_latency_ms": (0.0, 10_000.0),
    "feed_jitter_ms": (0.0, 10_000.0),
}
"""Least and most of each setting."""


@dataclass(frozen=True)
class SyntheticMarket:
    """One symbol's market; every default suits a liquid crypto perpetual.

    Distances given in basis points become ticks: a half spread of at least half
    a tick, a level gap of at least one.

    Raises:
        ValueError: settings are out of range: a sentence for each, one a line.
    """

    price: Decimal
    """Fair price at the start, in quote currency."""
    volatility_bps_per_sqrt_s: float = 1.2
    """Of the fair price. Where it is low, news is rarer rather than smaller."""
    informed_share: float = 0.25
    """Of traded volume, in the long run."""
    trades_per_s: float = 20.0
    """Takers' orders, in the long run; one that walks the book prints several trades."""
    mean_trade_notional: Decimal = Decimal(4000)
    """In quote currency; sizes have a heavy tail."""
    half_spread_bps: float = 0.5
    """From the providers' view of the price to their best quotes."""
    level_gap_bps: float = 0.25
    """Between two of the 20 quotes of a side."""
    provider_lag_ms: float = 100.0
    """How late providers see public price changes: the time constant of their view."""
    provider_actions_per_s: float = 50.0
    """Quotes placed, moved or withdrawn, both sides together."""
    depth_every_ms: float = 100.0
    """Between depth messages; trades and the touch are told at once."""
    feed_latency_ms: float = 2.0
    """From the venue to us, at the least."""
    feed_jitter_ms: float = 0.5
    """Mean of what comes on top of that latency."""

    def __post_init__(self) -> None:
        """Refuse whatever is out of range, all of it at once."""
        refuse([*_not_positive(self), *_out_of_range(self)])


def refuse(problems: list[str]) -> None:
    """Raise a ValueError that holds every problem, one a line, if there is one."""
    if problems:
        raise ValueError("\n".join(problems))


def _not_positive(market: SyntheticMarket) -> Iterator[str]:
    for name in ("price", "mean_trade_notional"):
        value = getattr(market, name)
        if not (value.is_finite() and value > 0):
            yield f"{name} must be a positive number, was {value}"


def _out_of_range(market: SyntheticMarket) -> Iterator[str]:
    for name, (least, most) in RANGES.items():
        value = getattr(market, name)
        if not least <= value <= most:
            yield f"{name} must be between {least:g} and {most:g}, was {value}"
