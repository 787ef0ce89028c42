"""A broker that dies or stands still while a run depends on it: the run waits, and loses nothing."""

import itertools
import json
import signal
import subprocess
import sys
import time

import pytest

from flows.publishing import send
from operators.kernel import ROOT
from tests.oracles.outages import PATIENCE_S, SOON_S, once, phoenix, running, sentence_with, wait_for_orders
from tests.oracles.runs import PROFILE, fused, lines, lively, made
from tests.oracles.scrapes import samples, scraped

SYMBOL = "BTCUSDC"
BRIEF = lively(SYMBOL, seconds=40)
LONGER = lively(SYMBOL, seconds=120)
MARKET = (*BRIEF, "source.speed=3", "run.checkpoint_every_s=0.2", "run.report=false")
MUCH = 6_000
"""Messages: less than the longer market has."""
SHOWN = ("metrics.enabled=true", "metrics.port=0", "run.progress=true")


def telling(broker, topic, out, *more):
    return running(broker, out, *MARKET, f"kafka.orders_topic={topic}", *more)


def live_through_an_outage(process, mortal, topic):
    """Kill the broker of a process once it tells something; it says so, waits, and comes to its end."""
    wait_for_orders(mortal, topic, process)
    mortal.kill(signal.SIGKILL)
    killed = time.monotonic()
    assert mortal.bootstrap in sentence_with(process, "takes nothing")
    assert time.monotonic() - killed < SOON_S
    mortal.again()
    sentence_with(process, "a broker answers again")
    process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0


def test_a_run_waits_for_a_broker_that_was_killed_and_nothing_is_missing_then(mortal, tmp_path):
    topic, out = mortal.topic(), tmp_path / "run"
    with telling(mortal, topic, out) as process:
        live_through_an_outage(process, mortal, topic)
    assert once(mortal.kept(topic), out) == lines(out / "orders.jsonl")


def test_a_publisher_waits_too_and_says_so(mortal):
    topic = mortal.topic()
    speed = ("source.speed=5", "run.progress=false")
    with phoenix("publish", mortal, *BRIEF, *speed, more=("--topic", topic)) as process:
        live_through_an_outage(process, mortal, topic)
    told = [json.loads(value) for _, value in mortal.kept(topic)]
    assert [each["n"] for each in told] == list(range(1, len(told) + 1))
    assert told[-1]["type"] == "end"


def test_a_run_that_is_stopped_while_there_is_none_ends_and_can_be_resumed(mortal, tmp_path):
    topic, out = mortal.topic(), tmp_path / "run"
    with telling(mortal, topic, out) as process:
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


def seen_at(url):
    """Return what metrics say of brokers."""
    return {name: value for name, value in samples(scraped(url)).items() if name[0].startswith("mm_kafka")}


def of(found, name, side):
    return found[f"mm_kafka_{name}", ("side", side)]


def wait_until(url, holds):
    until = time.monotonic() + PATIENCE_S
    while not holds(found := seen_at(url)):
        assert time.monotonic() < until, found
        time.sleep(0.1)
    return found


@pytest.mark.parametrize(("ends", "begins"), [("SIGKILL", None), ("SIGSTOP", "SIGCONT")])
def test_time_without_a_broker_is_said_soon_and_counted_while_it_lasts(mortal, tmp_path, ends, begins):
    """A broker that stands still keeps its connections, and answers nothing.

    The market's rest is sent when all has been seen: the run cannot end before.
    """
    market, topic, out = mortal.topic(2), mortal.topic(), tmp_path / "run"
    whole, asked = (*LONGER, f"kafka.bootstrap={mortal.bootstrap}"), itertools.count()
    assert send(PROFILE, whole, market, stops=lambda: next(asked) >= MUCH) == {SYMBOL: MUCH}
    settings = (*LONGER, "source.kind=kafka", f"kafka.topic={market}", *SHOWN)
    with telling(mortal, topic, out, *settings) as process:
        url = sentence_with(process, "Metrics at").split()[-1]
        wait_for_orders(mortal, topic, process)
        before = wait_until(url, lambda found: any("lag" in name for name, *_ in found))
        assert of(before, "up", "source") == of(before, "up", "sinks") == 1
        assert of(before, "down_seconds_total", "source") == of(before, "outages_total", "source") == 0
        mortal.kill(getattr(signal, ends))
        killed = time.monotonic()
        sentence_with(process, "kafka: no broker answers")
        assert time.monotonic() - killed < SOON_S
        during = wait_until(url, lambda found: of(found, "down_seconds_total", "source") > 1)
        later = wait_until(url, lambda found: found["mm_kafka_down_seconds_total", ("side", "source")] > 2)
        assert of(during, "up", "source") == of(later, "up", "source") == 0
        if begins:
            mortal.kill(getattr(signal, begins))
        else:
            mortal.again()
        after = wait_until(url, lambda found: of(found, "up", "source") == 1)
        assert of(after, "outages_total", "source") == 1
        assert send(PROFILE, whole, market)[SYMBOL] > 1
        process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0
    plain = fused(made(tmp_path / "plain", *LONGER))
    assert (out / "orders.jsonl").read_bytes() == (plain / "orders.jsonl").read_bytes()
    assert once(mortal.kept(topic), out) == lines(out / "orders.jsonl")
