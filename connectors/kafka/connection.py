"""How a broker is reached: options as they were written, with their secrets put in at the last moment."""

import logging
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple, NoReturn

from confluent_kafka import KafkaError, KafkaException

from operators.errors import ConfigError, SourceError

PATIENCE_S: Final = 3.5
"""How long a broker may take to answer at the start."""
MARKET: Final = "kafka.topic"
FILE: Final = "_file"
"""The end of an option whose value stands in a file."""
REFERENCE: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
QUOTED: Final = re.compile(r"(sasl\.oauthbearer\.config).*", re.DOTALL)
"""A complaint of librdkafka that repeats from a secret what it does not understand."""
QUICK: Final = {
    "reconnect.backoff.max.ms": "2000",
    "socket.connection.setup.timeout.ms": "5000",
    # What owes an answer for longer is hung up on, and called anew.
    "socket.timeout.ms": "10000",
}
"""Options unless others are given: a market waits for nobody."""
ALL_DOWN: Final = (KafkaError._ALL_BROKERS_DOWN,)  # noqa: SLF001 - its own name
UNKNOWN_TOPIC: Final = (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC)  # noqa: SLF001 - its own names
LEADERLESS: Final = (KafkaError.LEADER_NOT_AVAILABLE, KafkaError.NOT_LEADER_FOR_PARTITION)
UNSETTLED: Final = (*UNKNOWN_TOPIC, *LEADERLESS)
"""What brokers say of a topic that was made this moment, or while its leaders change."""
UNSETTLED_PAUSE_S: Final = 0.1
"""Between two questions while they do."""


class Place(NamedTuple):
    """A topic, and how to reach it."""

    bootstrap: str
    topic: str
    options: Mapping[str, str]
    """Options of librdkafka; `${NAME}` is a variable of the environment, `x_file` a file with x."""
    key: str = MARKET
    """The setting that names the topic."""


class Troubles(logging.Handler):
    """What a connection last complained about; its own lines are shown to nobody."""

    def __init__(self) -> None:
        super().__init__()
        self.last, self.down = "", False
        self.logger = logging.Logger("kafka")  # noqa: LOG001 - known to nobody else, and gone with its client
        self.logger.addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the reason that a connection failed for, which no error repeats."""
        line = record.getMessage()
        if line.startswith("FAIL"):
            self.last = discreet(line.rpartition("]: ")[2])

    def note(self, error: KafkaError) -> None:
        """Keep a complaint; that all brokers are down only says that it holds for each."""
        self.down = self.down or error.code() in (*ALL_DOWN, KafkaError._AUTHENTICATION)  # noqa: SLF001 - its own
        if error.code() not in ALL_DOWN or not self.last:
            self.last = discreet(error.str())

    def forget(self) -> None:
        """Go on: a broker answers."""
        self.last, self.down = "", False

    def settings(self) -> dict[str, Any]:
        """Return what a client is made with, so that it complains here."""
        return {"error_cb": self.note, "logger": self.logger}


def connection(place: Place, troubles: Troubles) -> dict[str, Any]:
    """Return what a client is made with.

    Raises:
        SourceError: a secret is not where the options say.
    """
    given = dict(_told(name, text) for name, text in place.options.items())
    return {**QUICK, **given, "bootstrap.servers": place.bootstrap, **troubles.settings()}


def refuse_options(error: KafkaException) -> NoReturn:
    """Say which option a client could not be made with.

    Raises:
        ConfigError: always.
    """
    raise ConfigError([f"kafka.options: {discreet(error.args[0].str())}"]) from None


def discreet(complaint: str) -> str:
    """Return what a client complains about without what it repeats of a secret.

    >>> discreet("Unrecognized sasl.oauthbearer.config beginning at: hunter2")
    'Unrecognized sasl.oauthbearer.config'
    """
    return QUOTED.sub(r"\1", complaint)


def _told(name: str, text: str) -> tuple[str, str]:
    if name.endswith(FILE):
        return name.removesuffix(FILE), _read(name, Path(text))
    return name, REFERENCE.sub(lambda found: _variable(name, found[1]), text)


def _read(name: str, path: Path) -> str:
    try:
        return path.read_text().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        raise SourceError(f"kafka.options.{name}: {path} cannot be read: {why}") from None


def _variable(name: str, variable: str) -> str:
    try:
        return os.environ[variable]
    except KeyError:
        raise SourceError(f"kafka.options.{name}: the variable {variable} is not set") from None
