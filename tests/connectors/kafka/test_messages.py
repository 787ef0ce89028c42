"""Messages are what their page says: typed, versioned, and refused with a reason where they are not."""

import json
import re
from typing import Any

import msgspec
import pytest

from connectors.kafka import outgoing
from connectors.kafka.control import Control
from connectors.kafka.messages import KINDS, Fact, decode, encode
from connectors.kafka.reports import Report
from connectors.recorded.letters import Unusable
from operators.kernel import ROOT

PAGE = (ROOT / "docs" / "kafka_messages.md").read_text()
EVERY_EXAMPLE = [json.loads(text) for text in re.findall(r"```json\n(.*?)\n```", PAGE, re.DOTALL)]
BESIDE = (Report, Control)
EXAMPLES, TOLD = EVERY_EXAMPLE[: len(KINDS)], EVERY_EXAMPLE[len(KINDS) :]
TRADE = next(each for each in EXAMPLES if each["type"] == "trade")


def reason(message):
    raw = message if isinstance(message, bytes) else json.dumps(message).encode()
    with pytest.raises(Unusable) as caught:
        decode(raw)
    return caught.value.reason.value


def test_the_page_shows_one_of_each_kind_and_each_is_what_it_says():
    assert [each["type"] for each in EXAMPLES] == [kind.__struct_config__.tag for kind in KINDS]
    for example in EXAMPLES:
        assert json.loads(encode(decode(json.dumps(example).encode()))) == example


def test_the_page_shows_one_of_each_kind_that_a_run_tells_or_is_told():
    kinds: tuple[type[Any], ...] = (*outgoing.KINDS, *BESIDE)
    assert [each["type"] for each in TOLD] == [str(kind.__struct_config__.tag) for kind in kinds]
    for example, kind in zip(TOLD, kinds, strict=True):
        told = msgspec.json.decode(json.dumps(example), type=kind)
        assert json.loads(encode(told)) == example
        assert list(json.loads(encode(told))) == list(example)


def names(kind):
    return {field.encode_name for field in msgspec.structs.fields(kind)}


def test_the_page_lists_every_field_of_every_kind_and_no_other():
    common = names(Fact)
    sections = re.findall(r"\n## (.*?)\n(.*?)(?=\n## |\Z)", PAGE, re.DOTALL)
    listed = {title: set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)) for title, text in sections}
    assert listed.pop("Fields of every message") == {"type", *common}
    own = names(outgoing.Told)
    assert listed.pop("What a run tells") == {"type", *own}
    assert listed.pop("What a desk is told") == set()
    of_markets = {str(kind.__struct_config__.tag): names(kind) - common for kind in KINDS}
    told = {outgoing.name_of(kind): names(kind) - own for kind in outgoing.KINDS}
    heard = {str(kind.__struct_config__.tag): names(kind) for kind in BESIDE}
    assert listed == of_markets | told | heard


def test_fields_that_nobody_listed_are_passed_over():
    more = TRADE | {"venue": "here", "nested": {"price": 1}}
    assert encode(decode(json.dumps(more).encode())) == encode(decode(json.dumps(TRADE).encode()))


@pytest.mark.parametrize("version", [0, 2, 99])
def test_another_version_is_refused_as_such_whatever_else_it_holds(version):
    assert reason(TRADE | {"v": version}) == "unknown_version"
    assert reason({"v": version, "type": "nonsense"}) == "unknown_version"


@pytest.mark.parametrize("field", ["v", "type", "symbol", "ts_event", "price", "size"])
def test_a_message_without_a_field_that_it_needs_is_refused(field):
    assert reason({name: value for name, value in TRADE.items() if name != field}) == "missing_field"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"type": "trades"}, "unknown_stream"),
        ({"price": 93412.5}, "wrong_type"),
        ({"ts_event": "17"}, "wrong_type"),
        ({"ts_event": 0}, "wrong_type"),
        ({"ts_event": -5}, "wrong_type"),
        ({"n": -1}, "wrong_type"),
        ({"n": 1 << 63}, "wrong_type"),
        ({"aggressor": "taker"}, "wrong_type"),
        ({"symbol": ""}, "wrong_type"),
        ({"v": "1"}, "wrong_type"),
    ],
)
def test_a_field_of_another_kind_is_refused(change, expected):
    assert reason(TRADE | change) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"", "malformed_json"),
        (json.dumps(TRADE).encode()[:-9], "malformed_json"),
        (b"[1, 2]", "wrong_type"),
        (b"null", "wrong_type"),
        (b"\x80\x04\x95\x00", "not_text"),
        (b'{"v":1,"type":"trade","symbol":"\xff"}', "not_text"),
        (b'{"a":' * 100_000, "too_deep"),
        (b'{"type":"trade","v":2,"symbol":"BTC', "malformed_json"),
        (b'{"type":"trade","v":2, garbage', "malformed_json"),
        (b'{"type":"trade","v":2,"symbol":"\xff\xff"', "not_text"),
        (b'{"type":"trade","v":2,"x":' + b"[" * 100_000, "too_deep"),
    ],
)
def test_what_is_no_message_at_all_is_refused_with_its_reason(raw, expected):
    assert reason(raw) == expected
