"""The simple maker as a NautilusTrader strategy: what `benchmarks/simple_maker.yaml` says, in its words.

Prices are whole ticks and sizes whole lots here, as with us. It keeps its own list of live orders,
its position and the best prices: to ask the cache and the portfolio for them at each decision is slower.
"""

# mypy: ignore-errors
# It is checked where NautilusTrader is absent.

import math
from datetime import timedelta
from decimal import Decimal

from nautilus_trader.model.currencies import BTC, USDT
from nautilus_trader.model.enums import OrderSide
from nautilus_trader.model.identifiers import InstrumentId, Symbol, Venue
from nautilus_trader.model.instruments import CryptoPerpetual
from nautilus_trader.model.objects import Price, Quantity
from nautilus_trader.trading.strategy import Strategy

VENUE = Venue("BINANCE")
TICK, LOT = 0.1, 0.001
ORDER_LOTS, MAX_INVENTORY_LOTS = 10, 100
HALF_SPREAD_TICKS, SKEW_TICKS_PER_LOT = 5.0, 0.1
CLOCK = timedelta(milliseconds=100)

BTCUSDT = CryptoPerpetual(
    instrument_id=InstrumentId(Symbol("BTCUSDT-PERP"), VENUE),
    raw_symbol=Symbol("BTCUSDT"),
    base_currency=BTC,
    quote_currency=USDT,
    settlement_currency=USDT,
    is_inverse=False,
    price_precision=1,
    size_precision=3,
    price_increment=Price(TICK, 1),
    size_increment=Quantity(LOT, 3),
    margin_init=Decimal("0.05"),
    margin_maint=Decimal("0.025"),
    maker_fee=Decimal("0.0002"),
    taker_fee=Decimal("0.0005"),
    ts_event=0,
    ts_init=0,
)


class SimpleMaker(Strategy):
    """Quotes around the mid, leaning against what it holds."""

    def __init__(self, *, by_clock):
        super().__init__()
        self.by_clock = by_clock
        self.size = BTCUSDT.make_qty(ORDER_LOTS * LOT)
        self.best_bid = self.best_ask = self.inventory_lots = 0
        self.live = {OrderSide.BUY: [], OrderSide.SELL: []}

    def on_start(self):
        self.subscribe_quote_ticks(BTCUSDT.id)
        if self.by_clock:
            self.clock.set_timer("decide", CLOCK, callback=lambda _event: self.decide())
        else:
            self.subscribe_trade_ticks(BTCUSDT.id)

    def on_quote_tick(self, tick):
        self.best_bid = round(tick.bid_price.as_double() / TICK)
        self.best_ask = round(tick.ask_price.as_double() / TICK)
        if not self.by_clock:
            self.decide()

    def on_trade_tick(self, _tick):
        self.decide()

    def on_order_filled(self, event):
        lots = round(event.last_qty.as_double() / LOT)
        self.inventory_lots += lots if event.order_side == OrderSide.BUY else -lots
        if not self.by_clock:
            self.decide()

    def decide(self):
        if self.best_bid <= 0:
            return
        reservation = 0.5 * (self.best_bid + self.best_ask) - SKEW_TICKS_PER_LOT * self.inventory_lots
        bid = math.floor(min(reservation - HALF_SPREAD_TICKS, self.best_bid))
        ask = math.ceil(max(reservation + HALF_SPREAD_TICKS, self.best_ask))
        self.converge(OrderSide.BUY, bid, wanted=self.inventory_lots < MAX_INVENTORY_LOTS)
        self.converge(OrderSide.SELL, ask, wanted=self.inventory_lots > -MAX_INVENTORY_LOTS)

    def converge(self, side, ticks, *, wanted):
        """Keep what stands at the price, cancel what was accepted elsewhere, and place what is missing."""
        live = self.live[side] = [each for each in self.live[side] if not each[1].is_closed]
        kept = False
        for at, order in live:
            if order.is_pending_cancel:
                continue
            if wanted and at == ticks and not kept:
                kept = True
            elif order.is_open:
                self.cancel_order(order)
        if wanted and not kept:
            price = Price(ticks * TICK, 1)
            order = self.order_factory.limit(BTCUSDT.id, side, self.size, price, post_only=True)
            live.append((ticks, order))
            self.submit_order(order)
