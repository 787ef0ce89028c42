"""What metrics say of a run."""

import json
import shutil
import subprocess
import threading

import pytest
import yaml

from connectors.board import Now, Post
from connectors.controls import RELOADS, Controlled
from connectors.metrics.declared import DECLARED, FAMILIES, HISTOGRAM
from flows.driver import run
from tests.oracles.runs import QUIET, graphed, lines, made
from tests.oracles.scrapes import PAIR, of, samples, text_of


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
    others -= {
        name for name in others if name.startswith("mm_kafka")
    }  # tests/flows/test_outage.py has a broker
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


def test_sixty_four_symbols_are_served_at_once(tmp_path):
    symbols = {
        f"X{n}USDT": {"instrument": {"tick": "0.01", "lot": "0.001", "min_notional": "5"}} for n in range(64)
    }
    few = (QUIET, f"symbols={json.dumps(symbols)}", "synthetic.price=100", "source.duration_s=1")
    job = made(tmp_path / "run", *few)
    graphed(job)
    found = samples(text_of(job))
    told = {label[1] for name, label in (key for key in found if key[0] == "mm_vpin_current")}
    assert told == set(symbols)


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


def test_settings_that_were_reloaded_are_served_and_no_counter_begins_anew(tmp_path):
    changes = {"vpin.threshold": ("0.3", "0.25"), "vpin.n_buckets": ("4", "3")}
    reload = Controlled(0, "BTCUSDC", 1, 60, RELOADS, version=7, changes=changes)
    (tmp_path / "control.jsonl").write_bytes(reload.line())
    job = made(tmp_path / "run", *PAIR, f"run.control={tmp_path}/control.jsonl")
    out = graphed(job)
    found = samples(text_of(job))
    assert of(found, "mm_config_version", "BTCUSDC") == 7
    assert of(found, "mm_vpin_threshold", "BTCUSDC") == 0.25
    assert of(found, "mm_vpin_bucket_count", "BTCUSDC") == 3
    assert of(found, "mm_config_version", "ETHUSDC") == 0
    assert of(found, "mm_vpin_threshold", "ETHUSDC") == 0.3
    source = json.loads((out / "summary.json").read_text())["symbols"]["BTCUSDC"]["source"]
    assert of(found, "mm_vpin_updates_total", "BTCUSDC") == source["trades"]
    (told,) = [line for line in lines(out / "log.jsonl") if line["event"] == "settings_in_force"]
    assert (told["symbol"], told["version"], told["frame"]) == ("BTCUSDC", 7, 60)


@pytest.mark.parametrize("driver", ["graph", "research"])
def test_the_log_tells_of_a_run_from_its_start_to_its_end(tmp_path, driver):
    out = run(made(tmp_path / "run", *PAIR, "metrics.enabled=false"), driver)
    told = lines(out / "log.jsonl")
    events = [line["event"] for line in told]
    assert events == ["run_began", "notice", "notice", "vpin_active", "vpin_active", "run_ended"]
    assert (told[0]["driver"], told[0]["symbols"]) == (driver, ["BTCUSDC", "ETHUSDC"])
    assert [line["symbol"] for line in told if "symbol" in line] == ["BTCUSDC", "ETHUSDC"]
    assert told[-1]["stopped"] is False
