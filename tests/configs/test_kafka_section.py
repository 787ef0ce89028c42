"""The section `kafka`: what must be said, what must not, and what comes out as it went in."""

import json
import re

import pytest

from configs.load import load
from configs.rules import rules_for
from configs.write import digest, resolved_yaml, trading_digest
from flows.desks import habits
from operators.errors import ConfigError
from operators.kernel import ROOT

PROFILE = ROOT / "configs" / "phoenix.yaml"
TOPIC = ("source.kind=kafka", "kafka.topic=market")
VENUE = (*TOPIC, "kafka.orders_topic=orders", "kafka.reports_topic=reports")
ITS_OWN = "must be a topic of its own: all of it is read, and what is no control becomes a dead letter"


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
        (
            (*TOPIC, "kafka.reports_topic=reports"),
            "kafka.orders_topic must be given when kafka.reports_topic is",
        ),
        (
            (*VENUE, "kafka.tells_best=false"),
            "--set kafka.tells_best: must be true at a venue elsewhere, was false",
        ),
        ((*TOPIC, "kafka.control_topic=market"), f'kafka.control_topic: {ITS_OWN}, was "market"'),
        ((*VENUE, "kafka.control_topic=orders"), f'kafka.control_topic: {ITS_OWN}, was "orders"'),
        ((*VENUE, "kafka.control_topic=reports"), f'kafka.control_topic: {ITS_OWN}, was "reports"'),
        (
            (*TOPIC, "kafka.control_topic=told", "kafka.dead_letters_topic=told"),
            f'kafka.control_topic: {ITS_OWN}, was "told"',
        ),
        ((*VENUE, "kafka.max_age_s=0"), "kafka.max_age_s: must be positive, was 0"),
        ((*VENUE, "kafka.max_age_s=86401"), "kafka.max_age_s: must be at most 86400, was 86401"),
        ((*VENUE, "kafka.max_age_s=nan"), "kafka.max_age_s: must be a finite number, was nan"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(overrides, said):
    (sentence,) = refused(*overrides)
    assert sentence.endswith(said)
    assert "hunter2" not in sentence


def test_at_a_venue_elsewhere_one_topic_may_hold_everything_but_what_operators_want():
    kinds = ("orders", "reports", "fills", "readings", "dead_letters")
    told = load(
        PROFILE, (*TOPIC, *(f"kafka.{kind}_topic=market" for kind in kinds), "kafka.control_topic=wanted")
    )
    assert {getattr(told.kafka, f"{kind}_topic") for kind in kinds} == {"market"}
    assert refused(*TOPIC, "kafka.orders_topic=market") == [
        '--set kafka.orders_topic: must not be kafka.topic, where the market is, was "market"'
    ]


@pytest.mark.parametrize(("said", "expected_ns"), [("5", 5 * 10**9), ("null", 0), ("1e-10", 1)])
def test_the_shortest_age_is_not_the_same_as_none(said, expected_ns):
    told = load(PROFILE, (*VENUE, f"kafka.max_age_s={said}"))
    rules = rules_for(told.symbols["BTCUSDC"], told.source)
    assert habits(told, rules).max_age_ns == expected_ns


def test_where_orders_go_changes_what_a_run_does_and_who_may_halt_it_does_not():
    one = load(PROFILE, VENUE)
    assert digest(one) != digest(load(PROFILE, TOPIC))
    assert digest(load(PROFILE, (*VENUE, "kafka.control_topic=wanted"))) == digest(one)


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


@pytest.mark.parametrize(
    "name",
    [
        "default.topic.config",
        "delivery.report.only.error",
        "enable.partition.eof",
        "group.instance.id",
        "group.instance.id_file",
        "oauth_cb",
        "throttle_cb",
        "transactional.id",
    ],
)
def test_options_that_would_break_a_run_are_refused_by_name(name):
    options = json.dumps({name: "true"})
    with pytest.raises(ConfigError, match=rf"must not hold {re.escape(name)}: \w"):
        load(PROFILE, (*TOPIC, f"kafka.options={options}"))


def test_the_secrets_of_an_assertion_are_not_written_out():
    options = json.dumps({"sasl.oauthbearer.assertion.private.key.passphrase": "hunter2"})
    with pytest.raises(ConfigError, match="must not hold a secret") as refused:
        load(PROFILE, (*TOPIC, f"kafka.options={options}"))
    assert "hunter2" not in str(refused.value)
