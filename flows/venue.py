"""`phoenix venue`: the simulated venue as a process of its own, between topics."""

import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import bytewax.operators as op
from bytewax.dataflow import Dataflow

from configs.load import load
from configs.rules import rules_for
from configs.settings import Settings
from configs.write import digest, resolved_yaml
from connectors.console import Console
from connectors.kafka.connection import Place
from connectors.kafka.counters import Counters
from connectors.kafka.facts_taken import MarketTaker
from connectors.kafka.house import VENUE, House
from connectors.kafka.market import KafkaMarket
from connectors.kafka.outlet import Outlet
from connectors.kafka.publisher import AS_THE_BROKER_SAYS, make_topic
from connectors.kafka.requests_taken import RequestTaker
from connectors.kafka.stream import Stream
from connectors.kafka.tellers import Tellers
from connectors.kafka.telling import RUN, named
from connectors.logs import LogFile
from connectors.progress import Progress
from connectors.run_directory import RunDirectory
from connectors.runs import latest_unfinished, next_directory, require_checkpoint
from connectors.shared import Mailbox
from connectors.stamp import Stamp
from flows.desks import channels, habits, second_topic
from flows.driver import drive, open_store
from flows.exits import leave, stop_on_signals
from flows.identity import code_digest
from flows.lift import lift
from flows.shards import only_one
from flows.topics import topic_of
from flows.venue_step import VenueStep
from operators.counter import serve
from operators.errors import ConfigError
from operators.rows import Row

SUFFIX: Final = "venue"
Between = tuple[Place, Place]
"""Where orders come from, and where reports go."""


class Site:
    """A venue made ready to run."""

    def __init__(self, settings: Settings, between: Between, out: Path, console: Console) -> None:
        """Find the topics, or make those that are ours to make.

        Raises:
            ConfigError: an option is none of librdkafka's.
            SourceError: no broker answers, or there is no market.
        """
        self.settings, self.console = settings, console
        kafka, symbols = settings.kafka, list(settings.symbols)
        orders, reports = between
        self.market = topic_of(kafka, symbols, console.say)
        self.orders: KafkaMarket | None = second_topic(self.market, orders, symbols, console.say)
        make_topic(reports, AS_THE_BROKER_SAYS)
        if kafka.dead_letters_topic is not None:
            letters = reports._replace(topic=kafka.dead_letters_topic, key="kafka.dead_letters_topic")
            make_topic(letters, AS_THE_BROKER_SAYS)
        self.rules = {symbol: rules_for(settings.symbols[symbol], settings.source) for symbol in symbols}
        self.stop = threading.Event()
        self.house = self._house(out, reports)

    def _house(self, out: Path, reports: Place) -> House:
        settings, symbols = self.settings, list(self.settings.symbols)
        return House(
            RunDirectory(out, symbols, {RUN: named(), "config.yaml": resolved_yaml(settings)}, form=VENUE),
            Stamp(code_digest(), digest(settings)),
            {symbol: Mailbox() for symbol in symbols},
            self.stop.is_set,
            leave,
            Outlet(reports, {}, self.console, self.stop.is_set),
            reports.topic,
            settings.kafka.dead_letters_topic,
            self.console.letters,
        )

    def stream(self, symbol: str) -> tuple[Stream, RequestTaker]:
        """Return one symbol's stream of market and requests, at its start."""
        instrument = self.settings.symbols[symbol].instrument
        facts, requests = MarketTaker(instrument), RequestTaker(instrument)
        between = channels(self.market, facts, self.orders, requests)
        every = habits(self.settings, self.rules[symbol])._replace(max_age_ns=0)
        return Stream(symbol, between, every), requests

    def graph(self) -> Dataflow:
        """Return the one step between the topics."""
        flow = Dataflow("venue")
        asked = op.input("source", flow, Counters(self.house, self.stream))
        said = lift("venue", asked, self._step)
        op.output("reports", said, Tellers(self.house))
        return flow

    def _step(self, symbol: str, state: Any) -> VenueStep:  # noqa: ANN401
        step = VenueStep(self.rules[symbol], self.settings, symbol, self.house.name)
        if state is not None:
            step.restore(state)
        return step


def run_venue(config: Path, overrides: Sequence[str], out: Path | None, *, resume: bool) -> Path:
    """Run the venue of a configuration until it is told to stop; return its run directory.

    Raises:
        ConfigError: the configuration is wrong, or names no topics for it.
        SourceError: no broker answers, or there is no market.
        RunDirectoryError: there is none to go on in, or the one named holds something.
    """
    settings = load(config, overrides)
    parent, profile = Path(settings.run.directory), f"{settings.profile}-{SUFFIX}"
    if resume:
        out = out or latest_unfinished(parent, profile)
        require_checkpoint(out)
    out = out or next_directory(parent, datetime.now(UTC).strftime("%Y%m%d"), profile)
    between, who = _places(settings), {"share": "a venue", "run": str(out)}
    with only_one(settings, "reports_topic", list(settings.symbols), who):
        _open(Site(settings, between, out, _console(settings)), out, resume=resume)
    return out


def _places(settings: Settings) -> Between:
    """Return where orders come from, and where reports go.

    Raises:
        ConfigError: the configuration names no topics for a venue.
    """
    kafka = settings.kafka
    if settings.source.kind != "kafka" or kafka.reports_topic is None or kafka.orders_topic is None:
        raise ConfigError(
            ["a venue needs source.kind kafka, kafka.topic, kafka.orders_topic and kafka.reports_topic"]
        )
    orders = Place(kafka.bootstrap, kafka.orders_topic, kafka.options, "kafka.orders_topic")
    return orders, orders._replace(topic=kafka.reports_topic, key="kafka.reports_topic")


def _open(site: Site, out: Path, *, resume: bool) -> None:
    settings, directory = site.settings, site.house.directory
    if resume:
        directory.go_on()
    else:
        directory.require_vacant()
        open_store(out)
        directory.make()
    _warm(site)
    stop_on_signals(site.stop)
    site.console.say(f"The venue of {', '.join(settings.symbols)} is open, in {out}")
    drive(site.graph(), out, settings.run.checkpoint_every_s)


def _warm(site: Site) -> None:
    """Load the compiled rules, so that the first request is not charged for it."""
    symbol = next(iter(site.rules))
    step = site._step(symbol, None)  # noqa: SLF001 - our own
    serve((step.venue, step.book), step.setup, Row.table(0), 0, step.wires)


def _console(settings: Settings) -> Console:
    progress = Progress(None)
    return Console(progress, quiet=not settings.run.progress, stream=sys.stderr, file=LogFile())
