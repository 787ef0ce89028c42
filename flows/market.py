"""A configuration made ready to run: tapes, rules, journals and what they share."""

import hashlib
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from configs.load import home, load
from configs.notices import notices
from configs.rules import rules_for
from configs.settings import Settings, SymbolSettings
from configs.write import digest, resolved_yaml
from connectors.console import Console
from connectors.controls import SWITCH, Controls, Switch, read_controls
from connectors.journal import Journal, RunDirectory
from connectors.playback import Playback
from connectors.progress import Progress
from connectors.recorded import Recording, discover
from connectors.recorded import open_tape as open_recorded
from connectors.runs import next_directory
from connectors.shared import Mailbox, Shared
from connectors.stamp import Stamp
from connectors.synthetic import SyntheticMarket
from connectors.synthetic import open_tape as open_synthetic
from connectors.tape import Tape
from connectors.timing import Timing
from connectors.with_bests import WithBests
from flows.measures import measure_of, named_measure
from flows.models import model_of, named_model
from operators.desk import Rules, open_exchange
from operators.errors import ConfigError, PhoenixError, SourceError
from operators.kernel import ROOT, rules_digest
from operators.measure import Measure
from operators.quoter import Model


@dataclass(frozen=True)
class Program:
    """Everything that either driver needs."""

    settings: Settings
    rules: dict[str, Rules]
    recordings: dict[str, Recording]
    shared: Shared

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

    def measure(self, symbol: str) -> Measure | None:
        """Return one symbol's measure of toxicity where it is not VPIN, at its start."""
        return measure_of(self.settings.symbols[symbol])

    def model(self, symbol: str) -> Model | None:
        """Return one symbol's quoting model where it is not a compiled one."""
        return model_of(self.settings.symbols[symbol])

    def journal(self, symbol: str) -> Journal:
        """Return one symbol's logs, not yet opened."""
        instrument = self.settings.symbols[symbol].instrument
        return Journal(self.shared.directory, symbol, instrument, digest(self.settings)[:8])

    def ending(
        self,
        refuse: Callable[[PhoenixError], NoReturn],
        finished: Callable[[Path], None] = lambda _: None,
    ) -> "Program":
        """Return the program with what it does about an error inside the graph, and at the end."""
        return replace(self, shared=self.shared._replace(refuse=refuse, finished=finished))

    def say_notices(self) -> None:
        """Say what is allowed, but probably not meant."""
        missing = [symbol for symbol in self.settings.symbols if symbol not in self.rules]
        unrecorded = [f"symbols.{symbol} is in no recording, and not traded" for symbol in missing]
        for notice in (*notices(self.settings), *unrecorded):
            self.shared.console.say(f"{self.settings.profile}: {notice}")

    def stop_on_signals(self) -> None:
        """Let Ctrl-C and SIGTERM end the run with a checkpoint."""
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, lambda *_: self.shared.stop.set())


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


def _recordings(config: Path, settings: Settings, market: str) -> dict[str, Recording]:
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


def _controls(directory: RunDirectory, path: str | None) -> Callable[[str], Controls]:
    """Return what makes a symbol's controls: recorded ones, and what the run's own switch says after them."""
    try:
        recorded = [] if path is None else read_controls(Path(path))
    except OSError as error:
        raise SourceError(f"run.control: {path} cannot be read: {error.strerror}") from None
    switches: dict[Path, Switch] = {}

    def controls(symbol: str) -> Controls:
        path = directory.path / SWITCH
        return Controls(symbol, switches.setdefault(path, Switch(path)), recorded)

    return controls


def program(config: Path, overrides: Sequence[str] = (), out: Path | None = None) -> Program:
    """Load a configuration and make it ready.

    Raises:
        ConfigError: something in it is wrong.
        SourceError: a recording is missing or unusable.
    """
    settings = load(config, overrides)
    recordings: dict[str, Recording] = {}
    if settings.source.kind == "recorded":
        recordings = _recordings(config, settings, home(config, overrides).market)
        market = next(iter(recordings.values())).market
        settings = load(config, overrides, symbols=list(recordings), market=market)
    symbols = [symbol for symbol in settings.symbols if not recordings or symbol in recordings]
    day = datetime.now(UTC).strftime("%Y%m%d")
    path = out or next_directory(Path(settings.run.directory), day, settings.profile)
    directory = RunDirectory(path, symbols, {"config.yaml": resolved_yaml(settings)})
    mail = {symbol: Mailbox() for symbol in symbols}
    for symbol in symbols:
        measure_of(settings.symbols[symbol])
        model_of(settings.symbols[symbol])
    stamp = Stamp(code_digest(settings.symbols[symbol] for symbol in symbols), digest(settings))
    progress = Progress(sys.stderr if settings.run.progress else None)
    console = Console(progress, quiet=not settings.run.progress)
    shared = Shared(
        directory,
        stamp,
        mail,
        threading.Event(),
        progress,
        settings.source.speed,
        console,
        Timing(),
        _controls(directory, settings.run.control),
    )
    rules = {symbol: rules_for(settings.symbols[symbol], settings.source) for symbol in symbols}
    return Program(settings, rules, recordings, shared)
