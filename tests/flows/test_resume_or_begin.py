"""`phoenix run --resume-or-begin`, as a container runs it again and again."""

import json
import signal

import pytest

from tests.oracles.command import interrupt, phoenix
from tests.oracles.runs import UNREPORTED, lively

KILLED = "20250101-phoenix-1"


@pytest.fixture
def options(tmp_path):
    settings = (f"run.directory={tmp_path}", UNREPORTED, *lively("BTCUSDC", seconds=600))
    return ["--resume-or-begin", *(part for each in settings for part in ("--set", each))]


def runs(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_run_is_begun_gone_on_with_after_a_kill_and_followed_by_another(tmp_path, options):
    interrupt(signal.SIGKILL, tmp_path / KILLED, *options, "--speed", "20")
    assert runs(tmp_path) == [KILLED]

    done = phoenix("run", *options, "--speed", "0")
    assert done.returncode == 0, done.stderr
    assert f"Going on with {tmp_path / KILLED}\n" in done.stderr
    assert runs(tmp_path) == [KILLED]
    assert "stopped" not in json.loads((tmp_path / KILLED / "summary.json").read_text())

    done = phoenix("run", *options, "--speed", "0")
    assert done.returncode == 0, done.stderr
    assert "Going on with" not in done.stderr
    assert len(runs(tmp_path)) == 2


def test_a_run_of_other_settings_is_neither_gone_on_with_nor_passed_over(tmp_path, options):
    interrupt(signal.SIGTERM, tmp_path / KILLED, *options, "--speed", "20")
    done = phoenix("run", *options, "--set", "source.seed=99")
    assert done.returncode == 3, done.stderr
    assert runs(tmp_path) == [KILLED]


def test_wrong_settings_are_named_and_nothing_is_begun(tmp_path, options):
    done = phoenix("run", *options, "--set", "quoting.no_such_key=1")
    assert done.returncode == 2
    assert "no_such_key" in done.stderr
    assert runs(tmp_path) == []


def test_only_runs_of_the_graph_go_on():
    done = phoenix("run", "--resume-or-begin", "--driver", "research")
    assert done.returncode == 2
    assert "goes on with a run of the graph only" in done.stderr
