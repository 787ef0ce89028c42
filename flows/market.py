"""A configuration made ready to run."""

import json
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from configs.load import home, load, name_of
from configs.rules import rules_for
from configs.settings import Settings
from configs.write import digest, resolved_yaml
from connectors.console import Console
from connectors.controls import Controls, read_controls
from connectors.logs import LogFile
from connectors.progress import Progress
from connectors.recorded import Recording
from connectors.run_directory import RunDirectory
from connectors.runs import next_directory
from connectors.shared import Mailbox, Shared
from connectors.stamp import Stamp
from connectors.switch import SWITCH, Switch
from connectors.timing import Timing
from flows.facts import board_of
from flows.identity import code_digest
from flows.measures import measure_of
from flows.models import model_of
from flows.program import Program
from flows.recordings import recordings_of
from flows.reloading import Reloading
from flows.shares import own_symbols
from flows.topics import desks_of, name_run, outlet_of, switch_of, topic_of
from flows.watching import Watcher, look_of
from operators.errors import SourceError

if TYPE_CHECKING:
    from connectors.kafka.market import KafkaMarket
    from connectors.kafka.outlet import Outlet
    from flows.desks import Desks


class Watched(NamedTuple):
    """The settings file that a run goes by, with what the command line changes of it."""

    config: Path
    overrides: tuple[str, ...]

    def text(self) -> str:
        """Return it as a run directory keeps it."""
        return json.dumps({"config": str(self.config.absolute()), "set": self.overrides}, indent=2) + "\n"


def program(
    config: Path, overrides: Sequence[str] = (), out: Path | None = None, watched: Watched | None = None
) -> Program:
    """Load a configuration and make it ready; the file that is watched is its own, unless another is named.

    Raises:
        ConfigError: something in it is wrong.
        SourceError: a recording is missing or unusable, or no broker has the market.
    """
    watched = watched or Watched(config, tuple(overrides))
    seen = look_of(watched.config)
    settings, recordings, market = _loaded(config, overrides)
    traded = _traded(settings, recordings)
    symbols = own_symbols(settings, traded)
    log, reloading = LogFile(), Reloading(settings, config, overrides)
    console = _console(settings, log)
    watcher = Watcher(watched.config, _reader(watched, list(recordings), market), reloading, console, seen)
    directory = _directory(settings, symbols, out, watched, reloading)
    shared = _shared(settings, symbols, directory, console, reloading)
    rules = {symbol: rules_for(settings.symbols[symbol], settings.source) for symbol in symbols}
    made = Program(
        settings, rules, recordings, shared, reloading, watcher, *_topics(settings, traded, shared)
    )
    directory.goes_on_under, directory.laid = made.go_on_under, log.open
    return made


def _traded(settings: Settings, recordings: Mapping[str, Recording]) -> list[str]:
    """Return the symbols of which there is a market; what they name of their own is there.

    Raises:
        ConfigError: it is not.
    """
    traded = [symbol for symbol in settings.symbols if not recordings or symbol in recordings]
    for symbol in traded:
        measure_of(settings.symbols[symbol])
        model_of(settings.symbols[symbol])
    return traded


def _shared(
    settings: Settings,
    symbols: Sequence[str],
    directory: RunDirectory,
    console: Console,
    reloading: Reloading,
) -> Shared:
    timing = Timing()
    return Shared(
        directory,
        Stamp(code_digest(settings.symbols.values()), digest(settings)),
        {symbol: Mailbox() for symbol in symbols},
        threading.Event(),
        console.progress,
        settings.source.speed,
        console,
        timing,
        board_of(settings, symbols, timing, reloading),
        _controls(directory, settings.run.control, reloading, switch_of(settings.kafka)),
    )


def _topics(
    settings: Settings, traded: Sequence[str], shared: Shared
) -> "tuple[KafkaMarket | None, Outlet | None, Desks | None]":
    """Find the topics that a run reads and is told in, where there are any, and let their state be seen."""
    console, kafka = shared.console, settings.kafka
    # All of them are known, so that what belongs to nobody is told by one shard.
    topic = topic_of(kafka, traded, console.say) if settings.source.kind == "kafka" else None
    desks = None if topic is None else desks_of(settings, topic, console.say)
    outlet = outlet_of(kafka, console, shared.stop.is_set)
    read = [topic, desks and desks.reports]
    shared.board.brokers = [each.reader.seen for each in read if each] + ([outlet.seen] if outlet else [])
    if outlet is not None:
        name_run(shared.directory)
    return topic, outlet, desks


def _loaded(config: Path, overrides: Sequence[str]) -> tuple[Settings, dict[str, Recording], str | None]:
    """Return the settings, what is recorded of their symbols, and the market that the recordings are of."""
    settings = load(config, overrides)
    if settings.source.kind != "recorded":
        return settings, {}, None
    recordings = recordings_of(config, settings, home(config, overrides).market)
    market = next(iter(recordings.values())).market
    return load(config, overrides, symbols=list(recordings), market=market), recordings, market


def _console(settings: Settings, log: LogFile) -> Console:
    progress = Progress(sys.stderr if settings.run.progress else None)
    return Console(progress, quiet=not settings.run.progress, file=log)


def _reader(watched: Watched, recorded: list[str], market: str | None) -> Callable[[], Settings]:
    """Return what reads the file again as it was read at the start."""

    def read() -> Settings:
        return load(watched.config, watched.overrides, symbols=recorded or None, market=market)

    return read


def _directory(
    settings: Settings, symbols: list[str], out: Path | None, watched: Watched, reloading: Reloading
) -> RunDirectory:
    day = datetime.now(UTC).strftime("%Y%m%d")
    path = out or next_directory(Path(settings.run.directory), day, name_of(settings.profile, settings.run))
    texts = {"origin.json": watched.text(), "config.yaml": resolved_yaml(settings)}
    return RunDirectory(path, symbols, texts, reloading.may_change)


def _controls(
    directory: RunDirectory, path: str | None, reloads: Reloading, kill: Callable[[Path], Switch]
) -> Callable[[str], Controls]:
    """Return what makes a symbol's controls: recorded ones, and what the run's own switch says after them."""
    try:
        recorded = [] if path is None else read_controls(Path(path))
    except OSError as error:
        raise SourceError(f"run.control: {path} cannot be read: {error.strerror}") from None
    reloads.prepare(recorded)
    switches: dict[Path, Switch] = {}

    def controls(symbol: str) -> Controls:
        path = directory.path / SWITCH
        if path not in switches:
            switches[path] = kill(path)
        return Controls(symbol, switches[path], recorded, reloads)

    return controls
