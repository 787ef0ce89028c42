"""Why an order is denied, or trading restricted: codes that are labels, and the limits behind them."""

from enum import IntEnum
from typing import Final

from operators.kernel import Record


class Code(IntEnum):
    """A limit. Its name in lower case is the label that it is counted under."""

    ALLOWED = 0
    OVER_BUDGET = 1
    ORDER_TOO_LARGE = 2
    OUTSIDE_BAND = 3
    TOO_SMALL = 4
    OVER_INVENTORY = 5
    RATE_LIMIT = 6
    STALE_BOOK = 7
    INVALID_BOOK = 8
    CLOCK_LAG = 9
    SELF_CROSS = 10
    OFF_GRID = 11
    NOT_REDUCING = 12
    OPERATOR = 13
    DAILY_LOSS = 14
    DRAWDOWN = 15
    BROKEN_INVARIANT = 16

    @property
    def label(self) -> str:
        """Return what it is counted under."""
        return self.name.lower()


MEANINGS: Final = {
    Code.OVER_BUDGET: (
        "risk.total_notional, budget_notional",
        (
            "The position, with the order and all that is live on its side, would exceed the budget. "
            "As a reason: what is held and live exceeds it already, because prices moved."
        ),
    ),
    Code.ORDER_TOO_LARGE: ("risk.max_order_notional", "The order is larger than an order may be."),
    Code.OUTSIDE_BAND: ("risk.price_band_bps", "The price is too far from the mid."),
    Code.TOO_SMALL: ("instrument.min_notional", "The order is smaller than the venue takes."),
    Code.OVER_INVENTORY: (
        "quoting.max_inventory_lots",
        "The position has reached the most that may be held on the order's side.",
    ),
    Code.RATE_LIMIT: (
        "risk.orders_per_s, order_burst",
        "More orders and amends than allowed; cancels are never held back.",
    ),
    Code.STALE_BOOK: ("source.stale_after_ms", "The market has been silent for too long."),
    Code.INVALID_BOOK: ("book.on_cross", "The book is broken, crossed, or has an empty side."),
    Code.CLOCK_LAG: ("risk.max_lag_ms", "The newest book is too old by the venue's clock."),
    Code.SELF_CROSS: ("", "The order would meet one of our own that may be live on the other side."),
    Code.OFF_GRID: ("", "The price or the size is not positive, or beyond what can be counted."),
    Code.NOT_REDUCING: ("", "Trading is reducing, and the order could do more than flatten the position."),
    Code.OPERATOR: ("", "Somebody has halted trading, or restricted it to reducing."),
    Code.DAILY_LOSS: ("risk.daily_loss", "The symbol has lost its share since the day (UTC) began."),
    Code.DRAWDOWN: ("risk.drawdown", "The symbol's equity has fallen by its share from its peak."),
    Code.BROKEN_INVARIANT: ("", "The orders reached a state that cannot be."),
}
"""Of each code: the setting behind it, and what it says."""

N_CODES: Final = 24
"""Counters that a checkpoint has room for."""

ALLOWED: Final = int(Code.ALLOWED)
OVER_BUDGET: Final = int(Code.OVER_BUDGET)
ORDER_TOO_LARGE: Final = int(Code.ORDER_TOO_LARGE)
OUTSIDE_BAND: Final = int(Code.OUTSIDE_BAND)
TOO_SMALL: Final = int(Code.TOO_SMALL)
OVER_INVENTORY: Final = int(Code.OVER_INVENTORY)
RATE_LIMIT: Final = int(Code.RATE_LIMIT)
STALE_BOOK: Final = int(Code.STALE_BOOK)
INVALID_BOOK: Final = int(Code.INVALID_BOOK)
CLOCK_LAG: Final = int(Code.CLOCK_LAG)
SELF_CROSS: Final = int(Code.SELF_CROSS)
OFF_GRID: Final = int(Code.OFF_GRID)
NOT_REDUCING: Final = int(Code.NOT_REDUCING)
OPERATOR: Final = int(Code.OPERATOR)
DAILY_LOSS: Final = int(Code.DAILY_LOSS)
DRAWDOWN: Final = int(Code.DRAWDOWN)
BROKEN_INVARIANT: Final = int(Code.BROKEN_INVARIANT)

DENIALS: Final = {int(code): code.label for code in Code if code}
"""The label of each code."""

# Trading states, each more restricted than the one before.
ACTIVE: Final = 0
REDUCING: Final = 1
HALTED: Final = 2
STATES: Final = ("active", "reducing", "halted")


def in_words(was: int, now: int, reason: int) -> tuple[str, str, str]:
    """Return what a change of state led from and to, and why.

    >>> in_words(ACTIVE, HALTED, OPERATOR), in_words(HALTED, ACTIVE, ALLOWED)
    (('active', 'halted', 'operator'), ('halted', 'active', 'resumed'))
    """
    return STATES[was], STATES[now], DENIALS.get(reason, "resumed")


class RiskParams(Record):
    """Hard limits of one symbol; money in tick·lots. A limit of 0 lots, ns or tick·lots is none."""

    budget_tick_lots: int
    max_order_tick_lots: int
    min_notional_tick_lots: int
    max_inventory_lots: int
    daily_loss_tick_lots: int
    drawdown_tick_lots: int
    loss_state: int
    """What a loss beyond its limit makes of trading: REDUCING or HALTED."""
    stale_after_ns: int
    max_lag_ns: int
    order_gap_ns: int
    """Between two orders, in the long run."""
    burst_ns: int
    """How far ahead of that orders may run, in time."""
    price_band_bps: float


def table() -> str:
    """Return every code, the setting behind it and its meaning, as a Markdown table."""
    rows = ["| code | label | set by | meaning |", "|---|---|---|---|"]
    for code, (setting, meaning) in MEANINGS.items():
        named = f"`{setting}`" if setting else ""
        rows.append(f"| {int(code)} | `{code.label}` | {named} | {meaning} |")
    return "\n".join(rows) + "\n"
