"""Keys of where the market comes from, and of the venue and its book."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Literal

from configs.keys import BPS, MS, QUOTE, Section, key
from configs.scalars import Amount, AmountOrNull, Flag, Instant, Latencies, Number, Paths, Whole


class Source(Section):
    """Which market is read: a synthetic one, recordings, or a topic of Kafka."""

    kind: Literal["synthetic", "recorded", "kafka"] = key(
        "synthetic", "Make a market from a seed, replay files, or read the topic kafka.topic."
    )
    path: Paths = key((), "Recorded: a file, a folder, or a list of them.")
    format: Literal["auto", "raw", "tables"] = key(
        "auto", "Recorded: lines of `<ns> <json>`, or Parquet tables; auto looks at the files."
    )
    market: Literal["auto", "binance_usdm", "binance_spot"] = key(
        "auto",
        "Part of the instrument table that symbols are looked up in; "
        "auto goes by the recording, and is binance_usdm for a synthetic market.",
    )
    speed: Number = key(
        0.0, "Replay at this many times real time; 0 is as fast as it goes.", "× real time", ge=0
    )
    seed: Whole = key(7, "Synthetic: equal seeds make equal markets.", ge=0)
    start: Instant = key(
        datetime(2025, 1, 1, tzinfo=UTC), "Synthetic: when the market begins, ISO 8601 with a zone."
    )
    duration_s: Number = key(600.0, "Synthetic: market time until it ends.", "s", gt=0, le=31_536_000)
    stale_after_ms: Number = key(5000.0, "Quotes are withdrawn after this silence.", MS, gt=0, le=86_400_000)


class Synthetic(Section):
    """The synthetic market of a symbol; recordings ignore it."""

    price: AmountOrNull = key(None, "Fair price at the start; every synthetic symbol needs one.", QUOTE, gt=0)
    volatility_bps_per_sqrt_s: Number = key(
        1.2, "Volatility of the fair price; news comes less often where it is low.", "bps/√s", ge=0.05, le=20
    )
    informed_share: Number = key(0.25, "Share of the traded volume that knows the fair price.", ge=0, le=0.9)
    trades_per_s: Number = key(20.0, "Takers' orders; they arrive in clusters.", "1/s", ge=0.01, le=1000)
    mean_trade_notional: Amount = key(
        Decimal(4000), "Mean size of a taker's order; the tail is heavy.", QUOTE, gt=0
    )
    half_spread_bps: Number = key(
        0.5, "From the providers' view of the price to their best quotes.", BPS, ge=0, le=100
    )
    level_gap_bps: Number = key(0.25, "Between two providers' quotes; 20 make a side.", BPS, ge=0, le=100)
    provider_lag_ms: Number = key(100.0, "How late providers see the fair price.", MS, ge=1, le=10_000)
    provider_actions_per_s: Number = key(50.0, "Quotes placed, moved or withdrawn.", "1/s", ge=1, le=5000)
    depth_every_ms: Number = key(100.0, "Between two depth messages.", MS, ge=1, le=10_000)
    feed_latency_ms: Number = key(2.0, "From the venue to us, at least.", MS, ge=0, le=10_000)
    feed_jitter_ms: Number = key(0.5, "Mean of what comes on top of that latency.", MS, ge=0, le=10_000)


class Venue(Section):
    """The simulated venue: how late it hears us, how it queues us, what it charges."""

    kind: Literal["simulated"] = key(
        "simulated", "Orders are filled by a simulation on the market's own rows."
    )
    entry_latency_ms: Number = key(5.0, "From our decision to the venue.", MS, ge=0, le=60_000)
    response_latency_ms: Number = key(5.0, "From the venue back to us.", MS, ge=0, le=60_000)
    entry_latency_table_ms: Latencies = key(
        (), "Each as likely, drawn per request instead of entry_latency_ms; empty is that constant.", MS
    )
    response_latency_table_ms: Latencies = key(
        (), "Each as likely, drawn per report instead of response_latency_ms; empty is that constant.", MS
    )
    queue: Literal["prob", "risk_averse"] = key(
        "prob", "When a level shrinks without trades: some of it stood before us, or none of it."
    )
    queue_power: Number = key(
        3.0, "Exponent of the prob queue; larger means less of it stood before us.", gt=0, le=20
    )
    partial_fills: Flag = key(True, "Fill as much as was traded; otherwise whole orders only.")
    maker_fee_bps: Amount = key(
        Decimal(2), "Fee when we rested; negative is a rebate.", BPS, ge=-1000, le=1000
    )
    taker_fee_bps: Amount = key(Decimal(5), "Fee when we took; negative is a rebate.", BPS, ge=-1000, le=1000)
    max_requests: Whole = key(
        0, "New and amended orders taken in each rate window; 0 is no limit.", ge=0, le=1_000_000
    )
    rate_window_s: Number = key(
        10.0, "Rate windows follow each other, from 1970 on.", "s", ge=0.001, le=86_400
    )
    outage_every_s: Number = key(
        0.0,
        "For tests: outages begin at the multiples of this, from 1970 on; 0 is never.",
        "s",
        ge=0,
        le=31_536_000,
    )
    outage_for_s: Number = key(
        0.0,
        "For tests: requests that arrive in an outage are lost, and reports made in it.",
        "s",
        ge=0,
        le=86_400,
    )
    reject_share: Number = key(0.0, "For tests: share of requests that the venue refuses.", ge=0, le=1)
    lose_share: Number = key(0.0, "For tests: share of reports that never come.", ge=0, le=1)
    repeat_share: Number = key(0.0, "For tests: share of reports that come twice.", ge=0, le=1)
    swap_share: Number = key(0.0, "For tests: share of reports that the next one overtakes.", ge=0, le=1)


class Book(Section):
    """The order book kept from depth and best bid and offer."""

    on_cross: Literal["invalidate", "newer_wins"] = key(
        "invalidate", "A crossed book is distrusted until the next snapshot, or the older side gives way."
    )
    shows_own_orders: Flag = key(
        False,
        "The feed's sizes hold our own orders, as a live one's do: they are taken out of the fair price.",
    )


class Grid(Section):
    """An instrument as the venue lists it; goes before the shipped table."""

    tick: Amount = key(..., "Smallest step of a price.", QUOTE, gt=0, le=1_000_000_000)
    lot: Amount = key(..., "Smallest step of a size.", "base asset", gt=0, le=1_000_000_000)
    min_notional: Amount = key(Decimal(0), "Smallest order.", QUOTE, ge=0)
    multiplier: Amount = key(Decimal(1), "Base asset in one unit of size.", gt=0, le=1_000_000_000)
