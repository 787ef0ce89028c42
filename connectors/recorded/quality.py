"""What a tape counts while it reads: its quality, as plain numbers by name.

| counter | counts |
|---|---|
| trades, bests, diffs, snapshots, marks | messages of each kind that were understood |
| gaps | breaks of the update chain: from here the book is unknown |
| diffs_before_snapshot | diffs that came while no book stood, and were kept for a snapshot |
| diffs_forgotten | of these, dropped because too many were waiting |
| diffs_stale | diffs that a snapshot already contained |
| duplicate_diff, duplicate_trade, stale_best | repeated or older messages, dropped |
| snapshots_rejected | snapshots older than every diff that could follow them |
| snapshots_ignored | snapshots no newer than the book that stood |
| snapshots_held | snapshots newer than an intact book, kept in case it breaks |
| not_market | prints that were no market trades (liquidation fund, RPI and the like), dropped |
| other_symbol | messages about symbols that are read from the same file by tapes of their own |
| time_backwards | receive stamps older than the one before, lifted to it |
| late_at_venue | messages whose place in the venue's order had passed, put at the first one left |

Dead letters are counted beside them, by reason.
"""

from typing import Final

from connectors.recorded.letters import Reason

Quality = dict[str, int]

COUNTERS: Final = (
    "trades",
    "bests",
    "diffs",
    "snapshots",
    "marks",
    "gaps",
    "diffs_before_snapshot",
    "diffs_forgotten",
    "diffs_stale",
    "duplicate_diff",
    "duplicate_trade",
    "stale_best",
    "snapshots_rejected",
    "snapshots_ignored",
    "snapshots_held",
    "not_market",
    "other_symbol",
    "time_backwards",
    "late_at_venue",
)


def no_quality() -> Quality:
    """Return every counter at zero; reasons join when their first letter is written."""
    return dict.fromkeys(COUNTERS, 0)


def count_letter(quality: Quality, reason: Reason) -> None:
    """Count one dead letter."""
    quality[reason.value] = quality.get(reason.value, 0) + 1
