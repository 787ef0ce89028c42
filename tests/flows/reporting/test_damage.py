"""Whatever is left of a run gives a page that says what is missing, or one sentence."""

import json
import random
import re
import shutil

import pytest

from flows.reporting.command import rebuild
from flows.reporting.reading import read_run
from flows.reporting.report import report
from operators.errors import ConfigError, PhoenixError
from tests.oracles.command import phoenix
from tests.oracles.runs import QUIET, fused, lively, made
from tests.oracles.seen import banner, data_of

SYMBOLS = ("BTCUSDC", "DOGEUSDC")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return fused(made(tmp_path_factory.mktemp("whole") / "run", QUIET, *lively(*SYMBOLS, seconds=8)))


@pytest.fixture
def run(whole, tmp_path):
    return shutil.copytree(whole, tmp_path / "run")


def test_a_whole_run_complains_of_nothing(whole):
    assert read_run(whole).troubles == []
    assert '<div class="banner">' not in report(whole)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (shutil.rmtree, "is not a run directory: there is no such folder"),
        (lambda path: (path / "summary.json").unlink(), "holds no summary.json, so no run has ended there"),
        (lambda path: (path / "summary.json").write_text('{"symbols": {'), "summary.json cannot be read: "),
        (lambda path: (path / "summary.json").write_text("[]"), "cannot be read: it is no JSON object"),
        (lambda path: (path / "summary.json").write_bytes(b"\xff\xfe"), "summary.json cannot be read: "),
        (lambda path: (path / "summary.json").write_text("{}"), "it lists no symbols"),
        (lambda path: (path / "summary.json").write_text('{"symbols": {"A": 3}}'), "it lists no symbols"),
    ],
)
def test_what_is_no_run_is_one_sentence(run, spoil, told):
    spoil(run)
    with pytest.raises(ConfigError) as caught:
        rebuild([run])
    (sentence,) = caught.value.problems
    assert told in sentence
    assert str(run) in sentence


def test_a_run_that_can_go_on_is_told_how(run):
    (run / "summary.json").unlink()
    (run / "checkpoint").mkdir()
    with pytest.raises(ConfigError, match=f"`phoenix run --resume --out {run}` goes on with it"):
        rebuild([run])


def test_the_command_ends_with_the_sentence_and_its_exit_code(tmp_path):
    done = phoenix("report", tmp_path / "nowhere")
    assert done.returncode == 2
    assert done.stderr == f"{tmp_path}/nowhere is not a run directory: there is no such folder\n"
    assert phoenix("report").returncode == 2


def test_help_shows_an_example_and_the_exit_codes():
    done = phoenix("report", "--help")
    assert done.returncode == 0
    assert "phoenix report runs/20250101-phoenix-1 --csv tables" in done.stdout
    assert "Exit codes: 0 " in done.stdout


def test_the_command_draws_the_run_anew(run):
    (run / "report.html").unlink(missing_ok=True)
    done = phoenix("report", run)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{run}/report.html\n", "")
    assert (run / "report.html").read_text() == report(run)


def test_a_page_that_cannot_be_written_is_one_sentence(run, tmp_path):
    done = phoenix("report", run, "--out", tmp_path / "missing" / "page.html")
    assert done.returncode == 1
    assert done.stderr == f"{tmp_path}/missing/page.html cannot be written: No such file or directory\n"


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("config.yaml", None, "config.yaml is missing"),
        ("config.yaml", "a: [", "config.yaml cannot be read: "),
        ("config.yaml", "[" * 200_000, "config.yaml cannot be read: it is nested too deeply"),
        ("config.yaml", "{a: " * 200_000, "config.yaml cannot be read: it is nested too deeply"),
        ("config.yaml", "- " * 200_000, "config.yaml cannot be read: it is nested too deeply"),
        ("fills.jsonl", None, "fills.jsonl is missing"),
        ("fills.jsonl", '{"ts":1,"symbol":"BTCUSDC"', "fills.jsonl cannot be read: "),
        ("timing.json", None, "timing.json is missing"),
        ("timing.json", "nonsense", "timing.json cannot be read: "),
        ("timing.json", "[" * 200_000, "timing.json cannot be read: "),
        ("control.jsonl", "nonsense\n", "control.jsonl cannot be read: "),
        ("transitions.jsonl", None, "transitions.jsonl is missing"),
        ("dead_letters.jsonl", "[]\n", "dead_letters.jsonl cannot be read: it is no JSON object"),
        ("samples/BTCUSDC.bin", "nonsense\n", "samples/BTCUSDC.bin cannot be read: "),
        (
            "samples/BTCUSDC.bin",
            '{"fields":[["ts_ns","<i8"]]}\n12345678',
            "samples/BTCUSDC.bin cannot be read: ",
        ),
    ],
)
def test_what_is_missing_or_damaged_is_named_and_done_without(run, name, text, told):
    (run / name).unlink()
    if text is not None:
        (run / name).write_text(text)
    page = report(run)
    assert any(told in sentence for sentence in banner(page))
    assert "PnL after fees" in page


ABSURD = {
    "ts": '{"ts":1e30,"symbol":"BTCUSDC","what":"reload","changes":{"vpin.threshold":["0.7","0.6"]}}',
    "later than time": '{"ts":99999999999999999999,"symbol":"BTCUSDC","what":"halt"}',
    "changes": '{"ts":1,"symbol":"BTCUSDC","what":"reload","changes":{"vpin.threshold":3}}',
    "cut": '{"ts":1,"symb',
}
SOUND = '{"ts":7000000000,"symbol":"BTCUSDC","what":"a whole one"}'


@pytest.mark.parametrize("absurd", ABSURD.values(), ids=ABSURD)
def test_an_absurd_control_is_named_and_skipped(run, absurd):
    (run / "control.jsonl").write_text(f"{SOUND}\n{absurd}\n{SOUND}\n")
    page = report(run)
    assert any("line 2 of control.jsonl cannot be read: " in sentence for sentence in banner(page))
    assert page.count("a whole one") == 2


def test_fills_before_and_after_a_bad_line_are_kept(run):
    sound = read_run(run).symbols
    lines = (run / "fills.jsonl").read_text().splitlines()
    assert len(lines) > 4
    bad = [
        '{"ts":1,"symbol":"BTC',
        lines[0].replace('"price":"', '"price":"x'),
        lines[0].replace('"ts":', '"ts":1e40,"x":'),
    ]
    (run / "fills.jsonl").write_text("\n".join([*lines[:2], *bad, *lines[2:]]) + "\n")
    read = read_run(run)
    (named,) = read.troubles
    assert named.startswith("line 3 (and 2 more) of fills.jsonl cannot be read: ")
    for name, symbol in read.symbols.items():
        assert symbol.fills.price.tolist() == sound[name].fills.price.tolist()
        assert symbol.fills.ts_ns.tolist() == sound[name].fills.ts_ns.tolist()


@pytest.mark.parametrize("name", ["control.jsonl", "transitions.jsonl", "dead_letters.jsonl"])
def test_a_log_that_is_not_read_to_its_end_is_said_to_be_longer(run, name):
    (run / name).write_text(f"{SOUND}\n" * 20_000)
    assert read_run(run).troubles == []
    (run / name).write_text(f"{SOUND}\n" * 20_001)
    assert any(f"{name} has more than 20,000 lines" in sentence for sentence in banner(report(run)))


def test_a_run_from_before_there_were_samples_is_drawn_without(run):
    shutil.rmtree(run / "samples")
    page = report(run)
    assert "This run holds no samples of this symbol, so nothing can be drawn over time." in page
    assert {"s0-markouts", "s0-adverse", "all-fill_rate"} <= set(data_of(page))
    assert "s0-mid" not in data_of(page)


def test_a_sample_that_is_half_written_is_left_out(run):
    path = run / "samples" / "BTCUSDC.bin"
    whole_page = data_of(report(run))
    path.write_bytes(path.read_bytes() + b"half of one")
    assert data_of(report(run)) == whole_page


def test_a_symbol_that_saw_nothing_of_its_market_is_said_to(run):
    summary = json.loads((run / "summary.json").read_text())
    summary["symbols"]["BTCUSDC"] = {"dead_letters": 0, "dead_letter_reasons": {}}
    (run / "summary.json").write_text(json.dumps(summary))
    page = report(run)
    assert "It saw nothing of its market: there is nothing to show." in page
    assert "s1-mid" in data_of(page)


def test_any_damage_gives_a_page_or_a_sentence(whole, tmp_path):
    """Each file of a run, cut short, garbled or with a value replaced, twelve times over."""
    chance, came = random.Random(11), {"page": 0, "sentence": 0}
    for n in range(12):
        for name in ("summary.json", "config.yaml", "timing.json", "fills.jsonl", "samples/DOGEUSDC.bin"):
            run = shutil.copytree(whole, tmp_path / f"{n}-{name.replace('/', '-')}")
            (run / name).write_bytes(damaged((run / name).read_bytes(), chance))
            came[what_comes_of(run)] += 1
    assert sum(came.values()) == 60
    assert min(came.values()) > 3


def what_comes_of(run):
    try:
        page = report(run)
    except PhoenixError as error:
        return "sentence" if str(error).count("\n") == 0 else str(error)
    return "page" if page.startswith("<!doctype html>") else page


def damaged(data, chance):
    kind, at = chance.randrange(4), chance.randrange(len(data))
    if kind == 0:
        return data[:at]
    if kind == 1:
        return data[:at] + chance.randbytes(9) + data[at + 9 :]
    numbers = list(re.finditer(rb"\d+", data))
    spot = chance.choice(numbers)
    word = chance.choice([b"null", b'"x"', b"[]", b"{}", b"-1", b"1e400", b"99999999999999999999"])
    return data[: spot.start()] + word + data[spot.end() :]
