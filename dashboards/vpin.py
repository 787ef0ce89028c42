"""Toxicity: VPIN of every symbol against time and its thresholds, and what it made of the quotes."""

from typing import Final

from grafana_foundation_sdk.models import dashboard

from dashboards.board import Row, board
from dashboards.panels import BLUE, GREEN, GREY, ORANGE, RED, YELLOW, View, history, lines, number, states
from dashboards.promql import STATUSES, counted, grown, of, per_minute, ranked

SHADES: Final = ((None, GREEN), (0.5, "light-green"), (0.7, YELLOW), (0.8, ORANGE), (0.9, RED))
"""The default thresholds, and the alert's: 0.7 alerts in the log, 0.8 pages, 0.9 pauses."""
COUNTED: Final = "A window that is still filling, has too little volume, or is stale says nothing."

NOW: Final = Row(
    "Now",
    [
        number(
            View(
                "Highest VPIN",
                "Of the chosen symbols whose reading counts.",
                "none",
                4,
                4,
                SHADES,
                decimals=2,
                runbook="vpin_high",
            ),
            (f"max({counted('mm_vpin_current')})", ""),
        ),
        number(
            View(
                "Readings that count",
                f"Share of the chosen symbols. {COUNTED}",
                "percentunit",
                4,
                4,
                ((None, RED), (0.5, YELLOW), (0.99, GREEN)),
            ),
            (f"sum({of('mm_vpin_status', status='ok|invalid_flag')}) / sum({of('mm_vpin_enabled')})", ""),
        ),
        number(
            View(
                "Paused",
                "Symbols whose quotes toxicity has withdrawn.",
                "none",
                4,
                4,
                ((None, GREEN), (1, ORANGE)),
            ),
            (f"sum({of('mm_quoting_paused')})", ""),
        ),
        number(
            View("Pauses", "Within an hour.", "none", 4, 4, decimals=0),
            (f"sum({grown('mm_high_toxicity_pauses_total', '1h')})", ""),
        ),
        number(
            View(
                "Toxic share",
                f"Share of the last hour above the threshold. {COUNTED} Trading live wants less than 20 %.",
                "percentunit",
                4,
                4,
                ((None, GREEN), (0.1, YELLOW), (0.2, RED)),
            ),
            (f"avg(avg_over_time({of('symbol:mm_vpin_toxic:bool')}[1h]))", ""),
        ),
        number(
            View(
                "Trades poured a second",
                "Into buckets, of the chosen symbols, over a minute.",
                "none",
                4,
                4,
                decimals=1,
            ),
            (f"sum({per_minute('mm_vpin_updates_total')}) / 60", ""),
        ),
    ],
)

FLOW: Final = Row(
    "Toxicity",
    [
        history(
            View(
                "VPIN, symbols against time",
                f"Each cell is the latest VPIN of its half minute. {COUNTED}",
                "none",
                24,
                9,
                SHADES,
                decimals=2,
                runbook="vpin_high",
            ),
            (f"max by (symbol) ({counted('mm_vpin_current')})", "{{symbol}}"),
            every="30s",
        ),
        lines(
            View(
                "VPIN",
                f"The mean imbalance of buys and sells in the buckets of the window. {COUNTED}",
                "none",
                12,
                9,
                ((None, GREEN), (0.8, RED)),
                least=0,
                most=1,
                decimals=2,
                runbook="vpin_high",
            ),
            (f"max by (symbol) ({counted('mm_vpin_current')})", "{{symbol}}"),
            steps_drawn=True,
        ),
        states(
            View(
                "Reading",
                COUNTED,
                "none",
                12,
                9,
                words={
                    0: ("disabled", GREY),
                    1: ("warming", BLUE),
                    2: ("low volume", "purple"),
                    3: ("ok", GREEN),
                    4: ("stale", ORANGE),
                    5: ("flag not believed", RED),
                },
            ),
            (ranked("mm_vpin_status", "status", STATUSES), "{{symbol}}"),
        ),
    ],
)

ACTED: Final = Row(
    "What it did to the quotes",
    [
        states(
            View(
                "Quoting",
                "Paused is withdrawn by toxicity, as of the last decision.",
                words={0: ("quoting", GREEN), 1: ("paused", ORANGE)},
            ),
            (f"max by (symbol) ({of('mm_quoting_paused')})", "{{symbol}}"),
        ),
        lines(
            View("Pauses", "Within 15 minutes.", "none", decimals=0, least=0),
            (grown("mm_high_toxicity_pauses_total", "15m"), "{{symbol}}"),
        ),
        lines(
            View(
                "Multiplier",
                "What toxicity multiplies the half spread by; 1 is not at all.",
                "suffix: ×",
                decimals=3,
            ),
            (f"max by (symbol) ({of('mm_spread_widening_ratio')})", "{{symbol}}"),
        ),
        lines(
            View(
                "Alerts",
                "How often the level rose above the threshold, within 15 minutes.",
                "none",
                decimals=0,
                least=0,
            ),
            (grown("mm_vpin_alerts_total", "15m"), "{{symbol}}"),
        ),
        lines(
            View(
                "Toxic share",
                "Share of the last hour above the threshold. Trading live wants less than 20 %.",
                "percentunit",
                steps=((None, GREEN), (0.2, RED)),
                least=0,
            ),
            (f"avg_over_time({of('symbol:mm_vpin_toxic:bool')}[1h])", "{{symbol}}"),
            steps_drawn=True,
        ),
    ],
)

WINDOW: Final = Row(
    "The window",
    [
        lines(
            View(
                "Buckets",
                "Closed buckets in the window, at most vpin.n_buckets.",
                "none",
                12,
                least=0,
                decimals=0,
            ),
            (f"max by (symbol) ({of('mm_vpin_bucket_count')})", "{{symbol}}"),
        ),
        lines(
            View("Updates a minute", "Trades poured into buckets.", "short", 12, least=0),
            (per_minute("mm_vpin_updates_total"), "{{symbol}}"),
        ),
    ],
)

EACH: Final = Row(
    "Each symbol with its thresholds",
    [
        lines(
            View(
                "$symbol",
                "VPIN; its level, which is what thresholds are compared with; and the thresholds.",
                "none",
                12,
                least=0,
                most=1,
                decimals=2,
                runbook="vpin_high",
            ),
            (counted("mm_vpin_current"), "VPIN"),
            (counted("mm_vpin_level"), "level"),
            (of("mm_vpin_threshold"), "threshold"),
            (of("mm_vpin_pause_threshold"), "pause"),
        )
        .repeat("symbol")
        .repeat_direction("h")
        .max_per_row(2),
    ],
)


def vpin() -> dashboard.Dashboard:
    """Return the dashboard."""
    return board(
        "Phoenix VPIN",
        "How toxic the flow is, whether that is known, and what it made of the quotes.",
        [NOW, FLOW, ACTED, WINDOW, EACH],
    )
