"""The settings file watched: what is saved is applied whole, or refused whole and named."""

import io
import os
import time

import pytest
import yaml

from configs.load import load
from configs.write import resolved_yaml
from connectors.console import Console
from connectors.controls import Controlled
from connectors.progress import Progress
from flows import market
from flows.models import model_of
from flows.reloading import Reloading
from flows.watching import Watcher
from tests.oracles.runs import PROFILE

TEXT = PROFILE.read_text()


class Desk:
    """A file, what watches it, and what was said."""

    def __init__(self, folder):
        self.path, self.said = folder / "phoenix.yaml", io.StringIO()
        self.path.write_text(TEXT)
        self.reloading = Reloading(load(self.path), self.path)
        console = Console(Progress(None), stream=self.said)
        self.watcher = Watcher(self.path, lambda: load(self.path), self.reloading, console)

    def save(self, text):
        self.path.write_text(text)
        # A file that was just written is read once it stood still.
        self.watcher.look()
        self.watcher.look()
        return self.said.getvalue()

    def change(self, **keys):
        tree = yaml.safe_load(self.path.read_text())
        for dotted, value in keys.items():
            *sections, key = dotted.split("__")
            place = tree
            for section in sections:
                place = place.setdefault(section, {}) or place[section]
            place[key] = value
        return self.save(yaml.safe_dump(tree))

    def wanted(self, symbol, version=0):
        return self.reloading.wanted(symbol, version, self.reloading.initial(symbol))


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


def test_a_saved_change_is_offered_to_every_symbol_and_said_once(desk):
    said = desk.change(vpin__threshold=0.75, vpin__pause_seconds=7)
    for symbol in desk.reloading.began.symbols:
        reload = desk.wanted(symbol)
        assert dict(reload.changes) == {"vpin.threshold": ("0.7", "0.75"), "vpin.pause_seconds": ("5", "7")}
        assert reload.rules.asmm[0].threshold == 0.75
        assert reload.rules.kpis[0].threshold == 0.75
        assert not reload.new_window
    assert said.count("version 1: vpin.threshold 0.7 → 0.75, vpin.pause_seconds 5 → 7") == 1
    assert desk.reloading.n_applied == 1


def test_a_symbol_is_offered_what_differs_for_it_alone(desk):
    desk.change(symbols__DOGEUSDC__vpin={"bucket_size": 200_000, "n_buckets": 6})
    assert desk.wanted("ETHUSDC") is None
    reload = desk.wanted("DOGEUSDC")
    assert (dict(reload.changes), reload.new_window) == ({"vpin.n_buckets": ("5", "6")}, True)


def test_a_symbol_that_changes_otherwise_than_all_others_is_said_beside_them(desk):
    own = {"vpin": {**yaml.safe_load(TEXT)["symbols"]["DOGEUSDC"]["vpin"], "threshold": 0.6}}
    said = desk.change(vpin__threshold=0.75, symbols__DOGEUSDC__vpin=own["vpin"])
    assert "vpin.threshold 0.7 → 0.75" in said
    assert "symbols.DOGEUSDC.vpin.threshold 0.7 → 0.6" in said
    assert "symbols.ETHUSDC" not in said


def test_the_newest_of_several_versions_is_offered_with_all_that_changed(desk):
    desk.change(vpin__threshold=0.75)
    desk.change(vpin__multiplier=0.3)
    reload = desk.wanted("ETHUSDC")
    assert reload.version == 2
    assert dict(reload.changes) == {"vpin.threshold": ("0.7", "0.75"), "vpin.multiplier": ("0.2", "0.3")}
    current = {**desk.reloading.initial("ETHUSDC"), "vpin.threshold": "0.75"}
    assert dict(desk.reloading.wanted("ETHUSDC", 1, current).changes) == {"vpin.multiplier": ("0.2", "0.3")}
    assert desk.reloading.wanted("ETHUSDC", 2, current) is None


def test_a_change_that_is_taken_back_before_anybody_asked_changes_nothing(desk):
    desk.change(vpin__threshold=0.75)
    desk.save(TEXT)
    assert desk.wanted("ETHUSDC") is None
    assert desk.reloading.top == 2


INVALID = {
    "no yaml": "vpin: [",
    "empty": "",
    "unknown key": TEXT + "\nvpni: {threshold: 0.7}\n",
    "out of range": TEXT.replace("threshold: 0.7", "threshold: 7"),
    "no number": TEXT.replace("threshold: 0.7", "threshold: high"),
    "contradiction": TEXT.replace("  threshold: 0.7", "  n_buckets: 3\n  threshold: 0.7").replace(
        "min_buckets: 5", "min_buckets: 50"
    ),
    "repeated key": TEXT + "\nvpin: {threshold: 0.7}\n",
    "not text": "\x00\x01\x02",
    "half written": TEXT[: len(TEXT) // 2],
    "budgets beyond the cap": TEXT.replace("total_notional: 4_000_000", "total_notional: 1"),
    "two faults": TEXT.replace("threshold: 0.7", "threshold: 7").replace("multiplier: 0.2", "multiplier: -1"),
    "deep": "[" * 20_000,
}


@pytest.mark.parametrize("text", INVALID.values(), ids=INVALID)
def test_an_invalid_file_is_refused_whole_and_what_is_wrong_is_said(desk, text):
    before = desk.change(vpin__multiplier=0.3)
    said = desk.save(text)[len(before) :]
    assert said.startswith(f"{desk.path} is refused, and the settings stay as they are:\n  ")
    assert (desk.reloading.n_applied, desk.reloading.n_refused, desk.reloading.top) == (1, 1, 1)
    assert dict(desk.wanted("ETHUSDC").changes) == {"vpin.multiplier": ("0.2", "0.3")}
    after = desk.save(TEXT.replace("multiplier: 0.2", "multiplier: 0.4"))
    assert after.count("version 2: vpin.multiplier 0.3 → 0.4") == 1


def test_every_fault_is_named(desk):
    said = desk.save(INVALID["two faults"])
    assert "vpin.threshold must be" in said
    assert "vpin.multiplier must be" in said


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        (
            "total_notional: 4_000_000",
            "total_notional: 3_000_000",
            "risk.total_notional changes only",
        ),
        ("total_daily_loss: 20_000", "total_daily_loss: 30_000", "risk.total_daily_loss changes only"),
        (
            "entry_latency_ms: 5",
            "entry_latency_ms: 6",
            "venue.entry_latency_ms changes only",
        ),
        ("  seed: 7 ", "  seed: 8 ", "source.seed changes only at a restart, was 7, now 8"),
        ("clock_ms: 100", "clock_ms: 50", "quoting.clock_ms changes only at a restart, was 100, now 50"),
        ("price: 3400,", "price: 3401,", "symbols.ETHUSDC.synthetic.price changes only at a restart"),
        ("model: glft", 'model: "pennies:make"', "quoting.model changes only at a restart"),
        ("  bucket_unit: ", '  measure: "a:b"\n  bucket_unit: ', "vpin.measure changes only at a restart"),
        ("  XRPUSDC:", "  XRPUSDT:", "symbols.XRPUSDC is removed only at a restart"),
        ("  XRPUSDC:", "  XRPUSDT:", "symbols.XRPUSDT is added only at a restart"),
    ],
)
def test_what_needs_a_restart_makes_a_file_be_refused_with_all_else_in_it(desk, was, now, said):
    assert was in TEXT
    found = desk.save(TEXT.replace(was, now).replace("multiplier: 0.2", "multiplier: 0.4"))
    assert said in found
    assert "refused" in found
    assert desk.wanted("ETHUSDC") is None


def test_what_no_order_depends_on_may_be_saved_and_waits(desk):
    assert desk.save(TEXT + "\nrun: {progress: false}\n") == ""
    assert desk.reloading.n_refused == 0


def test_what_a_resumed_run_was_told_before_is_not_said_again(desk, tmp_path):
    began = desk.reloading.began
    (tmp_path / "config.yaml").write_text(resolved_yaml(began))
    told = {"vpin.threshold": ("0.7", "0.75")}
    records = [Controlled(1, symbol, 1, 9, "reload", "", "", 1, told) for symbol in began.symbols]
    desk.reloading.catch_up(began, tmp_path, records)
    assert desk.change(vpin__threshold=0.75) == ""
    assert desk.reloading.top == 1


def test_a_file_that_is_being_written_is_not_read(desk):
    desk.path.write_text(TEXT[:500])
    desk.watcher.look()
    desk.path.write_text(TEXT.replace("threshold: 0.7", "threshold: 0.75"))
    desk.watcher.look()
    assert desk.said.getvalue() == ""
    desk.watcher.look()
    assert "version 1: vpin.threshold 0.7 → 0.75" in desk.said.getvalue()


def test_what_is_saved_while_the_run_is_made_ready_is_still_seen(tmp_path, monkeypatch):
    path = tmp_path / "phoenix.yaml"
    path.write_text(TEXT)

    def edited(symbol):
        path.write_text(TEXT.replace("threshold: 0.7", "threshold: 0.75"))
        return model_of(symbol)

    monkeypatch.setattr(market, "model_of", edited)
    made = market.program(path, ["run.progress=false"], tmp_path / "run")
    for _ in range(2):
        made.watcher.look()
    wanted = made.reloading.wanted("ETHUSDC", 0, made.reloading.initial("ETHUSDC"))
    assert wanted is not None
    assert wanted.version == 1


def test_a_file_that_is_gone_changes_nothing_until_it_is_back(desk):
    desk.path.unlink()
    for _ in range(3):
        desk.watcher.look()
    assert desk.said.getvalue() == ""
    assert "version 1" in desk.save(TEXT.replace("threshold: 0.7", "threshold: 0.75"))


def test_a_pipe_in_its_place_is_refused_and_not_waited_for(desk):
    desk.path.unlink()
    os.mkfifo(desk.path)
    desk.watcher.look()
    desk.watcher.look()
    assert f"{desk.path} is a pipe, not a settings file" in desk.said.getvalue()
    desk.path.unlink()
    assert "version 1" in desk.save(TEXT.replace("threshold: 0.7", "threshold: 0.75"))


def test_asked_to_look_it_says_that_nothing_changed_or_what_is_missing(desk):
    desk.watcher.ask()
    desk.watcher.look()
    assert desk.said.getvalue() == f"{desk.path} changes nothing\n"
    desk.path.unlink()
    desk.watcher.ask()
    desk.watcher.look()
    assert "is refused" in desk.said.getvalue()


def test_the_thread_sees_what_is_saved_and_ends(desk):
    desk.watcher.start()
    try:
        desk.path.write_text(TEXT.replace("threshold: 0.7", "threshold: 0.75"))
        until = time.monotonic() + 30
        while desk.reloading.top == 0:
            assert time.monotonic() < until
            time.sleep(0.01)
    finally:
        desk.watcher.stop()
    assert not desk.watcher.thread.is_alive()


def test_a_file_that_could_not_be_read_is_read_once_it_may_be(desk):
    desk.path.write_text(TEXT.replace("threshold: 0.7", "threshold: 0.75"))
    desk.watcher.look()
    read = desk.watcher.read

    def refused():
        raise PermissionError(13, "Permission denied")

    desk.watcher.read = refused
    desk.watcher.look()
    assert "Permission denied" in desk.said.getvalue()
    desk.watcher.read = read
    desk.path.chmod(0o640)
    desk.watcher.look()
    desk.watcher.look()
    assert "version 1: vpin.threshold 0.7 → 0.75" in desk.said.getvalue()


def test_whatever_goes_wrong_with_a_file_it_is_refused_and_the_watch_goes_on(desk):
    read = desk.watcher.read
    desk.watcher.read = lambda: 1 / 0
    desk.watcher.ask()
    desk.watcher.look()
    assert "is refused" in desk.said.getvalue()
    desk.watcher.read = read
    assert "version 1" in desk.save(TEXT.replace("threshold: 0.7", "threshold: 0.75"))
