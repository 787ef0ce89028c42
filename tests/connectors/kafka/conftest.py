"""Topics with a market in them."""

import pytest

from connectors.kafka.connection import Place
from connectors.kafka.market import Start, open_market
from connectors.recorded import RecordedTape
from tests.oracles.synthetic_market import grid


@pytest.fixture
def opened(broker):
    """Return what opens a topic as a market; what it opened is closed at the end."""
    tapes: list[RecordedTape] = []

    def opened(topic, *symbols, start=None, **settings):
        place = Place(broker.bootstrap, topic, settings.pop("options", {}))
        market = open_market(place, start or Start("earliest"), symbols, print)
        made = [market.tape(grid(symbol), **settings) for symbol in symbols]
        tapes.extend(made)
        return made

    yield opened
    for tape in tapes:
        tape.close()
