"""The top of the overview: one number each."""

from typing import Final

from dashboards.board import Row
from dashboards.panels import GREEN, ORANGE, RED, YELLOW, View, number
from dashboards.promql import STATES, counted, of, ranked

TRADING: Final = {0: ("active", GREEN), 1: ("reducing", ORANGE), 2: ("halted", RED)}
MONEY: Final = "Quote currency; add up only symbols that are traded against the same one."

NOW: Final = Row(
    "Now",
    [
        number(
            View(
                "PnL after fees",
                f"Of the chosen symbols, open positions at mid. {MONEY}",
                "none",
                3,
                4,
                decimals=2,
            ),
            (f"sum({of('mm_pnl_after_fees')})", ""),
        ),
        number(
            View(
                "Trading",
                "The most restricted state among the chosen symbols.",
                width=3,
                height=4,
                words=TRADING,
                runbook="trading_halted",
            ),
            (f"max({ranked('mm_trading_state', 'state', STATES)})", ""),
        ),
        number(
            View(
                "Most of a budget",
                "The highest exposure as a share of its symbol's budget: what would be held if every "
                "order on the worse side filled.",
                "percentunit",
                3,
                4,
                ((None, GREEN), (0.7, YELLOW), (0.9, RED)),
                runbook="exposure_near_budget",
            ),
            (f"max({of('mm_exposure_ratio')})", ""),
        ),
        number(
            View(
                "Quoting both sides",
                "Symbols with a live bid and a live ask, as a share of the chosen ones.",
                "percentunit",
                3,
                4,
                ((None, RED), (0.5, YELLOW), (0.9, GREEN)),
            ),
            (f"avg(min by (symbol) ({of('mm_quotes_live')}) > bool 0)", ""),
        ),
        number(
            View(
                "Highest VPIN",
                "Of the chosen symbols whose reading counts.",
                "none",
                3,
                4,
                ((None, GREEN), (0.7, YELLOW), (0.8, ORANGE), (0.9, RED)),
                decimals=2,
                runbook="vpin_high",
            ),
            (f"max({counted('mm_vpin_current')})", ""),
        ),
        number(
            View(
                "Books not valid",
                "Symbols whose book is broken, crossed, or has an empty side: they are not quoted.",
                width=3,
                height=4,
                steps=((None, GREEN), (1, RED)),
                runbook="book_invalid",
            ),
            (f"sum(1 - {of('mm_book_valid')})", ""),
        ),
        number(
            View(
                "Longest lag",
                "From an event's arrival until it was answered.",
                "s",
                3,
                4,
                ((None, GREEN), (0.05, YELLOW), (0.1, RED)),
                runbook="processing_lag",
            ),
            (f"max({of('mm_event_lag_seconds')})", ""),
        ),
        number(
            View("Alerts", "Firing now, of all symbols.", width=3, height=4, steps=((None, GREEN), (1, RED))),
            ('count(ALERTS{alertstate="firing"}) or vector(0)', ""),
        ),
    ],
)
