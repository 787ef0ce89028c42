"""Metrics of the market: how toxic it is, whether it can be believed, and how we quote into it."""

from collections.abc import Mapping
from typing import Final

from connectors.metrics.family import COUNTER, GAUGE, UNKNOWN, Family, one_of
from connectors.metrics.view import View
from operators.kpis import ASK_LIVE, BID_LIVE, NO_BOOK, PAUSED, SIDES
from operators.orders import AMENDING, CANCELING, WORKING
from operators.toxicity import STATUSES


def _spread(view: View) -> float | None:
    seen = view.kpis.seen
    return view.of_mid(seen.touch_ask_ticks - seen.touch_bid_ticks) if seen.touch_bid_ticks else None


def _quotes_live(view: View) -> Mapping[str, float]:
    live = [order.side for order in view.live if order.stage in (WORKING, AMENDING, CANCELING)]
    return {"bid": float(live.count(1)), "ask": float(live.count(-1))}


def _uptime(view: View) -> Mapping[str, float]:
    kpis, until_ns = view.kpis, view.ledger.last_ns
    observed_ns = until_ns - kpis.since_ns
    if observed_ns <= 0:
        return {}
    in_mode = list(kpis.in_mode_ns.tolist())
    in_mode[kpis.mode] += until_ns - kpis.mode_ns
    return {
        name: sum(ns for mode, ns in enumerate(in_mode) if mode & sides == sides) / observed_ns
        for name, sides in (("bid", BID_LIVE), ("ask", ASK_LIVE), ("both", SIDES))
    }


VPIN: Final = (
    Family(
        "mm_vpin_current",
        GAUGE,
        "VPIN after the last row, 0 to 1: the mean imbalance of buys and sells in the buckets of the window. "
        "While mm_vpin_status is disabled, warming or low_volume it is vpin.fallback.",
        lambda view: view.kpis.value,
    ),
    Family(
        "mm_vpin_level",
        GAUGE,
        "What the thresholds are compared with, 0 to 1: VPIN, or its rank among its last values where "
        "vpin.threshold_mode is cdf.",
        lambda view: view.kpis.level,
    ),
    Family(
        "mm_vpin_bucket_count",
        UNKNOWN,
        "Closed buckets in the window, at most vpin.n_buckets.",
        lambda view: min(view.kpis.seen.n_closed, view.facts.n_buckets),
    ),
    Family(
        "mm_vpin_updates_total",
        COUNTER,
        "Trades poured into buckets; a measure of your own may leave it at 0.",
        lambda view: view.kpis.seen.n_trades,
    ),
    Family(
        "mm_vpin_status",
        GAUGE,
        "1 for the status that holds, 0 for the others; quotes follow VPIN while it is ok or invalid_flag.",
        lambda view: one_of(STATUSES, view.kpis.status),
        "status",
    ),
    Family(
        "mm_vpin_threshold",
        GAUGE,
        "vpin.threshold: above this level an alert is raised.",
        lambda view: view.facts.threshold,
        early=True,
    ),
    Family(
        "mm_vpin_pause_threshold",
        GAUGE,
        "vpin.pause_threshold: above this level quotes are withdrawn.",
        lambda view: view.facts.pause_threshold,
        early=True,
    ),
    Family(
        "mm_vpin_enabled",
        GAUGE,
        "1 where vpin.enabled, else 0.",
        lambda view: float(view.facts.vpin_enabled),
        early=True,
    ),
    Family(
        "mm_vpin_alerts_total",
        COUNTER,
        "How often the level rose above the threshold while the reading counted.",
        lambda view: view.standing.n_alerts,
    ),
    Family(
        "mm_high_toxicity_pauses_total",
        COUNTER,
        "How often toxicity withdrew all quotes.",
        lambda view: view.standing.n_pauses,
    ),
    Family(
        "mm_quoting_paused",
        GAUGE,
        "1 while toxicity has quotes withdrawn, as of the last decision.",
        lambda view: float(view.kpis.mode & PAUSED != 0),
    ),
)

QUOTES: Final = (
    Family(
        "mm_market_spread_ratio",
        GAUGE,
        "Best ask less best bid of the market, as a share of the mid; absent without a valid book.",
        _spread,
    ),
    Family(
        "mm_half_spread_ratio",
        GAUGE,
        "What our quotes stand from the reservation price before rounding, as a share of the mid, "
        "as of the last decision; 0 where it stated no quotes.",
        lambda view: view.of_mid(view.kpis.seen.half_spread_ticks),
    ),
    Family(
        "mm_spread_widening_ratio",
        GAUGE,
        "What toxicity multiplies the half spread by, as of the last decision; 1 is not at all.",
        lambda view: view.kpis.seen.widening or None,
    ),
    Family(
        "mm_quotes_live",
        GAUGE,
        "Orders of ours that the venue has confirmed and not ended, as far as we know.",
        _quotes_live,
        "side",
    ),
    Family(
        "mm_quote_uptime_ratio",
        GAUGE,
        "Share of market time since the run began with a live bid, a live ask, and both.",
        _uptime,
        "side",
    ),
    Family(
        "mm_mid_price",
        GAUGE,
        "Mid of the last valid touch, quote currency; absent before there is one.",
        lambda view: view.price(view.twice_mid / 2) if view.twice_mid else None,
    ),
)

BOOK: Final = (
    Family(
        "mm_book_valid",
        GAUGE,
        "1 while the book is whole, uncrossed and has two sides.",
        lambda view: float(view.kpis.mode & NO_BOOK == 0),
    ),
    Family(
        "mm_book_breaks_total",
        COUNTER,
        "How often the chain of updates broke, and how often the book was found crossed.",
        lambda view: {"gap": view.standing.n_gaps, "crossing": view.standing.n_crossed},
        "kind",
    ),
    Family(
        "mm_book_resyncs_total",
        COUNTER,
        "How often a snapshot made a book whole that was broken or crossed.",
        lambda view: view.standing.n_resyncs,
    ),
)
