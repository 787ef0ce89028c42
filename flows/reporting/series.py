"""Samples of a symbol's account in units that a person reads."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from operators.kpis import ASK_LIVE, BID_LIVE, HALTED, NO_BOOK, PAUSED, REDUCING, SIDES
from operators.toxicity import INVALID_FLAG, OK

Floats = NDArray[np.float64]
Samples = NDArray[np.void]
Series = dict[str, NDArray[Any]]
"""Columns of equal length: `ts_ns`, and floats, NaN where there is no such thing at that time."""
MICRO: Final = 1_000_000
BPS: Final = 10_000
SECOND: Final = 1_000_000_000


@dataclass(frozen=True)
class Grid:
    """What a tick, a lot and a sample of a symbol are worth."""

    tick: Decimal
    lot: Decimal
    tick_lot: Decimal
    sample_ns: int

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> "Grid":
        """Read it from a symbol's resolved settings."""
        listed = settings["instrument"]
        tick, lot, multiplier = (Decimal(str(listed[name])) for name in ("tick", "lot", "multiplier"))
        return cls(tick, lot, tick * lot * multiplier, round(float(settings["kpis"]["sample_s"]) * SECOND))

    @property
    def price_digits(self) -> int:
        """Return how many decimals a mid has: one more than a price may have."""
        return _digits(self.tick) + 1

    @property
    def size_digits(self) -> int:
        """Return how many decimals a size has."""
        return _digits(self.lot)


def _digits(step: Decimal) -> int:
    return max(0, -int(step.normalize().as_tuple().exponent))


def unfolded(samples: Samples, sample_ns: int) -> Samples:
    """Return the samples with the beginning of each silence written out, where the account was the same."""
    n_points = np.where(samples["n_intervals"] > 1, 2, 1)
    n_points[:1] = 1
    found = np.repeat(samples, n_points)
    begins = np.cumsum(n_points)[n_points > 1] - 2
    found["ts_ns"][begins] -= (found["n_intervals"][begins] - 1) * sample_ns
    found["n_intervals"][begins + 1] -= 1
    found["n_intervals"][begins] = 1
    return found


def series_of(samples: Samples, grid: Grid) -> Series:
    """Return every column that is drawn or written as a table."""
    rows = unfolded(samples, grid.sample_ns)
    return {
        "ts_ns": rows["ts_ns"].astype(np.int64),
        "n_intervals": rows["n_intervals"].astype(np.float64),
        **_prices(rows, grid),
        **_quoting(rows, grid),
        **_money(rows, grid),
        **_toxicity(rows),
        **_modes(rows),
        **_counts(rows),
    }


def _prices(rows: Samples, grid: Grid) -> Series:
    tick = float(grid.tick)
    return {
        "mid": _where(rows["twice_mid_ticks"]) * tick / 2,
        "low_mid": _where(rows["low_twice_mid"]) * tick / 2,
        "high_mid": _where(rows["high_twice_mid"]) * tick / 2,
        "best_bid": _where(rows["touch_bid_ticks"]) * tick,
        "best_ask": _where(rows["touch_ask_ticks"]) * tick,
        "bid": _where(rows["bid_ticks"]) * tick,
        "ask": _where(rows["ask_ticks"]) * tick,
        "reservation_price": _where(rows["reservation_ticks"]) * tick,
    }


def _quoting(rows: Samples, grid: Grid) -> Series:
    mid = _where(rows["twice_mid_ticks"]) / 2
    touch = _where(rows["touch_ask_ticks"]) - _where(rows["touch_bid_ticks"])
    ours = _where(rows["ask_ticks"]) - _where(rows["bid_ticks"])
    lot = float(grid.lot)
    return {
        "multiplier": rows["widening"].astype(np.float64),
        "half_spread_bps": ours / 2 / mid * BPS,
        "market_half_spread_bps": touch / 2 / mid * BPS,
        "wanted_half_spread_bps": _where(rows["half_spread_ticks"]) / mid * BPS,
        "position": rows["position_lots"] * lot,
        "low_position": rows["low_lots"] * lot,
        "high_position": rows["high_lots"] * lot,
    }


def _money(rows: Samples, grid: Grid) -> Series:
    worth = float(grid.tick_lot)
    fees = rows["fees_tick_lots"] + rows["fees_micro"] / MICRO
    funding = rows["funding_tick_lots"] + rows["funding_micro"] / MICRO
    equity = rows["twice_equity"] / 2 - rows["less_micro"] / MICRO
    captured, adverse = rows["captured_twice"] / 2, rows["adverse_twice"] / 2
    parts = {
        "pnl_after_fees": equity,
        "spread_capture": captured,
        "adverse_selection": adverse,
        "inventory": equity - captured - adverse + fees + funding,
        "fees": -fees,
        "funding": -funding,
        "traded": rows["traded_tick_lots"].astype(np.float64),
    }
    # Adding zero turns what paying no fees leaves, −0.0, into 0.
    return {name: part * worth + 0.0 for name, part in parts.items()}


def _toxicity(rows: Samples) -> Series:
    counts = np.isin(rows["status"], (OK, INVALID_FLAG))
    value, level = rows["value"].astype(np.float64), rows["level"].astype(np.float64)
    return {
        "vpin": np.where(counts, value, np.nan),
        "level": np.where(counts, level, np.nan),
        "top_level": np.where(counts, np.fmax(level, rows["top_level"]), np.nan),
        "fallback": np.where(counts, np.nan, value),
        "vpin_status": rows["status"].astype(np.float64),
        "buckets": rows["n_closed"].astype(np.float64),
    }


def _modes(rows: Samples) -> Series:
    mode = rows["mode"].astype(np.int64)
    bits = {
        "bid_live": BID_LIVE,
        "ask_live": ASK_LIVE,
        "both_live": SIDES,
        "no_book": NO_BOOK,
        "paused": PAUSED,
        "reducing": REDUCING,
        "halted": HALTED,
    }
    return {name: (mode & bit == bit).astype(np.float64) for name, bit in bits.items()}


def _counts(rows: Samples) -> Series:
    counted = {"fills": "n_fills", "accepted": "n_accepted", "filled": "n_with_fill"}
    return {name: rows[field].astype(np.float64) for name, field in counted.items()}


def _where(values: NDArray[Any]) -> Floats:
    """Zero stands for none."""
    return np.where(values != 0, values, np.nan).astype(np.float64)
