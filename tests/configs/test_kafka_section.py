"""The section `kafka`: what must be said, what must not, and what comes out as it went in."""

import json

import pytest

from configs.load import load
from configs.write import digest, resolved_yaml, trading_digest
from operators.errors import ConfigError
from operators.kernel import ROOT

PROFILE = ROOT / "configs" / "phoenix.yaml"
TOPIC = ("source.kind=kafka", "kafka.topic=market")


def refused(*overrides):
    with pytest.raises(ConfigError) as caught:
        load(PROFILE, overrides)
    return caught.value.problems


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (("source.kind=kafka",), "kafka.topic must be given when source.kind is kafka"),
        ((*TOPIC, "kafka.start=timestamp"), "kafka.start_time must be given when kafka.start is timestamp"),
        ((*TOPIC, "kafka.start=offsets"), "kafka.start_offsets must be given when kafka.start is offsets"),
        (
            (*TOPIC, 'kafka.options={"sasl.password": "hunter2"}'),
            "write sasl.password as ${NAME}, or name a file by sasl.password_file, was a mapping",
        ),
        (
            (*TOPIC, 'kafka.options={"auto.offset.reset": "latest"}'),
            "--set kafka.options: must not hold auto.offset.reset: kafka.start says it, was a mapping",
        ),
        (
            (*TOPIC, "kafka.fills_topic=market"),
            'kafka.fills_topic: must not be kafka.topic, where the market is, was "market"',
        ),
        (
            (*TOPIC, "kafka.options=[1]"),
            "--set kafka.options: must be a mapping from names to texts, was a list",
        ),
        (
            (*TOPIC, "kafka.start_offsets={0: x}"),
            "--set kafka.start_offsets: must be a mapping from partitions to offsets, was a mapping",
        ),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(overrides, said):
    (sentence,) = refused(*overrides)
    assert sentence.endswith(said)
    assert "hunter2" not in sentence


def test_everything_comes_back_from_the_resolved_file(tmp_path):
    options = {"security.protocol": "SASL_SSL", "sasl.password": "${KAFKA_PASSWORD}", "client.id": "yes"}
    told = load(
        PROFILE,
        (
            *TOPIC,
            f"kafka.options={json.dumps(options)}",
            "kafka.start=offsets",
            "kafka.start_offsets={0: 5, 2: 7}",
        ),
    )
    (tmp_path / "again.yaml").write_text(resolved_yaml(told))
    again = load(tmp_path / "again.yaml")
    assert again.kafka == told.kafka
    assert again.kafka.options == options
    assert again.kafka.start_offsets == {0: 5, 2: 7}
    assert digest(again) == digest(told)


def test_how_a_broker_is_reached_changes_no_order_and_what_is_read_does():
    one = load(PROFILE, TOPIC)
    elsewhere = load(PROFILE, (*TOPIC, "kafka.bootstrap=there:9092", 'kafka.options={"client.id": "me"}'))
    assert digest(elsewhere) == digest(one)
    telling = [f"kafka.{kind}_topic=told" for kind in ("orders", "fills", "readings", "dead_letters")]
    assert digest(load(PROFILE, (*TOPIC, *telling))) == digest(one)
    assert digest(load(PROFILE, (*TOPIC, "kafka.start=latest"))) != digest(one)
    assert digest(load(PROFILE)) != digest(one)
    assert trading_digest(load(PROFILE)) == trading_digest(one)
