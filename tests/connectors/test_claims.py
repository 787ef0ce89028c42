"""A symbol is claimed by one process at a time, for as long as that lives."""

import multiprocessing
import os
import signal

import pytest

from connectors.claims import claimed
from operators.errors import RunDirectoryError

WHO = {"share": "1of2", "run": "runs/20250101-phoenix-1of2-1"}


def hold(folder, holding):
    with claimed(folder, ["ETHUSDC", "BTCUSDC"], WHO):
        holding.set()
        signal.pause()


def test_a_claimed_symbol_is_refused_and_its_holder_named(tmp_path):
    with (
        claimed(tmp_path / "claims", ["BTCUSDC"], WHO),
        pytest.raises(RunDirectoryError) as refused,
        claimed(tmp_path / "claims", ["AAVEUSDC", "BTCUSDC"], {"share": "BTCUSDC", "run": "x"}),
    ):
        raise AssertionError
    assert str(refused.value) == (
        f"BTCUSDC is run already, by 1of2 in runs/20250101-phoenix-1of2-1 (process {os.getpid()}): "
        f"stop that one, or use another profile or run.directory, as this holds for {tmp_path}/claims"
    )
    with claimed(tmp_path / "claims", ["AAVEUSDC", "BTCUSDC"], WHO):
        pass  # Nothing of the refused one is left.


def test_a_killed_process_claims_nothing(tmp_path):
    context = multiprocessing.get_context("forkserver")
    holding = context.Event()
    process = context.Process(target=hold, args=(tmp_path, holding))
    process.start()
    assert holding.wait(60)
    with (
        pytest.raises(RunDirectoryError, match="is run already"),
        claimed(tmp_path, ["ETHUSDC"], WHO),
    ):
        raise AssertionError
    process.kill()
    process.join()
    with claimed(tmp_path, ["ETHUSDC", "BTCUSDC"], WHO):
        pass


def test_others_are_let_be(tmp_path):
    with claimed(tmp_path / "one", ["BTCUSDC"], WHO), claimed(tmp_path / "two", ["BTCUSDC"], WHO):
        pass
    with claimed(tmp_path, ["BTCUSDC"], WHO), claimed(tmp_path, ["ETHUSDC"], WHO):
        pass


def test_a_holder_who_did_not_say_who_it_is_is_another_process(tmp_path):
    with claimed(tmp_path, ["BTCUSDC"], WHO):
        (tmp_path / "BTCUSDC").write_text("{")
        with (
            pytest.raises(RunDirectoryError, match="another process"),
            claimed(tmp_path, ["BTCUSDC"], WHO),
        ):
            raise AssertionError


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunDirectoryError, match="cannot be written"), claimed(tmp_path / "file", ["A"], WHO):
        raise AssertionError
