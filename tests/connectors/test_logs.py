import io
import json
import logging
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog

from connectors.console import Console
from connectors.logs import LOG, MOST_HELD, LogFile, logger
from connectors.progress import Progress
from connectors.reloads import Reload
from connectors.tape import DeadLetter
from operators.errors import InvariantBroken, RunDirectoryError


def lines(folder):
    return [json.loads(line) for line in (folder / LOG).read_text().splitlines()]


def console(folder=None, *, quiet=False):
    file = LogFile()
    made = Console(Progress(None), quiet=quiet, stream=io.StringIO(), file=file)
    if folder is not None:
        file.open(folder)
    return made, file


def said(made):
    assert isinstance(made.stream, io.StringIO)
    return made.stream.getvalue().splitlines()


def test_a_line_has_time_level_event_and_facts_in_that_order(tmp_path):
    made, _ = console(tmp_path)
    made.book_broke("BTCUSDC", "gap", 17)
    (line,) = lines(tmp_path)
    assert list(line) == ["timestamp", "level", "event", "symbol", "why", "n", "ts_ns"]
    assert (line["level"], line["event"], line["symbol"], line["ts_ns"]) == (
        "warning",
        "book_broke",
        "BTCUSDC",
        17,
    )
    assert datetime.fromisoformat(line["timestamp"]).utcoffset() is not None


def test_what_is_said_before_there_is_a_directory_is_written_into_it(tmp_path):
    made, file = console()
    made.metrics_at("http://127.0.0.1:1/metrics")
    file.open(tmp_path)
    made.ended(stopped=False)
    assert [line["event"] for line in lines(tmp_path)] == ["metrics_served", "run_ended"]


def test_a_flood_before_there_is_a_directory_is_not_kept_whole(tmp_path):
    file = LogFile()
    log = logger(file)
    for n in range(MOST_HELD + 5):
        log.info("x", n=n)
    file.open(tmp_path)
    assert [line["n"] for line in lines(tmp_path)] == list(range(5, MOST_HELD + 5))


def test_a_flood_of_letters_makes_few_lines_and_loses_no_reason(tmp_path):
    made, _ = console(tmp_path, quiet=True)
    made.letters([DeadLetter(n, "BTCUSDT", "off_grid", f"a.gz:{n}", "{}") for n in range(1, 2001)])
    made.letters([DeadLetter(1, "BTCUSDT", "truncated", "a.gz:1", "\x1b[2J" + "x" * 500)])
    told = lines(tmp_path)
    assert [line["n"] for line in told if line["reason"] == "off_grid"] == [1, 2, 3, 10, 100, 1000]
    (other,) = [line for line in told if line["reason"] == "truncated"]
    assert other["text"].startswith("\\x1b[2J")
    assert len(other["text"]) < 100
    assert said(made) == []


def test_the_log_is_continued_when_a_run_goes_on(tmp_path):
    for n in range(3):
        made, _ = console(tmp_path)
        made.began(n=n)
    assert [line["n"] for line in lines(tmp_path)] == [0, 1, 2]


def test_a_line_that_a_kill_cut_short_spoils_no_other(tmp_path):
    (tmp_path / LOG).write_text('{"event":"whole"}\n{"event":"cut sh')
    made, _ = console(tmp_path)
    made.began()
    assert [line[:16] for line in (tmp_path / LOG).read_text().splitlines()] == [
        '{"event":"whole"',
        '{"event":"cut sh',
        '{"timestamp":"20',
    ]


def test_a_log_that_cannot_be_written_is_told_once_and_stops_nothing(tmp_path):
    (tmp_path / LOG).mkdir()
    made, _ = console(tmp_path)
    for n in range(3):
        made.began(n=n)
    assert said(made) == [f"{tmp_path / LOG} cannot be written, the run goes on without it: Is a directory"]


def test_nobody_else_s_logging_is_changed(tmp_path):
    before = structlog.get_config(), list(logging.getLogger().handlers), structlog.is_configured()
    made, _ = console(tmp_path)
    made.began()
    assert (structlog.get_config(), list(logging.getLogger().handlers), structlog.is_configured()) == before


VPIN = {"vpin.n_buckets": "50", "vpin.threshold": "0.7", "vpin.pause_threshold": "0.9", "book.on_cross": "x"}


def test_vpin_that_is_active_is_told_with_its_settings(tmp_path):
    made, _ = console(tmp_path)
    made.vpin_active("ETHUSDC", {**VPIN, "vpin.measure": "null", "vpin.estimator": "net"})
    assert said(made) == ["ETHUSDC: VPIN active: 50 buckets, alert above 0.7, pause above 0.9"]
    (line,) = lines(tmp_path)
    assert (line["event"], line["symbol"], line["threshold"]) == ("vpin_active", "ETHUSDC", 0.7)
    assert (line["measure"], line["estimator"], "on_cross" in line) == (None, "net", False)


def test_a_reload_tells_old_and_new_once_and_a_refused_one_why(tmp_path):
    made, _ = console(tmp_path)
    made.reloaded("p.yaml", 2, {"vpin.threshold": ("0.7", "0.8")})
    made.reload_refused("p.yaml", ["vpin.threshold must be at most 1, was 2"])
    assert said(made) == [
        "p.yaml, version 2: vpin.threshold 0.7 → 0.8",
        "p.yaml is refused, and the settings stay as they are:",
        "  vpin.threshold must be at most 1, was 2",
    ]
    applied, refused = lines(tmp_path)
    assert (applied["version"], applied["changes"]) == (2, {"vpin.threshold": {"old": "0.7", "new": "0.8"}})
    assert (refused["level"], refused["problems"]) == ("error", ["vpin.threshold must be at most 1, was 2"])


def test_settings_in_force_are_logged_and_vpin_told_where_it_became_active(tmp_path):
    made, _ = console(tmp_path)
    rules: Any = None
    made.in_force("ETHUSDC", Reload(2, {"vpin.threshold": ("0.8", "0.7")}, rules), 17, VPIN)
    assert said(made) == []
    made.in_force("ETHUSDC", Reload(3, {"vpin.enabled": ("false", "true")}, rules), 18, VPIN)
    assert said(made) == ["ETHUSDC: VPIN active: 50 buckets, alert above 0.7, pause above 0.9"]
    told = [(line["event"], line.get("version"), line.get("frame")) for line in lines(tmp_path)]
    assert told == [("settings_in_force", 2, 17), ("settings_in_force", 3, 18), ("vpin_active", None, None)]


def test_faults_and_what_ended_a_run_are_errors(tmp_path):
    made, _ = console(tmp_path, quiet=True)
    made.fault(InvariantBroken("ETHUSDC", "no_order_slot", 1))
    made.failed(RunDirectoryError("it is full"))
    assert [(line["level"], line["event"]) for line in lines(tmp_path)] == [
        ("error", "invariant_broken"),
        ("error", "run_failed"),
    ]
    assert said(made) == ["ETHUSDC: no_order_slot broke an invariant (fault 1)"]


def test_no_secret_reaches_log_or_terminal(tmp_path):
    made, _ = console(tmp_path)
    made.letters([DeadLetter(1, "BTCUSDT", "strange", "a.gz:1", '{"apiKey":"hunter2hunter2"}')])
    made.notice("p", "kafka://me:hunter2hunter2@broker is slow")
    made.failed(RunDirectoryError("token=hunter2hunter2"))
    assert "hunter2" not in (tmp_path / LOG).read_text()
    assert "hunter2" not in "".join(said(made))


def test_changes_of_the_trading_state_are_few_lines_however_many_there_are(tmp_path):
    made, _ = console(tmp_path)
    for n in range(50):
        made.trading_state("ETHUSDC", "active", "reducing", "over_budget", n)
        made.trading_state("ETHUSDC", "reducing", "active", "resumed", n)
    made.trading_state("ETHUSDC", "active", "halted", "operator", 99)
    told = lines(tmp_path)
    assert [line["n"] for line in told if line["now"] == "reducing"] == [1, 2, 3, 10]
    assert (told[-1]["now"], told[-1]["reason"], told[-1]["level"]) == ("halted", "operator", "warning")
    assert said(made) == []


def test_the_page_names_every_event_and_no_other():
    root = Path(__file__).parents[2]
    emitted = re.findall(
        r'(?:self\.log\.\w+|level)\(\s*"(\w+)"', (root / "connectors/console.py").read_text()
    )
    described = re.findall(r"^\| `(\w+)` \|", (root / "docs/log.md").read_text(), re.MULTILINE)
    assert sorted(set(emitted)) == sorted(described)
    assert len(described) == 15
