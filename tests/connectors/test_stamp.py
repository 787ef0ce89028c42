import pytest

from connectors.stamp import Stamp, refuse_other_settings
from operators.errors import CheckpointRefused

SETTINGS = """
profile: a
run: {directory: runs, progress: true}
source: {seed: 7, speed: 0}
vpin: {threshold: 0.7, pause_seconds: 5}
symbols:
  ETHUSDC: {vpin: {threshold: 0.7, pause_seconds: 5}}
  BTCUSDC: {vpin: {threshold: 0.7, pause_seconds: 5}}
"""
OURS = Stamp("c0de", "5e77")


def test_an_equal_stamp_is_taken():
    OURS.require(("c0de", "5e77"))


def test_other_code_is_refused_whatever_the_settings():
    with pytest.raises(CheckpointRefused, match="made by code version beef, and this is c0de"):
        OURS.require(("beef", "5e77"))


def test_other_settings_are_refused_even_where_nothing_tells_them_apart():
    with pytest.raises(CheckpointRefused, match="made by configuration 0123, and this is 5e77"):
        OURS.require(("c0de", "0123"), SETTINGS, SETTINGS)


def test_the_setting_that_differs_is_named_once_with_both_values():
    with pytest.raises(CheckpointRefused) as refused:
        OURS.require(("c0de", "0123"), SETTINGS, SETTINGS.replace("threshold: 0.7", "threshold: 0.6"))
    assert str(refused.value).startswith(
        "this checkpoint was made by configuration with vpin.threshold: 0.7, "
        "and this is with vpin.threshold: 0.6: start a new run"
    )


def test_a_symbol_that_differs_alone_is_named_and_one_that_came_or_went_too():
    other = SETTINGS.replace("ETHUSDC: {vpin: {threshold: 0.7", "ETHUSDC: {vpin: {threshold: 0.9")
    with pytest.raises(CheckpointRefused, match=r"symbols\.ETHUSDC\.vpin\.threshold: 0\.9"):
        refuse_other_settings(SETTINGS, other)
    with pytest.raises(CheckpointRefused, match=r"symbols\.BTCUSDC\.vpin\.threshold: nothing"):
        refuse_other_settings(SETTINGS, SETTINGS[: SETTINGS.index("  BTCUSDC")])


def test_many_differences_are_counted():
    with pytest.raises(CheckpointRefused, match=r"seed.*threshold.*pause_seconds.* and 1 more"):
        refuse_other_settings(
            SETTINGS,
            SETTINGS.replace("seed: 7", "seed: 8").replace("0.7", "0.8").replace(": 5", ": 6")
            + "book: {a: 1}\n",
        )


def test_what_changes_no_order_may_change():
    other = (
        SETTINGS.replace("profile: a", "profile: b").replace("speed: 0", "speed: 9").replace("true", "false")
    )
    refuse_other_settings(SETTINGS, other.replace("directory: runs", "directory: elsewhere"))
