from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from configs.scalars import amount, exact, flag, instant, name, number, or_null, paths, text, whole


@pytest.mark.parametrize("written", ["true", "True", "TRUE", "yes", "on", True])
def test_yes_in_every_spelling(written):
    assert flag(written) is True


@pytest.mark.parametrize("written", ["false", "False", "no", "off", "OFF", False])
def test_no_in_every_spelling(written):
    assert flag(written) is False


@pytest.mark.parametrize("written", ["1", "y", "", "truee", 1, 0, None, ["true"]])
def test_anything_else_is_neither_yes_nor_no(written):
    with pytest.raises(PydanticCustomError):
        flag(written)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("5", 5), ("-5", -5), ("+5", 5), ("0", 0), ("0.5", Decimal("0.5")), (".5", Decimal("0.5")), ("5.", 5),
        ("1e5", 100_000), ("1E-3", Decimal("0.001")), ("4_000_000", 4_000_000), ("1_0.2_5", Decimal("10.25")),
        (3, 3), (0.1, Decimal("0.1")), (Decimal("0.10"), Decimal("0.1")),
    ],
)  # fmt: skip
def test_numbers_in_every_spelling(written, meant):
    assert exact(written) == meant


@pytest.mark.parametrize(
    "written",
    ["", "abc", "010", "00.5", "0x1f", "0o17", "1:30", "1,5", "1__0", "_1", "1_", "1e", "e5", "1e99999",
     "٣", " 1", "--1", "true", True, False, None, ["1"], {"a": "1"}],
)  # fmt: skip
def test_what_is_no_number(written):
    with pytest.raises(PydanticCustomError) as caught:
        exact(written)
    assert caught.value.type == "another_kind"


@pytest.mark.parametrize(
    "written", [".nan", "NaN", ".inf", "-.inf", "+.INF", "inf", "-Infinity", float("nan"), float("inf")]
)
def test_only_finite_numbers(written):
    for read in (number, amount, whole):
        with pytest.raises(PydanticCustomError, match="must be a finite number"):
            read(written)


@pytest.mark.parametrize("written", ["1e16", "-1e16", "1e9999", "9" * 5000])
def test_numbers_of_no_reasonable_size_are_refused_quickly(written):
    for read in (number, amount, whole):
        with pytest.raises(PydanticCustomError, match="reasonable size"):
            read(written)


def test_whole_numbers_may_be_written_with_a_point():
    assert [whole(written) for written in ("5", "5.0", "1e3", 5.0)] == [5, 5, 1000, 5]
    with pytest.raises(PydanticCustomError):
        whole("5.5")


def test_a_vanishing_number_is_zero_and_zero_has_one_sign():
    assert number("1e-400") == 0
    assert str(number("-0.0")) == "0.0"
    assert str(amount("-0.0")) == "0"


def test_equal_amounts_have_one_spelling():
    assert {str(amount(written)) for written in ("0.1", "0.10", "1e-1", ".1", 0.1)} == {"0.1"}
    assert {str(amount(written)) for written in ("500", "5e2", "500.00", 500, 500.0)} == {"500"}


def test_amounts_are_kept_to_eighteen_decimals():
    assert amount("0.000000000000000001") == Decimal("1e-18")
    with pytest.raises(PydanticCustomError, match="at most 18 decimals"):
        amount("1e-19")
    with pytest.raises(PydanticCustomError, match="at most 18 decimals"):
        amount("1." + "1" * 40)


@settings(derandomize=True, max_examples=200)
@given(st.decimals(-(10**15), 10**15, places=8))
def test_an_amount_is_exactly_what_was_written(given_amount):
    assert amount(str(given_amount)) == given_amount
    assert amount(f"{amount(str(given_amount)):f}") == given_amount


@settings(derandomize=True, max_examples=200)
@given(st.floats(-1e15, 1e15))
def test_a_number_survives_being_written(value):
    assert number(repr(value)) == value


def test_instants_need_a_zone_and_become_utc():
    assert instant("2025-01-01T02:00:00+02:00") == datetime(2025, 1, 1, tzinfo=UTC)
    assert instant("2025-01-01T00:00:00Z").tzinfo is UTC
    for written in ("2025-01-01", "2025-01-01T00:00:00", "yesterday", "1735689600", "", None,
                    "1969-12-31T00:00:00Z", "2200-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00"):  # fmt: skip
        with pytest.raises(PydanticCustomError):
            instant(written)


def test_paths_are_one_or_several():
    assert paths("a b.gz") == ("a b.gz",)
    assert paths(["a", "b"]) == paths(("a", "b")) == ("a", "b")
    assert paths(None) == paths([]) == ()
    for written in ("", ["a", ""], ["a", None], [["a"]], {"a": "b"}, "a\nb", "a\0b"):
        with pytest.raises(PydanticCustomError):
            paths(written)


def test_texts_are_printable():
    assert text("märkte/β") == "märkte/β"
    for written in ("", "a\tb", "\u2028", 3, None):
        with pytest.raises(PydanticCustomError):
            text(written)


def test_names_are_safe_for_a_directory():
    assert name("phoenix-2.1_b") == "phoenix-2.1_b"
    for written in ("", ".hidden", "a/b", "..", "a b", "-x", "ä", "x" * 65, None):
        with pytest.raises(PydanticCustomError, match="letters, digits"):
            name(written)


def test_null_passes_where_it_has_a_meaning():
    assert or_null(whole)(None) is None
    assert or_null(whole)("3") == 3
