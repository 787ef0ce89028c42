"""Every run ends with its report, however it is run and however it ends; and the report changes no run."""

import importlib.util
import signal

import pytest

from configs.load import load
from configs.write import digest
from connectors.run_directory import RunDirectory
from flows.driver import run
from flows.reporting import page
from flows.reporting.report import report
from tests.oracles.command import bytewax_run, interrupt, phoenix
from tests.oracles.runs import LOGS, PROFILE, QUIET, fused, lively, logs, made

REPORTED = "run.report=true"
FEW = (QUIET, REPORTED, *lively("BTCUSDC", seconds=5))


@pytest.mark.parametrize("driver", ["graph", "research"])
def test_either_driver_leaves_a_report(tmp_path, driver):
    out = run(made(tmp_path / "run", *FEW), driver)
    text = (out / "report.html").read_text()
    assert "BTCUSDC" in text
    assert f"{driver} driver" in text


def test_a_run_that_wants_none_leaves_none(tmp_path):
    assert not (fused(made(tmp_path / "run", *FEW, "run.report=false")) / "report.html").exists()


def test_the_command_says_where_it_is(tmp_path):
    done = phoenix("run", "--out", tmp_path / "run", *(part for each in FEW for part in ("--set", each)))
    assert f"{tmp_path}/run/report.html shows it" in done.stdout.splitlines()
    assert (tmp_path / "run" / "report.html").is_file()


def test_bytewax_s_own_command_leaves_one_too(tmp_path):
    overrides = ", ".join(repr(each) for each in (*FEW, f"run.directory={tmp_path / 'runs'}"))
    done = bytewax_run(f"flows.phoenix:flow({str(PROFILE)!r}, {overrides})")
    assert done.returncode == 0, done.stderr
    (out,) = (tmp_path / "runs").iterdir()
    assert (out / "report.html").is_file()


def test_a_stopped_run_says_so_and_loses_its_report_when_it_goes_on(tmp_path):
    out = tmp_path / "run"
    options = [part for each in (QUIET, *lively("BTCUSDC", seconds=400)) for part in ("--set", each)]
    interrupt(signal.SIGTERM, out, *options, "--speed", "20")
    assert "The run was stopped before the end of its market" in (out / "report.html").read_text()
    directory = RunDirectory(out, ["BTCUSDC"], {})
    directory.go_on()
    directory.make()
    assert not (out / "report.html").exists()


def test_a_report_that_fails_is_one_sentence_and_the_run_a_run(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    page._plotly.cache_clear()
    out = fused(made(tmp_path / "run", *FEW))
    page._plotly.cache_clear()
    assert (out / "summary.json").is_file()
    assert not (out / "report.html").exists()
    told = capsys.readouterr().err.splitlines()
    assert told[-1] == (
        "No report was written: figures need the package plotly, "
        "which is not installed with its plotly.min.js"
    )


def test_a_report_changes_no_order_and_no_checkpoint(tmp_path):
    with_one = fused(made(tmp_path / "with", *FEW))
    without = fused(made(tmp_path / "without", *FEW, "run.report=false"))
    assert logs(with_one, LOGS) == logs(without, LOGS)
    settings = [load(PROFILE, [f"run.report={word}"]) for word in ("true", "false")]
    assert digest(settings[0]) == digest(settings[1])


def test_the_same_run_gives_the_same_page_but_for_its_latency(tmp_path):
    pages = []
    for n in range(2):
        out = fused(made(tmp_path / str(n) / "run", *FEW))
        (out / "timing.json").write_text("{}")
        pages.append(report(out))
    assert pages[0] == pages[1]


def test_reports_are_written_unless_settings_say_otherwise():
    assert load(PROFILE).run.report
