"""A configuration made ready to run: tapes, rules, journals and what they share."""

import hashlib
import json
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from configs.load import home, load, name_of
from configs.rules import rules_for
from configs.settings import Settings, SymbolSettings
from configs.write import digest, resolved_yaml, trading_digest
from connectors.console import Console
from connectors.controls import CONTROL, Controls, read_controls
from connectors.journal import Journal
from connectors.logs import LogFile
from connectors.playback import Playback
from connectors.progress import Progress
from connectors.recorded import Recording
from connectors.recorded import open_tape as open_recorded
from connectors.run_directory import RunDirectory
from connectors.runs import next_directory
from connectors.shared import Mailbox, Shared
from connectors.stamp import Stamp
from connectors.switch import SWITCH, Switch
from connectors.synthetic import SyntheticMarket
from connectors.synthetic import open_tape as open_synthetic
from connectors.tape import Tape
from connectors.timing import Timing
from connectors.with_bests import WithBests
from flows.facts import board_of
from flows.measures import measure_of, named_measure
from flows.models import model_of, named_model
from flows.recordings import recordings_of
from flows.reloading import Reloading
from flows.shares import own_symbols, require_same_share
from flows.topics import desks_of, journal_of, name_run, outlet_of, switch_of, topic_of
from flows.watching import Watcher, look_of
from operators.desk import Rules, open_exchange
from operators.errors import ConfigError, PhoenixError, SourceError
from operators.kernel import ROOT, rules_digest
from operators.measure import Measure
from operators.quoter import Model

if TYPE_CHECKING:
    from connectors.kafka.desk import Desk
    from connectors.kafka.market import KafkaMarket
    from connectors.kafka.outlet import Outlet
    from flows.desks import Desks


@dataclass(frozen=True)
class Program:
    """Everything that either driver needs."""

    settings: Settings
    rules: dict[str, Rules]
    recordings: dict[str, Recording]
    shared: Shared
    reloading: Reloading
    watcher: Watcher
    topic: "KafkaMarket | None"
    outlet: "Outlet | None"
    desks: "Desks | None"
    """Desks at a venue elsewhere; None where it is simulated here."""

    def tape(self, symbol: str) -> Tape:
        """Open one symbol's tape."""
        settings, source = self.settings.symbols[symbol], self.settings.source
        if source.kind == "recorded":
            recording = self.recordings[symbol]
            beside = {name for name, each in self.recordings.items() if each.path == recording.path}
            tape = open_recorded(
                symbol,
                settings.instrument,
                [recording.path],
                recording.market,
                source.format,
                neighbours=beside - {symbol},
            )
            return tape if recording.tells_best else WithBests(tape)
        if self.topic is not None:
            told = self.topic.tape(settings.instrument)
            return told if self.settings.kafka.tells_best else WithBests(told)
        return open_synthetic(
            symbol,
            settings.instrument,
            SyntheticMarket(**settings.synthetic.model_dump()),
            seed=source.seed,
            start_ns=int(source.start.timestamp()) * 1_000_000_000,
            duration_s=source.duration_s,
        )

    def playback(self, symbol: str) -> Playback:
        """Return one symbol's tape and the venue behind it, at its start."""
        return Playback(self.tape(symbol), self.rules[symbol], open_exchange())

    def desk(self, symbol: str) -> "Desk":
        """Return one symbol's stream from a market and a venue elsewhere, at its start."""
        if self.desks is None:
            raise ConfigError(["kafka.reports_topic must be given"])
        return self.desks.desk(symbol, self.rules[symbol], self.shared.directory)

    def measure(self, symbol: str) -> Measure | None:
        """Return one symbol's measure of toxicity where it is not VPIN, at its start."""
        return measure_of(self.settings.symbols[symbol])

    def model(self, symbol: str) -> Model | None:
        """Return one symbol's quoting model where it is not a compiled one."""
        return model_of(self.settings.symbols[symbol])

    def journal(self, symbol: str) -> Journal:
        """Return one symbol's logs, not yet opened."""
        instrument = self.settings.symbols[symbol].instrument
        own = self.shared.directory, symbol, instrument, trading_digest(self.settings)
        return journal_of(own, self.outlet, self.shared, answered=self.desks is not None)

    def ending(
        self,
        refuse: Callable[[PhoenixError], NoReturn],
        finished: Callable[[Path], None] = lambda _: None,
    ) -> "Program":
        """Return the program with what it does about an error inside the graph, and at the end."""

        def failed(error: PhoenixError) -> NoReturn:
            self.shared.console.failed(error)
            refuse(error)

        return replace(self, shared=self.shared._replace(refuse=failed, finished=finished))

    def go_on_under(self, path: Path) -> None:
        """Go on in a run: by what it began with, then by what it was told since, then by the file.

        A file that records are replayed over says nothing that they do not.
        """
        began = load(path / "config.yaml")
        require_same_share(began, self.settings)
        records = [each for part in sorted((path / CONTROL).glob("*.jsonl")) for each in read_controls(part)]
        self.reloading.catch_up(began, path, records)
        if digest(began) != digest(self.settings):
            self.shared.directory.identity = digest(began)
            self.shared.directory.traded_as = trading_digest(began)
            for symbol in self.rules:
                self.rules[symbol] = rules_for(began.symbols[symbol], began.source)
        if self.settings.run.control is None:
            self.watcher.apply()

    def stop_on_signals(self) -> None:
        """Let Ctrl-C and SIGTERM end the run with a checkpoint."""
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, lambda *_: self.shared.stop.set())
            signal.signal(signal.SIGHUP, lambda *_: self.watcher.ask())


def code_digest(symbols: Iterable[SymbolSettings] = ()) -> str:
    """Name the code as it is written now, with the symbols' own measures and models.

    A checkpoint is read only by the code that made it.
    """
    whole = hashlib.sha256(rules_digest().encode())
    for room in ("configs", "connectors", "flows", "operators"):
        for path in sorted((ROOT / room).rglob("*.py")):
            whole.update(path.read_bytes())
    for symbol in symbols:
        for named in (named_measure(symbol), named_model(symbol)):
            whole.update(named.source() if named else b"")
    return whole.hexdigest()[:16]


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
    traded = [symbol for symbol in settings.symbols if not recordings or symbol in recordings]
    for symbol in traded:
        measure_of(settings.symbols[symbol])
        model_of(settings.symbols[symbol])
    symbols = own_symbols(settings, traded)
    log, timing = LogFile(), Timing()
    reloading, console = Reloading(settings, config, overrides), _console(settings, log)
    watcher = Watcher(watched.config, _reader(watched, list(recordings), market), reloading, console, seen)
    directory = _directory(settings, symbols, out, watched, reloading)
    shared = Shared(
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
    rules = {symbol: rules_for(settings.symbols[symbol], settings.source) for symbol in symbols}
    # All of them are known, so that what belongs to nobody is told by one shard.
    topic = topic_of(settings.kafka, traded, console.say) if settings.source.kind == "kafka" else None
    desks = None if topic is None else desks_of(settings, topic, console.say)
    outlet = outlet_of(settings.kafka, console, shared.stop.is_set)
    topics = [topic, desks and desks.reports]
    looks = [each.reader.seen for each in topics if each] + ([outlet.seen] if outlet else [])
    shared.board.brokers = looks
    if outlet is not None:
        name_run(directory)
    made = Program(settings, rules, recordings, shared, reloading, watcher, topic, outlet, desks)
    directory.goes_on_under, directory.laid = made.go_on_under, log.open
    return made


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
