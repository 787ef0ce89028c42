"""`phoenix run --resume`: which run goes on, under which settings, and when it is refused."""

import json
import re
import signal

import pytest

from tests.oracles.command import OTHER_CODE, bytewax_run, interrupt, make_store, phoenix
from tests.oracles.damaged import PROFILE, write_damaged, write_profile

BEGINNING = re.compile(r"Going on with |\w+: VPIN active: ")
SAME = ("summary.json", "orders.jsonl", "fills.jsonl", "dead_letters.jsonl")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("resume")


@pytest.fixture(scope="module")
def profile(folder):
    return write_damaged(folder)


@pytest.fixture(scope="module")
def whole(folder, profile):
    assert phoenix("run", "--config", profile, "--out", folder / "whole").returncode == 0
    return folder / "whole"


@pytest.fixture
def stopped(tmp_path, profile):
    """A run that was killed on its way, under a name as runs are given."""
    out = tmp_path / "runs" / "20250101-damaged-1"
    interrupt(signal.SIGKILL, out, "--config", profile, "--speed", "5")
    return out


def bytes_of(out):
    return {name: (out / name).read_bytes() for name in SAME}


def home(out):
    return "--set", f"run.directory={out.parent}"


def one_sentence(done, code):
    assert done.returncode == code, done.stderr
    (sentence,) = [line for line in done.stderr.splitlines() if not BEGINNING.match(line)]
    return sentence


def test_the_latest_unfinished_run_of_the_profile_goes_on(stopped, profile, whole):
    done = phoenix("run", "--resume", "--config", profile, *home(stopped), "--speed", "0")
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[0] == f"Going on with {stopped}"
    assert bytes_of(stopped) == bytes_of(whole)
    again = phoenix("run", "--resume", "--config", profile, *home(stopped))
    assert "none of its 1 runs is unfinished" in one_sentence(again, 2)


def test_a_profile_that_leaves_the_recordings_open_means_those_of_the_run(stopped, folder, whole):
    open_ended = write_profile(folder, PROFILE.replace(", path: CAPTURE", "") + "profile: damaged\n", "open")
    done = phoenix("run", "--resume", "--config", open_ended, *home(stopped), "--speed", "0")
    assert done.returncode == 0, done.stderr
    assert bytes_of(stopped) == bytes_of(whole)


def test_a_finished_run_has_nothing_to_go_on_with_and_shows_its_table(whole):
    before = bytes_of(whole)
    done = phoenix("run", "--resume", "--out", whole)
    assert one_sentence(done, 0) == f"{whole} is finished: there is nothing to go on with"
    assert done.stdout.splitlines()[-1] == str(whole)
    assert bytes_of(whole) == before


def test_a_run_elsewhere_than_its_checkpoint_says_goes_on_where_it_is(stopped, tmp_path, whole):
    moved = stopped.rename(tmp_path / "moved")
    assert phoenix("run", "--resume", "--out", moved, "--speed", "0").returncode == 0
    assert bytes_of(moved) == bytes_of(whole)
    assert not stopped.exists()


def test_a_run_killed_before_its_first_checkpoint_begins_again_in_its_place(tmp_path, profile, whole):
    out, rare = tmp_path / "run", ("--set", "run.checkpoint_every_s=3600")
    interrupt(signal.SIGKILL, out, "--config", profile, "--speed", "5", *rare)
    assert phoenix("run", "--resume", "--out", out, "--speed", "0").returncode == 0
    assert bytes_of(out) == bytes_of(whole)


def test_a_stopped_run_says_that_it_is_and_how_it_goes_on(tmp_path, profile):
    out = tmp_path / "run"
    interrupt(signal.SIGINT, out, "--config", profile, "--speed", "5")
    assert json.loads((out / "summary.json").read_text())["stopped"] is True
    done = phoenix("run", "--resume", "--out", out, "--speed", "0")
    assert done.returncode == 0
    assert "stopped" not in json.loads((out / "summary.json").read_text())


@pytest.mark.parametrize("config", [True, False])
def test_other_settings_are_refused_by_name(stopped, profile, config):
    options = ("--config", profile) if config else ()
    done = phoenix("run", "--resume", "--out", stopped, *options, "--set", "venue.entry_latency_ms=6")
    sentence = one_sentence(done, 3)
    assert sentence.startswith("this checkpoint was made by configuration with venue.entry_latency_ms: 5, ")
    assert "and this is with venue.entry_latency_ms: 6" in sentence
    assert done.stdout == ""


@pytest.mark.parametrize("config", [True, False])
def test_settings_that_may_change_while_a_run_goes_on_are_changed_by_its_resumption(stopped, profile, config):
    options = ("--config", profile) if config else ()
    command = ("run", "--resume", "--out", stopped, "--speed", "0", *options, "--set", "vpin.threshold=0.6")
    done = phoenix(*command)
    assert done.returncode == 0, done.stderr
    assert "version 1: vpin.threshold 0.7 → 0.6" in done.stderr
    controls = [json.loads(line) for line in (stopped / "control.jsonl").read_text().splitlines()]
    assert {json.dumps(each["changes"]) for each in controls} == {'{"vpin.threshold": ["0.7", "0.6"]}'}
    assert "threshold: 0.7\n" in (stopped / "config.yaml").read_text()


def test_other_code_is_refused_and_leaves_the_run_able_to_go_on(stopped, whole):
    refused = phoenix("run", "--resume", "--out", stopped, code=OTHER_CODE)
    sentence = one_sentence(refused, 3)
    assert sentence.startswith("this checkpoint was made by code version ")
    assert "and this is ffffffffffffffff: start a new run" in sentence
    assert phoenix("run", "--resume", "--out", stopped, "--speed", "0").returncode == 0
    assert bytes_of(stopped) == bytes_of(whole)


def test_under_bytewax_a_refusal_is_the_one_sentence_too(tmp_path, profile):
    store = make_store(tmp_path / "store")
    made = f"'{profile}', 'run.directory={tmp_path}/runs'"
    assert bytewax_run(f"flows.phoenix:flow({made})", *store).returncode == 0
    (tmp_path / "other_code.py").write_text(f"{OTHER_CODE}\nfrom flows.phoenix import flow\n")
    other = bytewax_run(f"other_code:flow({made})", *store, path=tmp_path)
    assert "made by code version" in one_sentence(other, 3)
    for workers in ("1", "2"):
        done = bytewax_run(f"flows.phoenix:flow({made}, 'venue.entry_latency_ms=6')", *store, "-w", workers)
        assert "configuration with venue.entry_latency_ms: 5" in one_sentence(done, 3)
    assert bytewax_run(f"flows.phoenix:flow({made})", *store).returncode == 0


@pytest.mark.parametrize(
    ("change", "code", "sentence"),
    [
        ("vpin.thrshold=1", 2, "--set vpin.thrshold: is not a known key; did you mean threshold?"),
        ("source.path=/nowhere.gz", 1, "/nowhere.gz"),
    ],
)
def test_under_bytewax_a_start_that_fails_is_one_sentence(profile, change, code, sentence):
    assert sentence in one_sentence(bytewax_run(f"flows.phoenix:flow('{profile}', '{change}')"), code)


def test_what_cannot_go_on_is_one_sentence(tmp_path, profile):
    nothing = phoenix("run", "--resume", "--out", tmp_path / "nothing")
    assert one_sentence(nothing, 2) == f"--resume: {tmp_path}/nothing holds no run to resume"
    none = phoenix("run", "--resume", "--set", f"run.directory={tmp_path}")
    assert one_sentence(none, 2).endswith("holds no run of profile phoenix that could go on: there are none")
    (tmp_path / "fused").mkdir()
    (tmp_path / "fused" / "config.yaml").write_text("profile: p\n")
    without = phoenix("run", "--resume", "--out", tmp_path / "fused")
    assert "holds no checkpoint to resume from: only a run of the graph makes one" in one_sentence(without, 2)
    fused = phoenix("run", "--resume", "--driver", "research")
    assert fused.returncode == 2
    assert "--resume" in fused.stderr
    assert "Traceback" not in fused.stderr


def test_a_run_that_another_process_writes_is_left_alone(stopped):
    holder = f"from pathlib import Path; from connectors.runs import claim; claim(Path({str(stopped)!r}))"
    done = phoenix("run", "--resume", "--out", stopped, code=holder)
    assert done.returncode == 1
    assert f"{stopped} is being written by another process" in done.stderr


def test_a_log_that_was_cut_is_noticed(stopped):
    (stopped / "orders" / "TESTUSDT.jsonl").write_bytes(b"")
    sentence = one_sentence(phoenix("run", "--resume", "--out", stopped), 1)
    assert sentence.endswith("is shorter than its checkpoint says: it was changed")


def test_settings_that_were_damaged_are_one_sentence(stopped, profile):
    (stopped / "config.yaml").write_text("source: [")
    for options in ((), ("--config", profile)):
        done = phoenix("run", "--resume", "--out", stopped, *options)
        assert one_sentence(done, 2).startswith(f"{stopped}/config.yaml:")


def test_a_damaged_checkpoint_is_not_misread(stopped):
    for file in (stopped / "checkpoint").iterdir():
        file.write_bytes(b"not what it was")
    sentence = one_sentence(phoenix("run", "--resume", "--out", stopped), 2)
    assert "is damaged and cannot be resumed from: file is not a database" in sentence
    assert not (stopped / "summary.json").exists()
