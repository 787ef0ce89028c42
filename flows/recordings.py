"""Which recording each symbol of a run is replayed from."""

from pathlib import Path

from configs.settings import Settings
from connectors.recorded import Recording, discover
from operators.errors import ConfigError, SourceError


def recordings_of(config: Path, settings: Settings, market: str) -> dict[str, Recording]:
    """Return what is recorded of the symbols that are named, or of all where none is.

    `market` is the one that is written: to name symbols settles it by where they are listed, before
    the recordings had their say.

    Raises:
        ConfigError: no recording holds any of them.
        SourceError: there are two recordings of a symbol, or recordings of two markets.
    """
    sure = None if market == "auto" else settings.source.market
    found = discover([Path(path) for path in settings.source.path], sure or "auto")
    chosen = [each for each in found if not settings.symbols or each.symbol in settings.symbols]
    if not chosen:
        held, named = ", ".join(each.symbol for each in found), ", ".join(settings.symbols)
        raise ConfigError([f"{config}: symbols must name what is recorded ({held}), was {named}"])
    recordings: dict[str, Recording] = {}
    for each in chosen:
        other = recordings.setdefault(each.symbol, each)
        if other is not each:
            both = f"{other.path} and {each.path}"
            raise SourceError(f"{each.symbol} is recorded in {both}: a run replays one recording of a symbol")
        if each.market != chosen[0].market:
            both = f"{chosen[0].path} is of {chosen[0].market}, {each.path} of {each.market}"
            raise SourceError(f"{both}: a run replays one market, set source.market if this is wrong")
    return recordings
