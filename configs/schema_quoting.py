"""Keys of what is measured and quoted: toxicity, signals, quotes, and what they are learnt from."""

from decimal import Decimal
from typing import Literal

from configs.keys import BPS, LOTS, MOST_LOTS, MS, TICKS, Section, key
from configs.scalars import Amount, Flag, Number, Text, TextOrNull, Whole, WholeOrNull


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
