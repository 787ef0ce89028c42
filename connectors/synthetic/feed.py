"""What a listener hears: a snapshot, depth, the best bid and offer, trades; in the order of telling."""

from typing import Final

from connectors.synthetic.draws import exponential
from connectors.synthetic.ladder import best, index, level
from connectors.synthetic.state import CHANGES, SLOTS, Market, MarketParams
from operators.kernel import kernel
from operators.rows import BEST, BUY, CLEAR, LAST, LEVEL, SELL, TRADE, Row, Rows

MOST_ROWS: Final = SLOTS + 2 + CHANGES
"""Rows that one event can cause: the prints of a sweep, the touch, a depth message."""


@kernel
def tell_snapshot(market: Market, params: MarketParams, out: Rows, n: int) -> int:
    """Write the whole book, all of it placed since the last message; return the next free row."""
    _hear(market, params)
    market.snapshot_messages += 1
    _write(market, out[n], 0, 0, 0)
    out[n].kind = CLEAR
    return _tell_changes(market, out, n + 1)


@kernel
def tell_depth(market: Market, params: MarketParams, out: Rows, n: int) -> int:
    """Write every level that changed since the last depth message, as it is now."""
    if market.n_changes == 0:
        return n
    _hear(market, params)
    market.depth_messages += 1
    return _tell_changes(market, out, n)


@kernel
def tell_best(market: Market, params: MarketParams, out: Rows, n: int) -> int:
    """Write the best bid and the best ask if either is another than last told."""
    if not touch_moved(market):
        return n
    _hear(market, params)
    market.best_messages += 1
    for side in (BUY, SELL):
        price, lots = market.touch[index(side)]
        _write(market, out[n], side, price, lots)
        out[n].kind = BEST
        n += 1
    out[n - 1].marks = LAST
    return n


@kernel
def tell_trade(market: Market, params: MarketParams, row: Row, side: int, price: int, lots: int) -> None:
    """Write a print: a message of its own, numbered apart from the book."""
    _hear(market, params)
    market.trade_messages += 1
    market.trade_id += 1
    _write(market, row, side, price, lots)
    row.kind = TRADE
    row.id = market.trade_id
    row.marks = LAST


@kernel
def touch_moved(market: Market) -> bool:
    """Look at the book again; say whether its best prices, or the sizes there, are new."""
    moved = False
    for side in (BUY, SELL):
        seen = market.touch[index(side)]
        price = best(market, side)
        lots = level(market, side, price)
        moved = moved or seen[0] != price or seen[1] != lots
        seen[0] = price
        seen[1] = lots
    return moved


@kernel
def _tell_changes(market: Market, out: Rows, n: int) -> int:
    for j in range(market.n_changes):
        side, price = market.changes[j]
        _write(market, out[n], side, price, level(market, side, price))
        out[n].kind = LEVEL
        n += 1
    out[n - 1].marks = LAST
    market.n_changes = 0
    return n


@kernel
def _hear(market: Market, params: MarketParams) -> None:
    """Receive time never goes back: a late message holds up those behind it."""
    jitter = int(params.feed_jitter_ns * exponential(market.draws))
    heard = market.now_ns + params.feed_latency_ns + jitter
    market.last_recv_ns = max(market.last_recv_ns, heard)


@kernel
def _write(market: Market, row: Row, side: int, price: int, lots: int) -> None:
    row.ts_event = market.now_ns
    row.ts_recv = market.last_recv_ns
    row.id = market.update_id
    row.price_ticks = price
    row.size_lots = lots
    row.side = side
    row.marks = 0
