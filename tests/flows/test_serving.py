"""Metrics over a socket, for as long as a run is on."""

import json
import signal
import socket
import subprocess
import threading
import time
from contextlib import closing

import pytest

from connectors.metrics.declared import FAMILIES
from flows.driver import run
from flows.exits import WRONG
from operators.errors import ConfigError
from tests.oracles.command import CLI, ROOT, bytewax_run, phoenix
from tests.oracles.runs import LOGS, QUIET, fused, logs, made
from tests.oracles.scrapes import PAIR, heard, samples, scraped

SERVED = ("metrics.enabled=true", "metrics.port=0")


def test_metrics_off_on_or_scraped_hard_change_no_byte(tmp_path, monkeypatch):
    off = run(made(tmp_path / "off", *PAIR), "graph")
    job = made(tmp_path / "on", *PAIR, *SERVED, "run.progress=true")
    urls, stop = heard(monkeypatch, job), threading.Event()
    n_scrapes = 0

    def scrape():
        nonlocal n_scrapes
        while not stop.is_set():
            if urls:
                try:
                    scraped(urls[0])
                    n_scrapes += 1
                except OSError:  # not any more
                    return

    scraper = threading.Thread(target=scrape)
    scraper.start()
    try:
        on = run(job, "graph")
    finally:
        stop.set()
        scraper.join()
    assert n_scrapes > 0
    names = (*LOGS, "transitions.jsonl")
    assert logs(on, names) == logs(off, names)
    assert logs(fused(made(tmp_path / "fused", *PAIR)), names) == logs(off, names)


def test_nothing_of_the_server_is_left_when_the_run_has_ended(tmp_path, monkeypatch):
    job = made(tmp_path / "run", *PAIR, *SERVED)
    urls = heard(monkeypatch, job)
    run(job, "graph")
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("metrics")]
    with pytest.raises(OSError, match="refused"):
        scraped(urls[0])


@pytest.fixture
def taken():
    """A port that somebody listens at."""
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        yield other.getsockname()[1]


def test_a_taken_port_is_refused_before_anything_is_made(tmp_path, taken):
    wanted = ("--set", "metrics.enabled=true", "--set", f"metrics.port={taken}")
    done = phoenix(
        "run", "--out", tmp_path / "run", "--set", QUIET, *wanted, "--set", "metrics.if_taken=refuse"
    )
    assert done.returncode == WRONG
    assert done.stderr == (
        f"metrics.port {taken} of 127.0.0.1 is taken: name another, "
        "or let metrics.if_taken be next or without\n"
    )
    assert not (tmp_path / "run").exists()


def test_the_next_free_port_is_taken_where_that_is_wanted(tmp_path, taken, monkeypatch):
    job = made(
        tmp_path / "run", *PAIR, "metrics.enabled=true", f"metrics.port={taken}", "metrics.if_taken=next"
    )
    urls = heard(monkeypatch, job)
    run(job, "graph")
    (url,) = urls
    assert taken < int(url.rpartition(":")[2].partition("/")[0]) <= taken + 100


def test_a_run_may_go_without_metrics_where_the_port_is_taken(tmp_path, taken, capsys):
    wanted = "metrics.enabled=true", f"metrics.port={taken}", "metrics.if_taken=without"
    out = run(made(tmp_path / "run", *PAIR, *wanted), "graph")
    assert (out / "summary.json").exists()
    assert f"Without metrics: port {taken} of 127.0.0.1 is taken\n" in capsys.readouterr().err


def test_an_address_that_is_not_ours_is_refused_in_a_sentence(tmp_path):
    for address in ("192.0.2.1", "no such place"):
        job = made(tmp_path / "run", *PAIR, *SERVED, f"metrics.address={json.dumps(address)}")
        with pytest.raises(ConfigError, match=f"metrics.address {address} cannot be listened at, port 0: "):
            run(job, "graph")
    assert not (tmp_path / "run").exists()


def test_a_program_that_fails_does_not_wait_for_its_metrics(tmp_path):
    failing = "def flow(*given):\n    real(*given)\n    raise RuntimeError('it has failed')\n"
    (tmp_path / "failing.py").write_text(f"from flows.phoenix import flow as real\n\n{failing}")
    called = f"failing:flow(None, 'metrics.port=0', 'run.directory={tmp_path}/runs')"
    done = bytewax_run(called, path=tmp_path)
    assert "Metrics at http://127.0.0.1:" in done.stderr
    assert "it has failed" in done.stderr
    assert done.returncode != 0


def started(out, *options):
    command = [*CLI, "run", "--out", str(out), *options]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def address_of(process):
    for line in process.stderr:
        if line.startswith("Metrics at "):
            return line.removeprefix("Metrics at ").strip()
    raise AssertionError("it never said where its metrics are")


def scrape_until(url, reached):
    """Scrape until something is reached, and return that."""
    until = time.monotonic() + 60
    while True:
        found = samples(scraped(url))
        if reached(found):
            return found
        assert time.monotonic() < until
        time.sleep(0.02)


SETTINGS = [
    part
    for setting in (*PAIR[1:], "run.checkpoint_every_s=0.05", "source.duration_s=600", *SERVED)
    for part in ("--set", setting)
]


def test_counters_go_on_where_a_checkpoint_left_them(tmp_path):
    out, counter = tmp_path / "run", ("mm_frames_total", ("symbol", "BTCUSDC"))
    first = started(out, *SETTINGS, "--speed", "20")
    try:
        url = address_of(first)
        before = scrape_until(
            url, lambda found: found[counter] > 20 and ("mm_checkpoint_age_seconds",) in found
        )
        assert before["mm_checkpoint_age_seconds",] < 30
        time.sleep(0.5)
    finally:
        first.kill()
        first.communicate()
    again = started(out, "--resume", "--speed", "20")
    try:
        url = address_of(again)
        after = scrape_until(url, lambda found: found[counter] > 0)
    finally:
        again.send_signal(signal.SIGTERM)
        again.communicate()
    names = {family.name for family in FAMILIES if family.kind == "counter"}
    compared = [key for key in before if key[0] in names]
    assert len(compared) > 50
    lost = {key: (before[key], after.get(key)) for key in compared if not after.get(key, -1) >= before[key]}
    assert lost == {}
