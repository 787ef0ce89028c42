"""A broker that dies while a run tells in its topics: the run waits, says so, and loses nothing."""

import json
import os
import signal
import subprocess
import sys
import time
from typing import Any

import pytest

from operators.kernel import ROOT
from tests.oracles.broker import Broker, NoBroker, free_port, start
from tests.oracles.runs import lines, lively

SYMBOL = "BTCUSDC"
PATIENCE_S = 120
MARKET = (*lively(SYMBOL, seconds=40), "source.speed=5", "run.checkpoint_every_s=0.2", "run.report=false")


class Mortal(Broker):
    """A broker of one test, which it kills and starts again."""

    def __init__(self, folder) -> None:
        self.folder, self.port = folder, free_port()
        super().__init__(start(folder, os.getpid(), self.port))

    def kill(self, number):
        os.kill(int((self.folder / "pid").read_text()), number)

    def again(self):
        start(self.folder, os.getpid(), self.port)


@pytest.fixture
def mortal(tmp_path):
    try:
        broker = Mortal(tmp_path / "broker")
    except NoBroker as missing:
        pytest.skip(str(missing))
    yield broker
    broker.kill(signal.SIGKILL)


def running(broker, topic, out):
    settings = [*MARKET, f"kafka.bootstrap={broker.bootstrap}", f"kafka.orders_topic={topic}"]
    changes = [f"--set={each}" for each in settings]
    command = [sys.executable, "-m", "flows.cli", "run", *changes, "--out", str(out)]
    return subprocess.Popen(command, cwd=ROOT, text=True, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)


def wait_for_orders(broker, topic, process):
    until = time.monotonic() + PATIENCE_S
    while not broker.kept(topic):
        assert process.poll() is None
        assert time.monotonic() < until


def sentence_with(process, words):
    assert process.stderr is not None
    for line in process.stderr:
        if words in line:
            return line
    raise AssertionError(f"never said: {words}")


def once(messages, out):
    """Return the orders told, each once; those that came again said the same."""
    told: dict[int, dict[str, Any]] = {}
    for _, value in messages:
        order = json.loads(value)
        assert told.setdefault(order["n"], order) == order
    assert list(told) == list(range(1, len(told) + 1))
    run = json.loads((out / "told_as.json").read_text())["run"]
    heads = ("type", "v", "run", "n")
    assert {order["run"] for order in told.values()} == {run}
    return [{name: each for name, each in order.items() if name not in heads} for order in told.values()]


def test_a_run_waits_for_a_broker_that_was_killed_and_nothing_is_missing_then(mortal, tmp_path):
    topic, out = mortal.topic(), tmp_path / "run"
    with running(mortal, topic, out) as process:
        wait_for_orders(mortal, topic, process)
        mortal.kill(signal.SIGKILL)
        assert mortal.bootstrap in sentence_with(process, "takes nothing")
        mortal.again()
        sentence_with(process, "a broker answers again")
        process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0
    assert once(mortal.kept(topic), out) == lines(out / "orders.jsonl")


def test_a_run_that_is_stopped_while_there_is_none_ends_and_can_be_resumed(mortal, tmp_path):
    topic, out = mortal.topic(), tmp_path / "run"
    with running(mortal, topic, out) as process:
        wait_for_orders(mortal, topic, process)
        mortal.kill(signal.SIGTERM)
        sentence_with(process, "takes nothing")
        process.terminate()
        assert "resume the run" in sentence_with(process, "did not take all that was told")
        process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 1
    mortal.again()
    command = [sys.executable, "-m", "flows.cli", "run", "--resume", "--out", str(out)]
    subprocess.run(
        [*command, "--set=source.speed=0"], cwd=ROOT, check=True, capture_output=True, timeout=PATIENCE_S
    )
    assert once(mortal.kept(topic), out) == lines(out / "orders.jsonl")
