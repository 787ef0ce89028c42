"""What metrics say of a configuration, put on the board that they are read from."""

from collections.abc import Iterable

from configs.settings import Settings, SymbolSettings
from configs.shards import label
from configs.write import digest
from connectors.board import Board, Counted, Facts
from connectors.timing import Timing


def facts(symbol: SymbolSettings) -> Facts:
    """Return what metrics say of a symbol's settings."""
    grid, vpin = symbol.instrument, symbol.vpin
    return Facts(
        grid.tick,
        grid.lot,
        grid.tick_lot,
        symbol.risk.budget_notional,
        vpin.enabled,
        vpin.threshold,
        vpin.pause_threshold,
        vpin.n_buckets,
    )


def board_of(settings: Settings, symbols: Iterable[str], timing: Timing, reloading: Counted) -> Board:
    """Return the board of a run, on which nothing was posted yet."""
    known = {symbol: facts(settings.symbols[symbol]) for symbol in symbols}
    return Board(settings.profile, digest(settings), known, timing, reloading, label(settings.run))
