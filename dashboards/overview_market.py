"""The lower half of the overview: what comes in, and how quickly it is answered."""

from typing import Final

from dashboards.board import Row
from dashboards.panels import GREEN, RED, YELLOW, View, heat, lines, number, states
from dashboards.promql import grown, of, per_minute


def _slowest(quantile: float) -> str:
    rate = f"rate({of('mm_frame_processing_seconds_bucket')}[$__rate_interval])"
    return f"histogram_quantile({quantile}, sum by (le) ({rate}))"


DATA: Final = Row(
    "Market data",
    [
        states(
            View(
                "Book",
                "Invalid is broken, crossed, or with an empty side: such a symbol is not quoted.",
                words={0: ("invalid", RED), 1: ("valid", GREEN)},
                runbook="book_invalid",
            ),
            (f"min by (symbol) ({of('mm_book_valid')})", "{{symbol}}"),
        ),
        lines(
            View(
                "Breaks and resyncs", "Within 5 minutes: gaps in the updates, crossed books, and new starts."
            ),
            (grown("mm_book_breaks_total", "5m", by="symbol, kind"), "{{symbol}} {{kind}}"),
            (grown("mm_book_resyncs_total", "5m"), "{{symbol}} resync"),
        ),
        lines(
            View(
                "Dead letters",
                "Messages that could not be used, since the run began: dead_letters.jsonl has each.",
                runbook="dead_letters_rising",
            ),
            (f"sum by (symbol, reason) ({of('mm_dead_letters_total')})", "{{symbol}} {{reason}}"),
        ),
    ],
)

MACHINE: Final = Row(
    "Machine",
    [
        lines(
            View(
                "Event lag",
                "From the newest event's arrival until it was answered. The alert is at 100 ms.",
                "s",
                steps=((None, GREEN), (0.1, RED)),
                least=0,
                runbook="processing_lag",
            ),
            (f"max by (symbol) ({of('mm_event_lag_seconds')})", "{{symbol}}"),
            steps_drawn=True,
        ),
        heat(
            View("Time per frame", "How many frames took how long, of the chosen symbols together.", "s"),
            (
                f"sum by (le) (increase({of('mm_frame_processing_seconds_bucket')}[$__rate_interval]))",
                "{{le}}",
            ),
        ),
        lines(
            View("Time per frame, quantiles", "Of the chosen symbols together.", "s", least=0),
            (_slowest(0.5), "median"),
            (_slowest(0.99), "99 %"),
            (_slowest(0.999), "99.9 %"),
        ),
        lines(View("Frames a minute", "Answered."), (per_minute("mm_frames_total"), "{{symbol}}")),
        number(
            View(
                "Checkpoint age",
                "Since the state was last copied for a checkpoint: what a kill would set back.",
                "s",
                4,
                steps=((None, GREEN), (60, YELLOW), (120, RED)),
                runbook="checkpoint_old",
            ),
            ("max(mm_checkpoint_age_seconds)", ""),
        ),
        number(
            View(
                "Settings", "Highest version among the chosen symbols: one more with every change.", "none", 4
            ),
            (f"max({of('mm_config_version')})", "version"),
        ),
        number(
            View(
                "Reloads",
                "Edits of the configuration that were applied, or refused whole.",
                "none",
                4,
                runbook="reload_refused",
            ),
            ("sum by (outcome) (mm_config_reloads_total)", "{{outcome}}"),
        ),
        number(
            View(
                "Broken invariants",
                "How often a rule reached a state that cannot be.",
                "none",
                4,
                steps=((None, GREEN), (1, RED)),
                runbook="invariant_broken",
            ),
            (f"sum({of('mm_faults_total')}) or vector(0)", ""),
        ),
    ],
)
