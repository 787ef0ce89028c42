"""The broker of the other tests keeps what it took, in its order, and is left behind by nobody."""

import os
import signal
import subprocess
import sys
import time

from operators.kernel import ROOT

PATIENCE_S = 120
STARTS = """
import os, sys
from pathlib import Path
from tests.oracles.broker import start
start(Path(sys.argv[1]), os.getpid())
print("started", flush=True)
input()
"""


def test_a_topic_keeps_keys_and_values_in_order_for_whoever_reads_it_again(broker):
    topic = broker.topic(partitions=2)
    sent = [(b"BTCUSDC", b"%d" % n) for n in range(500)]
    broker.send(topic, *sent, partition=1)
    assert broker.kept(topic, 1) == sent
    assert broker.kept(topic, 1) == sent
    assert broker.kept(topic, 0) == []


def lives(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_broker_ends_with_the_process_that_it_was_started_for_even_if_that_is_killed(real_broker, tmp_path):
    command = [sys.executable, "-c", STARTS, str(tmp_path)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "started\n"
        broker = int((tmp_path / "pid").read_text())
        assert lives(broker)
        process.send_signal(signal.SIGKILL)
    until = time.monotonic() + PATIENCE_S
    while lives(broker):
        assert time.monotonic() < until
        time.sleep(0.1)
