"""What a running flow serves to Prometheus."""

import json
import shutil
import signal
import socket
import subprocess
import threading
import time
from contextlib import closing
from urllib.request import urlopen

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from connectors.board import Now, Post
from connectors.exposition import Exposition
from connectors.metrics import DECLARED, FAMILIES, HISTOGRAM
from flows.driver import run
from flows.exits import WRONG
from operators.errors import ConfigError
from tests.oracles.command import CLI, ROOT, phoenix
from tests.oracles.runs import LOGS, QUIET, fused, graphed, lively, logs, made

SERVED = ("metrics.enabled=true", "metrics.port=0")
PAIR = lively("BTCUSDC", "ETHUSDC", seconds=5)


def scraped(url):
    with urlopen(url, timeout=20) as answer:  # noqa: S310 - our own
        return answer.read().decode()


def samples(text):
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def of(found, name, symbol, **labels):
    return found[name, *sorted({"symbol": symbol, **labels}.items())]


def heard(monkeypatch, job):
    """Return where it will be told where metrics are."""
    urls: list[str] = []
    monkeypatch.setattr(job.shared.console, "metrics_at", urls.append)
    return urls


def text_of(job):
    """Return what would be served now."""
    return Exposition(job.shared.board).page().decode()


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    """A run of the graph that came to its end, with what the board says then."""
    job = made(tmp_path_factory.mktemp("serving") / "run", *PAIR)
    out = graphed(job)
    return job, out, samples(text_of(job))


@pytest.mark.parametrize("symbol", ["BTCUSDC", "ETHUSDC"])
def test_at_the_end_metrics_say_what_the_summary_says(ended, symbol):
    _, out, found = ended
    figures = json.loads((out / "summary.json").read_text())["symbols"][symbol]

    def value(name, **labels):
        return of(found, name, symbol, **labels)

    assert value("mm_pnl_after_fees") == float(figures["pnl_after_fees"])
    for part, amount in figures["pnl"].items():
        assert value("mm_pnl", part=part) == float(amount)
    assert value("mm_traded_notional_total") == float(figures["traded"])
    assert value("mm_position_base") == float(figures["position"])
    assert value("mm_mid_price") == float(figures["mark_price"])
    assert value("mm_fills_total", liquidity="maker") == figures["maker_fills"] > 0
    taken = figures["fills"] - figures["maker_fills"]
    assert value("mm_fills_total", liquidity="taker") == taken
    assert value("mm_fill_ratio") == pytest.approx(figures["fill_rate"], abs=1e-6)
    assert value("mm_adverse_selection_ratio") == pytest.approx(figures["adverse_selection_rate"], abs=1e-6)
    for age, markout in figures["markouts"].items():
        assert value("mm_markout_fills_total", horizon=age) == markout["fills"]
        if markout["fills"]:
            assert value("mm_markout_ratio", horizon=age) * 1e4 == pytest.approx(
                markout["mean_bps"], abs=1e-6
            )
    assert value("mm_adverse_fills_total") == figures["markouts"]["1s"]["negative"]
    for side, uptime in figures["uptime"].items():
        assert value("mm_quote_uptime_ratio", side=side) == pytest.approx(uptime, abs=1e-6)
    assert value("mm_vpin_alerts_total") == figures["vpin_alerts"] > 0
    assert value("mm_high_toxicity_pauses_total") == figures["pauses"] > 0
    assert value("mm_trading_state", state=figures["trading_state"]) == 1
    names = {"placed": "orders", "amended": "amends", "canceled": "cancels"}
    for outcome in (*names, "accepted", "filled", "rejected", "expired", "unknown"):
        assert value("mm_orders_total", outcome=outcome) == figures[names.get(outcome, outcome)]
    for code, n in figures["denied"].items():
        assert value("mm_denied_orders_total", code=code) == n
    assert value("mm_book_breaks_total", kind="gap") == figures["book_gaps"]
    assert value("mm_last_event_timestamp_seconds") == figures["last_ns"] / 1e9


def test_every_trade_of_the_tape_is_an_update_of_vpin(ended):
    job, out, found = ended
    for symbol, figures in json.loads((out / "summary.json").read_text())["symbols"].items():
        assert of(found, "mm_vpin_updates_total", symbol) == figures["source"]["trades"] > 0
        updates = job.shared.board.posts[symbol].now.standing.kpis[0].seen.n_trades
        assert updates == figures["source"]["trades"]


def test_every_metric_is_there_for_every_symbol(ended):
    _, _, found = ended
    told = {(name, dict(labels).get("symbol")) for name, *labels in found}
    for symbol in ("BTCUSDC", "ETHUSDC"):
        assert {family.name for family in FAMILIES} - {name for name, of in told if of == symbol} == set()
        assert (f"{HISTOGRAM}_bucket", symbol) in told
    others = {metric.name for metric in DECLARED if "symbol" not in metric.labels}
    assert {name for name, of in told if of is None} >= others


def test_each_frame_is_in_the_histogram_once(ended):
    job, _, found = ended
    for symbol, times in job.shared.timing.symbols.items():
        assert of(found, f"{HISTOGRAM}_count", symbol) == times.frames
        assert of(found, f"{HISTOGRAM}_bucket", symbol, le="+Inf") == times.frames
        assert of(found, f"{HISTOGRAM}_sum", symbol) == times.total_ns / 1e9
        assert of(found, "mm_frames_total", symbol) == times.frames


def test_a_scrape_of_a_running_flow_is_as_of_one_answered_frame(tmp_path):
    """Whatever is read while the graph goes on equals what one of its standings says."""
    job = made(tmp_path / "run", *PAIR)
    post = job.shared.board.posts["BTCUSDC"]
    kept: dict[int, Now] = {}

    class Keeper(Post):
        def __setattr__(self, name, value):
            if name == "now":
                kept[value.number] = value
            object.__setattr__(self, name, value)

    post.__class__ = Keeper
    seen, stop = [], threading.Event()

    def scrape():
        while not stop.is_set():
            seen.append(samples(text_of(job)))

    scraper = threading.Thread(target=scrape)
    scraper.start()
    try:
        graphed(job)
    finally:
        stop.set()
        scraper.join()
    met = [found for found in seen if ("mm_mid_price", ("symbol", "BTCUSDC")) in found]
    assert len({of(found, "mm_frames_total", "BTCUSDC") for found in met}) > 3
    for found in met:
        now = kept[int(of(found, "mm_frames_total", "BTCUSDC"))]
        assert now.standing is not None
        ledger, kpis = now.standing.ledger[0], now.standing.kpis[0]
        assert of(found, "mm_last_event_timestamp_seconds", "BTCUSDC") == int(ledger.last_ns) / 1e9
        assert of(found, "mm_fills_total", "BTCUSDC", liquidity="maker") == ledger.n_maker_fills
        assert of(found, "mm_vpin_current", "BTCUSDC") == kpis.value
        assert of(found, "mm_vpin_updates_total", "BTCUSDC") == kpis.seen.n_trades
        buckets = [v for (name, *_), v in found.items() if name == f"{HISTOGRAM}_bucket"]
        assert len(buckets) > 0


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


def test_sixty_four_symbols_are_served_at_once(tmp_path):
    symbols = {
        f"X{n}USDT": {"instrument": {"tick": "0.01", "lot": "0.001", "min_notional": "5"}} for n in range(64)
    }
    few = (QUIET, f"symbols={json.dumps(symbols)}", "synthetic.price=100", "source.duration_s=1")
    job = made(tmp_path / "run", *few)
    graphed(job)
    found = samples(text_of(job))
    assert {dict(labels)["symbol"] for name, *labels in found if name == "mm_vpin_current"} == set(symbols)


def test_promtool_finds_nothing_wrong(ended):
    promtool = shutil.which("promtool") or pytest.skip("promtool is not installed")
    job, *_ = ended
    done = subprocess.run(
        [promtool, "check", "metrics"], input=text_of(job), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_settings_are_served_as_they_are_written(ended):
    _, out, found = ended
    written = yaml.safe_load((out / "config.yaml").read_text())["symbols"]
    for symbol, settings in written.items():
        vpin = settings["vpin"]
        assert of(found, "mm_vpin_threshold", symbol) == vpin["threshold"]
        assert of(found, "mm_vpin_pause_threshold", symbol) == vpin["pause_threshold"]
        assert of(found, "mm_vpin_enabled", symbol) == vpin["enabled"]
        assert of(found, "mm_budget_notional", symbol) == settings["risk"]["budget_notional"]
        assert found["mm_config_version", ("symbol", symbol)] == 0
