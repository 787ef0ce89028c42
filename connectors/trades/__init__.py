"""Plain files of trades, read in stretches: CSV, Parquet, or what `connectors.recorded` opens."""

from connectors.trades.opening import TradeFile, look, open_trades
from connectors.trades.stretch import REASONS, Stretch

__all__ = ["REASONS", "Stretch", "TradeFile", "look", "open_trades"]
