"""Everything that a driver needs of one configuration: tapes, rules, journals and what they share."""

import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from configs.load import load
from configs.rules import rules_for
from configs.settings import Settings
from configs.write import digest, trading_digest
from connectors.controls import CONTROL, read_controls
from connectors.journal import Journal
from connectors.playback import Playback
from connectors.recorded import Recording
from connectors.recorded import open_tape as open_recorded
from connectors.shared import Shared
from connectors.synthetic import SyntheticMarket
from connectors.synthetic import open_tape as open_synthetic
from connectors.tape import Tape
from connectors.with_bests import WithBests
from flows.exits import stop_on_signals
from flows.measures import measure_of
from flows.models import model_of
from flows.reloading import Reloading
from flows.shares import require_same_share
from flows.topics import journal_of
from flows.watching import Watcher
from operators.desk import Rules, open_exchange
from operators.errors import ConfigError, PhoenixError
from operators.measure import Measure
from operators.quoter import Model

if TYPE_CHECKING:
    from connectors.kafka.desk import Desk
    from connectors.kafka.feed import Begun
    from connectors.kafka.inbox import Position
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
            told = self.topic.tape(settings.instrument, begun=self._begun(self.topic, symbol))
            return told if self.settings.kafka.tells_best else WithBests(told)
        return open_synthetic(
            symbol,
            settings.instrument,
            SyntheticMarket(**settings.synthetic.model_dump()),
            seed=source.seed,
            start_ns=int(source.start.timestamp()) * 1_000_000_000,
            duration_s=source.duration_s,
        )

    def _begun(self, topic: "KafkaMarket", symbol: str) -> "Begun":
        """Return what says where a symbol's first message stands: the run directory, once there is one."""
        from connectors.kafka.beginnings import begun  # noqa: PLC0415 - most runs do without a client

        def where(start: "Position") -> "Position":
            directory = self.shared.directory
            return begun(directory.path, symbol, [(topic.reader, start)])[0] if directory.ready else start

        return where

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
            stop_on_signals(self.shared.stop)
            signal.signal(signal.SIGHUP, lambda *_: self.watcher.ask())
