"""What `phoenix vpin` prints of a tape: whether its settings mean anything there."""

import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

import numpy as np

from configs.buckets import step
from flows.vpin.meter import BINS, Closes
from flows.vpin.settings import Setup
from flows.vpin.study import LEVELS, Study
from operators.toxicity import MOST_STEPS

DAY_NS: Final = 86_400 * 10**9
FEWEST_TRADES: Final = 50
"""Per bucket; below, chance alone makes high values."""
OFTEN: Final = 0.2
"""A level that is exceeded for more of the time than this alerts of nothing."""
LEAST_RATIO: Final = 1.5
"""A mean value below this many times the level of chance does not stand out."""


def chance_level(trades_per_bucket: float) -> float:
    """Return the mean |B − S| / V of m equal trades with coin-flip sides, √(2/(π·m)), at most 1.

    >>> round(chance_level(50), 4)
    0.1128
    """
    return min(1.0, math.sqrt(2.0 / (math.pi * trades_per_bucket)))


def deciles(closes: Closes) -> list[float]:
    """Return the nine values that a tenth, two tenths, … of the closed buckets' values do not exceed."""
    below = np.cumsum(np.asarray(closes.bins))
    ranks = [math.ceil(int(closes.n_counted) * k / 10) for k in range(1, 10)]
    return [int(np.searchsorted(below, rank)) / BINS for rank in ranks]


def summary(study: Study, unusable: Mapping[str, int]) -> Iterator[str]:
    """Yield the lines."""
    closes, flow = study.meter.closes[0], study.flow[0]
    n, n_closed, span_ns = int(flow.n_trades), int(study.meter.vpin[0].n_closed), _span_ns(study)
    yield _line("trades", f"{n:,} in {_long(span_ns)}, from {_moment(int(flow.first_ns))}")
    for sentence in unusable_sentences(unusable):
        yield _line("", sentence)
    yield _line("volume", _volume(study))
    per_bucket = n / n_closed if n_closed else math.inf
    if n_closed:
        rate = f"{n_closed * DAY_NS / span_ns:,.1f} a day" if span_ns else "all at one instant"
        yield _line("buckets", f"{n_closed:,} closed, {per_bucket:,.1f} trades each, {rate}")
    else:
        yield _line("buckets", "none closed")
    if closes.n_counted:
        yield from _values(study)
        yield _line("chance", _chance(study, per_bucket))
    yield _line("agreement", _agreement(study))
    for k, side in enumerate(("buys", "sells")):
        if flow.longest[k]:
            yield _line(f"run of {side}", _run(study, k))
    yield _line("meaningful?", " ".join(verdict(study, per_bucket)))


def unusable_sentences(unusable: Mapping[str, int]) -> Iterator[str]:
    """Yield how much could not be used, and why."""
    if unusable:
        told = ", ".join(f"{n:,} {reason}" for reason, n in sorted(unusable.items()))
        yield f"set aside: {told}"


def verdict(study: Study, trades_per_bucket: float) -> Iterator[str]:
    """Yield what speaks against the settings; that nothing does, if so."""
    closes, vpin = study.meter.closes[0], study.setup.vpin
    if not closes.n_counted:
        yield f"No: no value yet, {vpin.min_buckets} closed buckets and the volume threshold come first."
        return
    against = list(_against(study, trades_per_bucket))
    if not against:
        yield "Nothing speaks against it."
    yield from against


def _against(study: Study, trades_per_bucket: float) -> Iterator[str]:
    closes, threshold = study.meter.closes[0], study.setup.vpin.threshold
    if trades_per_bucket < FEWEST_TRADES:
        yield f"Fewer than {FEWEST_TRADES} trades a bucket: chance alone makes high values."
    share = threshold_share(study)
    if share > OFTEN:
        yield f"Above the threshold {threshold:g} for {share:.1%} of the time: it alerts of nothing."
    if closes.highest <= threshold:
        yield f"Never above the threshold {threshold:g}."
    chance = study.chance.meter.closes[0]
    if chance.n_counted and closes.total / closes.n_counted < LEAST_RATIO * chance.total / chance.n_counted:
        yield "Hardly above what shuffled sides give."


def threshold_share(study: Study) -> float:
    """Return the share of time above the configured threshold; of closed buckets, if no time passed."""
    if study.time.shares is not None:
        return study.time.shares[-1]
    bins, n = np.asarray(study.meter.closes[0].bins), int(study.meter.closes[0].n_counted)
    above = int(bins[math.floor(study.setup.vpin.threshold * BINS + 0.5) + 1 :].sum())
    return above / n if n else 0.0


def amount(setup: Setup, steps: int) -> Decimal:
    """Return a volume in the bucket's unit."""
    return Decimal(steps) * step(setup.vpin, setup.instrument)


def _volume(study: Study) -> str:
    total = int(study.meter.vpin[0].total_steps)
    more = "at least " if total >= MOST_STEPS else ""
    return f"{more}{amount(study.setup, total).normalize():,f} {study.setup.vpin.bucket_unit}"


def _values(study: Study) -> Iterator[str]:
    closes = study.meter.closes[0]
    n = int(closes.n_counted)
    yield _line(
        "VPIN",
        f"mean {closes.total / n:.5f}, highest {closes.highest:.6f}, of {n:,} values at closed buckets",
    )
    yield _line("deciles", "  ".join(f"{value:.3f}" for value in deciles(closes)))
    yield _line("", "  ".join(f"{f'> {level:g}':>8}" for level in LEVELS))
    shares = study.time.shares
    if shares is not None:
        yield _line("of the time", "  ".join(f"{share:>8.2%}" for share in shares[: len(LEVELS)]))
    yield _line("of closes", "  ".join(f"{int(count) / n:>8.2%}" for count in closes.above))


def _chance(study: Study, per_bucket: float) -> str:
    closes = study.chance.meter.closes[0]
    formula = f"√(2/(π·m)) for m = {per_bucket:,.1f} equal trades: {chance_level(per_bucket):.4f}"
    if not closes.n_counted:
        return formula
    return f"{formula}; sides shuffled: mean {closes.total / closes.n_counted:.4f}"


def _agreement(study: Study) -> str:
    flow = study.flow[0]
    if not flow.n_flagged:
        return "the venue's flag is on no trade"
    tick = f"tick {flow.tick_agrees / flow.n_flagged:.4f}"
    lee = (
        f"lee_ready {flow.lee_agrees / flow.n_quoted:.4f}" if flow.n_quoted else "lee_ready: no mid is known"
    )
    return f"with the venue's flag: {tick}, {lee}"


def _run(study: Study, k: int) -> str:
    flow, steps = study.flow[0], int(study.setup.params[0].bucket_steps)
    spent = _long(int(flow.longest_until_ns[k] - flow.longest_ns[k]))
    volume = f"{int(flow.longest_steps[k]) / steps:,.2f} × bucket_size"
    return f"{int(flow.longest[k]):,} trades, {volume}, in {spent} from {_moment(int(flow.longest_ns[k]))}"


def _span_ns(study: Study) -> int:
    return int(study.flow[0].last_ns - study.flow[0].first_ns)


def _line(name: str, text: str) -> str:
    return f"{name:<13}{text}".rstrip()


def _long(ns: int) -> str:
    seconds = ns / 1e9
    for unit, size in (("days", 86_400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * size:
            return f"{seconds / size:,.1f} {unit}"
    return f"{seconds:,.3f} s"


def _moment(ns: int) -> str:
    return datetime.fromtimestamp(ns // 10**9, UTC).strftime("%Y-%m-%d %H:%M:%S")
