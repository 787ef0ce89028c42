"""A market published to Kafka and run from there: the orders and fills of the same market read directly."""

import json
import subprocess
import sys
import threading
import time
from itertools import count

import pytest

from connectors.kafka.messages import encode
from connectors.sentences import silence
from flows.publishing import send
from tests.oracles.broker import free_port
from tests.oracles.kills import kill_until
from tests.oracles.runs import (
    PROFILE,
    QUIET,
    REPLAY,
    ROOT,
    capture,
    first_rows,
    fused,
    graphed,
    lines,
    lively,
    made,
    prefix,
    replaying,
)
from tests.oracles.shards import parts

TRADED = ("orders.jsonl", "fills.jsonl")
SYMBOLS = ("BTCUSDC", "DOGEUSDC", "ETHUSDC")
MARKET = lively(*SYMBOLS, seconds=6)


def traded(out):
    samples = {path.name: path.read_bytes() for path in sorted((out / "samples").iterdir())}
    return samples | {name: (out / name).read_bytes() for name in TRADED}


def from_topic(broker, topic):
    return ("source.kind=kafka", f"kafka.bootstrap={broker.bootstrap}", f"kafka.topic={topic}")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    out = fused(made(tmp_path_factory.mktemp("whole") / "run", *MARKET))
    assert (out / "fills.jsonl").read_bytes().count(b"\n") > 15
    return traded(out)


@pytest.fixture(scope="module", params=[1, 4])
def topic(request, broker):
    topic = broker.topic(request.param)
    counts = send(PROFILE, (*MARKET, f"kafka.bootstrap={broker.bootstrap}"), topic, 1)
    assert all(counts[symbol] > 50 for symbol in SYMBOLS)
    return topic


@pytest.mark.parametrize("workers", [1, 2])
def test_the_graph_makes_the_same_of_it(broker, topic, whole, tmp_path, workers):
    out = graphed(made(tmp_path / "run", *MARKET, *from_topic(broker, topic)), workers=workers)
    assert traded(out) == whole


def test_the_fused_driver_makes_the_same_of_it(broker, topic, whole, tmp_path):
    assert traded(fused(made(tmp_path / "run", *MARKET, *from_topic(broker, topic)))) == whole


def test_kills_change_nothing(broker, topic, whole, tmp_path):
    options = (*MARKET, *from_topic(broker, topic))
    for out in kill_until(4, tmp_path, options, PROFILE, (1, 2), 0.3):
        assert traded(out) == whole


def test_a_recording_makes_the_same_by_way_of_a_topic(broker, tmp_path):
    path = capture(tmp_path / "testusdt.gz", n_diffs=900)
    options = replaying(path, "quoting.requote_ticks=0")
    whole = traded(fused(made(tmp_path / "whole", *options, config=REPLAY)))
    assert whole["fills.jsonl"].count(b"\n") > 30
    topic = broker.topic(4)
    send(REPLAY, (*options, f"kafka.bootstrap={broker.bootstrap}"), topic)
    streamed = (*options, *from_topic(broker, topic))
    assert traded(graphed(made(tmp_path / "graph", *streamed, config=REPLAY))) == whole
    for out in kill_until(3, tmp_path, streamed, REPLAY, (1,), 0.15):
        assert traded(out) == whole


def test_a_recorded_capture_makes_the_same_by_way_of_a_topic(broker, data, tmp_path):
    path = prefix(data / "raw" / "binance_usdm_btcusdt_20240808.gz", tmp_path / "btcusdt.txt", 6000)
    options = (QUIET, f"source.path={path}", "symbols=[BTCUSDT]")
    whole = traded(fused(made(tmp_path / "whole", *options, config=REPLAY)))
    assert whole["orders.jsonl"].count(b"\n") > 100
    topic = broker.topic()
    send(REPLAY, (*options, f"kafka.bootstrap={broker.bootstrap}"), topic)
    out = graphed(made(tmp_path / "run", *options, *from_topic(broker, topic), config=REPLAY))
    assert traded(out) == whole


def received_ns(line):
    return int(line.partition(b" ")[0])


@pytest.mark.parametrize("partitions", [1, 4])
def test_two_recorded_captures_make_the_same_in_two_workers_and_in_two_shards(
    real_broker, data, tmp_path, partitions
):
    names = ("binance_usdm_btcusdt_20240808", "binance_usdm_ethusdt_20240808")
    both = [prefix(data / "raw" / f"{name}.gz", tmp_path / f"{name}.txt", 20_000) for name in names]
    every = [line for path in both for line in path.read_bytes().splitlines(keepends=True)]
    path = tmp_path / "both.txt"
    path.write_bytes(b"".join(sorted(every, key=received_ns)))
    options = (QUIET, f"source.path={path}", "symbols=[BTCUSDT, ETHUSDT]", f"run.directory={tmp_path}")
    whole = parts([fused(made(tmp_path / "whole", *options, config=REPLAY))])
    assert all(whole["fills", symbol] for symbol in ("BTCUSDT", "ETHUSDT"))
    topic = real_broker.topic(partitions)
    send(REPLAY, (*options, f"kafka.bootstrap={real_broker.bootstrap}"), topic)
    streamed = (*options, *from_topic(real_broker, topic))
    assert parts([graphed(made(tmp_path / "workers", *streamed, config=REPLAY), workers=2)]) == whole
    shares = [(*streamed, f"run.shard={k}/2") for k in (1, 2)]
    outs = [graphed(made(tmp_path / f"{k}", *own, config=REPLAY)) for k, own in enumerate(shares)]
    assert parts(outs) == whole


def test_a_recording_without_best_prices_makes_the_same_by_way_of_a_topic(broker, data, tmp_path):
    path = first_rows(data / "tables" / "binance_usdm_btcusdt_20230405", tmp_path, 60)
    options = (QUIET, f"source.path={path}", "symbols=[BTCUSDT]")
    whole = traded(fused(made(tmp_path / "whole", *options, config=REPLAY)))
    assert whole["orders.jsonl"].count(b"\n") > 20
    topic = broker.topic()
    send(REPLAY, (*options, f"kafka.bootstrap={broker.bootstrap}"), topic)
    streamed = (*options, *from_topic(broker, topic), "kafka.tells_best=false")
    assert traded(fused(made(tmp_path / "run", *streamed, config=REPLAY))) == whole


def test_bad_messages_are_told_once_with_their_place_and_change_no_order(broker, whole, tmp_path):
    plain, topic = broker.topic(), broker.topic()
    send(PROFILE, (*MARKET, f"kafka.bootstrap={broker.bootstrap}"), plain)
    sent = broker.kept(plain)
    for at in range(40, len(sent), 97):
        sent.insert(at, (b"ETHUSDC", b"no message: %d" % at))
    broker.send(topic, *sent)
    bad = [at for at, (_, value) in enumerate(sent) if value.startswith(b"no message")]
    assert len(bad) > 5
    options = (*MARKET, *from_topic(broker, topic))
    for out in kill_until(4, tmp_path, options, PROFILE, (1, 2), 0.3):
        assert traded(out) == whole
        letters = lines(out / "dead_letters.jsonl")
        assert [each["where"] for each in letters] == [f"{topic}[0]@{at}" for at in bad]
        assert {(each["reason"], each["symbol"]) for each in letters} == {("malformed_json", "ETHUSDC")}


def phoenix(*arguments, **more):
    return subprocess.Popen([sys.executable, "-m", "flows.cli", *arguments], cwd=ROOT, text=True, **more)


def test_publishing_that_was_killed_goes_on_where_the_topic_ends(broker):
    market = [f"--set={change}" for change in (*MARKET, f"kafka.bootstrap={broker.bootstrap}")]
    topic = broker.topic()
    process = phoenix("publish", *market, "--topic", topic, "--speed", "0.5")
    until = time.monotonic() + 120
    while not broker.kept(topic):
        assert process.poll() is None
        assert time.monotonic() < until
    process.kill()
    process.wait()
    n_before = len(broker.kept(topic))
    ended = phoenix("publish", *market, "--topic", topic, stdout=subprocess.PIPE)
    said, _ = ended.communicate(timeout=120)
    assert ended.returncode == 0
    both = broker.kept(topic)
    for symbol in {key for key, _ in both}:
        told = [json.loads(value) for key, value in both if key == symbol]
        assert [each["n"] for each in told] == list(range(1, len(told) + 1))
        assert told[-1]["type"] == "end"
    assert sum(int(line.split()[1]) for line in said.splitlines()) == len(both) - n_before > 0
    again = send(PROFILE, (*MARKET, f"kafka.bootstrap={broker.bootstrap}"), topic)
    assert again == dict.fromkeys(SYMBOLS, 0)


def test_a_topic_with_other_partitions_than_asked_for_keeps_them_and_a_line_says_so(real_broker, capsys):
    topic, settings = real_broker.topic(2), (*MARKET, f"kafka.bootstrap={real_broker.bootstrap}")
    for partitions in (None, 2):
        send(PROFILE, settings, topic, partitions)
        assert "partitions" not in capsys.readouterr().err
    assert send(PROFILE, settings, topic, 3) == dict.fromkeys(SYMBOLS, 0)
    assert f"kafka: {topic} keeps its number of partitions, 2: --partitions " in capsys.readouterr().err


def test_publishing_goes_on_in_a_topic_that_holds_everything(broker):
    topic, settings = broker.topic(), (*MARKET, f"kafka.bootstrap={broker.bootstrap}")
    first, order = broker.topic(), {"type": "order", "v": 1, "run": "ab", "op": "cancel", "n": 90_000}
    send(PROFILE, settings, first)
    whole, others = broker.kept(first), {each: order | {"symbol": each} for each in SYMBOLS}
    broker.send(topic, *whole[:50], *((symbol.encode(), encode(each)) for symbol, each in others.items()))
    counts = send(PROFILE, settings, topic)
    assert sum(counts.values()) == len(whole) - 50
    for symbol in SYMBOLS:
        ours = [
            value for key, value in broker.kept(topic) if key == symbol.encode() and b"order" not in value
        ]
        assert ours == [value for key, value in whole if key == symbol.encode()]


def test_publishing_can_be_stopped_while_the_broker_stands_still(real_broker):
    """Where it answers nothing that is asked for, as there is never enough of it."""
    topic, asked = real_broker.topic(), count()
    real_broker.send(topic, (b"BTCUSDC", b"something"))
    options = {"fetch.min.bytes": "50000000", "fetch.wait.max.ms": "50000", "socket.timeout.ms": "60000"}
    settings = (f"kafka.bootstrap={real_broker.bootstrap}", f"kafka.options={json.dumps(options)}")
    counts = send(PROFILE, (*MARKET, *settings), topic, stops=lambda: next(asked) >= 3)
    assert counts == dict.fromkeys(SYMBOLS, 0)
    assert len(real_broker.kept(topic)) == 1


@pytest.mark.parametrize("command", ["run", "publish"])
def test_without_a_broker_there_is_one_sentence_and_an_exit_code(command, tmp_path):
    address = f"127.0.0.1:{free_port()}"
    more = ["--out", str(tmp_path / "run"), "--set=source.kind=kafka"] if command == "run" else []
    settings = [f"--set=kafka.bootstrap={address}", "--set=kafka.topic=market", *more]
    process = phoenix(command, *settings, stderr=subprocess.PIPE)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 1
    (sentence,) = said.splitlines()
    assert sentence.startswith(f"kafka.bootstrap: no broker answers at {address} (")
    assert "refused" in sentence


def test_a_run_that_waits_for_its_first_message_can_be_stopped(broker, tmp_path):
    job = made(tmp_path / "run", *MARKET, *from_topic(broker, broker.topic()))
    threading.Timer(0.5, job.shared.stop.set).start()
    out = graphed(job)
    assert (out / "orders.jsonl").read_bytes() == b""
    summary = json.loads((out / "summary.json").read_text())
    assert summary["stopped"] is True
    for symbol in SYMBOLS:
        (sentence,) = silence(symbol, summary["symbols"][symbol])
        assert sentence == f"{symbol}: never quoted, as nothing came of its market"


def test_a_secret_is_in_no_file_of_a_run(broker, topic, tmp_path, monkeypatch):
    monkeypatch.setenv("KAFKA_PASSWORD", "hunter2")
    (tmp_path / "user").write_text("a-user-of-ours\n")
    secret = {"sasl.password": "${KAFKA_PASSWORD}", "sasl.username_file": str(tmp_path / "user")}
    settings = (*from_topic(broker, topic), f"kafka.options={json.dumps(secret)}")
    out = graphed(made(tmp_path / "run", *MARKET, *settings))
    texts = [path.read_bytes() for path in out.rglob("*") if path.is_file()]
    assert any(b"${KAFKA_PASSWORD}" in text for text in texts)
    assert not any(b"hunter2" in text or b"a-user-of-ours" in text for text in texts)
