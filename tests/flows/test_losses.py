"""What a run lost is counted, kept, told in one sentence, and the same however the run came about."""

import json
import signal

import pytest

from tests.oracles.command import bytewax_run, interrupt, phoenix
from tests.oracles.damaged import GAPS, REASONS, REPEATED_TRADES, write_damaged

SAME = ("summary.json", "orders.jsonl", "fills.jsonl", "dead_letters.jsonl")
SENTENCE = (
    "TESTUSDT: 7 messages set aside (malformed_json 5, off_grid 1, unknown_stream 1), 1 book gap, "
    "left out or moved: duplicate_trade 2: see dead_letters.jsonl"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("damaged")


@pytest.fixture(scope="module")
def profile(folder):
    return write_damaged(folder)


@pytest.fixture(scope="module")
def done(folder, profile):
    return phoenix("run", "--config", profile, "--out", folder / "whole")


@pytest.fixture(scope="module")
def whole(folder, done):
    assert done.returncode == 0, done.stderr
    return folder / "whole"


def bytes_of(out):
    return {name: (out / name).read_bytes() for name in SAME}


def figures_of(out):
    return json.loads((out / "summary.json").read_text())["symbols"]["TESTUSDT"]


def test_every_loss_is_counted_by_reason_and_the_rest_is_traded(whole):
    figures = figures_of(whole)
    assert figures["dead_letter_reasons"] == REASONS
    assert figures["dead_letters"] == sum(REASONS.values())
    assert (figures["book_gaps"], figures["source"]["gaps"]) == (GAPS, GAPS)
    assert figures["source"]["duplicate_trade"] == REPEATED_TRADES
    assert not set(figures["source"]) & set(REASONS)
    assert figures["orders"] > 50
    assert figures["fills"] > 50


def test_every_letter_is_kept_with_its_text(whole):
    letters = [json.loads(line) for line in (whole / "dead_letters.jsonl").read_text().splitlines()]
    assert len(letters) == sum(REASONS.values())
    assert [
        letter["text"].partition(" ")[2] for letter in letters if letter["reason"] == "malformed_json"
    ] == ['{"e":"trade",\x1b[2J'] * 5


def test_the_end_says_in_one_sentence_what_was_lost_and_where_it_is(done, whole):
    lines = done.stdout.splitlines()
    assert lines[-2:] == [SENTENCE, str(whole)]
    headings = "symbol PnL fees fills rate adverse 1s bps up position VPIN pauses dead worst"
    assert " ".join(lines[0].split()) == headings
    assert lines[1].split()[0] == "TESTUSDT"
    assert lines[1].split()[-2] == "7"


def test_letters_and_gaps_are_told_while_it_runs_but_not_all_of_them(done):
    told = done.stderr.splitlines()
    assert sum("set aside malformed_json" in line for line in told) == 3
    assert sum("gap in the book" in line for line in told) == 1
    assert "\x1b" not in done.stderr


def test_a_run_without_progress_tells_nothing_until_its_end(folder, profile):
    done = phoenix("run", "--config", profile, "--set", "run.progress=false", "--out", folder / "quiet")
    assert done.stderr == ""
    assert SENTENCE in done.stdout


def test_the_fused_driver_counts_the_same_and_cannot_time_single_frames(folder, profile, whole):
    done = phoenix("run", "--config", profile, "--driver", "research", "--out", folder / "fused")
    assert bytes_of(folder / "fused") == bytes_of(whole)
    assert SENTENCE in done.stdout
    assert done.stdout.splitlines()[1].split()[-1] == "-"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_counts_are_the_same_after_an_interruption(folder, profile, whole, number):
    out = folder / number.name
    interrupt(number, out, "--config", profile, "--speed", "5")
    assert (out / "summary.json").exists() == (number == signal.SIGTERM)
    done = phoenix("run", "--resume", "--out", out, "--speed", "0")
    assert done.returncode == 0, done.stderr
    assert bytes_of(out) == bytes_of(whole)


def test_the_module_shows_the_same_closing_table(folder, profile, whole):
    done = bytewax_run(f"flows.phoenix:flow('{profile}', 'run.directory={folder}/module')")
    assert done.returncode == 0, done.stderr
    assert SENTENCE in done.stdout
    (out,) = (folder / "module").iterdir()
    assert done.stdout.splitlines()[-1] == str(out)
    assert bytes_of(out) == bytes_of(whole)


def test_timing_tells_rows_and_the_worst_frame(whole):
    timing = json.loads((whole / "timing.json").read_text())
    times = timing["symbols"]["TESTUSDT"]
    assert timing["driver"] == "graph"
    assert timing["rows"] == times["rows"] > 1000
    assert timing["rows_per_s"] > 0
    assert times["p50_us"] <= times["p99_us"] <= times["worst_us"]
    assert times["frames"] > 100


def test_notices_are_said_once_at_the_start(folder, profile):
    done = phoenix("run", "--config", profile, "--set", "vpin.pause_threshold=1", "--out", folder / "noticed")
    notice = (
        "damaged: symbols.TESTUSDT.vpin.pause_threshold is 1, which VPIN never exceeds: quotes never pause"
    )
    assert done.stderr.splitlines().count(notice) == 1
    assert done.stderr.startswith(notice)


def test_a_symbol_without_an_instrument_is_told_what_to_add_where(folder, profile):
    text = profile.read_text().partition("symbols:")[0]
    (folder / "unlisted.yaml").write_text(text)
    done = phoenix("run", "--config", folder / "unlisted.yaml")
    assert done.returncode == 2
    assert done.stderr.startswith(
        "TESTUSDT is not in the instrument table: add it to configs/instruments.yaml "
    )
    assert len(done.stderr.splitlines()) == 1
