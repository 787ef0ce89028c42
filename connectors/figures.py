"""One symbol's account in numbers that can be read: money and sizes as exact decimal strings."""

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from connectors.equity import EquitySeries
from connectors.journal import Journal
from operators.attribution import attribution
from operators.kernel import Cell
from operators.kpis import (
    ASK_LIVE,
    BID_LIVE,
    HALTED,
    LEVELS,
    MODES,
    NO_BOOK,
    PAUSED,
    REDUCING,
    SIDES,
    Kpis,
    close,
)
from operators.ledger import Ledger, equity_micro, in_micro, realised_micro, unrealised_micro
from operators.markouts import ADVERSE, HORIZONS, Markout, Markouts

SECOND: Final = 1_000_000_000
CENTS: Final = 100
"""Parts of a tick that an average price is written to."""
NORMAL_95: Final = 1.96


def money_figures(journal: Journal, ledger: Ledger, markouts: Markouts) -> dict[str, object]:
    """Return what was earned, and where it came from."""
    parts = attribution(ledger, markouts)
    return {
        "position": journal.size(ledger.position_lots),
        "average_entry": average_entry(journal, ledger),
        "mark": mark_of(ledger),
        "mark_price": _price(journal, int(ledger.twice_mid_ticks), 2) if ledger.twice_mid_ticks else None,
        "unmarked": int(ledger.n_unmarked),
        "traded": journal.money(in_micro(2 * int(ledger.traded_tick_lots))),
        "fees": journal.money(-parts.fees),
        "funding": journal.money(-parts.funding),
        "settlements": int(ledger.n_settlements),
        "realised": journal.money(realised_micro(ledger)),
        "unrealised": journal.money(unrealised_micro(ledger)),
        "pnl_after_fees": journal.money(equity_micro(ledger)),
        "pnl": {name: journal.money(part) for name, part in parts._asdict().items()},
    }


def mark_of(ledger: Ledger) -> str:
    """Say what the position is valued at."""
    if ledger.marked:
        return "mid"
    if not ledger.twice_mid_ticks:
        return "none"
    return "last_mid" if ledger.n_unmarked else "fill"


def average_entry(journal: Journal, ledger: Ledger) -> str | None:
    """Return the average price of the open position."""
    if not ledger.position_lots:
        return None
    cents = Decimal(int(ledger.open_cost_tick_lots) * CENTS) / int(ledger.position_lots)
    return _price(journal, int(cents.to_integral_value()), CENTS)


def _price(journal: Journal, parts: int, of_a_tick: int) -> str:
    return f"{journal.instrument.tick * parts / of_a_tick:f}"


def markout_figures(journal: Journal, markouts: Markouts) -> dict[str, dict[str, object]]:
    """Return every horizon's markouts."""
    return {
        f"{ns / SECOND:g}s": _markout(journal, markouts.at[h], int(markouts.n_fills))
        for h, ns in enumerate(HORIZONS.tolist())
    }


def _markout(journal: Journal, markout: Markout, n_fills: int) -> dict[str, object]:
    n, total, squares = int(markout.n), float(markout.bps_sum), float(markout.bps_squares)
    mean = total / n if n else 0.0
    spread = math.sqrt(max(0.0, squares / n - mean * mean) / (n - 1)) if n > 1 else 0.0
    ci = [round(mean - NORMAL_95 * spread, 6), round(mean + NORMAL_95 * spread, 6)]
    return {
        "fills": n,
        "negative": int(markout.n_negative),
        "mean_bps": round(mean, 6) if n else None,
        "ci95_bps": ci if n > 1 else None,
        "pnl": journal.money(in_micro(int(markout.gain_twice))),
        "size": journal.size(int(markout.lots)),
        "waiting": n_fills - int(markout.cursor),
        "lost": int(markout.n_lost),
    }


def adverse_selection_rate(markouts: Markouts) -> float | None:
    """Return the share of fills whose markout at 1 s is negative."""
    markout = markouts.at[ADVERSE]
    return share(int(markout.n_negative), int(markout.n))


def time_figures(journal: Journal, cell: Cell[Kpis], until_ns: int) -> dict[str, object]:
    """Return how the time until then was spent; the record is brought up to it."""
    close(cell, until_ns)
    kpis = cell[0]
    observed_ns = until_ns - int(kpis.since_ns)
    seconds = observed_ns / SECOND
    mean = float(kpis.held_lot_seconds) / seconds if seconds > 0 else 0.0
    return {
        "observed_s": round(seconds, 9),
        "uptime": {name: share(ns, observed_ns) for name, ns in _uptime(kpis).items()},
        "time": {name: share(ns, observed_ns) for name, ns in _states(kpis).items()},
        "inventory": {
            "mean": f"{journal.instrument.lot * round(mean * CENTS) / CENTS:f}",
            "most": journal.size(int(kpis.most_lots)),
            "most_notional": journal.money(in_micro(int(kpis.most_twice_notional))),
        },
        **_vpin(kpis),
    }


def _uptime(kpis: Kpis) -> Mapping[str, int]:
    def live(sides: int) -> int:
        return sum(int(kpis.in_mode_ns[mode]) for mode in range(MODES) if mode & sides == sides)

    return {"bid": live(BID_LIVE), "ask": live(ASK_LIVE), "both": live(SIDES)}


def _states(kpis: Kpis) -> Mapping[str, int]:
    """What comes first goes before what comes later."""
    bits = {"no_book": NO_BOOK, "halted": HALTED, "paused": PAUSED, "reducing": REDUCING, "running": 0}
    found = dict.fromkeys(("running", *bits), 0)
    for mode in range(MODES):
        state = next(name for name, bit in bits.items() if mode & bit == bit)
        found[state] += int(kpis.in_mode_ns[mode])
    return found


def _vpin(kpis: Kpis) -> dict[str, object]:
    at_level = kpis.at_level_ns.tolist()
    ready_ns = sum(at_level)
    ready_s = ready_ns / SECOND
    above = {f"{k / LEVELS:g}": share(sum(at_level[k:]), ready_ns) for k in range(1, LEVELS)}
    return {
        "vpin_mean": round(float(kpis.value_seconds) / ready_s, 6) if ready_ns else None,
        "vpin_max": round(float(kpis.value_max), 6) if ready_ns else None,
        "vpin_above": above,
        "toxic_share": share(int(kpis.toxic_ns), ready_ns),
        "vpin_s": round(ready_s, 9),
        "vpin_stale": int(kpis.n_stale),
        "vpin_invalid_flag": int(kpis.n_invalid_flag),
    }


def sharpe_figures(series: EquitySeries, kpis: Kpis) -> dict[str, object] | None:
    """Return the Sharpe ratio of the equity."""
    found = series.sharpe(int(kpis.sample_ns) / SECOND)
    if found is None:
        return None
    return {
        "per_interval": round(found.per_interval, 6),
        "ci95": [round(found.low, 6), round(found.high, 6)],
        "interval_s": found.interval_s,
        "changes": found.n,
        "block": found.block,
        "yearly": round(found.per_interval * found.yearly, 6),
        "yearly_factor": round(found.yearly, 6),
    }


def share(part: int, whole: int) -> float | None:
    """Return a share in millionths, or None of nothing."""
    return round(part / whole, 6) if whole else None
