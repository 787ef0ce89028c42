"""The same simple maker in hftbacktest 2.4.4 and in Phoenix, fed the same array of events.

The maker: every `requote_ms`, mid = (best bid + best ask) / 2 in ticks, reservation = mid − 1 tick per
0.01 held; quotes 5 ticks around it, never better than the touch; 0.01 a side, post-only, |position| ≤ 0.1,
never at a price that meets an order of our own; 5 ms each way, fees 2 and 5 bps, whole-order fills.
"""

from pathlib import Path

import numpy as np
from hftbacktest import BUY, FILLED, GTX, LIMIT, BacktestAsset, HashMapMarketDepthBacktest
from hftbacktest.data.utils import binancefutures
from hftbacktest.types import (
    BUY_EVENT,
    DEPTH_CLEAR_EVENT,
    DEPTH_EVENT,
    DEPTH_SNAPSHOT_EVENT,
    EXCH_EVENT,
    LOCAL_EVENT,
    SELL_EVENT,
    TRADE_EVENT,
    event_dtype,
)
from numba import njit
from numpy.typing import NDArray

from connectors.playback import Playback
from connectors.tape import Chunk
from flows.research import run_tape
from operators.book import BookParams
from operators.desk import Exchange, Rules, open_exchange
from operators.flow import FlowParams
from operators.kpis import KpisParams
from operators.ledger import LedgerParams
from operators.limits import RiskParams
from operators.loop import LoopParams
from operators.orders import OrdersParams
from operators.queue import VenueParams
from operators.quotes import AsmmParams
from operators.rows import CLEAR, LAST, LEVEL, NEVER, TRADE, Row, Rows
from operators.toxicity import VpinParams

Events = NDArray[np.void]
TICKS = {"btcusdt": 0.1, "ethusdt": 0.01}
TICK, LOT, TILES = TICKS["btcusdt"], 0.001, 5
MOST_FILLS = 100_000
FILL = np.dtype([("ts", "i8"), ("side", "i8"), ("price_ticks", "i8"), ("size_lots", "i8")])
"""When it was at the venue, which side was ours, and at what price and size."""


def tiled_events(capture: Path, tick: float = TICK) -> Events:
    """Convert a raw capture with hftbacktest's converter, five times over, a fresh snapshot at each seam."""
    events = binancefutures.convert(str(capture), buffer_size=2_000_000)
    kinds = events["ev"] & 0xFF
    events = events[np.flatnonzero(kinds == DEPTH_CLEAR_EVENT)[0] :].copy()
    trades = events["px"][(events["ev"] & 0xFF) == TRADE_EVENT]
    drift = round((trades[-1] - trades[0]) / tick) * tick
    first = int(min(events["exch_ts"].min(), events["local_ts"].min()))
    span = int(max(events["exch_ts"].max(), events["local_ts"].max())) - first + 50_000_000
    return np.concatenate([part for k in range(TILES) for part in _tile(events, k, drift, first, span, tick)])


def _tile(events: Events, k: int, drift: float, first: int, span: int, tick: float) -> list[Events]:
    clear = np.zeros(2, event_dtype)
    both = DEPTH_CLEAR_EVENT | EXCH_EVENT | LOCAL_EVENT
    clear["ev"] = [both | BUY_EVENT, both | SELL_EVENT]
    clear["exch_ts"] = clear["local_ts"] = first - 1_000_000 + k * span
    clear["px"] = np.nan
    tile = events.copy()
    tile["px"] = np.round((tile["px"] + k * drift) / tick) * tick
    tile["exch_ts"] += k * span
    tile["local_ts"] += k * span
    return [clear, tile]


@njit
def _note_fills(hbt, fills, n):
    """Write down orders that were filled since the last look, and forget them."""
    if len(fills) == 0:
        return 0
    orders = hbt.orders(0).values()
    while orders.has_next():
        order = orders.get()
        if order.status == FILLED:
            fills[n].ts = order.exch_timestamp
            fills[n].side = 1 if order.side == BUY else -1
            fills[n].price_ticks = order.exec_price_tick
            fills[n].size_lots = round(order.exec_qty / 0.001)
            n += 1
    return n


@njit
def _simple_maker(hbt, step_ns, fills):
    n = 0
    while hbt.elapse(step_ns) == 0:
        n = _note_fills(hbt, fills, n)
        hbt.clear_inactive_orders(0)
        depth = hbt.depth(0)
        best_bid, best_ask = depth.best_bid_tick, depth.best_ask_tick
        if best_bid < 0 or best_ask > 100_000_000 or best_ask <= best_bid:
            continue
        # Its position is a sum of floats: 0.09999999999999999 would round a quote to another tick.
        held = np.round(hbt.position(0) / 0.001) * 0.001
        reservation = 0.5 * (best_bid + best_ask) - 0.1 * np.round(held / 0.001)
        bid = int(np.floor(min(reservation - 5.0, float(best_bid))))
        ask = int(np.ceil(max(reservation + 5.0, float(best_ask))))
        wants_bid, wants_ask = held < 0.1 - 1e-9, held > -0.1 + 1e-9
        has_bid, has_ask = False, False
        highest_bid, lowest_ask = 0, 1 << 40
        orders = hbt.orders(0).values()
        while orders.has_next():
            order = orders.get()
            if order.side == BUY:
                highest_bid = max(highest_bid, order.price_tick)
            else:
                lowest_ask = min(lowest_ask, order.price_tick)
            if order.side == BUY and order.price_tick == bid and wants_bid:
                has_bid = True
            elif order.side != BUY and order.price_tick == ask and wants_ask:
                has_ask = True
            elif order.cancellable:
                hbt.cancel(0, order.order_id, False)
        # Nothing that could meet an order of our own, not even one that is being cancelled.
        if wants_bid and not has_bid and bid < lowest_ask:
            hbt.submit_buy_order(0, 2 * bid, bid * depth.tick_size, 0.01, GTX, LIMIT, False)
        if wants_ask and not has_ask and ask > highest_bid:
            hbt.submit_sell_order(0, 2 * ask + 1, ask * depth.tick_size, 0.01, GTX, LIMIT, False)
    return _note_fills(hbt, fills, n)


def run_hftbacktest(events: Events, requote_ms: int) -> tuple[int, float, float, float]:
    """Return fills, position, fees and gross PnL, without the time it takes to note each fill."""
    return hftbacktest_fills(events, requote_ms, most=0)[0]


def hftbacktest_fills(
    events: Events, requote_ms: int, tick: float = TICK, most: int = MOST_FILLS
) -> tuple[tuple[int, float, float, float], Events]:
    """Return fills, position, fees and gross PnL, and every fill."""
    asset = (
        BacktestAsset()
        .data([events])
        .linear_asset(1.0)
        .constant_order_latency(5_000_000, 5_000_000)
        .trading_value_fee_model(0.0002, 0.0005)
        .tick_size(tick)
        .lot_size(LOT)
        .last_trades_capacity(0)
        .power_prob_queue_model3(3.0)
        .no_partial_fill_exchange()
    )
    hbt = HashMapMarketDepthBacktest([asset])
    fills = np.zeros(most, FILL)
    n = _simple_maker(hbt, requote_ms * 1_000_000, fills)
    state, depth = hbt.state_values(0), hbt.depth(0)
    gross = state.balance + state.position * 0.5 * (depth.best_bid + depth.best_ask)
    figures = int(state.num_trades), float(state.position), float(state.fee), float(gross)
    hbt.close()
    return figures, np.sort(fills[:n])


class Feed:
    """The events as a tape of one chunk: what has EXCH for the venue, what has LOCAL for us."""

    symbol = "BTCUSDT"

    def __init__(self, events: Events, tick: float = TICK) -> None:
        exchange, local = (events["ev"] & EXCH_EVENT) != 0, (events["ev"] & LOCAL_EVENT) != 0
        self.venue = _rows(events[exchange], "exch_ts", tick)
        self.desk = _rows(events[local], "local_ts", tick)
        self.read_once = False
        self.quality: dict[str, int] = {}

    def read(self) -> Chunk | None:
        if self.read_once:
            return None
        self.read_once = True
        return Chunk(self.desk, self.venue, NEVER, NEVER)

    def snapshot(self) -> tuple[object, ...]:
        return ()

    def restore(self, _state) -> None:
        raise NotImplementedError

    def close(self) -> None:
        pass


def _rows(events: Events, clock: str, tick: float) -> Events:
    rows = np.zeros(len(events), Row.dtype)
    kind = events["ev"] & 0xFF
    level = (kind == DEPTH_EVENT) | (kind == DEPTH_SNAPSHOT_EVENT)
    rows["kind"] = np.select([level, kind == TRADE_EVENT, kind == DEPTH_CLEAR_EVENT], [LEVEL, TRADE, CLEAR])
    rows["side"] = np.where(events["ev"] & BUY_EVENT, 1, -1)
    rows["ts_event"] = events["exch_ts"]
    rows["ts_recv"] = events[clock]
    rows["price_ticks"] = np.rint(np.nan_to_num(events["px"], nan=0.0) / tick)
    rows["size_lots"] = np.rint(events["qty"] / LOT)
    ends = (np.diff(events[clock]) != 0) | (rows["kind"][1:] != rows["kind"][:-1])
    rows["marks"] = np.append(ends, True) * LAST
    return rows


def maker_rules(requote_ms: int, *, partial: bool = False, vpin: bool = False) -> Rules:
    """Return the simple maker's parameters."""
    return Rules(
        LoopParams.cell(clock_ns=requote_ms * 1_000_000, on_clock_only=1),
        VenueParams.cell(entry_ns=5_000_000, response_ns=5_000_000, queue_power=3.0, partial_fills=partial),
        BookParams.cell(newer_wins=1),
        VpinParams.cell(enabled=vpin, bucket_steps=20_000_000_000, n_buckets=50, min_buckets=5, quote_unit=1),
        FlowParams.cell(halflife_ns=5_000_000_000),
        AsmmParams.cell(
            half_spread_ticks=5.0,
            skew_ticks_per_lot=0.1,
            order_lots=10,
            max_inventory_lots=100,
            levels=1,
            on_clock_only=1,
            stale_after_ns=1 << 60,
            pause_threshold=1.0,
        ),
        OrdersParams.cell(),
        RiskParams.cell(budget_tick_lots=1 << 50, max_order_tick_lots=1 << 50, price_band_bps=1e4),
        LedgerParams.cell(maker_fee_e8=20_000, taker_fee_e8=50_000),
        KpisParams.cell(sample_ns=1_000_000_000, threshold=0.7),
    )


def maker_exchange(feed: Feed, requote_ms: int) -> Exchange:
    """Return a venue whose clock starts with the feed."""
    exchange = open_exchange()
    first = min(int(feed.venue["ts_event"][0]), int(feed.desk["ts_recv"][0]))
    exchange.loop[0].next_clock_ns = first + requote_ms * 1_000_000
    return exchange


def run_phoenix(feed: Feed, requote_ms: int, *, partial: bool = False, vpin: bool = False):
    """Return fills, position, fees and gross PnL."""
    return phoenix_fills(feed, requote_ms, partial=partial, vpin=vpin)[0]


def phoenix_fills(
    feed: Feed, requote_ms: int, tick: float = TICK, *, partial: bool = False, vpin: bool = False
) -> tuple[tuple[int, float, float, float], Events]:
    """Return fills, position, fees and gross PnL, and every fill."""
    rules = maker_rules(requote_ms, partial=partial, vpin=vpin)
    exchange = maker_exchange(feed, requote_ms)
    rows: list[Rows] = []
    desk, _ = run_tape(Playback(feed, rules, exchange), lambda logs: rows.append(logs.fill_rows.copy()))
    ledger = desk.ledger[0]
    twice = 2 * int(ledger.cash_tick_lots) + int(ledger.position_lots) * int(ledger.twice_mid_ticks)
    fees = int(ledger.fees_tick_lots) + int(ledger.fees_micro) / 1e6
    held, unit = int(ledger.position_lots) * LOT, tick * LOT
    filled = np.concatenate([np.asarray(part) for part in rows])
    fills = np.zeros(len(filled), FILL)
    for name, field in zip(FILL.names or (), ("ts_event", "side", "price_ticks", "size_lots"), strict=True):
        fills[name] = filled[field]
    return (int(ledger.n_fills), held, fees * unit, twice / 2 * unit), np.sort(fills)
