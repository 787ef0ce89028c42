"""Messages a second from a topic through the whole graph and out, beside a bare loop over the same topic.

A market of eight symbols is published once. Then each contender reads all of it, in turn, a
process each; the broker runs on the same machine and takes its share of it.

- `poll`: `confluent_kafka.Consumer.poll()` and `.value()` in a loop, with the options that librdkafka
  comes with. It spends most of its time waiting: a queue that was full is looked at once a second.
- `poll, 10 ms`: the same loop with `fetch.queue.backoff.ms` 10, which our reader sets: what Python can read.
- `consume`: the same loop with `consume(1000)`, as librdkafka comes.
- `out`: the graph, with orders and fills told in topics, its files, and a checkpoint a second.
- `in`: the same without those topics.
- `stock`: Bytewax's own `KafkaSource`, nothing, and `KafkaSink`: no message is decoded, none is acknowledged.
"""

import statistics
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figures import ROOT, Figure, Skipped, Worker, capture
from benchmarks.kafka_broker import a_broker, delete_topics, new_topic
from flows.publishing import send

GOAL = 0.3
CONTENDERS = ("poll", "poll, 10 ms", "consume", "out", "in", "stock")
PARTITIONS = 8
WARM = 3
"""Turns that are not counted: rules are compiled in them, and what a broker does often."""
SYNTHETIC, RECORDED = ROOT / "configs" / "phoenix.yaml", ROOT / "configs" / "replay.yaml"


def contest(
    bootstrap: str, profile: Path, market: tuple[str, ...], runs: int
) -> tuple[int, dict[str, float]]:
    """Publish a market and return how many messages it has, and the median messages/s of each contender."""
    topic, out = new_topic(bootstrap, PARTITIONS), new_topic(bootstrap, PARTITIONS)
    n = sum(send(profile, (*market, f"kafka.bootstrap={bootstrap}"), topic).values())
    workers = {name: Worker(["-m", "benchmarks.kafka_worker", bootstrap, topic, out]) for name in CONTENDERS}
    taken: dict[str, list[float]] = {name: [] for name in CONTENDERS}
    for run in range(WARM + runs):
        for name, worker in workers.items():
            seconds = worker.ask((name, str(profile), market))
            if run >= WARM:
                taken[name].append(seconds)
    for worker in workers.values():
        worker.close()
    delete_topics(bootstrap, topic, out)
    return n, {name: n / statistics.median(each) for name, each in taken.items()}


def figures(what: str, n: int, speeds: dict[str, float]) -> Iterator[Figure]:
    said = ", ".join(f"{name} {speed / 1e3:.0f} k" for name, speed in speeds.items())
    yield Figure(f"kafka_throughput {what}, messages/s of {n / 1e3:.0f} k", said, speeds["out"])
    for name, goal in (("poll", GOAL), ("poll, 10 ms", None), ("consume", None), ("stock", None)):
        for ours in ("out", "in"):
            ratio = speeds[ours] / speeds[name]
            yield Figure(
                f"kafka_throughput {what}, {ours} beside {name}",
                f"ratio {ratio:.2f}",
                ratio,
                goal if ours == "out" else None,
            )


def measure(*, quick: bool) -> Iterator[Figure]:
    runs = 2 if quick else 5
    with a_broker() as bootstrap:
        market = (f"source.duration_s={600 if quick else 2400}",)
        yield from figures("synthetic", *contest(bootstrap, SYNTHETIC, market, runs))
        try:
            recording = capture()
        except Skipped as reason:
            print(f"kafka_throughput recorded: skipped: {reason}")
            return
        recorded = (f"source.path={recording}", "symbols=[BTCUSDT]")
        yield from figures("recorded", *contest(bootstrap, RECORDED, recorded, runs))
