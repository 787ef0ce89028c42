"""Funding: what long positions pay to short ones at the settlement, or get when the rate is negative.

What we pay is position · mark price · rate. Our position is the one held just before the
settlement. Rate and mark are those of the first mark-price row at or after it if that row still names it
as the next one, else those of the last row before; where no such row comes for `PATIENCE_NS`, too.
"""

from typing import Final

from operators.kernel import kernel
from operators.queue import VenueParams
from operators.rows import LAST, NOTIONAL_LIMIT, SETTLED, Row
from operators.venue import Venue, schedule, send

WHOLE: Final = 100_000_000
"""A rate of one, and how many parts of a tick·lot are kept on the way."""
MICRO: Final = 1_000_000
TOO_LARGE: Final = 2
"""Fault of a venue: a position is worth more than can be counted."""


@kernel
def on_mark(venue: Venue, params: VenueParams, row: Row) -> None:
    """Learn the mark price, the rate and the next settlement; settle what waited for them."""
    if row.id == 0:
        return
    still_named = row.id == venue.unsettled_ns
    if venue.unsettled_ns > 0 and not still_named:
        settle(venue, params, row.ts_event)
    venue.mark_ticks = row.price_ticks
    venue.rate_e8 = row.size_lots
    if still_named:
        settle(venue, params, row.ts_event)
    venue.settles_ns = row.id if row.id > row.ts_event else 0
    schedule(venue)


@kernel
def begin_settlement(venue: Venue, params: VenueParams, ts_ns: int) -> None:
    """Fix the position that is settled: what is filled from here on is not."""
    if venue.unsettled_ns > 0:
        settle(venue, params, ts_ns)
    if venue.position_lots != 0:
        venue.unsettled_lots = venue.position_lots
        venue.unsettled_ns = venue.settles_ns
    venue.settles_ns = 0


@kernel
def settle(venue: Venue, params: VenueParams, ts_ns: int) -> None:
    """Tell us what we pay, in whole tick·lots and millionths, rounded half up."""
    lots, ticks = venue.unsettled_lots, venue.mark_ticks
    if abs(lots) > NOTIONAL_LIMIT // max(1, ticks):
        venue.fault = TOO_LARGE
    else:
        whole, micro = payment(lots * ticks, venue.rate_e8)
        wire = venue.draft
        row = wire.row
        row.ts_event = ts_ns
        row.id = venue.unsettled_ns
        row.kind = SETTLED
        row.price_ticks = ticks
        row.size_lots = whole
        row.lag_us = micro
        row.side = row.reason = 0
        row.marks = LAST
        wire.filled_lots = wire.sequence = 0
        send(venue, params, venue.draft, ts_ns)
    venue.unsettled_ns = venue.unsettled_lots = 0


@kernel
def payment(tick_lots: int, rate_e8: int) -> tuple[int, int]:
    """Return a notional times a rate of at most 1, in whole tick·lots and millionths from 0 to 999,999.

    >>> payment(3_000_000, 2760), payment(-3_000_000, 2760)
    ((82, 800000), (-83, 200000))
    """
    large, small = tick_lots // WHOLE, tick_lots % WHOLE
    micro = ((small * rate_e8) % WHOLE * MICRO + WHOLE // 2) // WHOLE
    return large * rate_e8 + small * rate_e8 // WHOLE + micro // MICRO, micro % MICRO
