"""From a reading that widens to the quotes that follow it: within 100 ms of event time, by either rhythm."""

from decimal import Decimal

import pytest

from connectors.rounds import LoopSource
from operators.book import book_on_frame
from operators.desk import open_desk
from operators.flow import flow_on_frame
from operators.measure import VpinMeasure
from operators.quoter import quotes_on_frame
from operators.quotes import Quotes
from operators.rows import Rows, settles
from operators.touch import Top
from operators.toxicity import Reading
from tests.oracles.runs import graphed, lines, lively, made, overheard

WITHIN_NS = 100_000_000
MULTIPLIER = 4.0
MIN_BUCKETS = 2
WIDE = (
    *(f"vpin.multiplier={MULTIPLIER}", f"vpin.min_buckets={MIN_BUCKETS}"),
    *("vpin.pause_threshold=1", "vpin.max_lag_ms=0"),
    *("quoting.model=fixed", "quoting.min_half_spread_bps=1"),
)
"""Each bucket that closes moves quotes by many ticks, and none is withdrawn."""


def stated(rules, frames):
    """Return (time, buckets closed, value) of every row that settles; by time, widening and prices wanted."""
    desk, measure, readings = open_desk(), VpinMeasure(rules.vpin), []
    wanted: dict[int, list[tuple[float, dict[str, int]]]] = {}
    for rows in frames:
        n = len(rows)
        tops, seen, quotes = Top.table(n), Reading.table(n), Quotes.table(n)
        book_on_frame(desk.book, desk.own, rules.book, rows, tops)
        measure.on_frame(rows, seen)
        flow_on_frame(desk.flow, rules.flow, rows, seen)
        for k in range(quotes_on_frame(desk.asmm, rules.asmm, rows, tops, seen, quotes)):
            each = quotes[k]
            prices = {"buy": int(each.bid_ticks), "sell": int(each.ask_ticks)}
            wanted.setdefault(int(each.ts_ns), []).append((float(each.widening), prices))
        readings += [
            (int(rows[i].ts_recv), int(seen[i].n_closed), float(seen[i].value))
            for i in range(n)
            if settles(rows[i])
        ]
    return readings, wanted


def risen(readings):
    """Yield when a value was first read that is higher than that of the bucket before."""
    _, closed, value = readings[0]
    for ts, n_closed, now in readings:
        if n_closed > closed:
            if closed >= MIN_BUCKETS and now > value + 0.05:
                yield ts
            closed, value = n_closed, now


def followed(ts, side, readings, wanted, sent):
    """Say whether quotes of a side were sent in time that stand where a value read since then wants them."""
    until = ts + WITHIN_NS
    since = {1 + MULTIPLIER * value for at, _, value in readings if ts <= at <= until}
    return any(
        widening in since and prices[side] == ticks
        for at, each_side, ticks in sent
        if each_side == side and ts <= at <= until
        for widening, prices in wanted[at]
    )


@pytest.mark.parametrize("rhythm", ["clock", "every_message"])
def test_quotes_follow_what_widens_them_within_100_ms(tmp_path, rhythm):
    job = made(tmp_path / "run", *lively("BTCUSDC", seconds=20, clock=rhythm == "clock"), *WIDE)
    seen: dict[str, list[Rows]] = {}
    out = graphed(job, LoopSource(job.shared, overheard(job, seen)))
    readings, wanted = stated(job.rules["BTCUSDC"], seen["BTCUSDC"])
    tick = job.settings.symbols["BTCUSDC"].instrument.tick
    sent = [
        (each["ts"], each["side"], int(Decimal(each["price"]) / tick))
        for each in lines(out / "orders.jsonl")
        if each["op"] != "cancel"
    ]
    rises = [ts for ts in risen(readings) if ts + WITHIN_NS < readings[-1][0]]
    assert len(rises) > 20
    for ts in rises:
        for side in ("buy", "sell"):
            assert followed(ts, side, readings, wanted, sent), (ts, side)
