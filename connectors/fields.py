"""What every field of `summary.json` says: printed into it, and into `docs/summary.md`.

python -m connectors.fields > docs/summary.md
"""

import sys
from collections.abc import Iterator, Mapping
from typing import Final

HORIZON: Final = "of all fills that old: after 0.1, 1, 5 and 30 s"
FIELDS: Final = {
    "stopped": "True where the run was stopped before the end of its market; absent otherwise.",
    "note": "What a simulation cannot say.",
    "symbols.*": "Figures of one symbol.",
    "orders": "Orders that were sent.",
    "accepted": "Orders that the venue accepted.",
    "filled": "Orders with at least one fill.",
    "amends": "Requests to move an order.",
    "cancels": "Requests to cancel an order.",
    "rejected": "Requests that the venue refused.",
    "expired": "Orders that the venue ended by itself: their life was over, or nothing was left to take.",
    "unknown": "Requests whose outcome was unknown for a while.",
    "denied.*": "Wanted orders that risk kept back, by limit.",
    "fills": "Fills, parts of orders counted singly.",
    "maker_fills": "Those in which our order rested.",
    "fill_rate": "Orders with a fill over orders accepted, 0 to 1; null without any.",
    "adverse_selection_rate": "Share of fills, 1 s old or older, with a negative markout at 1 s; "
    "null without any.",
    "position": "Position at the end, base asset; long is positive.",
    "average_entry": "Price at which the open position was entered on average, to a hundredth of a tick; "
    "null when flat.",
    "mark": "What the position is valued at: `mid` where the book is valid at the end, `last_mid` where it "
    "is not, `fill` where it never was and the first fill's price stands in, `none` before anything.",
    "mark_price": "That price, quote currency; null without one.",
    "unmarked": "How often the book ceased to be valid, so that the last mid went on marking.",
    "traded": "Notional of all fills, quote currency.",
    "fees": "Fees paid, quote currency; negative is a rebate.",
    "funding": "Funding paid at settlements, quote currency; negative was received.",
    "settlements": "Funding settlements booked.",
    "realised": "What closed positions earned by average cost, before fees and funding, quote currency.",
    "unrealised": "What the open position has gained at the mark, quote currency.",
    "pnl_after_fees": "Equity, which began at 0: realised + unrealised − fees − funding, quote currency, "
    "exact. The five parts of `pnl` add up to it, to the last digit.",
    "pnl.spread_capture": "What fills were better than the mid at their time, quote currency.",
    "pnl.adverse_selection": "What the mid moved within 1 s of each fill, against us where negative, quote "
    "currency; of younger fills, as far as it has moved.",
    "pnl.inventory": "What positions gained otherwise while the mid moved, quote currency.",
    "pnl.fees": "Fees as part of the PnL, quote currency: negative where they were paid.",
    "pnl.funding": "Funding as part of the PnL, quote currency: negative where it was paid.",
    "markouts.*.fills": f"Markouts taken, {HORIZON}.",
    "markouts.*.negative": "Those against us.",
    "markouts.*.mean_bps": "Mean markout of a fill whatever its size, bps of its price; "
    "side · (mid then − price of the fill), so positive is good for us.",
    "markouts.*.ci95_bps": "Its normal 95 % confidence interval as if fills were independent, bps; "
    "null with fewer than 2.",
    "markouts.*.pnl": "Σ size · markout, quote currency.",
    "markouts.*.size": "Size of these fills, base asset.",
    "markouts.*.waiting": "Fills that are not that old yet.",
    "markouts.*.lost": "Fills given up because 4,096 younger ones waited.",
    "observed_s": "Market time from the first row to the last, s: what all shares of time are of.",
    "uptime.bid": "Share of time with a bid that the venue had confirmed and not ended, as far as we knew.",
    "uptime.ask": "The same of an ask.",
    "uptime.both": "Share of time with both.",
    "time.running": "Share of time in which nothing of the following held.",
    "time.no_book": "Share of time without a valid book: broken, crossed, or one side empty.",
    "time.halted": "Share of time halted, with a book.",
    "time.paused": "Share of time paused by toxicity, with a book and not halted.",
    "time.reducing": "Share of time in which only reducing was allowed, and nothing of the above held.",
    "inventory.mean": "Mean |position| over time, base asset.",
    "inventory.most": "Highest |position|, base asset.",
    "inventory.most_notional": "Highest |position| · mid, quote currency.",
    "vpin_mean": "Mean VPIN over the time in which it counted.",
    "vpin_max": "Highest VPIN that counted.",
    "vpin_above.*": "Share of the time in which VPIN counted that its level was above this.",
    "toxic_share": "Share of that time above `vpin.threshold`.",
    "vpin_s": "Market time in which VPIN counted, s.",
    "vpin_alerts": "How often the level rose above the threshold.",
    "vpin_stale": "How often VPIN became stale.",
    "vpin_invalid_flag": "How often the venue's flag of aggressors was found broken.",
    "pauses": "How often toxicity withdrew all quotes.",
    "trading_state": "At the end: active, reducing or halted.",
    "transitions": "Changes of the trading state: `transitions.jsonl` has each with its reason.",
    "calibration.refits": "How often the market was fitted.",
    "calibration.status": "Of the last fit: fitted, poor, or warming; always warming where none is needed.",
    "calibration.sigma_ticks": "Volatility of the mid, ticks per √s; null while unknown.",
    "calibration.bid.a_per_s": "Of A·exp(−k·δ), how often sellers reach δ ticks below the mid, 1/s.",
    "calibration.bid.k_per_tick": "How fast that falls, 1/tick.",
    "calibration.bid.r2": "How well the line fits, 1 is perfectly.",
    "calibration.ask.a_per_s": "The same of buyers above the mid.",
    "calibration.ask.k_per_tick": "How fast that falls, 1/tick.",
    "calibration.ask.r2": "How well the line fits, 1 is perfectly.",
    "calibration.model_refused": "Answers of a model of one's own that could not be used.",
    "sharpe.per_interval": "Mean over standard deviation of the changes of equity from sample to sample; "
    "all of `sharpe` is null with fewer than 30 changes, or where none differs.",
    "sharpe.ci95": "95 % interval of it from 1,000 circular block bootstraps, seeded.",
    "sharpe.interval_s": "Sampling interval, s: `kpis.sample_s`, doubled as often as it takes to keep 4,096 "
    "samples.",
    "sharpe.changes": "Changes of equity it is taken over.",
    "sharpe.block": "Changes drawn together by the bootstrap.",
    "sharpe.yearly": "per_interval · √(intervals of a year of 365 days).",
    "sharpe.yearly_factor": "That root.",
    "first_ns": "Receive time of the first row, ns since 1970 UTC.",
    "last_ns": "Receive time of the last row, ns since 1970 UTC.",
    "dead_letters": "Messages that could not be used.",
    "dead_letter_reasons.*": "The same by reason.",
    "book_gaps": "How often the chain of updates broke.",
    "book_crossings": "How often the book was found crossed.",
    "faults.*": "How often a rule reached a state that cannot be; empty is as it should be.",
    "source.*": "Messages of the market by kind, and what was left out of them.",
    "total": "Counts and shares over all symbols; money only where all are traded against the same asset.",
    "total.quote": "That asset.",
    "targets.*.wanted": "What is aimed at; nothing depends on it.",
    "targets.*.measured.*": "What was measured, by symbol, and over all as `total` where that adds up.",
    "fields": "This table.",
}
"""By path: `*` stands for any key. The figures of a symbol are named without `symbols.*.` before them."""
NOTE: Final = (
    "Fills are simulated: our orders do not move the recorded market, nor does anyone react to them."
)

HEAD: Final = f"""\
# summary.json

What a run comes to: `symbols` holds the figures of each symbol, `total` those that add up, `targets`
what is aimed at beside what was measured. Money, prices and sizes are decimal strings, exact to the
last digit; shares are between 0 and 1; time is the market's. Both drivers write the same bytes, and
so does a run that was killed and resumed.

{NOTE}

`pnl_after_fees` is taken apart exactly: what a fill was better than the mid is spread capture; what
the mid then did within a second is adverse selection; what it did otherwise while there was a
position is inventory; then fees and funding.

| field | meaning |
|---|---|
"""


def page() -> str:
    """Return `docs/summary.md`."""
    return HEAD + "".join(f"| `{name}` | {said} |\n" for name, said in FIELDS.items())


def paths(figures: Mapping[str, object], before: str = "") -> Iterator[str]:
    """Yield the path of every field, in which a key that is not itself documented is `*`.

    >>> list(paths({"pnl": {"fees": "-1"}, "denied": {"too_small": 3}, "orders": 4}))
    ['pnl.fees', 'denied.*', 'orders']
    """
    for key, value in figures.items():
        known = any(name == before + key or name.startswith(f"{before}{key}.") for name in FIELDS)
        path = before + (key if known else "*")
        if isinstance(value, Mapping) and any(name.startswith(f"{path}.") for name in FIELDS):
            yield from paths(value, f"{path}.")
        else:
            yield path


if __name__ == "__main__":
    sys.stdout.write(page())
