"""Options reach a client with their secrets, which stand nowhere else."""

import pytest

from connectors.kafka.connection import Place, Troubles, connection
from connectors.kafka.diagnosis import topic_at
from connectors.kafka.reader import consumer
from operators.errors import SourceError
from tests.oracles.broker import free_port


def made(**options):
    return connection(Place("here:9092", "market", options), Troubles())


def test_a_variable_of_the_environment_and_a_file_are_put_in(monkeypatch, tmp_path):
    monkeypatch.setenv("A_SECRET", "s3cret")
    (tmp_path / "password").write_text("from a file\n")
    told = made(**{"sasl.username": "u-${A_SECRET}", "sasl.password_file": str(tmp_path / "password")})
    assert told["sasl.username"] == "u-s3cret"
    assert told["sasl.password"] == "from a file"
    assert "sasl.password_file" not in told
    assert told["bootstrap.servers"] == "here:9092"


def test_what_is_missing_is_named_and_nothing_else_is_said(tmp_path):
    with pytest.raises(
        SourceError, match=r"kafka\.options\.sasl\.password: the variable NOT_THERE is not set"
    ):
        made(**{"sasl.password": "${NOT_THERE}"})
    with pytest.raises(
        SourceError, match=r"kafka\.options\.ssl\.key\.password_file: .*none cannot be read: No such"
    ):
        made(**{"ssl.key.password_file": str(tmp_path / "none")})


def test_what_a_client_repeats_of_a_secret_is_not_said(monkeypatch):
    monkeypatch.setenv("TOKEN", "hunter2=1")
    options = {
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanism": "OAUTHBEARER",
        "enable.sasl.oauthbearer.unsecure.jwt": "true",
        "sasl.oauthbearer.config": "${TOKEN}",
    }
    place, troubles = Place(f"127.0.0.1:{free_port()}", "market", options), Troubles()
    client = consumer(place, troubles)
    with pytest.raises(SourceError) as refused:
        topic_at(client, place, troubles)
    client.close()
    assert "sasl.oauthbearer.config" in str(refused.value)
    assert "hunter2" not in str(refused.value)
