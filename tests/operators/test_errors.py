import pytest

from operators.errors import (
    CheckpointRefused,
    ConfigError,
    InstrumentUnknown,
    InvariantBroken,
    PhoenixError,
    RunDirectoryError,
    SourceError,
)


def test_a_configuration_names_every_fault_on_a_line_of_its_own():
    error = ConfigError(("a is wrong", "b is wrong"))
    assert error.problems == ["a is wrong", "b is wrong"]
    assert str(error) == "a is wrong\nb is wrong"


def test_an_unknown_symbol_says_where_to_add_it():
    error = InstrumentUnknown("binance_usdm", "ABCUSDT", "instruments.yaml")
    assert (error.market, error.symbol, error.table) == ("binance_usdm", "ABCUSDT", "instruments.yaml")
    assert str(error).startswith("ABCUSDT is not in the instrument table: add it to instruments.yaml under")
    assert "symbols.ABCUSDT.instrument" in str(error)


def test_a_refused_checkpoint_names_both_and_the_way_out():
    error = CheckpointRefused("code", "b2", "a1")
    assert (error.what, error.expected, error.received) == ("code", "b2", "a1")
    assert str(error).startswith("this checkpoint was made by code a1, and this is b2: ")


def test_a_broken_invariant_names_symbol_rule_and_fault():
    error = InvariantBroken("BTCUSDT", "venue", 3)
    assert (error.symbol, error.rule, error.fault) == ("BTCUSDT", "venue", 3)
    assert str(error) == "BTCUSDT: venue broke an invariant (fault 3)"


@pytest.mark.parametrize(
    "error",
    [
        ConfigError([]),
        InstrumentUnknown("m", "s", "t"),
        SourceError("x"),
        CheckpointRefused("a", "b", "c"),
        RunDirectoryError("x"),
        InvariantBroken("s", "r", 1),
    ],
)
def test_every_error_meant_for_a_user_is_caught_as_one(error):
    assert isinstance(error, PhoenixError)
