"""What each message means for the tape: rows, nothing because it was old, or why it is unusable."""

from collections.abc import Set as AbstractSet
from typing import Final, NamedTuple

from connectors.recorded.binance import MARKET_PRINT, Best, Depth, DepthSnapshot, Mark, Message, Number, Trade
from connectors.recorded.blocks import Page, best_rows, diff_block, mark_row, snapshot_block, trade_row
from connectors.recorded.clock import Clock
from connectors.recorded.funding import rate_e8, settlement_ns
from connectors.recorded.grid import Grids
from connectors.recorded.letters import Reason, Unusable
from connectors.recorded.levels import NO_LEVELS, Levels, best_first, levels_of
from connectors.recorded.quality import Quality
from connectors.recorded.sync import BookSync, Chain, Diff, Event, Snapshot, SyncState
from operators.rows import BUY, NOTIONAL_LIMIT, SELL

NS_PER_MS: Final = 10**6


class InterpreterState(NamedTuple):
    """What an interpreter remembers."""

    clock: tuple[int, int, int]
    last_trade: int
    last_best: int
    sync: SyncState


class Interpreter:
    """Reads one symbol's messages in the order of arrival."""

    def __init__(
        self,
        symbol: str,
        grids: Grids,
        chain: Chain,
        quality: Quality,
        neighbours: AbstractSet[str] = frozenset(),
    ) -> None:
        self._symbol, self._grids, self._chain, self._quality = symbol, grids, chain, quality
        self._neighbours = neighbours
        self.clock = Clock(quality)
        self._sync = BookSync(chain, quality)
        self._last_trade, self._last_best = -1, -1

    def on(self, message: Message, stamp: int, page: Page) -> None:
        """Write the rows that follow from a message received at `stamp`, ns.

        Raises:
            Unusable: it cannot be used, and says why.
            TooFine: its numbers must be read as Decimals; nothing has changed.
        """
        if isinstance(message, DepthSnapshot):
            self._on_snapshot(message, stamp, page)
        elif message.symbol != self._symbol:
            self._on_other(message.symbol)
        elif isinstance(message, Best):
            self._on_best(message, stamp, page)
        elif isinstance(message, Trade):
            self._on_trade(message, stamp, page)
        elif isinstance(message, Depth):
            self._on_depth(message, stamp, page)
        else:
            self._on_mark(message, stamp, page)

    def snapshot(self) -> InterpreterState:
        """Return what is remembered."""
        return InterpreterState(
            self.clock.snapshot(), self._last_trade, self._last_best, self._sync.snapshot()
        )

    def restore(self, state: InterpreterState) -> None:
        """Go on from a snapshot."""
        clock, self._last_trade, self._last_best, sync = state
        self.clock.restore(clock)
        self._sync.restore(sync)

    def _on_other(self, symbol: str) -> None:
        if symbol not in self._neighbours:
            raise Unusable(Reason.UNKNOWN_SYMBOL)
        self._quality["other_symbol"] += 1

    def _on_trade(self, trade: Trade[Number], stamp: int, page: Page) -> None:
        ts_event = _ns(trade.event_ms if trade.time_ms is None else trade.time_ms)
        if trade.kind != MARKET_PRINT:
            self.clock.on(ts_event, stamp)
            self._quality["not_market"] += 1
            return
        ticks, lots = self._positive(trade.price, trade.size)
        ts_recv = self.clock.on(ts_event, stamp)
        self._quality["trades"] += 1
        if trade.id <= self._last_trade:
            self._quality["duplicate_trade"] += 1
            return
        self._last_trade = trade.id
        page.add(trade_row(ts_event, ts_recv, trade.id, ticks, lots, SELL if trade.buyer_is_maker else BUY))

    def _on_best(self, best: Best[Number], stamp: int, page: Page) -> None:
        bid, ask = self._positive(best.bid, best.bid_size), self._positive(best.ask, best.ask_size)
        if bid[0] >= ask[0]:
            raise Unusable(Reason.CROSSED_BEST)
        ts_event, ts_recv = self._times(best, stamp)
        self._quality["bests"] += 1
        if best.id <= self._last_best:
            self._quality["stale_best"] += 1
            return
        self._last_best = best.id
        page.add(best_rows(ts_event, ts_recv, best.id, bid, ask))

    def _on_mark(self, mark: Mark[Number], stamp: int, page: Page) -> None:
        ticks = self._grids.price.nearest(mark.price)
        if not ticks:
            raise Unusable(Reason.ZERO_PRICE)
        ts_event = _ns(mark.event_ms)
        rate, next_ns = rate_e8(mark.rate), settlement_ns(mark.next_ms, ts_event)
        ts_recv = self.clock.on(ts_event, stamp)
        self._quality["marks"] += 1
        page.add(mark_row(ts_event, ts_recv, ticks, rate, next_ns))

    def _on_depth(self, depth: Depth[Number], stamp: int, page: Page) -> None:
        previous = self._previous(depth)
        levels, fault = self._levels(depth)
        ts_event, ts_recv = self._times(depth, stamp)
        self._quality["diffs"] += 1
        block = diff_block(ts_event, depth.last, levels)
        diff = Diff(depth.first, depth.last, previous, ts_event, block, usable=fault is None)
        self._write(self._sync.on_diff(diff), ts_recv, page)
        if fault:
            raise fault

    def _on_snapshot(self, depth: DepthSnapshot[Number], stamp: int, page: Page) -> None:
        levels = best_first(levels_of(depth.bids, depth.asks, self._grids))
        ts_event, ts_recv = self._times(depth, stamp)
        self._quality["snapshots"] += 1
        block = snapshot_block(ts_event, depth.last, levels)
        self._write(self._sync.on_snapshot(Snapshot(depth.last, ts_event, block)), ts_recv, page)

    def _previous(self, depth: Depth[Number]) -> int:
        """Return the id of the diff before, and hold the ids to their order."""
        if depth.previous is None and self._chain.names_previous:
            raise Unusable(Reason.MISSING_FIELD)
        previous = -1 if depth.previous is None else depth.previous
        if max(depth.first, previous) > depth.last:
            raise Unusable(Reason.BAD_IDS)
        return previous

    def _levels(self, depth: Depth[Number]) -> tuple[Levels, Unusable | None]:
        """One bad level spoils its message: what it did to the book is unknown."""
        try:
            return levels_of(depth.bids, depth.asks, self._grids), None
        except Unusable as fault:
            return NO_LEVELS, fault

    def _positive(self, price: Number, size: Number) -> tuple[int, int]:
        ticks, lots = self._grids.price.whole(price), self._grids.size.whole(size)
        if not ticks:
            raise Unusable(Reason.ZERO_PRICE)
        if not lots:
            raise Unusable(Reason.ZERO_SIZE)
        if ticks * lots >= NOTIONAL_LIMIT:
            raise Unusable(Reason.OVERFLOW)
        return ticks, lots

    def _times(
        self, message: Best[Number] | Depth[Number] | DepthSnapshot[Number], stamp: int
    ) -> tuple[int, int]:
        """Return venue and receive time; a message without the first happened when it was received."""
        ms = message.event_ms if message.time_ms is None else message.time_ms
        if ms is None:
            ts_recv = self.clock.on(None, stamp)
            return ts_recv, ts_recv
        return _ns(ms), self.clock.on(_ns(ms), stamp)

    def _write(self, events: list[Event], ts_recv: int, page: Page) -> None:
        """What had to wait for a snapshot is received with it."""
        for event in events:
            rows = event.rows
            rows["ts_recv"] = ts_recv
            page.add(rows.tobytes())


def _ns(ms: int) -> int:
    return ms * NS_PER_MS
