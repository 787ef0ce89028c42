"""Samples of a symbol's account and quotes on a grid of event time: what a report is drawn from."""

from operators.kernel import Record, kernel
from operators.kpis import Kpis, KpisParams, begin, best_live_ticks
from operators.ledger import Ledger, in_micro, twice_equity
from operators.markouts import ADVERSE, Markouts, drift_twice
from operators.orders import Orders
from operators.rows import BUY, SELL
from operators.seen import begin_anew


class Sample(Record):
    """The account at an instant of the grid: after every row up to it, itself included."""

    ts_ns: int
    n_intervals: int
    """Since the last sample: above 1 after a silence, at whose other instants the account was the same."""
    twice_equity: int
    """Twice the tick·lots, before the following is taken off."""
    less_micro: int
    """Millionths of a tick·lot of fees and funding."""
    twice_mid_ticks: int
    low_twice_mid: int
    """Extremes since the last sample, as the next three."""
    high_twice_mid: int
    position_lots: int
    low_lots: int
    high_lots: int
    touch_bid_ticks: int
    """The market's best prices, 0 while there is no valid book."""
    touch_ask_ticks: int
    bid_ticks: int
    """Our best live orders, 0 where there is none."""
    ask_ticks: int
    mode: int
    """Bits of `operators.kpis`: live sides, no book, paused, trading state."""
    n_closed: int
    status: int
    value: float
    """Of toxicity, as the next two."""
    level: float
    top_level: float
    """The highest level since the last sample while the reading counted."""
    widening: float
    """Of the last decision, as the next two."""
    half_spread_ticks: float
    reservation_ticks: float
    captured_twice: int
    """Spread capture, twice the tick·lots."""
    adverse_twice: int
    """Adverse selection within a second, twice the tick·lots."""
    fees_tick_lots: int
    fees_micro: int
    funding_tick_lots: int
    funding_micro: int
    n_fills: int
    n_accepted: int
    n_with_fill: int
    traded_tick_lots: int


@kernel
def take_sample(
    kpis: Kpis,
    params: KpisParams,
    ledger: Ledger,
    markouts: Markouts,
    orders: Orders,
    ts_ns: int,
    sample: Sample,
) -> bool:
    """Write the account as of the last instant of the grid before `ts_ns`, if one has passed."""
    if kpis.since_ns == 0:
        begin(kpis, params, ts_ns)
        return False
    last = (ts_ns - 1) // params.sample_ns * params.sample_ns
    sample.ts_ns = last
    sample.n_intervals = (last - kpis.next_sample_ns) // params.sample_ns + 1
    _account(sample, ledger, markouts)
    _quotes(sample, kpis, orders)
    begin_anew(kpis.seen, ledger, kpis.level if kpis.reads != 0 else 0.0)
    kpis.next_sample_ns = last + params.sample_ns
    return True


@kernel
def _account(sample: Sample, ledger: Ledger, markouts: Markouts) -> None:
    sample.twice_equity = twice_equity(ledger)
    sample.less_micro = ledger.fees_micro + ledger.funding_micro
    sample.twice_mid_ticks = ledger.twice_mid_ticks
    sample.position_lots = ledger.position_lots
    sample.captured_twice = ledger.captured_twice
    sample.adverse_twice = drift_twice(markouts.at[ADVERSE], ledger.twice_mid_ticks)
    sample.fees_tick_lots, sample.fees_micro = ledger.fees_tick_lots, ledger.fees_micro
    sample.funding_tick_lots, sample.funding_micro = ledger.funding_tick_lots, ledger.funding_micro
    sample.n_fills = ledger.n_fills
    sample.traded_tick_lots = ledger.traded_tick_lots


@kernel
def _quotes(sample: Sample, kpis: Kpis, orders: Orders) -> None:
    seen = kpis.seen
    sample.low_twice_mid, sample.high_twice_mid = seen.low_twice_mid, seen.high_twice_mid
    sample.low_lots, sample.high_lots = seen.low_lots, seen.high_lots
    sample.touch_bid_ticks, sample.touch_ask_ticks = seen.touch_bid_ticks, seen.touch_ask_ticks
    sample.bid_ticks, sample.ask_ticks = best_live_ticks(orders, BUY), best_live_ticks(orders, SELL)
    sample.mode, sample.status, sample.n_closed = kpis.mode, kpis.status, seen.n_closed
    sample.value, sample.level, sample.top_level = kpis.value, kpis.level, seen.top_level
    sample.widening = seen.widening
    sample.half_spread_ticks, sample.reservation_ticks = seen.half_spread_ticks, seen.reservation_ticks
    sample.n_accepted, sample.n_with_fill = orders.n_accepted, orders.n_with_fill


def sample_micro(sample: Sample) -> int:
    """Return the equity of a sample, exact, in millionths of a tick·lot."""
    return in_micro(sample.twice_equity) - int(sample.less_micro)
