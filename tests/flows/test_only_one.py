"""One desk and one venue for a symbol at a topic: which topics are the same, and when that is seen."""

from contextlib import ExitStack

import pytest

from configs.load import load
from flows.shards import only_one
from operators.errors import RunDirectoryError
from tests.oracles.broker import free_port
from tests.oracles.command import phoenix
from tests.oracles.runs import PROFILE

WHO = {"share": "a venue", "run": "runs/first"}
TOPICS = ("kafka.topic=market", "kafka.orders_topic=orders", "kafka.reports_topic=reports")
LONG = ",".join(f"a-broker-with-a-long-name-{n}.of.some.region.example:9092" for n in range(12))


def claim(folder, bootstrap, told="reports_topic"):
    changes = (f"run.directory={folder}", "source.kind=kafka", *TOPICS, f"kafka.bootstrap={bootstrap}")
    return only_one(load(PROFILE, changes), told, ["BTCUSDC"], WHO)


def test_brokers_are_told_apart_and_so_are_desks_and_venues(tmp_path):
    others = (
        "one:9092",
        "two:9092",
        "one:9093",
        "one_9092",
        "one:9092,two:9092",
        "../one",
        LONG,
        f"{LONG},one",
    )
    with ExitStack() as held:
        for bootstrap in others:
            for told in ("reports_topic", "orders_topic"):
                held.enter_context(claim(tmp_path / "runs", bootstrap, told))
        files = [path for path in tmp_path.rglob("*") if path.is_file()]
        assert len(files) == len(others) * 2
        assert {path.parents[3] for path in files} == {tmp_path / "runs" / "claims"}


@pytest.mark.parametrize("listed", ["one:9092,two:9092", "two:9092, one:9092"])
def test_the_same_brokers_are_known_in_whatever_order(tmp_path, listed):
    with (
        claim(tmp_path, "one:9092,two:9092"),
        pytest.raises(RunDirectoryError, match="BTCUSDC is run already, by a venue in runs/first"),
        claim(tmp_path, listed),
    ):
        raise AssertionError


def test_a_second_venue_is_refused_before_it_asks_any_broker(tmp_path):
    nobody = f"127.0.0.1:{free_port()}"
    settings = (f"run.directory={tmp_path}", "source.kind=kafka", *TOPICS, f"kafka.bootstrap={nobody}")
    changes = [f"--set={each}" for each in settings]
    with claim(tmp_path, nobody):
        refused = phoenix("venue", *changes, "--out", tmp_path / "second")
    assert refused.returncode == 1
    assert refused.stderr.startswith("BTCUSDC is run already, by a venue in runs/first")
    alone = phoenix("venue", *changes, "--out", tmp_path / "second")
    assert alone.stderr.startswith(f"kafka.bootstrap: no broker answers at {nobody}")
    assert not (tmp_path / "second").exists()
