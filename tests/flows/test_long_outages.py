"""Brokers that die again and again, and those that lead what a run reads: the orders are the same."""

import signal
import time

import pytest

from connectors.samples import read_samples
from tests.oracles.broker import NoBroker
from tests.oracles.kills import grown
from tests.oracles.mortal import Cluster
from tests.oracles.outages import PATIENCE_S, SOON_S, once, phoenix, running, sentence_with
from tests.oracles.runs import fused, lines, lively, made

pytestmark = pytest.mark.long
SYMBOL = "BTCUSDC"
MARKET = (*lively(SYMBOL, seconds=400), "run.checkpoint_every_s=0.3", "run.report=false")
SPEED = 1.5
"""At which the market comes in while brokers die: slow enough for a busy machine to be through by its end."""
KILLS = [signal.SIGKILL, signal.SIGTERM] * 5
FILES = {"orders": "orders.jsonl", "fills": "fills.jsonl"}


@pytest.fixture
def cluster(tmp_path):
    try:
        brokers = Cluster(tmp_path)
    except NoBroker as missing:
        pytest.skip(str(missing))
    yield brokers
    brokers.end()


def topics_of(broker):
    return {kind: broker.topic() for kind in (*FILES, "readings")}


def publishing(broker, topic, speed):
    """Let a market come in as it would, so that there always is some of it to come."""
    return phoenix("publish", broker, *MARKET, f"source.speed={speed}", more=("--topic", topic))


def send_the_rest(broker, topic, publisher):
    """Let it stop where it is, and another go on from there as fast as it goes."""
    assert publisher.poll() is None, "the market was over before all had happened that should"
    publisher.terminate()
    end_well(publisher, publishing(broker, topic, 0))


def reading(broker, market, topics, out):
    told = [f"kafka.{kind}_topic={topic}" for kind, topic in topics.items()]
    return running(broker, out, *MARKET, "source.kind=kafka", f"kafka.topic={market}", *told)


def wait_for_growth(out, process, base):
    until = time.monotonic() + PATIENCE_S
    while grown(out) <= base:
        assert process.poll() is None
        assert time.monotonic() < until
        time.sleep(0.05)


def end_well(*processes):
    for process in processes:
        _, said = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0, said


def require_the_same(broker, topics, out, folder):
    """Files are those of a run that nothing happened to, and topics tell what stands in them."""
    plain = fused(made(folder / "plain", *MARKET))
    for kind, file in FILES.items():
        assert (out / file).read_bytes() == (plain / file).read_bytes()
        assert once(broker.kept(topics[kind]), out) == lines(out / file)
    samples = read_samples(out / "samples" / f"{SYMBOL}.bin")
    readings = once(broker.kept(topics["readings"]), out)
    assert [each["ts"] for each in readings] == samples["ts_ns"].tolist()
    assert len(lines(out / "orders.jsonl")) > 1000


def test_a_broker_that_dies_ten_times_takes_nothing_with_it(mortal, tmp_path):
    market, topics, out = mortal.topic(), topics_of(mortal), tmp_path / "run"
    with publishing(mortal, market, SPEED) as publisher, reading(mortal, market, topics, out) as process:
        for number in KILLS:
            wait_for_growth(out, process, grown(out) if out.exists() else 0)
            mortal.kill(number)
            killed = time.monotonic()
            sentence_with(process, "kafka: no broker answers")
            assert time.monotonic() - killed < SOON_S
            mortal.again()
            sentence_with(process, "kafka: a broker answers again\n")
        send_the_rest(mortal, market, publisher)
        end_well(process)
    require_the_same(mortal, topics, out, tmp_path)


def test_when_who_leads_dies_another_does_and_nothing_is_missing(cluster, tmp_path):
    broker = cluster.broker
    market, topics, out = broker.topic(), topics_of(broker), tmp_path / "run"
    with publishing(broker, market, SPEED) as publisher, reading(broker, market, topics, out) as process:
        wait_for_growth(out, process, 0)
        before = cluster.leader(market)
        cluster.kill(before)
        while f"{market}[0] by" not in sentence_with(process, "brokers have changed places"):
            pass
        assert cluster.leader(market) != before
        wait_for_growth(out, process, grown(out))
        send_the_rest(broker, market, publisher)
        end_well(process)
    require_the_same(broker, topics, out, tmp_path)
