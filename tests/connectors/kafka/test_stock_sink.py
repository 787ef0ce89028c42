"""What becomes of messages while a broker is down: Bytewax's own sink loses them in silence, ours waits.

Both stand at the end of the same small flow with recovery on. Its source kills the broker half-way, and
has it started again once the flow has given up on some of what it told, or waits.
"""

import signal
import threading
import time
from datetime import timedelta
from functools import partial

import pytest
from bytewax import operators as op
from bytewax._bytewax import cli_main
from bytewax.connectors.kafka import KafkaSink, KafkaSinkMessage
from bytewax.dataflow import Dataflow
from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition
from bytewax.outputs import FixedPartitionedSink, StatefulSinkPartition
from bytewax.recovery import RecoveryConfig, init_db_dir

from connectors.console import Console
from connectors.kafka.connection import Place
from connectors.kafka.outlet import Outlet
from connectors.progress import Progress

N, DOWN_FROM, DOWN_UNTIL = 60, 20, 40
SYMBOL = "BTCUSDC"
GIVE_UP_MS = 1000
"""Five minutes where nobody says otherwise: then the same happens later."""
PATIENCE_S = 60


class Outage:
    """A broker that is killed by one message of a source and is back for another."""

    def __init__(self, broker) -> None:
        self.broker, self.back = broker, threading.Event()

    def again(self):
        self.broker.again()
        self.back.set()

    def meet(self, n):
        if n == DOWN_FROM:
            self.broker.kill(signal.SIGKILL)
            threading.Timer(4 * GIVE_UP_MS / 1000, self.again).start()
        if n == DOWN_UNTIL:
            assert self.back.wait(PATIENCE_S)


@pytest.fixture
def outage(mortal):
    return Outage(mortal)


class Numbers(StatefulSourcePartition[tuple[str, bytes], int]):
    """Counts, ten at a time; a checkpoint holds how far."""

    def __init__(self, meet, reached) -> None:
        self.meet, self.reached = meet, reached or 0

    def next_batch(self):
        if self.reached == N:
            raise StopIteration
        self.meet(self.reached)
        time.sleep(0.02)  # An epoch ends between one batch and the next.
        self.reached += 10
        return [(SYMBOL, b"%d" % n) for n in range(self.reached - 10, self.reached)]

    def snapshot(self):
        return self.reached


class Counting(FixedPartitionedSource[tuple[str, bytes], int]):
    def __init__(self, meet) -> None:
        self.meet = meet

    def list_parts(self):
        return [SYMBOL]

    def build_part(self, _step_id, _for_part, resume_state):
        return Numbers(self.meet, resume_state)


class Telling(StatefulSinkPartition[bytes, None]):
    """As the journal of a run does it: a checkpoint waits for the broker's word."""

    def __init__(self, outlet, topic) -> None:
        self.outlet, self.topic = outlet, topic

    def write_batch(self, items):
        for item in items:
            self.outlet.send(self.topic, SYMBOL, item)

    def snapshot(self):
        assert self.outlet.wait(SYMBOL) == []


class OurSink(FixedPartitionedSink[bytes, None]):
    def __init__(self, outlet, topic) -> None:
        self.outlet, self.topic = outlet, topic

    def list_parts(self):
        return [SYMBOL]

    def build_part(self, _step_id, _for_part, _resume_state):
        return Telling(self.outlet, self.topic)


def ending_in_ours(bootstrap, topic, numbers):
    outlet = Outlet(
        Place(bootstrap, topic, {}), {"order": topic}, Console(Progress(None), quiet=True), lambda: False
    )
    op.output("told", numbers, OurSink(outlet, topic))


def ending_in_the_stock_one(bootstrap, topic, numbers):
    messages = op.map("messages", numbers, lambda item: KafkaSinkMessage(SYMBOL.encode(), item[1]))
    hasty = {"message.timeout.ms": str(GIVE_UP_MS), "log_level": "0"}
    op.output("told", messages, KafkaSink([bootstrap], topic, add_config=hasty))


def run(store, meet, ending):
    flow = Dataflow("numbers")
    ending(op.input("numbers", flow, Counting(meet)))
    cli_main(flow, epoch_interval=timedelta(milliseconds=1), recovery_config=RecoveryConfig(store))


def told(outage, tmp_path, ending):
    """Run through an outage, then go on from the last checkpoint; return what stands in the topic."""
    topic, store = outage.broker.topic(), tmp_path / "store"
    store.mkdir()
    init_db_dir(store, 1)
    ending = partial(ending, outage.broker.bootstrap, topic)
    run(store, outage.meet, ending)
    assert outage.back.is_set()
    asked: list[int] = []
    run(store, asked.append, ending)
    assert asked == []  # As far as the checkpoint knows, everything is done.
    return [int(value) for _, value in outage.broker.kept(topic)]


def test_the_stock_sink_loses_messages_and_says_nothing(outage, tmp_path):
    kept = told(outage, tmp_path, ending_in_the_stock_one)
    lost = set(range(N)) - set(kept)
    assert set(range(DOWN_FROM, DOWN_UNTIL)) <= lost  # More where it is slow to find the broker again.
    assert min(lost) == DOWN_FROM


def test_ours_loses_nothing(outage, tmp_path):
    assert told(outage, tmp_path, ending_in_ours) == list(range(N))
