"""A file of trades read from its beginning as often as it takes, with a progress bar on a terminal."""

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final, cast

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from connectors.recorded import Market
from connectors.trades import REASONS, Stretch, TradeFile, open_trades
from connectors.trades.stretch import Stretches
from operators.errors import ConfigError, SourceError
from operators.instruments import Instrument

AUTO: Final = "auto"


class Reader:
    """Reads a file; `unusable` counts what was set aside in the last reading, by reason."""

    def __init__(self, file: TradeFile, instrument: Instrument, market: str) -> None:
        self.file, self.unusable = file, Counter[str]()
        self._instrument = instrument
        self._market = None if market == AUTO else cast("Market", market)

    def stretches(self, doing: str = "measuring") -> Iterator[Stretch]:
        """Read the file from its beginning.

        Raises:
            SourceError: it cannot be read, or holds no entry at all.
        """
        self.unusable.clear()
        stretches, n = open_trades(self.file, self._instrument, self._market), 0
        try:
            for stretch in _shown(stretches, doing):
                n += len(stretch.at)
                codes = Counter(stretch.reasons[stretch.reasons != 0].tolist())
                self.unusable.update({REASONS[code]: times for code, times in codes.items()})
                self.unusable.update(stretch.lost)
                yield stretch
        finally:
            stretches.close()
        if not n:
            raise SourceError(f"{self.file.path} holds no trades")


def listing(file: TradeFile, given: Mapping[str, str]) -> dict[str, str]:
    """Return the settings with what a capture says of itself: its symbol and its market.

    Raises:
        ConfigError: it holds several symbols and none was chosen, or not the one that was.
    """
    if file.kind != "capture":
        return dict(given)
    named = ", ".join(file.symbols)
    if "symbol" not in given and len(file.symbols) > 1:
        raise ConfigError([f"--symbol must be given: {file.path} holds {named}"])
    if given.get("symbol", file.symbols[0]) not in file.symbols:
        raise ConfigError([f"--symbol must be of {file.path}, which holds {named}, was {given['symbol']}"])
    return {"symbol": file.symbols[0], "market": file.market, **given}


def _shown(stretches: Stretches, doing: str) -> Iterator[Stretch]:
    if not sys.stderr.isatty():
        yield from stretches
        return
    columns = (TextColumn(doing), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(doing, total=stretches.total)
        for stretch in stretches:
            progress.update(task, completed=stretches.done)
            yield stretch
