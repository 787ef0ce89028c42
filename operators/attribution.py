"""Where profit came from, in parts that add up exactly.

    equity = spread capture + adverse selection + inventory − fees − funding

Spread capture is what fills were better than the mid at their time; adverse
selection how far the mid went against them within a second; inventory what the
position gained or lost while the mid moved besides. For fills that are younger,
or were given up, the mid until now, or until then, counts.
"""

from typing import NamedTuple

from operators.ledger import MICRO, Ledger, in_micro
from operators.markouts import ADVERSE, Markouts, drift_twice


class Parts(NamedTuple):
    """Millionths of a tick·lot; what was gained is positive, fees and funding paid are negative."""

    spread_capture: int
    adverse_selection: int
    inventory: int
    fees: int
    funding: int


def attribution(ledger: Ledger, markouts: Markouts) -> Parts:
    """Return the parts of the equity."""
    adverse = drift_twice(markouts.at[ADVERSE], ledger.twice_mid_ticks)
    return Parts(
        in_micro(ledger.captured_twice),
        in_micro(adverse),
        in_micro(int(ledger.moved_twice) - adverse),
        -int(ledger.fees_tick_lots) * MICRO - int(ledger.fees_micro),
        -int(ledger.funding_tick_lots) * MICRO - int(ledger.funding_micro),
    )
