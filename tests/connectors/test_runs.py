import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from connectors.run_directory import RunDirectory
from connectors.runs import (
    claim,
    is_finished,
    latest_unfinished,
    next_directory,
    require_checkpoint,
    runs_of,
)
from operators.errors import RunDirectoryError

TEXTS = {"config.yaml": "profile: p\n"}


def run(parent, name, *, checkpoint=True, summary=None):
    path = parent / name
    path.mkdir(parents=True)
    if checkpoint:
        (path / "checkpoint").mkdir()
        (path / "config.yaml").write_text("profile: p\n")
    if summary is not None:
        (path / "summary.json").write_text(json.dumps(summary))
    return path


def test_the_runs_of_a_profile_are_its_own_in_the_order_they_were_made(tmp_path):
    for name in ("20250101-p-10", "20250101-p-9", "20241231-p-11", "20250101-p-x", "20250102-p-q-1", "notes"):
        run(tmp_path, name)
    assert [path.name for path in runs_of(tmp_path, "p")] == [
        "20241231-p-11",
        "20250101-p-9",
        "20250101-p-10",
    ]
    assert [path.name for path in runs_of(tmp_path, "p-q")] == ["20250102-p-q-1"]
    assert next_directory(tmp_path, "20250101", "p").name == "20250101-p-1"


def test_the_latest_that_can_go_on_is_neither_finished_nor_without_a_checkpoint(tmp_path):
    run(tmp_path, "20250101-p-1")
    stopped = run(tmp_path, "20250101-p-2", summary={"stopped": True, "symbols": {}})
    run(tmp_path, "20250101-p-3", summary={"symbols": {}})
    run(tmp_path, "20250101-p-4", checkpoint=False)
    (tmp_path / "20250101-p-5" / "checkpoint").mkdir(parents=True)
    assert latest_unfinished(tmp_path, "p") == stopped


def test_where_nothing_can_go_on_a_sentence_says_so(tmp_path):
    with pytest.raises(RunDirectoryError, match="no run of profile p that could go on: there are none"):
        latest_unfinished(tmp_path / "nowhere", "p")
    run(tmp_path, "20250101-p-1", summary={"symbols": {}})
    with pytest.raises(RunDirectoryError, match="none of its 1 runs is unfinished"):
        latest_unfinished(tmp_path, "p")


def test_a_torn_summary_does_not_make_a_run_finished(tmp_path):
    assert not is_finished(tmp_path)
    for torn in ('{"symbols"', "", "7"):
        (tmp_path / "summary.json").write_text(torn)
        assert not is_finished(tmp_path)


def test_another_process_is_kept_out_until_the_first_is_gone(tmp_path):
    handle = claim(tmp_path)
    program = f"from pathlib import Path; from connectors.runs import claim; claim(Path({str(tmp_path)!r}))"
    refused = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False, text=True)
    assert "is being written by another process" in refused.stderr
    os.close(handle)
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_directory_with_anything_in_it_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(RunDirectoryError, match="is not empty"):
        RunDirectory(tmp_path, ["A"], TEXTS).make()
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_run_is_never_made_over_another(tmp_path):
    RunDirectory(tmp_path / "run", ["A"], TEXTS).make()
    with pytest.raises(RunDirectoryError, match="holds a run already"):
        RunDirectory(tmp_path / "run", ["A"], {"config.yaml": "other"}).make()
    assert (tmp_path / "run" / "config.yaml").read_text() == "profile: p\n"


def test_a_path_that_cannot_be_a_directory_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunDirectoryError, match=r"file/run cannot be written: Not a directory"):
        RunDirectory(tmp_path / "file" / "run", ["A"], TEXTS).make()


def test_what_never_began_may_be_begun_again(tmp_path):
    (tmp_path / "checkpoint").mkdir()
    (tmp_path / "orders").mkdir()
    RunDirectory(tmp_path, ["A"], TEXTS).make()
    assert (tmp_path / "config.yaml").exists()


def test_going_on_takes_back_what_a_stop_had_merged_and_keeps_the_settings(tmp_path):
    for name in ("summary.json", "orders.jsonl"):
        (tmp_path / name).write_text("{}")
    (tmp_path / "config.yaml").write_text("as it was")
    RunDirectory(tmp_path / "elsewhere", ["A"], TEXTS).adopt(tmp_path)
    assert not (tmp_path / "summary.json").exists()
    assert not (tmp_path / "orders.jsonl").exists()
    assert (tmp_path / "config.yaml").read_text() == "as it was"


def test_a_checkpoint_whose_directory_is_gone_is_one_sentence(tmp_path):
    with pytest.raises(RunDirectoryError, match="gone: this checkpoint goes on in it"):
        RunDirectory(tmp_path, ["A"], TEXTS).adopt(tmp_path / "gone")


def torn(folder):
    """Leave a store as a kill leaves it that hits while its log is being written back: half of it."""
    store = folder / "checkpoint" / "part-0.sqlite3"
    store.parent.mkdir(parents=True)
    work = folder / "work.sqlite3"
    with closing(sqlite3.connect(work)) as base:
        base.execute("PRAGMA journal_mode=WAL")
        base.execute("PRAGMA wal_autocheckpoint=0")
        base.execute("CREATE TABLE snapshots (state BLOB)")
        base.commit()
        base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        short = work.read_bytes()
        base.executemany("INSERT INTO snapshots VALUES (?)", [(b"x" * 3000,)] * 40)
        base.commit()
        log = work.with_name("work.sqlite3-wal").read_bytes()
        base.execute("PRAGMA wal_checkpoint(PASSIVE)")
        page = work.read_bytes()[:4096]
    store.write_bytes(page + short[4096:])
    return store, log


def test_a_checkpoint_that_was_half_written_back_is_whole_with_its_log(tmp_path):
    store, log = torn(tmp_path)
    with pytest.raises(RunDirectoryError, match="damaged and cannot be resumed from: database disk image"):
        require_checkpoint(tmp_path)
    beside = store.with_name(f"{store.name}-wal")
    beside.write_bytes(log)
    before = store.read_bytes()
    require_checkpoint(tmp_path)
    # What is to be recovered is left to the one who resumes.
    assert (store.read_bytes(), beside.read_bytes()) == (before, log)
    for path in (store, beside):
        path.write_bytes(b"no database at all" * 100)
    with pytest.raises(RunDirectoryError, match="is damaged"):
        require_checkpoint(tmp_path)
