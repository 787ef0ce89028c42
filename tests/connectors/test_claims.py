"""A symbol is claimed by one process at a time, for as long as that lives."""

import multiprocessing
import os
import signal
from decimal import Decimal

import pytest

from connectors.claims import Exposure, claimed, claimed_within
from operators.errors import ConfigError, RunDirectoryError

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


def exposed(cap, **budgets):
    return Exposure({symbol: Decimal(budget) for symbol, budget in budgets.items()}, Decimal(cap))


def test_shards_that_divide_one_cap_stand_side_by_side_to_the_last_cent(tmp_path):
    one, two = exposed(100, BTCUSDC="60.01"), exposed(100, ETHUSDC="30", SOLUSDC="9.99")
    with claimed_within(tmp_path, one, WHO), claimed_within(tmp_path, two, WHO):
        assert sorted(path.name for path in tmp_path.iterdir()) == ["BTCUSDC", "ETHUSDC", "SOLUSDC"]


@pytest.mark.parametrize(("first", "second", "least"), [(100, 100, 100), (100, 1000, 100), (1000, 100, 100)])
def test_a_shard_whose_budgets_are_too_much_beside_others_is_refused(tmp_path, first, second, least):
    one, two = exposed(first, BTCUSDC=60, ETHUSDC=30), exposed(second, SOLUSDC="10.01")
    with (
        claimed_within(tmp_path, one, WHO),
        pytest.raises(ConfigError) as refused,
        claimed_within(tmp_path, two, WHO),
    ):
        raise AssertionError
    assert str(refused.value) == (
        f"risk.total_notional: with BTCUSDC, ETHUSDC, which run already by {tmp_path}, "
        f"budgets come to 100.01, above {least}: "
        "give all shards the same settings, or this one another profile"
    )
    with claimed_within(tmp_path, two, WHO):
        pass  # What was run before counts no more; nothing of the refused one is left.


def test_a_symbol_that_another_runs_is_refused_before_budgets_are_looked_at(tmp_path):
    with (
        claimed_within(tmp_path, exposed(100, BTCUSDC=60), WHO),
        pytest.raises(RunDirectoryError, match="BTCUSDC is run already, by 1of2"),
        claimed_within(tmp_path, exposed(100, BTCUSDC=60, ETHUSDC=60), WHO),
    ):
        raise AssertionError


def test_a_holder_whose_budget_cannot_be_read_is_in_nobodys_way(tmp_path):
    with claimed_within(tmp_path, exposed(100, BTCUSDC=60), WHO):
        for told in ("{", "[]", '{"budget": "x", "cap": "1"}', '{"budget": null, "cap": "1"}'):
            (tmp_path / "BTCUSDC").write_text(told)
            with claimed_within(tmp_path, exposed(100, ETHUSDC=60), WHO):
                pass


def test_a_folder_in_which_nobody_can_be_alone_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(RunDirectoryError, match="file cannot be written"),
        claimed_within(tmp_path / "file", exposed(1, A=1), WHO),
    ):
        raise AssertionError
