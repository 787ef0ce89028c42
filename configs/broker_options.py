"""Options of librdkafka: which are no choice, and which hold secrets that nobody may read."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Final

from pydantic import BeforeValidator

from configs.scalars import another_kind, said, text

SECRET: Final = re.compile(
    r"sasl\.password|ssl\.key\.password|ssl\.key\.pem|ssl\.keystore\.password|sasl\.oauthbearer\.client\.secret"
    r"|sasl\.oauthbearer\.config|sasl\.oauthbearer\.assertion\.private\.key\.(?:pem|passphrase)|ssl_key"
)
"""Options of librdkafka that nobody may read."""
REFERENCE: Final = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}")
"""A variable of the environment."""
DECIDED: Final = {
    "bootstrap.servers": "kafka.bootstrap says it",
    "enable.auto.commit": "offsets stand in the checkpoint",
    "enable.auto.offset.store": "offsets stand in the checkpoint",
    "auto.offset.reset": "kafka.start says it",
    "enable.idempotence": "it always is",
    "metadata.broker.list": "kafka.bootstrap says it",
    "group.id": "groups have names of their own",
    "group.instance.id": "each process is a member by itself",
    "transactional.id": "nothing is told in transactions",
    "message.timeout.ms": "brokers are waited for as long as it takes",
    "delivery.timeout.ms": "brokers are waited for as long as it takes",
    "delivery.report.only.error": "every message is waited for",
    "enable.partition.eof": "ends are looked up otherwise",
    "statistics.interval.ms": "it is a second",
    "enabled_events": "it is for programs",
    "default.topic.config": "its options may stand here themselves",
    **dict.fromkeys(("logger", "on_commit", "on_delivery", "partitioner_cb"), "it is for programs"),
    **dict.fromkeys(("error_cb", "oauth_cb", "stats_cb", "throttle_cb"), "it is for programs"),
}
"""Options of librdkafka that are no choice here, and why."""


def options(value: object) -> dict[str, str]:
    """Read options by name; a name may be written as nested sections too.

    >>> options({"security.protocol": "SASL_SSL", "sasl": {"password_file": "/run/secrets/kafka"}})
    {'security.protocol': 'SASL_SSL', 'sasl.password_file': '/run/secrets/kafka'}
    """
    if not isinstance(value, dict | None):
        raise another_kind()
    found = dict(_leaves(value or {}, ""))
    for name, written in found.items():
        if why := DECIDED.get(name.removesuffix("_file")):
            raise said(f"must not hold {name}: {why}")
        if SECRET.fullmatch(name) and not REFERENCE.fullmatch(written):
            raise said(f"must not hold a secret: write {name} as ${{NAME}}, or name a file by {name}_file")
    return found


def _leaves(tree: Mapping[object, object], prefix: str) -> Iterator[tuple[str, str]]:
    for name, below in tree.items():
        path = f"{prefix}{text(name)}"
        if isinstance(below, dict):
            yield from _leaves(below, f"{path}.")
        else:
            yield path, text(below)


Options = Annotated[dict[str, str], BeforeValidator(options)]
