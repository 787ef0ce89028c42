"""The topic that a market is read from, and those that a run is told in, as the settings say."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from configs.schema_kafka import Kafka
from configs.settings import Settings
from connectors.console import Console
from connectors.journal import Journal
from connectors.run_directory import RunDirectory
from connectors.shared import Shared
from connectors.switch import Switch
from operators.instruments import Instrument

if TYPE_CHECKING:
    from connectors.kafka.market import KafkaMarket
    from connectors.kafka.outlet import Outlet
    from flows.desks import Desks

TOGETHER_MS: Final = 5
"""What nobody answers is told at most so much later."""


def topic_of(kafka: Kafka, symbols: Sequence[str], say: Callable[[str], None]) -> "KafkaMarket":
    """Find the topic, and where a run begins to read it.

    Raises:
        ConfigError: an option is none of librdkafka's.
        SourceError: no broker answers, or there is no such topic or place in it.
    """
    from connectors.kafka.connection import Place  # noqa: PLC0415 - other markets do without a client
    from connectors.kafka.market import Start, open_market  # noqa: PLC0415 - the same

    place = Place(kafka.bootstrap, kafka.topic or "", kafka.options)
    time_ms = 0 if kafka.start_time is None else round(kafka.start_time.timestamp() * 1000)
    return open_market(place, Start(kafka.start, time_ms, kafka.start_offsets), symbols, say)


def desks_of(settings: Settings, market: "KafkaMarket", say: Callable[[str], None]) -> "Desks | None":
    """Find the topic in which a venue elsewhere reports, or make it; None where one is simulated here.

    Raises:
        SourceError: no broker answers, or it makes none.
    """
    kafka = settings.kafka
    if kafka.reports_topic is None:
        return None
    from connectors.kafka.ages import Ages  # noqa: PLC0415 - most runs do without a client
    from connectors.kafka.connection import Place  # noqa: PLC0415 - the same
    from connectors.kafka.silence import Silence  # noqa: PLC0415 - the same
    from flows.desks import Desks, second_topic  # noqa: PLC0415 - the same

    place = Place(kafka.bootstrap, kafka.reports_topic, kafka.options, "kafka.reports_topic")
    reports = second_topic(market, place, list(settings.symbols), say)
    topic, max_age_s = kafka.topic or "", kafka.max_age_s
    ages = None if max_age_s is None else Ages(topic, max_age_s, say)
    return Desks(settings, market, reports, Silence(place.topic, say), ages)


def switch_of(kafka: Kafka) -> Callable[[Path], Switch]:
    """Return what makes a run's kill switch from its file, and follows a topic where one is named.

    Raises:
        SourceError: no broker answers, or the topic cannot be read.
    """
    if kafka.control_topic is None:
        return Switch
    from connectors.kafka.connection import Place  # noqa: PLC0415 - most runs do without a client
    from connectors.kafka.control import ControlTopic, TopicSwitch  # noqa: PLC0415 - the same

    topic = ControlTopic(Place(kafka.bootstrap, kafka.control_topic, kafka.options, "kafka.control_topic"))
    return lambda path: TopicSwitch(path, topic)


def outlet_of(kafka: Kafka, console: Console, stops: Callable[[], bool]) -> "Outlet | None":
    """Find the topics that a run is told in, or make them; None where there are to be none.

    Raises:
        ConfigError: an option is none of librdkafka's.
        SourceError: no broker answers, or it makes none.
    """
    named = {
        "order": kafka.orders_topic,
        "fill": kafka.fills_topic,
        "reading": kafka.readings_topic,
        "dead_letter": kafka.dead_letters_topic,
    }
    topics = {kind: topic for kind, topic in named.items() if topic is not None}
    if not topics:
        return None
    from connectors.kafka.connection import Place  # noqa: PLC0415 - most runs do without a client
    from connectors.kafka.outlet import Outlet  # noqa: PLC0415 - the same
    from connectors.kafka.publisher import AS_THE_BROKER_SAYS, make_topic  # noqa: PLC0415 - the same

    keys = {topic: f"kafka.{kind}s_topic" for kind, topic in reversed(topics.items())}
    places = [Place(kafka.bootstrap, topic, kafka.options, key) for topic, key in keys.items()]
    for place in places:
        make_topic(place, AS_THE_BROKER_SAYS)
    linger_ms = TOGETHER_MS if kafka.reports_topic is None else 0
    return Outlet(places[0], topics, console, stops, linger_ms)


def name_run(directory: RunDirectory) -> None:
    """Let a run directory keep the name that its run is told under."""
    from connectors.kafka.telling import RUN, named  # noqa: PLC0415 - most runs do without a client

    directory.texts = {RUN: named(), **directory.texts}


def journal_of(
    own: tuple[RunDirectory, str, Instrument, str],
    outlet: "Outlet | None",
    shared: Shared,
    *,
    answered: bool = False,
) -> Journal:
    """Return a symbol's logs, not yet opened, which are also told where there is an outlet, or answered."""
    if outlet is None:
        return Journal(*own)
    from connectors.kafka.telling import TellingJournal  # noqa: PLC0415 - most runs do without a client

    return TellingJournal(own, outlet, shared.refuse, answered=answered)
