"""Every key of a settings file: its kind, range, default, unit and meaning.

A section is a frozen model that refuses unknown keys. `docs/configuration.md`
is printed from here. What several keys must agree on is in `configs/coherence.py`.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from configs.scalars import (
    Amount,
    AmountOrNull,
    Flag,
    Instant,
    Latencies,
    Name,
    Number,
    Paths,
    Text,
    TextOrNull,
    Whole,
    WholeOrNull,
)

BPS: Final = "bps"
MS: Final = "ms"
QUOTE: Final = "quote currency"
LOTS: Final = "lots"
TICKS: Final = "ticks"
MOST_LOTS: Final = 10**11
"""Times any price in ticks, this still is a 64-bit integer."""


def key(default: object, meaning: str, unit: str = "", **limits: float) -> Any:  # noqa: ANN401 - as Field does
    """Declare a key."""
    limit: dict[str, Any] = dict(limits)
    return Field(default, description=meaning, json_schema_extra={"unit": unit}, **limit)


class Section(BaseModel):
    """A group of keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Top(Section):
    """Keys outside every section."""

    profile: Name = Field(
        "phoenix",
        description="Name of the configuration, part of a run's directory.",
        json_schema_extra={"unit": "", "default": "the file's name"},
    )


class Run(Section):
    """Where a run writes, and how often it can be resumed from."""

    directory: Text = key("runs", "Folder in which each run makes its own.")
    checkpoint_every_s: Number = key(1.0, "Wall-clock time between checkpoints.", "s", ge=0.05, le=3600)
    progress: Flag = key(True, "Show a progress line while running.")
    control: TextOrNull = key(None, "Controls to replay: the control.jsonl of another run.")


class Source(Section):
    """Which market is read: a synthetic one, or recordings."""

    kind: Literal["synthetic", "recorded"] = key("synthetic", "Make a market from a seed, or replay files.")
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


class Vpin(Section):
    """Toxicity of the order flow, and what the market maker does about it."""

    enabled: Flag = key(False, "Measure toxicity, and quote by it.")
    measure: TextOrNull = key(None, "Another measure in VPIN's place: what makes it, as `module:name`.")
    estimator: Literal["mean_abs", "net"] = key(
        "mean_abs", "Mean of the buckets' imbalances, or imbalance of all buckets together."
    )
    partial: Literal["exclude", "weighted"] = key(
        "exclude", "Leave the bucket being filled out, or count it with its share."
    )
    classifier: Literal["aggressor", "lee_ready", "tick", "bvc"] = key(
        "aggressor",
        "Who bought: the venue's flag, the trade against the mid, the last change of price, or bars of time.",
    )
    mid_tie: Literal["tick", "hash"] = key(
        "tick", "A trade at the mid goes by the last change of price, or by one bit of a keyed hash."
    )
    quote_lag_ms: Number = key(
        0.0, "Trades are held against the mid of this long before.", MS, ge=0, le=60_000
    )
    bvc_bar_s: Number = key(1.0, "Bars of `bvc`, in market time.", "s", ge=0.001, le=86_400)
    bvc_decay: Number = key(0.94, "Weight of the past in the variance of bars.", ge=0, le=0.999999)
    bucket_mode: Literal["fixed", "adv", "vol_regime"] = key(
        "fixed", "Buckets of `bucket_size`, of a part of the day's volume, or larger in livelier markets."
    )
    adv_halflife_h: Number = key(24.0, "Half-life of the day's volume.", "h", ge=0.01, le=10_000)
    buckets_per_day: Whole = key(50, "Buckets that a day's volume fills.", "buckets", ge=1, le=1_000_000)
    bucket_size: Amount = key(Decimal(50_000), "Volume of one bucket.", "bucket_unit", gt=0)
    bucket_unit: Literal["base", "quote"] = key(
        "base", "Count volume in the base asset, or in quote currency."
    )
    n_buckets: Whole = key(50, "Buckets in the window.", "buckets", ge=1, le=1000)
    min_buckets: Whole = key(1, "Closed buckets before the value counts.", "buckets", ge=1, le=1000)
    vol_threshold: Amount = key(Decimal(0), "Total volume before the value counts.", "bucket_unit", ge=0)
    fallback: Number = key(0.5, "Shown until the value counts; quotes are not widened then.", ge=0, le=1)
    max_lag_ms: Number = key(
        100.0,
        "Market data released later than this after it arrived counts for nothing; 0 is never.",
        MS,
        ge=0,
        le=2_000_000,
    )
    threshold_mode: Literal["raw", "cdf"] = key(
        "raw", "Compare levels with the value, or with its rank among the last bucket values."
    )
    cdf_window: Whole = key(5000, "Bucket values that the rank is among.", "values", ge=1, le=5000)
    cdf_min: Whole = key(250, "Bucket values before ranks count.", "values", ge=1, le=5000)
    threshold: Number = key(0.7, "Alert above this level; `step` and `ramp` widen from here.", ge=0, le=1)
    multiplier: Number = key(0.2, "How much the half spread widens at VPIN 1.", ge=0, le=100)
    widen_mode: Literal["linear", "step", "ramp"] = key(
        "linear", "Widen in proportion to VPIN, at once above the threshold, or from the threshold up."
    )
    pause_threshold: Number = key(0.9, "Withdraw all quotes above this level.", ge=0, le=1)
    pause_seconds: Number = key(5.0, "Market time without quotes.", "s", ge=0, le=86_400)
    pause_keeps_reducing: Flag = key(False, "Keep quotes that reduce the position while paused.")
    toxic_reduce: Literal["off", "skew"] = key(
        "off", "Above the threshold, lean the reservation price further towards a flat position."
    )
    toxic_skew: Number = key(1.0, "How much further, in skews.", ge=0, le=100)


class Signals(Section):
    """Which way flow leans, and how far the reservation price follows; 0 is not at all."""

    halflife_s: Number = key(5.0, "How quickly the past fades.", "s", ge=0.001, le=86_400)
    ofi_lean_ticks: Number = key(0.0, "For each lot of order flow imbalance.", "ticks", ge=-1e6, le=1e6)
    queue_lean_ticks: Number = key(0.0, "At a touch with a bid only.", "ticks", ge=-1e6, le=1e6)
    microprice_lean: Number = key(0.0, "For each tick of the microprice off the mid.", ge=-100, le=100)
    trade_lean_ticks: Number = key(0.0, "When all that trades is bought.", "ticks", ge=-1e6, le=1e6)


class Quoting(Section):
    """Where and when to quote: fair price, reservation price, half spread."""

    model: Text = key(
        "glft",
        "What spread and skew follow from: glft, glft_exact, avellaneda_stoikov, fixed, "
        "or what makes one of your own, as `module:name` (docs/quoting_models.md).",
    )
    risk_aversion: Number = key(
        1.0, "How much less a risky profit is worth; `fixed` knows none.", "1/quote currency", gt=0, le=1e6
    )
    horizon_s: Number = key(60.0, "Horizon of `avellaneda_stoikov`.", "s", gt=0, le=86_400)
    fair_price: Literal["microprice", "mid"] = key(
        "microprice", "Mid weighted by the sizes at the touch, or plain."
    )
    half_spread_ticks: Number = key(0.0, "Half spread of `fixed`.", TICKS, ge=0)
    min_half_spread_bps: Number = key(1.0, "Half spread at least, of the fair price.", BPS, ge=0, le=1000)
    skew_ticks_per_lot: Number = key(
        0.0, "How far each lot of inventory moves the reservation price of `fixed`.", TICKS, ge=0
    )
    vol_spread_factor: Number = key(
        0.5, "Half spread in σ of one second while the calibration is not to be relied on.", ge=0, le=1000
    )
    cover_fees: Flag = key(False, "Let either quote stand further off by the maker fee.")
    order_lots: Whole = key(1, "Size of an order.", LOTS, ge=1, le=MOST_LOTS)
    max_inventory_lots: Whole = key(
        10, "Quotes are one-sided from this inventory on.", LOTS, ge=1, le=MOST_LOTS
    )
    levels: Whole = key(1, "Quotes on each side.", "quotes", ge=1, le=5)
    level_step_ticks: Whole = key(1, "Between two quotes of a side.", TICKS, ge=1, le=1_000_000)
    max_improve_ticks: WholeOrNull = key(
        None, "How far inside the touch a quote may stand; 0 only joins, null is unlimited.", TICKS, ge=0
    )
    decide: Literal["every_message", "clock"] = key(
        "every_message", "Decide at every fact, or at clock rows only."
    )
    clock_ms: Number = key(100.0, "Market time between clock rows.", MS, ge=1, le=3_600_000)
    funding_bias: Number = key(
        1.0, "Part of the coming funding payment that quotes are moved by; 0 is none.", ge=0, le=100
    )
    funding_horizon_s: Number = key(
        120.0, "How long inventory is held: the payment counts e⁻¹ this long before it.", "s", gt=0, le=86_400
    )
    funding_max_fraction: Number = key(
        0.5, "Of the half spread, that funding moves quotes at most.", ge=0, le=1
    )
    requote_ticks: Number = key(0.0, "Leave a quote that is off by no more than this.", TICKS, ge=0)
    min_requote_ms: Number = key(0.0, "Leave a quote that is younger than this.", MS, ge=0, le=3_600_000)


class Calibration(Section):
    """What is learnt of the market while it is quoted: σ, and the fill intensity A·exp(−k·δ) of each side."""

    window_s: Number = key(600.0, "How far back prints count.", "s", ge=1, le=3600)
    warm_s: Number = key(30.0, "Market time with a known mid before a fit counts.", "s", ge=1, le=3600)
    refit_s: Number = key(5.0, "Market time between fits.", "s", ge=0.1, le=3600)
    volatility_halflife_s: Number = key(
        120.0, "How quickly past changes of the mid fade.", "s", ge=0.1, le=86_400
    )
    fit_from_bps: Number = key(
        0.08, "Nearest distance from the mid that is fitted, at least half a tick.", BPS, ge=0, le=1000
    )
    fit_to_bps: Number = key(
        1.6, "Farthest distance that is fitted, at least 8 ticks more.", BPS, gt=0, le=1000
    )
    min_r2: Number = key(
        0.7, "Fits that explain less are not quoted by: the volatility alone is.", ge=0, le=1
    )


class Orders(Section):
    """How working orders follow wanted quotes."""

    replace: Literal["amend", "cancel"] = key(
        "amend", "Move an order by one amend, or cancel it and place another."
    )
    unknown_after_ms: Number = key(
        2000.0, "A request without an answer for so long is asked after.", MS, ge=1, le=3_600_000
    )
    confirm_after_s: Number = key(
        60.0,
        "An order that nothing was heard of for so long is asked after; 0 is never.",
        "s",
        ge=0,
        le=86_400,
    )
    life_s: Number = key(
        0.0,
        "How long an order lives at the venue, should nobody cancel it; 0 is for ever.",
        "s",
        ge=0,
        le=2_000_000,
    )


class Limits(Section):
    """What a symbol may risk besides its budget."""

    weight: Amount = key(
        Decimal(1), "Share of what explicit budgets leave of total_notional.", gt=0, le=1_000_000
    )
    max_order_notional: Amount = key(Decimal(100_000), "Largest order.", QUOTE, gt=0)
    price_band_bps: Number = key(
        500.0, "Orders stand no further than this from the mid.", BPS, gt=0, le=10_000
    )
    max_lag_ms: Number = key(
        0.0,
        "No orders while the newest book is older than this by the venue's clock; 0 is never.",
        MS,
        ge=0,
        le=86_400_000,
    )
    orders_per_s: Number = key(
        0.0, "Orders and amends in the long run, cancels not counted; 0 is no limit.", "1/s", ge=0, le=100_000
    )
    order_burst: Whole = key(10, "Orders that may be sent at once.", "orders", ge=1, le=100_000)
    on_loss: Literal["halt", "reduce"] = key(
        "halt", "What a loss beyond daily_loss or drawdown makes of trading, until it is resumed."
    )


class Risk(Limits):
    """A cap on exposure that holds because every symbol has its own part of it."""

    total_notional: Amount = key(
        Decimal(4_000_000), "Exposure of all symbols together, at worst.", QUOTE, gt=0
    )
    budget_notional: AmountOrNull = key(
        None, "Exposure of one symbol, at worst; null is its share by weight.", QUOTE, gt=0
    )
    total_daily_loss: AmountOrNull = key(
        None, "Loss of all symbols together in a day (UTC); shared out as exposure is.", QUOTE, gt=0
    )
    total_drawdown: AmountOrNull = key(
        None, "Fall of all symbols' equity from its peaks; shared out as exposure is.", QUOTE, gt=0
    )
    daily_loss: AmountOrNull = key(
        None,
        "Loss of one symbol in a day (UTC); null is its share of total_daily_loss, if there is one.",
        QUOTE,
        gt=0,
    )
    drawdown: AmountOrNull = key(
        None, "Fall of one symbol's equity from its peak; null is its share likewise.", QUOTE, gt=0
    )


class SymbolRisk(Limits):
    """The part of the cap that one symbol got."""

    budget_notional: Amount = key(..., "Exposure of the symbol, at worst.", QUOTE, gt=0)
    daily_loss: AmountOrNull = key(None, "Loss of the symbol in a day (UTC).", QUOTE, gt=0)
    drawdown: AmountOrNull = key(None, "Fall of the symbol's equity from its peak.", QUOTE, gt=0)


TOTALS: Final = ("total_notional", "total_daily_loss", "total_drawdown")
"""Keys of `risk` that hold for all symbols together."""


class Kpis(Section):
    """What a run is measured by."""

    sample_s: Number = key(
        1.0,
        "Equity is sampled this often, in market time: what the Sharpe ratio is of.",
        "s",
        ge=1,
        le=86_400,
    )


class Grid(Section):
    """An instrument as the venue lists it; goes before the shipped table."""

    tick: Amount = key(..., "Smallest step of a price.", QUOTE, gt=0, le=1_000_000_000)
    lot: Amount = key(..., "Smallest step of a size.", "base asset", gt=0, le=1_000_000_000)
    min_notional: Amount = key(Decimal(0), "Smallest order.", QUOTE, ge=0)
    multiplier: Amount = key(Decimal(1), "Base asset in one unit of size.", gt=0, le=1_000_000_000)


SHARED: Final[dict[str, type[Section]]] = {"run": Run, "source": Source}
"""Sections that hold for all symbols."""
PER_SYMBOL: Final[dict[str, type[Section]]] = {
    "synthetic": Synthetic,
    "venue": Venue,
    "book": Book,
    "vpin": Vpin,
    "signals": Signals,
    "quoting": Quoting,
    "calibration": Calibration,
    "orders": Orders,
    "risk": Risk,
    "kpis": Kpis,
}
"""Sections that `symbols.<symbol>` may override, key by key."""
