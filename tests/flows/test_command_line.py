import json

import pytest

from tests.oracles.command import phoenix

ONE_SYMBOL = (
    "symbols={BTCUSDC: {synthetic: {price: 62000}, quoting: {order_lots: 30, max_inventory_lots: 300}}}"
)


@pytest.mark.parametrize(
    ("command", "example"),
    [
        ("run", "phoenix run --config configs/replay.yaml --set source.path=btcusdt.gz"),
        ("check", "phoenix check configs/phoenix.yaml"),
    ],
)
def test_help_shows_an_example_and_the_exit_codes(command, example):
    done = phoenix(command, "--help")
    assert done.returncode == 0
    assert example in done.stdout
    assert "Exit codes: 0 " in done.stdout


def test_the_example_of_check_works():
    done = phoenix("check", "configs/phoenix.yaml")
    assert done.returncode == 0
    assert done.stdout.startswith("profile: phoenix\n")


def test_a_run_never_overwrites_another_or_anything_else(tmp_path):
    out = tmp_path / "run"
    options = ("--out", out, "--set", "source.duration_s=2", "--set", ONE_SYMBOL)
    assert phoenix("run", *options).returncode == 0
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    for driver in ("graph", "research"):
        done = phoenix("run", *options, "--driver", driver)
        assert done.returncode == 1
        assert done.stderr.splitlines()[-1] == f"{out} holds a run already: resume it, or name another"
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "letter.txt").write_text("dear")
    done = phoenix("run", "--out", tmp_path / "home", *options[2:])
    assert done.returncode == 1
    assert "is not empty: name a directory that a run can have to itself" in done.stderr
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["letter.txt"]


def test_a_table_of_many_digits_is_never_cut(tmp_path):
    done = phoenix("run", "--out", tmp_path / "run", "--set", "source.duration_s=2", "--set", ONE_SYMBOL)
    assert "…" not in done.stdout
    assert "BTCUSDC" in done.stdout


@pytest.mark.parametrize(
    ("driver", "when"),
    [("graph", "open"), ("graph", "orders"), ("graph", "sizes"), ("graph", "close"), ("research", "sizes")],
)
def test_a_full_disk_is_one_sentence_whenever_it_is_met(tmp_path, driver, when):
    """A log is kept back until a checkpoint asks how long it is: most often it is met then."""
    full = f"""
import errno
from connectors.journal import Journal
def met(self, *_):
    raise OSError(errno.ENOSPC, "No space left on device")
Journal.{when} = met
"""
    options = ("--set", "source.duration_s=2", "--set", ONE_SYMBOL, "--driver", driver)
    done = phoenix("run", "--out", tmp_path / "run", *options, code=full)
    assert done.returncode == 1
    assert (
        done.stderr.splitlines()[-1] == f"{tmp_path}/run cannot be written any more: No space left on device"
    )
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("driver", ["graph", "research"])
def test_a_symbol_whose_orders_are_all_denied_says_why_it_was_never_quoted(tmp_path, driver):
    small = "symbols={BTCUSDC: {synthetic: {price: 62000}, quoting: {order_lots: 1}}}"
    options = ("--set", "source.duration_s=2", "--set", small, "--driver", driver)
    done = phoenix("run", "--out", tmp_path / "run", *options)
    assert "BTCUSDC: never quoted, as risk denied every order (too_small " in done.stdout
    figures = json.loads((tmp_path / "run" / "summary.json").read_text())["symbols"]["BTCUSDC"]
    assert figures["orders"] == 0
    assert list(figures["denied"]) == ["too_small"]
