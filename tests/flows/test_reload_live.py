"""Settings edited while a run goes on: applied without a stop, replayed to the byte, kept through kills."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
import yaml

from connectors.samples import read_samples
from tests.oracles.command import CLI, bytewax_run, make_store, phoenix
from tests.oracles.runs import LOGS, PROFILE, ROOT, fused, graphed, lines, lively, logs, made

SYMBOLS = ("BTCUSDC", "ETHUSDC")
SAME = (*LOGS, "transitions.jsonl", "control.jsonl")


class Desk:
    """A settings file, a run by it, and what the run has taken in."""

    def __init__(self, folder, seconds, **run):
        self.folder, self.out, self.config = folder, folder / "run", folder / "desk.yaml"
        self.tree = yaml.safe_load(PROFILE.read_text())
        for option in (*lively(*SYMBOLS, seconds=seconds), "run.checkpoint_every_s=0.1", "run.report=false"):
            key, value = option.split("=", 1)
            self.set(key, yaml.safe_load(value))
        self.tree["source"].update(run)
        self.save()
        (folder / "before.yaml").write_text(self.config.read_text())

    def set(self, dotted, value):
        *sections, key = dotted.split(".")
        place = self.tree
        for section in sections:
            place = place.setdefault(section, {})
        place[key] = value

    def save(self, **changes):
        """As an editor does it: a new file in the old one's place."""
        for key, value in changes.items():
            self.set(key.replace("__", "."), value)
        new = self.folder / "desk.yaml.new"
        new.write_text(yaml.safe_dump(self.tree))
        new.replace(self.config)

    def start(self, *options):
        command = [*CLI, "run", "--out", str(self.out), *options]
        with (self.folder / "said").open("ab") as said:
            return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=said)

    def said(self):
        return (self.folder / "said").read_text()

    def controls(self, symbol="BTCUSDC"):
        path = self.out / "control" / f"{symbol}.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.is_file() else []

    def wait(self, condition, process=None):
        until = time.monotonic() + 120
        while not condition():
            assert process is None or process.poll() is None, self.said()
            assert time.monotonic() < until, self.said()
            time.sleep(0.01)

    def has_traded(self):
        paths = [self.out / "orders" / f"{symbol}.jsonl" for symbol in SYMBOLS]
        return all(path.is_file() and path.stat().st_size for path in paths)

    def reached_s(self):
        """How much of the market the logs are about."""
        path = self.out / "samples" / f"{SYMBOLS[0]}.bin"
        return len(read_samples(path))

    def replayed(self, driver=fused):
        """Run from the settings as they were at first, with the record of what was done to them."""
        control = f"run.control={self.out / 'control.jsonl'}"
        out = self.folder / f"replayed-{driver.__name__}"
        return driver(made(out, control, config=self.folder / "before.yaml"))


def stopped(folder, seconds):
    """A paced run that was stopped once it had traded."""
    desk = Desk(folder, seconds, speed=5)
    process = desk.start("--config", str(desk.config))
    desk.wait(desk.has_traded, process)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    return desk


@pytest.fixture(scope="module")
def edited(tmp_path_factory):
    """A paced run whose file was edited well, badly, twice in a second and in a pause."""
    desk = Desk(tmp_path_factory.mktemp("edited"), 60, speed=3)
    process = desk.start("--config", str(desk.config))
    try:
        desk.wait(desk.has_traded, process)
        desk.save(vpin__multiplier=1.5, quoting__min_half_spread_bps=1.1)
        desk.wait(lambda: all(len(desk.controls(symbol)) == 1 for symbol in SYMBOLS), process)
        desk.save(vpin__threshold="high")
        desk.wait(lambda: "is refused" in desk.said(), process)
        desk.save(vpin__threshold=0.33)
        desk.wait(lambda: len(desk.controls()) == 2, process)
        desk.save(vpin__threshold=0.34, risk__max_order_notional=9000)
        desk.wait(lambda: len(desk.controls()) == 3, process)
        # What every reading is above pauses at the next decision; half a second later it is over.
        desk.save(vpin__pause_threshold=0, vpin__pause_seconds=2)
        desk.wait(lambda: len(desk.controls()) == 4, process)
        desk.save(vpin__pause_threshold=0.9, vpin__n_buckets=5, vpin__pause_seconds=1)
        desk.wait(lambda: len(desk.controls()) == 5, process)
        process.send_signal(signal.SIGHUP)
        desk.wait(lambda: "changes nothing" in desk.said(), process)
        assert process.wait(120) == 0
    finally:
        process.kill()
    return desk


def test_every_change_that_was_saved_was_applied_and_said(edited):
    assert [each["version"] for each in edited.controls()] == [1, 2, 3, 4, 5]
    assert [set(each["changes"]) for each in edited.controls("ETHUSDC")] == [
        {"vpin.multiplier", "quoting.min_half_spread_bps"},
        {"vpin.threshold"},
        {"vpin.threshold", "risk.max_order_notional"},
        {"vpin.pause_threshold", "vpin.pause_seconds"},
        {"vpin.pause_threshold", "vpin.n_buckets", "vpin.pause_seconds"},
    ]
    said = edited.said()
    assert said.count("version 1: vpin.multiplier 0.2 → 1.5, quoting.min_half_spread_bps 0.8 → 1.1") == 1
    assert said.count("version 2: vpin.threshold 0.3 → 0.33") == 1
    assert 'vpin.threshold must be a number from 0 to 1, was "high"' in said
    assert said.count(" is refused") == 1


def test_the_run_keeps_what_it_began_with_and_every_change_with_its_frame(edited):
    assert "threshold: 0.3\n" in (edited.out / "config.yaml").read_text()
    merged = lines(edited.out / "control.jsonl")
    assert len(merged) == 2 * 5
    assert json.loads((edited.out / "origin.json").read_text())["config"] == str(edited.config)


@pytest.mark.parametrize("driver", [fused, graphed])
def test_a_replay_with_the_recorded_changes_is_the_same_to_the_byte(edited, driver):
    assert logs(edited.replayed(driver), SAME) == logs(edited.out, SAME)


def test_a_kill_right_after_a_reload_at_full_speed_goes_on_with_the_new_settings(tmp_path):
    desk = Desk(tmp_path, 400)
    process = desk.start("--config", str(desk.config))
    try:
        for n in range(1, 5):
            desk.wait(desk.has_traded, process)
            desk.save(vpin__multiplier=1 + n / 8, vpin__n_buckets=3 + n)
            desk.wait(lambda n=n: len(desk.controls()) >= n, process)
            process.send_signal(signal.SIGKILL)
            process.wait()
            process = desk.start("--resume")
        assert process.wait(240) == 0, desk.said()
    finally:
        process.kill()
    versions = [each["version"] for each in desk.controls()]
    assert versions == [1, 2, 3, 4], "each was recorded once, and none was taken back"
    assert desk.controls()[-1]["changes"]["vpin.multiplier"] == ["1.375", "1.5"]
    assert logs(desk.replayed(), SAME) == logs(desk.out, SAME)


def test_two_changes_within_a_second_are_both_taken_in(tmp_path):
    desk = Desk(tmp_path, 40, speed=4)
    process = desk.start("--config", str(desk.config))
    try:
        desk.wait(desk.has_traded, process)
        desk.save(vpin__multiplier=1.5)
        time.sleep(0.3)
        desk.save(vpin__threshold=0.34)
        desk.wait(lambda: "vpin.threshold" in "".join(map(str, desk.controls())), process)
        assert process.wait(120) == 0
    finally:
        process.kill()
    now = {key: new for each in desk.controls() for key, (_, new) in each["changes"].items()}
    assert now == {"vpin.multiplier": "1.5", "vpin.threshold": "0.34"}
    assert logs(desk.replayed(), SAME) == logs(desk.out, SAME)


def test_what_was_edited_while_it_was_stopped_comes_with_the_first_frame(tmp_path):
    desk = stopped(tmp_path, 60)
    desk.save(vpin__multiplier=2.5)
    desk.set("source.speed", 0)
    desk.save()
    assert desk.start("--resume").wait(120) == 0, desk.said()
    (control,) = desk.controls()
    assert control["changes"] == {"vpin.multiplier": ["0.2", "2.5"]}
    assert "version 1: vpin.multiplier 0.2 → 2.5" in desk.said()
    assert logs(desk.replayed(), SAME) == logs(desk.out, SAME)


def test_what_needs_a_restart_is_refused_when_named_and_left_alone_when_not(tmp_path):
    desk = stopped(tmp_path, 30)
    desk.save(risk__total_notional=5_000_000, vpin__multiplier=2.5)
    named = phoenix("run", "--resume", "--out", desk.out, "--config", desk.config)
    assert named.returncode == 3
    assert "risk.total_notional: 5000000" in named.stderr
    alone = phoenix("run", "--resume", "--out", desk.out, "--speed", "0")
    assert alone.returncode == 0, alone.stderr
    assert "risk.total_notional changes only at a restart, was 4000000, now 5000000" in alone.stderr
    assert desk.controls() == []
    assert logs(desk.replayed(), LOGS) == logs(desk.out, LOGS)


def test_under_bytewax_too_a_kill_after_a_reload_goes_on_with_the_new_settings(tmp_path):
    desk = Desk(tmp_path, 30, speed=2)
    store = make_store(tmp_path / "store")
    flow = f"flows.phoenix:flow('{desk.config}', 'run.directory={tmp_path}/runs')"
    command = [sys.executable, "-m", "bytewax.run", flow, *store]
    with (tmp_path / "said").open("wb") as said:
        process = subprocess.Popen(command, cwd=ROOT, env=os.environ, stdout=said, stderr=said)
    try:
        desk.wait(lambda: any((tmp_path / "runs").glob("*/config.yaml")), process)
        (desk.out,) = (tmp_path / "runs").iterdir()
        # A checkpoint is made every second, and there are three by now.
        desk.wait(lambda: desk.reached_s() > 8, process)
        desk.save(vpin__multiplier=1.5)
        desk.wait(lambda: len(desk.controls()) == 1, process)
    finally:
        process.kill()
        process.wait()
    done = bytewax_run(flow, *store)
    assert done.returncode == 0, done.stderr
    assert [each["version"] for each in desk.controls()] == [1]
    assert logs(desk.replayed(), SAME) == logs(desk.out, SAME)
