import json
from typing import Any

import pytest

from connectors.redaction import GONE, redact, redacted

SECRET = "hunter2hunter2"  # noqa: S105 - the one that must not be seen


@pytest.mark.parametrize(
    "key",
    [
        "password",
        "db_password",
        "PASSWD",
        "secret",
        "client_secret",
        "token",
        "access_token",
        "api_key",
        "apiKey",
        "API-KEY",
        "Authorization",
        "webhook",
        "slack_webhook_url",
        "sasl.password",
        "sasl.username",
        "sasl.jaas.config",
        "private_key",
        "credentials",
        "cookie",
    ],
)
def test_what_is_under_such_a_key_is_never_written(key):
    event: dict[str, Any] = {"event": "x", key: SECRET, "settings": {"list": [{key: {"deeper": SECRET}}]}}
    told = redact(None, "info", event)
    assert SECRET not in json.dumps(told)
    assert told[key] == GONE
    assert told["event"] == "x"


@pytest.mark.parametrize(
    "text",
    [
        f"kafka://user:{SECRET}@broker:9092/topic",
        f"https://{SECRET}@host/path",
        f"wss://stream/ws?token={SECRET}&symbol=btcusdt",
        f'{{"apiKey":"{SECRET}","e":"trade"}}',
        f"{{'password': '{SECRET}'}}",
        f'{{\\"secret\\":\\"{SECRET}\\"}}',
        f"Authorization: Bearer {SECRET}",
        f"authorization=Basic {SECRET}",
        f"Authorization: ApiKey {SECRET}",
        f"Authorization: Token {SECRET}",
        f"wss://me:an@{SECRET}@venue/ws",
        f"the header was Bearer {SECRET}",
        f"sasl.password={SECRET}",
        f"https://hooks.slack.com/services/T00/B00/{SECRET}",
    ],
)
def test_a_secret_within_a_text_is_cut_out_and_the_rest_stands(text):
    told = redacted(f"before {text} after")
    assert SECRET not in told
    assert GONE in told
    assert told.startswith("before ")
    assert told.endswith(" after")


def test_what_is_no_secret_is_left_alone():
    event = {"event": "dead_letter", "symbol": "BTCUSDC", "n": 3, "share": 0.5, "flag": True, "none": None}
    assert redact(None, "info", event) == event
    for text in ('{"e":"trade","p":"95000.1"}', "https://example.org/a?b=c", "BTCUSDC: 3 tokens, no word"):
        assert redacted(text) == text


def test_other_values_are_told_as_text_without_secrets():
    told = redact(None, "info", {"event": "x", "error": ValueError(f"password={SECRET}"), "set": {1}})
    assert told == {"event": "x", "error": f"password={GONE}", "set": [1]}
