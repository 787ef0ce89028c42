"""A broker that lets nobody in without a word or a certificate; secrets that stand nowhere."""

import base64
import json
import shutil
import signal
import subprocess
import sys
import time

import pytest
from confluent_kafka.admin._acl import AclOperation

from connectors.claims import Claimant
from connectors.kafka.claim import claimed_at
from connectors.kafka.connection import Place
from connectors.runs import CHECKPOINT
from flows.publishing import send
from operators.errors import SourceError
from tests.oracles.broker import NoBroker
from tests.oracles.guarded import PASSWORD, guarded
from tests.oracles.outages import Process
from tests.oracles.runs import PROFILE, ROOT, fused, graphed, lines, lively, made

SYMBOL = "BTCUSDC"
MARKET = lively(SYMBOL, seconds=4)
WITHIN_S = 5.0
"""How soon a sentence has to come, from when the client was made."""
STARTING_S = 3.0
"""What loading the program may take where two cores are shared by many."""


@pytest.fixture(scope="module")
def guard(tmp_path_factory):
    try:
        return guarded(tmp_path_factory.mktemp("guarded") / "here")
    except NoBroker as missing:
        pytest.skip(str(missing))


@pytest.fixture
def password(monkeypatch):
    monkeypatch.setenv("KAFKA_PASSWORD", PASSWORD)


def let_in(guard, how):
    if how == "mutual":
        return guard.at("MUTUAL"), guard.mutual()
    return guard.at("SASL_SSL"), guard.options(*how.split(" "))


def reached(place, options):
    return (f"kafka.bootstrap={place}", f"kafka.options={json.dumps(options)}")


@pytest.mark.parametrize("how", ["SCRAM-SHA-512 scram", "PLAIN plain", "mutual"])
def test_who_is_known_publishes_reads_and_tells(guard, password, tmp_path, how):
    guard.user("scram")
    market, told, broker = guard.open.topic(2), guard.open.topic(2), reached(*let_in(guard, how))
    assert send(PROFILE, (*MARKET, *broker), market)[SYMBOL] > 50
    source = ("source.kind=kafka", f"kafka.topic={market}", f"kafka.orders_topic={told}", *broker)
    out = graphed(made(tmp_path / "run", *MARKET, *source), every_s=0.2)
    plain = fused(made(tmp_path / "plain", *MARKET))
    assert (out / "orders.jsonl").read_bytes() == (plain / "orders.jsonl").read_bytes()
    assert (out / "fills.jsonl").read_bytes() == (plain / "fills.jsonl").read_bytes()
    n_told = sum(len(guard.open.kept(told, partition)) for partition in range(2))
    assert n_told == len(lines(out / "orders.jsonl")) > 10


def unreachable(guard):
    """Return what is wrong, where, by which options, and what has to be said of it."""
    scram, sasl = guard.options("SCRAM-SHA-512", "scram"), guard.at("SASL_SSL")
    wrong = {**scram, "sasl.password": "${KAFKA_WRONG}"}
    no_authority = {name: each for name, each in scram.items() if name != "ssl.ca.location"}
    unknown = {name: each for name, each in guard.mutual().items() if "ssl.ca" in name or "sec" in name}
    return {
        "a wrong password": (sasl, wrong, "kafka.options: {} refuses sasl.username with sasl.password ("),
        "a wrong plain one": (
            sasl,
            {**wrong, "sasl.mechanism": "PLAIN"},
            "kafka.options: {} refuses sasl.username with sasl.password (",
        ),
        "no authority": (sasl, no_authority, "kafka.options.ssl.ca.location: {} cannot be trusted: unable"),
        "another name": (guard.at("MISNAMED"), unknown, "kafka.bootstrap: {} cannot be trusted: IP address"),
        "no certificate": (
            guard.at("MUTUAL"),
            unknown,
            "kafka.options.ssl.certificate.location: {} does not take our certificate (",
        ),
        "no encryption": (sasl, {}, "kafka.options.security.protocol: {} hangs up on PLAINTEXT ("),
        "encryption for none": (
            guard.open.bootstrap,
            unknown,
            "kafka.options.security.protocol: {} hangs up on SSL (",
        ),
        "an unknown user": (
            sasl,
            guard.options("SCRAM-SHA-512", "nobody"),
            "kafka.options: {} refuses sasl.username with sasl.password (",
        ),
    }


WRONG = (
    *("a wrong password", "a wrong plain one", "no authority", "another name", "no certificate"),
    *("no encryption", "encryption for none", "an unknown user"),
)
COMMANDS = {
    "run": ("run", "--set=source.kind=kafka", "--set=kafka.topic=market"),
    "tell": ("run", "--set=kafka.orders_topic=orders"),
    "publish": ("publish", "--topic=market"),
}


def phoenix(*arguments, **more):
    command = [sys.executable, "-m", "flows.cli", *map(str, arguments)]
    return Process(command, cwd=ROOT, text=True, stderr=subprocess.PIPE, **more)


def one_sentence(command, settings, out, code=1):
    """Run a command that has to fail; return the one line that it says, which comes in time."""
    more = ["--out", out] if command[0] == "run" else []
    began = time.monotonic()
    process = phoenix(*command, *(f"--set={each}" for each in settings), *more)
    _, said = process.communicate(timeout=120)
    assert time.monotonic() - began < STARTING_S + WITHIN_S
    assert process.returncode == code, said
    (sentence,) = said.splitlines()
    assert PASSWORD not in sentence
    assert not out.exists()
    return sentence


@pytest.mark.parametrize("what", WRONG)
def test_who_is_not_known_ends_with_a_sentence_that_names_the_key(
    guard, password, monkeypatch, tmp_path, what
):
    monkeypatch.setenv("KAFKA_WRONG", "not-it")
    place, options, sentence = unreachable(guard)[what]
    said = one_sentence(COMMANDS["run"], reached(place, options), tmp_path / "run")
    assert said.startswith(sentence.format(place))
    assert "not-it" not in said


@pytest.mark.parametrize("command", ["tell", "publish"])
def test_every_command_says_so(guard, monkeypatch, tmp_path, command):
    monkeypatch.setenv("KAFKA_PASSWORD", "not-it")
    place, options = let_in(guard, "SCRAM-SHA-512 scram")
    said = one_sentence(COMMANDS[command], reached(place, options), tmp_path / "run")
    assert said.startswith(f"kafka.options: {place} refuses sasl.username with sasl.password (")


def test_every_case_is_tried(guard):
    assert set(WRONG) == set(unreachable(guard))


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("run", "kafka.topic: market cannot be read: Broker: Topic authorization failed"),
        ("tell", "kafka.orders_topic: orders cannot be used: Broker: Topic authorization failed"),
        ("publish", "--topic: market cannot be used: Broker: Topic authorization failed"),
    ],
)
def test_who_may_do_nothing_is_told_so(guard, password, tmp_path, command, sentence):
    guard.user("guest")
    settings = reached(*let_in(guard, "SCRAM-SHA-512 guest"))
    assert one_sentence(COMMANDS[command], settings, tmp_path / "run") == sentence


def test_who_may_only_read_the_topic_reads_it_without_any_group(guard, password, tmp_path):
    guard.user("reader")
    topic, out = guard.open.topic(), tmp_path / "run"
    send(PROFILE, (*MARKET, f"kafka.bootstrap={guard.open.bootstrap}"), topic)
    guard.allow("reader", topic, AclOperation.DESCRIBE, AclOperation.READ)
    source = ("source.kind=kafka", f"kafka.topic={topic}")
    graphed(made(out, *MARKET, *source, *reached(*let_in(guard, "SCRAM-SHA-512 reader"))))
    assert len(lines(out / "orders.jsonl")) > 10


@pytest.mark.parametrize("rights", [(), (AclOperation.DESCRIBE,)])
def test_a_shard_that_may_not_join_its_group_is_told_so(guard, password, tmp_path, rights):
    user = f"sharer-{len(rights)}"
    guard.user(user)
    topic = guard.open.topic()
    guard.allow(user, topic, AclOperation.DESCRIBE, AclOperation.READ)
    group = f"phoenix-claims-phoenix-{topic}"
    guard.allow_group(user, group, *rights)
    place = Place(guard.at("SASL_SSL"), topic, guard.options("SCRAM-SHA-512", user))
    began = time.monotonic()
    with (
        pytest.raises(SourceError, match=f"needs the right to read the group {group}"),
        claimed_at(place, "phoenix", Claimant("1of2", [SYMBOL], "a run"), print),
    ):
        raise AssertionError
    assert time.monotonic() - began < WITHIN_S


def failed(process):
    _, said = process.communicate(timeout=120)
    assert process.returncode == 1, said
    return said.splitlines()[-1]


def test_who_may_look_but_not_read_is_told_so(guard, password, tmp_path):
    guard.user("looker")
    topic = guard.open.topic()
    guard.allow("looker", topic, AclOperation.DESCRIBE)
    settings = (*MARKET, *reached(*let_in(guard, "SCRAM-SHA-512 looker")), f"kafka.topic={topic}")
    changes = [f"--set={each}" for each in (*settings, "source.kind=kafka")]
    said = failed(phoenix("run", *changes, "--out", tmp_path / "run"))
    assert said.startswith(f"kafka.topic: {topic} cannot be read: ")
    assert said.endswith("Topic authorization failed")


def test_who_may_write_no_more_ends_and_goes_on_where_it_may_again(guard, password, tmp_path):
    """The client gives up for good then: what it calls a fatal error."""
    guard.user("writer")
    topic, out = guard.open.topic(), tmp_path / "run"
    rights = (AclOperation.DESCRIBE, AclOperation.WRITE)
    guard.allow("writer", topic, *rights)
    broker = reached(*let_in(guard, "SCRAM-SHA-512 writer"))
    paced = (*lively(SYMBOL, seconds=40), "source.speed=2", "run.checkpoint_every_s=0.2", "run.report=false")
    changes = [f"--set={each}" for each in (*paced, *broker, f"kafka.orders_topic={topic}")]
    process = phoenix("run", *changes, "--out", out)
    while not guard.open.kept(topic):
        assert process.poll() is None
    guard.revoke("writer", topic, *rights)
    said = failed(process)
    assert said.startswith("kafka: ")
    assert "authorization failed" in said
    assert said.endswith("; resume the run")
    guard.allow("writer", topic, *rights)
    again = phoenix("run", "--resume", "--set=source.speed=0", "--out", out)
    _, said = again.communicate(timeout=120)
    assert again.returncode == 0, said
    orders = {json.loads(value)["n"]: json.loads(value) for _, value in guard.open.kept(topic)}
    assert list(orders) == list(range(1, len(lines(out / "orders.jsonl")) + 1))


def await_line(process, words):
    for line in process.stderr:
        if words in line:
            return line
    raise AssertionError(f"never said: {words}")


def test_a_secret_stands_in_no_file_and_is_never_said(guard, password, tmp_path):
    """Neither where it began, nor after a reload, a stop and a resumption, nor when it is checked."""
    guard.user("scram")
    (tmp_path / "key").write_text(f"{PASSWORD}\n")
    config, out, topic = tmp_path / "own.yaml", tmp_path / "run", guard.open.topic()
    shutil.copy(PROFILE, config)
    options = {**guard.options("SCRAM-SHA-512", "scram"), "ssl.key.password_file": str(tmp_path / "key")}
    paced = (*lively(SYMBOL, seconds=60), "source.speed=2", "run.checkpoint_every_s=0.2")
    settings = (*paced, *reached(guard.at("SASL_SSL"), options), f"kafka.orders_topic={topic}")
    changes = [f"--set={each}" for each in (*settings, "metrics.enabled=true", "metrics.port=0")]
    with phoenix("run", "--config", config, *changes, "--out", out, stdout=subprocess.PIPE) as process:
        while not guard.open.kept(topic):
            assert process.poll() is None
        config.write_text(config.read_text().replace("multiplier: 0.2", "multiplier: 0.3"))
        heard = await_line(process, "version 1")
        process.send_signal(signal.SIGTERM)
        heard += "".join(process.communicate(timeout=120))
    assert process.returncode == 0, heard
    again = phoenix("run", "--resume", "--set=source.speed=0", "--out", out, stdout=subprocess.PIPE)
    heard += "".join(again.communicate(timeout=120))
    assert again.returncode == 0, heard
    check = phoenix("check", config, *changes, stdout=subprocess.PIPE)
    heard += "".join(check.communicate(timeout=120))
    assert check.returncode == 0, heard
    texts = {str(path.relative_to(out)): path.read_bytes() for path in out.rglob("*") if path.is_file()}
    assert any(name.startswith(CHECKPOINT) for name in texts)
    assert {"log.jsonl", "config.yaml", "origin.json", "report.html"} <= set(texts)
    assert b"${KAFKA_PASSWORD}" in texts["config.yaml"]
    assert "${KAFKA_PASSWORD}" in heard
    for form in (PASSWORD, base64.b64encode(PASSWORD.encode()).decode()):
        assert [name for name, text in texts.items() if form.encode() in text] == []
        assert form not in heard
