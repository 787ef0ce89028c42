"""The desk at a glance: how trading stands, what it earns, and whether what it goes by can be believed."""

from typing import Final

from grafana_foundation_sdk.models import dashboard

from dashboards.board import Row, board
from dashboards.overview_kafka import KAFKA
from dashboards.overview_market import DATA, MACHINE
from dashboards.overview_now import MONEY, NOW, TRADING
from dashboards.panels import GREEN, RED, YELLOW, View, lines, states
from dashboards.promql import STATES, of, per_minute, ranked

EARNED: Final = Row(
    "Money",
    [
        lines(
            View("PnL after fees", f"By symbol, open positions at mid. {MONEY}", "none", decimals=2),
            (f"sum by (symbol) ({of('mm_pnl_after_fees')})", "{{symbol}}"),
        ),
        lines(
            View(
                "PnL by part",
                "Spread capture is what fills were better than the mid; adverse selection what the mid moved "
                "within 1 s of them; inventory the rest of what positions gained. Together they are the PnL. "
                f"{MONEY}",
                "none",
                decimals=2,
            ),
            (f"sum by (part) ({of('mm_pnl')})", "{{part}}"),
        ),
        lines(
            View("Traded a minute", f"Notional of fills. {MONEY}", "short"),
            (per_minute("mm_traded_notional_total"), "{{symbol}}"),
        ),
    ],
)

HELD: Final = Row(
    "Risk",
    [
        lines(
            View("Position", f"Position times mid, long is positive. {MONEY}", "short"),
            (f"sum by (symbol) ({of('mm_position_notional')})", "{{symbol}}"),
        ),
        lines(
            View(
                "Exposure against budget",
                "What would be held if every order on the worse side filled, as a share of what may be. "
                "The alert is at 90 %, and risk denies orders that would pass 100 %.",
                "percentunit",
                steps=((None, GREEN), (0.9, RED)),
                least=0,
                runbook="exposure_near_budget",
            ),
            (f"max by (symbol) ({of('mm_exposure_ratio')})", "{{symbol}}"),
            steps_drawn=True,
        ),
        states(
            View(
                "Trading state",
                "Reducing lets only orders pass that flatten the position; halted lets none.",
                words=TRADING,
                runbook="trading_halted",
            ),
            (ranked("mm_trading_state", "state", STATES), "{{symbol}}"),
        ),
    ],
)

QUOTED: Final = Row(
    "Quotes",
    [
        states(
            View(
                "Sides quoted",
                "Orders that the venue has confirmed and not ended, by sides.",
                words={0: ("none", RED), 1: ("one side", YELLOW), 2: ("both", GREEN)},
            ),
            (f"sum by (symbol) ({of('mm_quotes_live')} > bool 0)", "{{symbol}}"),
        ),
        lines(
            View(
                "Uptime",
                "Share of time with both quotes since the run began.",
                "percentunit",
                least=0,
                most=1,
            ),
            (f"max by (symbol) ({of('mm_quote_uptime_ratio', side='both')})", "{{symbol}}"),
        ),
        lines(
            View(
                "Half spreads",
                "Half of the market's spread, and how far we mean to stand from the reservation price, as "
                "a share of the mid.",
                "suffix: bps",
            ),
            (f"max by (symbol) ({of('mm_half_spread_ratio')}) * 10000", "{{symbol}} ours"),
            (f"max by (symbol) ({of('mm_market_spread_ratio')}) * 5000", "{{symbol}} market"),
        ),
    ],
)

DONE: Final = Row(
    "Orders and fills",
    [
        lines(
            View("Fills a minute", "By whether we made or took.", "short"),
            (per_minute("mm_fills_total", by="symbol, liquidity"), "{{symbol}} {{liquidity}}"),
        ),
        lines(
            View(
                "Fill rate",
                "Orders with a fill as a share of those accepted, over 15 minutes. The alert is below 30 %.",
                "percentunit",
                steps=((None, RED), (0.3, GREEN)),
                least=0,
                runbook="fill_rate_low",
            ),
            (of("symbol:mm_fill_ratio:increase15m"), "{{symbol}}"),
            steps_drawn=True,
        ),
        lines(
            View(
                "Adverse selection",
                "Share of fills against which the mid stood 1 s later, in 15 minutes. The alert: above 40 %.",
                "percentunit",
                steps=((None, GREEN), (0.4, RED)),
                least=0,
                most=1,
                runbook="adverse_selection_high",
            ),
            (of("symbol:mm_adverse_selection_ratio:increase15m"), "{{symbol}}"),
            steps_drawn=True,
        ),
        lines(
            View("Markouts", "Mean of all fills so long after them; positive is good for us.", "suffix: bps"),
            (f"avg by (horizon) ({of('mm_markout_ratio')}) * 10000", "{{horizon}}"),
        ),
        lines(
            View("Orders a minute", "By what became of them.", "short"),
            (per_minute("mm_orders_total", by="outcome"), "{{outcome}}"),
        ),
        lines(
            View(
                "Orders denied a minute", "Wanted orders that risk kept back, by the limit that did.", "short"
            ),
            (f"{per_minute('mm_denied_orders_total', by='code')} > 0", "{{code}}"),
        ),
    ],
)


def overview() -> dashboard.Dashboard:
    """Return the dashboard."""
    return board(
        "Phoenix overview",
        "How trading stands, what it earns, and whether what it goes by can be believed.",
        [NOW, EARNED, HELD, QUOTED, DONE, DATA, MACHINE, KAFKA],
    )
