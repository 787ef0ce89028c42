"""Why no broker could be reached, as a sentence that names the key to look at."""

import re
import socket
import ssl
import time
from typing import Final

from confluent_kafka import Consumer, KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._metadata import TopicMetadata

from connectors.kafka.connection import (
    LEADERLESS,
    PATIENCE_S,
    UNSETTLED,
    UNSETTLED_PAUSE_S,
    Place,
    Troubles,
    connection,
)
from operators.errors import SourceError

HASTE_S: Final = 1.0
SPREAD_S: Final = 1.0
"""How long it may take until every broker knows of a topic that was made."""
LOOK_S: Final = 0.5
"""How long a second look at a certificate may take."""
AFTERTHOUGHT: Final = re.compile(r" \(after \d+ms in state \w+.*\)$")
REFUSED: Final = re.compile(r"SASL authentication error: (?P<why>.*)")
UNTRUSTED: Final = re.compile(r"certificate verify failed")
OURS: Final = re.compile(r"alert (bad certificate|certificate required|certificate unknown|unknown ca)")
OTHER_LANGUAGE: Final = re.compile(
    r"receive 0 after POLLIN|connecting to a PLAINTEXT broker|wrong version number|unexpected eof"
    r"|Connection reset by peer.*APIVERSION"
)
FOR_GOOD: Final = (REFUSED, UNTRUSTED, OURS, OTHER_LANGUAGE)
"""Nothing of this passes by itself."""


def topic_at(client: Consumer | AdminClient, place: Place, troubles: Troubles) -> TopicMetadata:
    """Return what brokers say of a topic; whoever refuses us is not asked for long.

    Raises:
        SourceError: no broker answers in time, or none lets us in.
    """
    try:
        return _asked(client, place, HASTE_S)
    except KafkaException as error:
        if any(each.search(troubles.last) for each in FOR_GOOD):
            raise unreachable(place, troubles, error) from None
    try:
        return _asked(client, place, PATIENCE_S - HASTE_S)
    except KafkaException as error:
        raise unreachable(place, troubles, error) from None


def settled(client: Consumer | AdminClient, place: Place, troubles: Troubles) -> TopicMetadata:
    """Return what brokers say of a topic that may have been made this very moment: one may not know it yet.

    Raises:
        SourceError: no broker answers in time, or none lets us in.
    """
    until = time.monotonic() + SPREAD_S
    while True:
        found = topic_at(client, place, troubles)
        early = found.error is not None and found.error.code() in UNSETTLED
        if not early or time.monotonic() > until:
            return found
        time.sleep(UNSETTLED_PAUSE_S)


def unreachable(place: Place, troubles: Troubles, error: KafkaException) -> SourceError:
    """Return the sentence for a broker that does not answer, or does not want us."""
    where, whole = place.bootstrap, troubles.last or error.args[0].str()
    why = AFTERTHOUGHT.sub("", whole)
    protocol = place.options.get("security.protocol", "PLAINTEXT")
    if error.args[0].code() in LEADERLESS:
        said = f"{place.key}: a partition of {place.topic} has no leader at {where} ({error.args[0].str()})"
    elif found := REFUSED.search(why):
        said = f"kafka.options: {where} refuses sasl.username with sasl.password ({found['why']})"
    elif UNTRUSTED.search(why):
        seen = _look(place, troubles)
        key = "kafka.bootstrap" if "mismatch" in seen else "kafka.options.ssl.ca.location"
        said = f"{key}: {where} cannot be trusted: {seen}"
    elif found := OURS.search(why):
        said = f"kafka.options.ssl.certificate.location: {where} does not take our certificate ({found[1]})"
    elif OTHER_LANGUAGE.search(whole):
        said = f"kafka.options.security.protocol: {where} hangs up on {protocol} ({why})"
    else:
        said = f"kafka.bootstrap: no broker answers at {where} ({why})"
    return SourceError(said)


def _asked(client: Consumer | AdminClient, place: Place, patience_s: float) -> TopicMetadata:
    try:
        return client.list_topics(place.topic, timeout=patience_s).topics[place.topic]
    finally:
        client.poll(0)  # Only then are its complaints handed over.


def _look(place: Place, troubles: Troubles) -> str:
    """Say what is wrong with a certificate, which the client does not tell."""
    host, _, port = place.bootstrap.partition(",")[0].strip().rpartition(":")
    try:
        made = connection(place, troubles)
        trusted = ssl.create_default_context(cafile=made.get("ssl.ca.location"))
        with socket.create_connection((host.strip("[]"), int(port)), LOOK_S) as line:
            trusted.wrap_socket(line, server_hostname=host.strip("[]")).close()
    except ssl.SSLCertVerificationError as error:
        return error.verify_message.rstrip(".")
    except (OSError, ValueError, SourceError):
        return "its certificate is of no authority that we know, or of another name"
    return "its certificate is of no authority that we know"
