"""Which numbers a page shows, and what each means in one sentence."""

from typing import Final, NamedTuple

from connectors.run_summary import TARGETS


class Said(NamedTuple):
    """A number: where it stands among a symbol's or the total's figures, its name, how it is written."""

    path: tuple[str, ...]
    name: str
    kind: str
    meaning: str = ""


def aim(name: str) -> float:
    """Return the number in a target, as `> 0.35`.

    >>> aim("fill_rate")
    0.35
    """
    return float(TARGETS[name].split()[-1])


def wanted(name: str) -> str:
    """Say what is aimed at.

    >>> wanted("fill_rate"), wanted("toxic_share")
    ('above 35%', 'below 20%')
    """
    return f"{'above' if TARGETS[name].startswith('>') else 'below'} {aim(name):.0%}"


def _wanted(name: str) -> str:
    return f" Wanted: {wanted(name)}."


PNL: Final = Said(
    ("pnl_after_fees",),
    "PnL after fees",
    "money",
    "What the run earned: everything, fees and funding taken off.",
)
TRADED: Final = Said(
    ("traded",), "Traded", "money", "Notional of all fills; what fees and spread are earned on."
)
FILLS: Final = Said(
    ("fills",), "Fills", "count", "How often somebody traded with us, parts of orders counted singly."
)
FILL_RATE: Final = Said(
    ("fill_rate",), "Fill rate", "share", f"Accepted orders that got a fill.{_wanted('fill_rate')}"
)
ADVERSE: Final = Said(
    ("adverse_selection_rate",),
    "Adverse selection",
    "share",
    f"Fills that the mid had turned against one second later.{_wanted('adverse_selection_rate')}",
)
PAUSES: Final = Said(("pauses",), "Pauses", "count", "How often toxic flow made us withdraw every quote.")
DEAD: Final = Said(
    ("dead_letters",), "Dead letters", "count", "Messages that could not be used and were set aside."
)
UPTIME: Final = Said(
    ("uptime", "both"), "Quote uptime", "share", "Time with a live bid and a live ask at once."
)
TOXIC: Final = Said(
    ("toxic_share",), "Toxic share", "share", f"Time with VPIN above its threshold.{_wanted('toxic_share')}"
)
MARKOUT: Final = Said(
    ("markouts", "1s", "mean_bps"),
    "Markout, 1 s",
    "bps",
    "What a fill was worth a second later, on average, in bps.",
)
POSITION: Final = Said(("position",), "Position", "plain", "What is held at the end, in the base asset.")
SHARPE: Final = Said(
    ("sharpe", "yearly"),
    "Sharpe, yearly",
    "bps",
    "Scaled up from this run: of a short one it says nothing of a year.",
)
ALL: Final = (PNL, TRADED, FILLS, FILL_RATE, ADVERSE, PAUSES, DEAD)
"""The headline of several symbols."""
ONE: Final = (PNL, TRADED, FILLS, FILL_RATE, ADVERSE, UPTIME, TOXIC, MARKOUT, PAUSES, POSITION, SHARPE, DEAD)
"""That of one."""
MONEY_COLUMNS: Final = (
    PNL,
    Said(("pnl", "spread_capture"), "spread capture", "money"),
    Said(("pnl", "adverse_selection"), "adverse selection", "money"),
    Said(("pnl", "inventory"), "inventory", "money"),
    Said(("pnl", "fees"), "fees", "money"),
    Said(("pnl", "funding"), "funding", "money"),
    Said(("realised",), "realised", "money"),
    Said(("unrealised",), "unrealised", "money"),
    TRADED,
    POSITION,
    Said(("inventory", "most_notional"), "most held", "money"),
)
QUALITY_COLUMNS: Final = (
    Said(("orders",), "orders", "count"),
    FILLS,
    FILL_RATE,
    ADVERSE,
    MARKOUT,
    Said(("uptime", "both"), "uptime", "share"),
    Said(("vpin_mean",), "mean VPIN", "ratio"),
    Said(("vpin_max",), "most", "ratio"),
    TOXIC,
    PAUSES,
    Said(("time", "paused"), "time paused", "share"),
    Said(("trading_state",), "at the end", "plain"),
)
DETAILS: Final = (
    Said(("observed_s",), "market time, s", "seconds"),
    Said(("accepted",), "orders accepted", "count"),
    Said(("amends",), "amends", "count"),
    Said(("cancels",), "cancels", "count"),
    Said(("rejected",), "rejected by the venue", "count"),
    Said(("expired",), "expired", "count"),
    Said(("unknown",), "unknown for a while", "count"),
    Said(("maker_fills",), "maker fills", "count"),
    Said(("average_entry",), "average entry", "plain"),
    Said(("mark_price",), "marked at", "plain"),
    Said(("settlements",), "funding settlements", "count"),
    Said(("uptime", "bid"), "time with a bid", "share"),
    Said(("uptime", "ask"), "time with an ask", "share"),
    Said(("time", "running"), "time running", "share"),
    Said(("time", "paused"), "time paused", "share"),
    Said(("time", "reducing"), "time reducing", "share"),
    Said(("time", "halted"), "time halted", "share"),
    Said(("time", "no_book"), "time without a book", "share"),
    Said(("inventory", "mean"), "mean |position|", "plain"),
    Said(("inventory", "most"), "most held", "plain"),
    Said(("vpin_alerts",), "VPIN alerts", "count"),
    Said(("vpin_stale",), "VPIN stale", "count"),
    Said(("vpin_invalid_flag",), "flag found broken", "count"),
    Said(("calibration", "status"), "last fit", "plain"),
    Said(("calibration", "refits"), "fits", "count"),
    Said(("calibration", "sigma_ticks"), "volatility, ticks/√s", "ratio"),
)
"""What else is worth a line per symbol."""
