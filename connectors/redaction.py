"""What no log may hold: passwords, tokens and keys, wherever they stand."""

import re
from collections.abc import Mapping, MutableMapping
from typing import Any, Final

GONE: Final = "[redacted]"
WORDS: Final = (
    r"passw(?:or)?d|passphrase|secret|token|api[_-]?key|private[_-]?key|authorization|credential|cookie|webhook|"
    r"sasl[._](?:password|username|jaas[._a-z]*|oauth[._a-z]*)|signature"
)
SECRET_KEY: Final = re.compile(WORDS, re.IGNORECASE)
PAIR: Final = re.compile(
    rf"""((?:{WORDS})[\w.-]*\\*["']?\s*[:=]\s*)"""
    r"""(\\*"[^"]*"|'[^']*'|(?:bearer |basic |token |apikey )?[^\s"',;&}\])]+)""",
    re.IGNORECASE,
)
"""`name: value`, `name=value` or `"name": "value"` within a text."""
BEARER: Final = re.compile(r"\b(bearer|basic)\s+[\w.~+/=-]{8,}", re.IGNORECASE)
LOGIN: Final = re.compile(r"(\b[a-z][a-z0-9+.-]*://)[^\s/]+@", re.IGNORECASE)
"""`user:password@` in front of a host; a user alone may be a token."""
HOOK: Final = re.compile(r"(\bhooks\.[\w.-]+/)[^\s\"'<>]+", re.IGNORECASE)
"""The path of a webhook is its password."""


def redacted(text: str) -> str:
    """Return a text without what only its owner may know.

    >>> redacted("GET wss://me:hunter2@venue/ws?api_key=abc&depth=5 Authorization: Bearer eyJh")
    'GET wss://[redacted]@venue/ws?api_key=[redacted]&depth=5 Authorization: [redacted]'
    >>> redacted("https://hooks.slack.com/services/T0/B0/x is not answering")
    'https://hooks.slack.com/[redacted] is not answering'
    """
    text = HOOK.sub(rf"\1{GONE}", LOGIN.sub(rf"\1{GONE}@", text))
    return BEARER.sub(rf"\1 {GONE}", PAIR.sub(rf"\1{GONE}", text))


def cleaned(value: object, key: str = "") -> object:
    """Return a value of a log as it may be written, whatever it holds, however deep."""
    if SECRET_KEY.search(key) and value is not None:
        return GONE
    if isinstance(value, str):
        return redacted(value)
    if isinstance(value, Mapping):
        return {redacted(str(name)): cleaned(below, str(name)) for name, below in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [cleaned(each) for each in value]
    return value if value is None or isinstance(value, bool | int | float) else redacted(str(value))


def redact(_logger: object, _method: str, event: MutableMapping[str, Any]) -> dict[str, object]:
    """Clean a whole event: a step of a logger."""
    return {name: cleaned(value, name) for name, value in event.items()}
