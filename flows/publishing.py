"""`phoenix publish`: the market of a configuration, sent to a topic of Kafka."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from connectors.kafka.connection import MARKET, Place
from connectors.kafka.numbers import Held, already_there
from connectors.kafka.publisher import Outgoing, Publisher, make_topic, publish
from connectors.redaction import redacted
from connectors.with_bests import WithBests
from flows.market import program
from flows.program import Program
from operators.errors import ConfigError


def send(
    config: Path,
    changes: Sequence[str],
    topic: str | None = None,
    partitions: int | None = None,
    stops: Callable[[], bool] = lambda: False,
) -> dict[str, int]:
    """Publish a configuration's market from where the topic ends; return how many messages of each symbol.

    `partitions` is for a topic that is not there yet, which has one without. Whose end the topic holds
    already is said, and that it has another number of partitions than was asked for.

    Raises:
        ConfigError: something in it is wrong, or its market is a topic already.
        SourceError: a recording or the broker fails.
    """
    made = program(config, changes)
    settings = made.settings
    if made.topic is not None:
        raise ConfigError([f"{config}: source.kind must be synthetic or recorded to be published, was kafka"])
    name = topic or settings.kafka.topic
    if name is None:
        raise ConfigError(["--topic must be given, or kafka.topic"])
    place = Place(settings.kafka.bootstrap, name, settings.kafka.options, "--topic" if topic else MARKET)
    had = make_topic(place, partitions or 1)
    if had and partitions not in {None, had}:
        _say(f"kafka: {name} keeps its number of partitions, {had}: --partitions is for one that is made")
    there = {} if had is None else already_there(place, stops)
    ended = [symbol for symbol in made.rules if there.get(symbol, Held()).end is not None]
    if ended:
        _say(f"kafka: {name} holds the end of {', '.join(ended)} already: nothing is sent of what it has")
    streams = {symbol: _stream(made, symbol, there.get(symbol, Held())) for symbol in made.rules}
    try:
        return publish(Publisher(place, _say), streams, settings.source.speed, stops)
    finally:
        for stream in streams.values():
            stream.tape.close()


def _say(sentence: str) -> None:
    sys.stderr.write(f"{redacted(sentence)}\n")
    sys.stderr.flush()


def _stream(made: Program, symbol: str, held: Held) -> Outgoing:
    """What is made of depth is left to whoever reads: only what was recorded is sent."""
    tape = made.tape(symbol)
    if isinstance(tape, WithBests):
        sys.stderr.write(f"{symbol}: no best prices are recorded: read it with kafka.tells_best=false\n")
        tape = tape.tape
    return Outgoing(tape, made.settings.symbols[symbol].instrument, held)
