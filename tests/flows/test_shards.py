"""A configuration spread over processes: each symbol does what it would have done in one."""

import json
import re
import urllib.request

import pytest

from flows.driver import run
from flows.publishing import send
from flows.serving import serve
from tests.oracles.broker import free_port
from tests.oracles.command import bytewax_run, make_store, phoenix
from tests.oracles.kills import wait_for_growth
from tests.oracles.runs import PROFILE, UNREPORTED, fused, graphed, lines, lively, made
from tests.oracles.shards import begin, finish, parts

SYMBOLS = ("BTCUSDC", "DOGEUSDC", "ETHUSDC", "SOLUSDC")
MARKET = lively(*SYMBOLS, seconds=6)
LONG = "source.duration_s=600"
"""Whoever is killed is there until then, however slow the machine is."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    out = fused(made(tmp_path_factory.mktemp("whole") / "run", *MARKET))
    assert (out / "fills.jsonl").read_bytes().count(b"\n") > 15
    return parts([out])


def shards(folder, n, *more):
    """Return the settings of each shard; what they claim is claimed in this folder alone."""
    return [(*MARKET, *more, f"run.directory={folder}", f"run.shard={k}/{n}") for k in range(1, n + 1)]


@pytest.mark.parametrize(("n", "driver"), [(2, "graph"), (3, "graph"), (2, "research")])
def test_shards_do_what_one_process_does(whole, tmp_path, n, driver):
    outs = [run(made(tmp_path / f"{k}", *own), driver) for k, own in enumerate(shards(tmp_path, n))]
    assert parts(outs) == whole
    assert sum(len(json.loads((out / "summary.json").read_text())["symbols"]) for out in outs) == len(SYMBOLS)


@pytest.mark.parametrize("partitions", [1, 4])
def test_shards_of_a_topic_do_what_one_process_does_from_the_market_itself(
    real_broker, whole, tmp_path, partitions
):
    topic = real_broker.topic(partitions)
    send(PROFILE, (*MARKET, f"kafka.bootstrap={real_broker.bootstrap}"), topic)
    source = ("source.kind=kafka", f"kafka.bootstrap={real_broker.bootstrap}", f"kafka.topic={topic}")
    outs = [run(made(tmp_path / f"{k}", *own), "graph") for k, own in enumerate(shards(tmp_path, 2, *source))]
    assert parts(outs) == whole


def test_what_belongs_to_nobody_is_told_by_one_shard(broker, whole, tmp_path):
    plain, topic = broker.topic(), broker.topic()
    send(PROFILE, (*MARKET, f"kafka.bootstrap={broker.bootstrap}"), plain)
    sent = broker.kept(plain)
    for at in range(40, len(sent), 97):
        sent.insert(at, (None, b"no message: %d" % at))
    broker.send(topic, *sent)
    bad = [f"{topic}[0]@{at}" for at, (key, _) in enumerate(sent) if key is None]
    source = ("source.kind=kafka", f"kafka.bootstrap={broker.bootstrap}", f"kafka.topic={topic}")
    outs = [graphed(made(tmp_path / f"{k}", *own)) for k, own in enumerate(shards(tmp_path, 2, *source))]
    assert parts(outs) == whole
    assert sorted(each["where"] for out in outs for each in lines(out / "dead_letters.jsonl")) == sorted(bad)


def test_a_shard_that_is_killed_leaves_the_other_alone_and_goes_on(whole, tmp_path):
    one, two = shards(tmp_path, 2, "source.speed=1")
    outs = tmp_path / "1", tmp_path / "2"
    victim, other = begin(outs[0], one), begin(outs[1], two)
    wait_for_growth(outs[0], victim)
    victim.join(0.2)
    assert victim.is_alive()
    victim.kill()
    victim.join()
    assert other.is_alive()
    finish(outs[0], one, resume=True)
    other.join()
    assert other.exitcode == 0
    assert parts(outs) == whole


def test_a_symbol_of_another_shard_is_refused_until_that_is_gone(whole, tmp_path):
    one, two = shards(tmp_path, 2, "source.speed=1")
    first = begin(tmp_path / "first", (*one, LONG))
    wait_for_growth(tmp_path / "first", first)
    taken = min(path.name for path in (tmp_path / "claims" / "phoenix").iterdir())
    options = [part for each in (UNREPORTED, *two, f"run.symbols=[{taken}]") for part in ("--set", each)]
    done = phoenix("run", *options, "--out", tmp_path / "second")
    assert done.returncode == 1
    assert re.fullmatch(
        rf"{taken} is run already, by 1of2 in {tmp_path}/first \(process {first.pid}\): .*\n", done.stderr
    )
    assert not (tmp_path / "second").exists()
    first.kill()
    first.join()
    finish(tmp_path / "second", (*two, f"run.symbols=[{taken}]", "source.speed=0"))
    assert {name: text for name, text in whole.items() if name[1] == taken} == parts([tmp_path / "second"])


def test_shards_of_other_settings_do_not_exceed_the_cap_together(tmp_path):
    one, two = shards(tmp_path, 2, "source.speed=1", LONG)
    first = begin(tmp_path / "first", one)
    wait_for_growth(tmp_path / "first", first)
    options = [part for each in (UNREPORTED, *two) for part in ("--set", each)]
    more = ("--set", "risk.total_notional=5000000")
    done = phoenix("run", *options, *more, "--out", tmp_path / "second")
    assert done.returncode == 2
    assert "budgets come to 4,500,000, above 4,000,000: give all shards the same settings" in done.stderr
    assert not (tmp_path / "second").exists()
    less = ("--set", "risk.total_notional=3000000")
    done = phoenix("run", *options, *less, "--out", tmp_path / "second")
    assert done.returncode == 2
    assert "budgets come to 3,500,000, above 3,000,000: " in done.stderr
    first.kill()
    first.join()


def test_runs_of_the_whole_claim_nothing(tmp_path):
    own = (*MARKET, f"run.directory={tmp_path}", "source.speed=1", LONG)
    first = begin(tmp_path / "first", own)
    wait_for_growth(tmp_path / "first", first)
    finish(tmp_path / "second", (*MARKET, f"run.directory={tmp_path}"))
    assert first.is_alive()
    first.kill()
    first.join()
    assert not (tmp_path / "claims").exists()


def test_a_shard_goes_on_as_the_shard_that_it_was(tmp_path):
    settings = (f"run.directory={tmp_path}", UNREPORTED, *lively(*SYMBOLS, seconds=1))
    options = [part for each in settings for part in ("--set", each)]
    done = phoenix("run", *options, "--shard", "1/2")
    assert done.returncode == 0, done.stderr
    (out,) = tmp_path.glob("*-phoenix-1of2-1")
    (out / "summary.json").unlink()  # As if it had been killed.
    (out / "report.html").unlink(missing_ok=True)
    other = phoenix("run", "--resume", "--out", out, "--shard", "2/2")
    assert other.returncode == 3
    assert "was made by share of" in other.stderr
    again = phoenix("run", *options, "--shard", "1/2", "--resume")
    assert again.returncode == 0, again.stderr
    assert f"Going on with {out}\n" in again.stderr
    none = phoenix("run", *options, "--shard", "2/2", "--resume")
    assert none.returncode == 2
    assert "profile phoenix-2of2" in none.stderr


def test_a_share_of_nothing_is_one_sentence(tmp_path):
    options = [part for each in (*MARKET, UNREPORTED) for part in ("--set", each)]
    short = [*options, "--set", "source.duration_s=0.1"]
    each = [phoenix("run", *short, "--shard", f"{k}/5", "--out", tmp_path / f"{k}") for k in range(1, 6)]
    (empty,) = [done for done in each if done.returncode]
    assert empty.returncode == 2
    said = r'--set run.shard: leaves nothing to run: 4 symbols are dealt to 5 shards, was "\d/5"\n'
    assert re.fullmatch(said, empty.stderr)


def test_a_store_of_another_share_is_refused_before_bytewax_fails_on_it(tmp_path):
    store = make_store(tmp_path / "store")
    settings = (f"run.directory={tmp_path}", UNREPORTED, *lively(*SYMBOLS, seconds=1))

    def flow(*more):
        told = ", ".join(map(repr, (str(PROFILE), *settings, *more)))
        return f"flows.phoenix:flow({told})"

    first = bytewax_run(flow("run.shard=1/2"), *store)
    assert first.returncode == 0, first.stderr
    for more in (("run.shard=2/2",), ("run.symbols=[SOLUSDC]",)):
        done = bytewax_run(flow(*more), *store)
        assert done.returncode == 3
        assert re.fullmatch(r"this checkpoint was made by share of .*\n", done.stderr)


def test_processes_of_a_cluster_are_refused_in_one_sentence():
    done = bytewax_run("flows.phoenix", "-i", "0", "-a", "localhost:2021;localhost:2022")
    assert done.returncode == 2
    assert done.stderr.startswith("a symbol cannot be spread over processes of a cluster (-i, -a)")
    assert done.stderr.count("\n") == 1


def test_a_shard_says_which_it_is_at_a_port_of_its_own(tmp_path):
    port = free_port()
    served = ("metrics.enabled=true", "metrics.if_taken=refuse", f"metrics.port={port}")
    _, second = shards(tmp_path, 2, *served)
    server = serve(made(tmp_path / "2", *second))
    assert server is not None
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port + 1}/metrics", timeout=30) as page:
            text = page.read().decode()
    finally:
        server.close()
    assert re.search(r'^mm_run_info\{profile="phoenix",config="\w+",shard="2of2"\} 1', text, re.MULTILINE)
    traded = set(re.findall(r'mm_frames_total\{symbol="(\w+)"\}', text))
    assert traded
    assert traded < set(SYMBOLS)


@pytest.mark.parametrize("empty", ["", " "])
def test_a_shard_without_a_name_is_not_taken_for_the_whole(empty, tmp_path):
    told = phoenix("run", "--shard", empty, "--set", f"run.directory={tmp_path}/runs")
    assert told.returncode == 2
    assert "--shard: must be K/N or names of symbols, was empty" in " ".join(told.stderr.split())
    assert not (tmp_path / "runs").exists()
