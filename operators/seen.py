"""What is noted between two samples of the account: extremes, and what was seen and stated last."""

from operators.kernel import Record, kernel
from operators.ledger import Ledger
from operators.quotes import Quotes
from operators.touch import VALID, Top
from operators.toxicity import Reading


class Seen(Record):
    """Extremes since the last sample, both ends included, and the last touch, bucket and decision."""

    low_twice_mid: int
    high_twice_mid: int
    low_lots: int
    high_lots: int
    touch_bid_ticks: int
    """0 while the touch is not valid, as the next."""
    touch_ask_ticks: int
    n_closed: int
    """Buckets closed since the window began."""
    n_trades: int
    """Taken in by the measure of toxicity."""
    lag_us: int
    """How much later than it arrived the newest fact of the market was released."""
    top_level: float
    """The highest level since the last sample while the reading counted; 0 where it never did."""
    widening: float
    """What the last decision multiplied the half spread by, as the next two."""
    half_spread_ticks: float
    reservation_ticks: float


@kernel
def begin_anew(seen: Seen, ledger: Ledger, level: float) -> None:
    """Let the extremes be what holds now."""
    seen.low_twice_mid = seen.high_twice_mid = ledger.twice_mid_ticks
    seen.low_lots = seen.high_lots = ledger.position_lots
    seen.top_level = level


@kernel
def note_account(seen: Seen, ledger: Ledger) -> None:
    """Take in a position or a mid that has changed; the first mid there is begins its extremes."""
    mid, lots = ledger.twice_mid_ticks, ledger.position_lots
    if seen.low_twice_mid == 0:
        seen.low_twice_mid = mid
    seen.low_twice_mid, seen.high_twice_mid = min(seen.low_twice_mid, mid), max(seen.high_twice_mid, mid)
    seen.low_lots, seen.high_lots = min(seen.low_lots, lots), max(seen.high_lots, lots)


@kernel
def note_touch(seen: Seen, top: Top) -> None:
    """Take in the touch."""
    valid = top.state == VALID
    seen.touch_bid_ticks = top.bid_ticks if valid else 0
    seen.touch_ask_ticks = top.ask_ticks if valid else 0


@kernel
def note_level(seen: Seen, reading: Reading) -> None:
    """Take in the level of a reading that counts."""
    seen.top_level = max(seen.top_level, reading.level)


@kernel
def note_quotes(seen: Seen, quotes: Quotes) -> None:
    """Take in what a decision stated."""
    seen.widening = quotes.widening
    seen.half_spread_ticks = quotes.half_spread_ticks
    seen.reservation_ticks = quotes.reservation_ticks
