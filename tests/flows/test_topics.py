"""What a run tells in topics: its files, message by message, however often it is killed."""

import json
import re
import subprocess
import sys
import time
from itertools import count, islice
from typing import Any

import pytest
from bytewax.recovery import init_db_dir

from connectors.samples import read_samples
from flows.driver import run
from flows.publishing import send
from operators.kernel import ROOT
from tests.oracles.broker import free_port
from tests.oracles.kills import kill_until, wait_for_growth
from tests.oracles.nursery import start
from tests.oracles.runs import PROFILE, fused, graphed, lines, lively, made
from tests.oracles.shards import begin, finish

SYMBOLS = ("BTCUSDC", "DOGEUSDC", "ETHUSDC")
MARKET = lively(*SYMBOLS, seconds=6)
FILES = {"order": "orders", "fill": "fills"}
SLOW = 'kafka.options={"linger.ms": "60000"}'
"""Nothing leaves before it is waited for."""
PAGE = (ROOT / "docs" / "kafka.md").read_text()
(CONSUMER,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def told_in(broker, **topics):
    named = [f"kafka.{kind}_topic={topic}" for kind, topic in topics.items()]
    return (f"kafka.bootstrap={broker.bootstrap}", *named)


def whole(broker):
    """Return a topic for each kind, and the settings that name them."""
    topics = {kind: broker.topic(2) for kind in ("orders", "fills", "readings", "dead_letters")}
    return list(topics.values()), told_in(broker, **topics)


def heard(broker, topics, out):
    """Return what a run told, by type and symbol in the order of `n`; what came again said the same."""
    run = json.loads((out / "told_as.json").read_text())["run"]
    found: dict[tuple[str, str], dict[int, dict[str, Any]]] = {}
    repeats = 0
    for topic in dict.fromkeys(topics):
        for partition in range(len(broker.admin.list_topics(topic, timeout=10).topics[topic].partitions)):
            for key, value in broker.kept(topic, partition):
                told = json.loads(value)
                if told.pop("run") != run:
                    continue
                assert key == told["symbol"].encode()
                name = told.pop("type"), told["symbol"]
                n = told.pop("n")
                there = found.setdefault(name, {})
                assert there.setdefault(n, told) == told, "conflicts with what was told before"
                assert n <= len(there), "something before it is missing"
                repeats += len(there) > n
    return {name: list(there.values()) for name, there in found.items()}, repeats


def require_files(told, out):
    """Orders and fills are the lines of the files; readings the figures of the samples."""
    for kind, file in FILES.items():
        for symbol in SYMBOLS:
            written = [each for each in lines(out / f"{file}.jsonl") if each["symbol"] == symbol]
            said = told.get((kind, symbol), [])
            assert {each.pop("v") for each in said} <= {1}
            assert said == written
    for symbol in SYMBOLS:
        samples = read_samples(out / "samples" / f"{symbol}.bin")
        said = told["reading", symbol]
        for field, column in (("ts", "ts_ns"), ("fills", "n_fills"), ("buckets", "n_closed")):
            assert [each[field] for each in said] == samples[column].tolist()
        assert [float(each["vpin"]) for each in said] == samples["value"].tolist()


def test_every_order_fill_and_reading_is_told_as_it_is_written(broker, tmp_path):
    topics, settings = whole(broker)
    out = graphed(made(tmp_path / "run", *MARKET, *settings), every_s=0.1, workers=2)
    told, repeats = heard(broker, topics, out)
    assert repeats == 0
    assert sum(len(told["order", symbol]) for symbol in SYMBOLS) > 100
    assert sum(len(told["fill", symbol]) for symbol in SYMBOLS) > 15
    require_files(told, out)


def test_the_fused_driver_tells_the_same_and_both_make_what_they_make_untold(broker, tmp_path):
    topics, settings = whole(broker)
    both = [
        graphed(made(tmp_path / "graph", *MARKET, *settings)),
        fused(made(tmp_path / "fused", *MARKET, *settings)),
    ]
    assert heard(broker, topics, both[0]) == heard(broker, topics, both[1])
    untold = fused(made(tmp_path / "untold", *MARKET))
    for name in ("orders.jsonl", "fills.jsonl", "summary.json"):
        assert {(out / name).read_bytes() for out in both} == {(untold / name).read_bytes()}
    assert not (untold / "told_as.json").exists()


@pytest.mark.parametrize("more", [(), (SLOW,)], ids=["at once", "when waited for"])
def test_kills_lose_nothing_and_what_is_told_again_has_the_same_name(broker, tmp_path, more):
    topics, settings = whole(broker)
    plain = graphed(made(tmp_path / "plain", *MARKET, *settings))
    without, _ = heard(broker, topics, plain)
    n_repeats, early = 0, []

    def look(out):
        early.append(sum(map(len, heard(broker, topics[:1], out)[0].values())))

    for out in kill_until(10, tmp_path, (*MARKET, *settings, *more), PROFILE, (1, 2), 0.3, look):
        told, repeats = heard(broker, topics, out)
        n_repeats += repeats
        assert told == without
        require_files(told, out)
    assert len(early) >= 10
    assert all(early), "what a file holds was not told before"
    if not more:
        assert n_repeats > 0


def wait_until(holds, process):
    until = time.monotonic() + 120
    while not holds():
        assert process.is_alive()
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_run_from_the_latest_on_begins_where_it_began_until_there_is_a_checkpoint(broker, tmp_path):
    """Killed before the first, then told to stop before it heard anything, then run to its end."""
    topics, told_as = whole(broker)
    longer = lively(*SYMBOLS, seconds=20)
    market, source, asked = broker.topic(), (*longer, f"kafka.bootstrap={broker.bootstrap}"), count()

    def send_to(n):
        return sum(send(PROFILE, source, market, stops=lambda: next(asked) >= n).values())

    n_before = send_to(300)
    latest = ("source.kind=kafka", f"kafka.topic={market}", "kafka.start=latest")
    out, settings = tmp_path / "run", (*longer, *told_as, *latest)
    process = begin(out, (*settings, "run.checkpoint_every_s=600"))
    wait_until(lambda: len([*(out / "beginnings").glob("*.json")]) == len(SYMBOLS), process)
    n_between = send_to(2800)
    wait_until(lambda: broker.kept(topics[0]) or broker.kept(topics[0], 1), process)
    process.kill()
    process.join()
    early, _ = heard(broker, topics, out)
    stopped = made(out, *settings)
    stopped.shared.stop.set()
    run(stopped, "graph", resume=True)
    assert json.loads((out / "summary.json").read_text())["stopped"] is True
    n_after = send_to(1_000_000)
    assert min(n_before, n_between, n_after) > 100
    finish(out, settings, resume=True)
    told, repeats = heard(broker, topics, out)
    require_files(told, out)
    assert sum(map(len, early.values())) > 50
    assert repeats > 50


def test_the_consumer_of_the_page_drops_what_comes_again(broker, tmp_path):
    topics, settings = whole(broker)
    outs = list(kill_until(3, tmp_path, (*MARKET, *settings), PROFILE, (1,), 0.3))
    wanted = [each for out in outs for each in lines(out / "orders.jsonl")]
    (tmp_path / "consumer.py").write_text(CONSUMER)
    command = [sys.executable, str(tmp_path / "consumer.py"), broker.bootstrap, topics[0]]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        told = [json.loads(line) for line in islice(process.stdout, len(wanted))]
        process.kill()
        assert process.stderr.read() == ""

    def one(order):
        return order["ts"], order["symbol"], order["id"], order["op"], order["price"], order["size"]

    assert sorted(map(one, told)) == sorted(map(one, wanted))


def test_a_dead_letter_of_a_topic_tells_its_place(broker, tmp_path):
    market, letters = broker.topic(), broker.topic()
    send(PROFILE, (*MARKET, f"kafka.bootstrap={broker.bootstrap}"), market)
    sent = broker.kept(market)
    again = broker.topic()
    broker.send(again, *sent[:50], (b"ETHUSDC", b"no message"), *sent[50:])
    settings = ("source.kind=kafka", f"kafka.topic={again}", *told_in(broker, dead_letters=letters))
    out = graphed(made(tmp_path / "run", *MARKET, *settings))
    ((name, (letter,)),) = heard(broker, [letters], out)[0].items()
    assert name == ("dead_letter", "ETHUSDC")
    place = {"topic": again, "partition": 0, "offset": 50, "where": f"{again}[0]@50"}
    assert letter.items() >= (place | {"reason": "malformed_json", "text": "no message"}).items()


def test_what_a_broker_refuses_is_counted_told_and_a_dead_letter(broker, tmp_path):
    small, letters = broker.topic(1, **{"max.message.bytes": "400"}), broker.topic()
    settings = told_in(broker, readings=small, dead_letters=letters)
    out = graphed(made(tmp_path / "run", *MARKET, *settings), every_s=0.1)
    told, _ = heard(broker, [small, letters], out)
    written = lines(out / "dead_letters.jsonl")
    assert len(written) >= 3 * 4
    assert {(each["reason"], each["where"]) for each in written} == {("undelivered", small)}
    assert all("too large" in each["text"] for each in written)
    assert {kind for kind, _ in told} == {"dead_letter"}
    summary = json.loads((out / "summary.json").read_text())["symbols"]
    for symbol in SYMBOLS:
        n = len(told["dead_letter", symbol])
        assert summary[symbol]["dead_letter_reasons"] == {"undelivered": n}
        assert n == sum(each["symbol"] == symbol for each in written)


def test_without_a_broker_there_is_one_sentence_and_an_exit_code(tmp_path):
    address = f"127.0.0.1:{free_port()}"
    settings = [f"--set=kafka.bootstrap={address}", "--set=kafka.orders_topic=orders"]
    command = [sys.executable, "-m", "flows.cli", "run", *settings, "--out", str(tmp_path / "run")]
    ended = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, timeout=120, check=False)
    assert ended.returncode == 1
    (sentence,) = ended.stderr.splitlines()
    assert sentence.startswith(f"kafka.bootstrap: no broker answers at {address} (")
    assert not (tmp_path / "run").exists()


def test_a_run_goes_on_without_topics_and_with_them_again(broker, tmp_path):
    topics, settings = whole(broker)
    plain = fused(made(tmp_path / "plain", *MARKET))
    out, store = tmp_path / "run", tmp_path / "store"
    store.mkdir()
    init_db_dir(store, 1)
    for more in (settings, (), settings):
        process = start(out, (*MARKET, *more), PROFILE, 1, store)
        wait_for_growth(out, process)
        process.kill()
        process.join()
    told, _ = heard(broker, topics, graphed(made(out, *MARKET, *settings), store=store))
    assert (out / "orders.jsonl").read_bytes() == (plain / "orders.jsonl").read_bytes()
    for symbol in SYMBOLS:
        written = [each for each in lines(out / "orders.jsonl") if each["symbol"] == symbol]
        said = [{name: each[name] for name in written[0]} for each in told["order", symbol]]
        assert said[-1] == written[-1]
        assert all(order in written for order in said)
