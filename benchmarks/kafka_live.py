"""The processes around `kafka_latency`: `feed` sends a market as it happens, `bare` hands on what it reads.

Usage: python -m benchmarks.kafka_live feed BOOTSTRAP TOPIC SECONDS PER_S STAMPS
       python -m benchmarks.kafka_live bare BOOTSTRAP TOPIC OUT
"""

import heapq
import sys
import time
from collections import Counter
from pathlib import Path

import msgspec
from confluent_kafka import Consumer, Producer

from benchmarks.figures import ROOT
from benchmarks.kafka_broker import ends
from connectors.kafka.messages import Market, encode
from connectors.kafka.rows import Grid, messages_of
from flows.market import program

OPTIONS = {"linger.ms": 0, "enable.idempotence": True}
"""As the desk's own."""


def market(seconds: float, n: int) -> list[Market]:
    """Return `n` messages of so long a market of the default profile, in the order of their receipt."""
    out = Path("/nowhere")
    made = program(
        ROOT / "configs" / "phoenix.yaml", ["run.progress=false", f"source.duration_s={seconds}"], out
    )
    streams = []
    for symbol in made.rules:
        tape, instrument, rows = made.tape(symbol), made.settings.symbols[symbol].instrument, []
        while (chunk := tape.read()) is not None:
            rows.append(chunk.desk)
        grid = Grid(instrument)
        streams.append([each for piece in rows for each in messages_of(piece, symbol, grid, 0)])
    merged = heapq.merge(*streams, key=lambda each: each.ts_recv or 0)
    return list(merged)[:n]


def feed(bootstrap: str, topic: str, seconds: float, per_s: int, path: Path) -> None:
    """Send messages evenly, stamped as each is handed to the client; leave the stamps in a file."""
    messages, counts, stamps = market(4 * seconds, int(seconds * per_s)), Counter[str](), []
    producer = Producer({"bootstrap.servers": bootstrap, **OPTIONS})
    print("ready", flush=True)
    sys.stdin.readline()
    began = time.perf_counter()
    for n, message in enumerate(messages):
        while (left := began + n / per_s - time.perf_counter()) > 0:
            time.sleep(left)
        symbol = message.symbol
        counts[symbol] += 1
        now_ns = time.time_ns()
        stamps.append(now_ns)
        stamped = msgspec.structs.replace(message, n=counts[symbol], ts_event=now_ns, ts_recv=now_ns)
        producer.produce(topic, encode(stamped), symbol.encode())
        producer.poll(0)
    assert producer.flush(30) == 0
    path.write_bytes(msgspec.json.encode(stamps))


def bare(bootstrap: str, topic: str, out: str) -> None:
    """Hand on each message as it comes."""
    client = Consumer({"bootstrap.servers": bootstrap, "group.id": "bench", "auto.offset.reset": "latest"})
    producer = Producer({"bootstrap.servers": bootstrap, **OPTIONS})
    parts, _ = ends(client, topic)
    client.assign(parts)
    print("ready", flush=True)
    while True:
        message = client.poll(1.0)
        if message is not None and message.error() is None:
            producer.produce(out, message.value(), message.key())
            producer.poll(0)


if __name__ == "__main__":
    if sys.argv[1] == "feed":
        feed(sys.argv[2], sys.argv[3], float(sys.argv[4]), int(sys.argv[5]), Path(sys.argv[6]))
    else:
        bare(*sys.argv[2:])
