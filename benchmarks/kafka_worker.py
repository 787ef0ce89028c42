"""A contender of `kafka_throughput` as a process: reads a topic to its end, and answers with the seconds."""

import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import bytewax.operators as op
from bytewax._bytewax import cli_main
from bytewax.connectors.kafka import KafkaSink, KafkaSinkMessage, KafkaSource
from bytewax.dataflow import Dataflow
from confluent_kafka import Consumer

from benchmarks.figures import serve
from benchmarks.kafka_broker import ends
from flows.driver import run_graph
from flows.market import program

QUIET = ("run.progress=false", "run.report=false", "metrics.enabled=false")


def bare(bootstrap: str, topic: str, batch: int, options: dict[str, object]) -> float:
    """Read everything, and look at each value."""
    client = Consumer({"bootstrap.servers": bootstrap, "group.id": "bench", **options})
    parts, n = ends(client, topic)
    began = time.perf_counter()
    client.assign(parts)
    while n > 0:
        for message in client.consume(min(batch, n), 1.0) if batch else [client.poll(1.0)]:
            if message is not None:
                assert message.error() is None, message.error()
                message.value()
                n -= 1
    seconds = time.perf_counter() - began
    client.close()
    return seconds


def graph(settings: Sequence[str], profile: str) -> float:
    """Run the whole graph, with its files and checkpoints; compiling comes before."""
    with tempfile.TemporaryDirectory() as folder:
        made = program(Path(profile), [*QUIET, *settings], Path(folder) / "run")
        run_graph(made, resume=False)
        return time.perf_counter() - made.shared.timing.began


def _as_read(message: Any) -> KafkaSinkMessage[Any, Any]:
    return KafkaSinkMessage(message.key, message.value)


def stock(bootstrap: str, topic: str, out: str) -> float:
    """Hand each message from Bytewax's own source to its own sink."""
    flow = Dataflow("stock")
    read = op.input("source", flow, KafkaSource([bootstrap], [topic], tail=False))
    told = op.map("told", read, _as_read)
    op.output("sink", told, KafkaSink([bootstrap], out))
    began = time.perf_counter()
    cli_main(flow)
    return time.perf_counter() - began


def main() -> None:
    bootstrap, topic, out = sys.argv[1:]
    read = ("source.kind=kafka", f"kafka.bootstrap={bootstrap}", f"kafka.topic={topic}")
    told = (f"kafka.orders_topic={out}", f"kafka.fills_topic={out}")

    def answer(question: tuple[str, str, list[str]]) -> float:
        name, profile, market = question
        symbols = [each for each in market if each.startswith("symbols=")]
        return {
            "poll": lambda: bare(bootstrap, topic, 0, {}),
            "poll, 10 ms": lambda: bare(bootstrap, topic, 0, {"fetch.queue.backoff.ms": 10}),
            "consume": lambda: bare(bootstrap, topic, 1000, {}),
            "out": lambda: graph([*read, *told, *symbols], profile),
            "in": lambda: graph([*read, *symbols], profile),
            "stock": lambda: stock(bootstrap, topic, out),
        }[name]()

    serve(answer)


if __name__ == "__main__":
    main()
