"""Which symbols of a configuration a process runs, and at which port it tells of them."""

from collections.abc import Iterable
from typing import Final

from configs.settings import Settings
from configs.shards import place, share
from operators.errors import CheckpointRefused, ConfigError

LAST_PORT: Final = 65_535


def own_symbols(settings: Settings, traded: Iterable[str]) -> list[str]:
    """Return the symbols of this process, of those that there is a market of.

    Raises:
        ConfigError: there is a market of none of them.
    """
    own = share(settings.run, settings.symbols)
    symbols = [symbol for symbol in traded if symbol in own]
    if not symbols:
        raise ConfigError([f"run.shard leaves nothing to run: no recording holds {', '.join(own)}"])
    return symbols


def require_same_share(began: Settings, settings: Settings) -> None:
    """Refuse to go on with a run of other symbols: those that it lacks would begin anew.

    Raises:
        CheckpointRefused: they are others.
    """
    theirs, ours = (set(share(each.run, each.symbols)) for each in (began, settings))
    if theirs != ours:
        raise CheckpointRefused("share", _listed(ours), _listed(theirs))


def metrics_port(settings: Settings) -> int:
    """Return where metrics are served: shards of one machine do so at ports that follow one another.

    Raises:
        ConfigError: there is no such port.
    """
    port, shard = settings.metrics.port, settings.run.shard
    if port == 0 or shard is None:
        return port
    port += place(shard)[0] - 1
    if port > LAST_PORT:
        text = f"metrics.port must leave room for run.shard {shard}, was {settings.metrics.port}"
        raise ConfigError([text])
    return port


def _listed(symbols: set[str]) -> str:
    return f"of {', '.join(sorted(symbols))}"
