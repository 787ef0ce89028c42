"""NautilusTrader's backtest engine with the simple maker, as a worker process under a Python of its own.

It knows nothing of Phoenix. Ticks are made beforehand, and an engine for each run: `engine.run()`
alone is timed. Logging and the analysis after a run are off; the risk engine is on, its limits
on the rate of orders too high to be met.
"""

# mypy: ignore-errors
# It is checked where NautilusTrader is absent.

import gc
import json
import sys
import time
from importlib import metadata
from pathlib import Path

import pandas as pd
from nautilus_trader.backtest.config import BacktestEngineConfig
from nautilus_trader.backtest.engine import BacktestEngine
from nautilus_trader.backtest.models import FillModel, LatencyModel
from nautilus_trader.common.config import LoggingConfig
from nautilus_trader.model.currencies import USDT
from nautilus_trader.model.enums import AccountType, BookType, OmsType, OrderStatus
from nautilus_trader.model.objects import Money
from nautilus_trader.persistence.wranglers import QuoteTickDataWrangler, TradeTickDataWrangler
from nautilus_trader.risk.config import RiskEngineConfig

from benchmarks.nautilus_maker import BTCUSDT, LOT, VENUE, SimpleMaker

LATENCY_NS = 5_000_000
BALANCE = 1_000_000
UNMET = "1000000/00:00:01"
HAS_QUEUE = "queue_position" in BacktestEngine.add_venue.__doc__
"""Whether the engine knows what stands before an order; older ones do not."""


def table(path, names):
    """Return a table in the order of the venue's time: the engine skips what goes back in it."""
    frame = pd.read_parquet(path).rename(columns=names)
    frame.index = pd.to_datetime(frame.pop("ts_ns"), unit="ns", utc=True)
    return frame.sort_index(kind="stable")


def ticks_of(folder):
    """Return the recording as quote ticks and trade ticks."""
    sizes = {"bid_px": "bid_price", "ask_px": "ask_price", "bid_qty": "bid_size", "ask_qty": "ask_size"}
    quotes = table(folder / "book.parquet", sizes)[[*sizes.values()]]
    trades = table(folder / "trades.parquet", {"qty": "quantity"})
    trades["side"] = trades["side"].map({1: "BUY", -1: "SELL"})
    trades = trades[["price", "quantity", "side", "trade_id"]]
    return QuoteTickDataWrangler(BTCUSDT).process(quotes), TradeTickDataWrangler(BTCUSDT).process(trades)


def engine_with(ticks, maker):
    risk = RiskEngineConfig(max_order_submit_rate=UNMET, max_order_modify_rate=UNMET)
    logging = LoggingConfig(bypass_logging=True)
    engine = BacktestEngine(BacktestEngineConfig(logging=logging, risk_engine=risk, run_analysis=False))
    engine.add_venue(
        VENUE,
        OmsType.NETTING,
        AccountType.MARGIN,
        [Money(BALANCE, USDT)],
        fill_model=FillModel(prob_fill_on_limit=1.0),
        latency_model=LatencyModel(base_latency_nanos=LATENCY_NS),
        book_type=BookType.L1_MBP,
        trade_execution=True,
        **({"queue_position": True} if HAS_QUEUE else {}),
    )
    engine.add_instrument(BTCUSDT)
    for each in ticks:
        engine.add_data(each)
    engine.add_strategy(maker)
    return engine


def run(ticks, mode):
    maker = SimpleMaker(by_clock=mode == "clock")
    engine = engine_with(ticks, maker)
    gc.collect()
    began, used = time.perf_counter(), time.process_time()
    engine.run()
    spent = {"seconds": time.perf_counter() - began, "processor": time.process_time() - used}
    answer = {**spent, **figures(engine, maker)}
    engine.dispose()
    return answer


def figures(engine, maker):
    orders = engine.cache.orders()
    balance = engine.cache.account_for_venue(VENUE).balance_total(USDT).as_double()
    unrealized = engine.portfolio.unrealized_pnl(BTCUSDT.id)
    return {
        "orders": len(orders),
        "rejected": sum(order.status == OrderStatus.REJECTED for order in orders),
        "fills": len(engine.trader.generate_fills_report()),
        "position": maker.inventory_lots * LOT,
        "pnl": balance - BALANCE + (0.0 if unrealized is None else unrealized.as_double()),
    }


def main():
    """Answer a line of JSON, `[what, mode]`, with a line of JSON."""
    ticks = ticks_of(Path(sys.argv[1]))
    for line in sys.stdin:
        what, mode = json.loads(line)
        version = {"version": metadata.version("nautilus_trader"), "queue": HAS_QUEUE}
        answer = run(ticks, mode) if what == "run" else version
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
