"""Desks at a venue elsewhere, and the topics between them and it."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from configs.settings import Settings
from connectors.kafka.ages import Ages
from connectors.kafka.connection import Place
from connectors.kafka.desk import Desk
from connectors.kafka.facts_taken import MarketTaker
from connectors.kafka.market import KafkaMarket, Start, open_market
from connectors.kafka.publisher import AS_THE_BROKER_SAYS, make_topic
from connectors.kafka.reports_taken import ReportTaker
from connectors.kafka.requests_taken import RequestTaker
from connectors.kafka.silence import Silence
from connectors.kafka.stream import Channel, Habits, Stream
from connectors.kafka.takers import Both
from connectors.kafka.telling import run_name
from connectors.run_directory import RunDirectory
from operators.desk import Rules

Other = ReportTaker | RequestTaker


def second_topic(
    market: KafkaMarket, place: Place, symbols: Sequence[str], say: Callable[[str], None]
) -> KafkaMarket | None:
    """Find the other topic of a stream, or make it, to be read from now on; None where it is the market's.

    Raises:
        SourceError: no broker answers, or it makes none.
    """
    if place.topic == market.reader.place.topic:
        return None
    make_topic(place, AS_THE_BROKER_SAYS)
    return open_market(place, Start("latest"), symbols, say)


def channels(
    market: KafkaMarket, facts: MarketTaker, other: KafkaMarket | None, taker: Other
) -> list[Channel]:
    """Return the topics of a stream with what makes rows of each; one topic may hold both."""
    if other is None:
        return [Channel(market, Both(facts, taker))]
    return [Channel(market, facts), Channel(other, taker)]


def habits(settings: Settings, rules: Rules) -> Habits:
    """Return how the stream of a symbol is cut."""
    max_age_s = settings.kafka.max_age_s
    clock_ns = int(np.asarray(rules.loop)["clock_ns"][0])
    return Habits(clock_ns, 0 if max_age_s is None else max(1, round(max_age_s * 1e9)))


class Desks(NamedTuple):
    """What desks are made of."""

    settings: Settings
    market: KafkaMarket
    reports: KafkaMarket | None
    """None where they come in the market's own topic."""
    silence: Silence
    ages: Ages | None
    """None where nothing is too old."""

    def desk(self, symbol: str, rules: Rules, directory: RunDirectory) -> Desk:
        """Return one symbol's stream, at its start."""
        instrument = self.settings.symbols[symbol].instrument
        facts, reports = (
            MarketTaker(instrument),
            ReportTaker(instrument, lambda: run_name(directory.path, symbol)),
        )
        between = channels(self.market, facts, self.reports, reports)
        cut = habits(self.settings, rules)._replace(ages=self.ages)
        return Desk(Stream(symbol, between, cut), facts, reports, self.silence)
