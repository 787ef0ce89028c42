from pathlib import Path

import pytest

from configs.overrides import apply
from configs.problems import Problems


def applied(tree, *overrides):
    problems = Problems(Path("x.yaml"))
    apply(tree, overrides, problems)
    return tree, problems.sentences


def test_an_override_goes_where_its_key_says():
    tree, problems = applied({"vpin": {"threshold": "0.7", "enabled": "true"}}, "vpin.threshold=0.8")
    assert (tree, problems) == ({"vpin": {"threshold": "0.8", "enabled": "true"}}, [])


def test_sections_that_the_file_lacks_or_leaves_empty_are_made():
    tree, problems = applied(
        {"symbols": {"ETHUSDC": None}}, "symbols.ETHUSDC.vpin.threshold=0.8", "run.directory=out"
    )
    assert tree == {"symbols": {"ETHUSDC": {"vpin": {"threshold": "0.8"}}}, "run": {"directory": "out"}}
    assert problems == []


def test_values_are_yaml():
    tree, _ = applied(
        {}, "source.path=[a.gz, 'b c.gz']", "quoting.max_improve_ticks=null", "vpin={enabled: on}", "book="
    )
    assert tree["source"] == {"path": ["a.gz", "b c.gz"]}
    assert tree["quoting"] == {"max_improve_ticks": None}
    assert tree["vpin"] == {"enabled": "on"}
    assert tree["book"] is None


def test_a_value_may_hold_an_equals_sign_and_spaces_around_the_key_are_nothing():
    tree, _ = applied({}, " source.path =a=b.gz")
    assert tree == {"source": {"path": "a=b.gz"}}


def test_the_last_one_wins():
    tree, _ = applied({}, "vpin.threshold=0.8", "vpin.threshold=0.9")
    assert tree == {"vpin": {"threshold": "0.9"}}


def test_a_list_of_symbols_can_be_overridden_too():
    tree, problems = applied({"symbols": ["BTCUSDT", "ETHUSDT"]}, "symbols.ETHUSDT.vpin.enabled=on")
    assert tree == {"symbols": {"BTCUSDT": None, "ETHUSDT": {"vpin": {"enabled": "on"}}}}
    tree, _ = applied(tree, "symbols=[SOLUSDT]", "symbols.SOLUSDT.vpin.enabled=off")
    assert tree == {"symbols": {"SOLUSDT": {"vpin": {"enabled": "off"}}}}
    assert problems == []


def test_a_list_of_symbols_holds_names_once():
    _, problems = applied({"symbols": ["BTCUSDT", "BTCUSDT", {"ETHUSDT": None}, None]})
    assert problems == [
        "x.yaml: symbols names BTCUSDT twice",
        "x.yaml: symbols must list names only, was a mapping",
        "x.yaml: symbols must list names only, was null",
    ]


@pytest.mark.parametrize("override", ["vpin.threshold", "=1", "vpin.=1", ".vpin=1", "a..b=1", "", " =1"])
def test_an_override_needs_a_key_and_a_value(override):
    tree, problems = applied({}, override)
    assert problems == [f"--set {override}: must be a key and its value, such as vpin.threshold=0.8"]
    assert tree == {}


def test_nothing_can_be_set_inside_a_value():
    _, problems = applied({"profile": "x", "run": ["a"]}, "profile.name=1", "run.directory.sub=1")
    assert problems == [
        "--set profile.name: cannot be set, for profile is no section",
        "--set run.directory.sub: cannot be set, for run is no section",
    ]


def test_a_value_that_is_no_yaml_is_said_so():
    _, problems = applied({}, "source.path={a", "vpin.threshold=!!float 1")
    assert problems == [
        "--set source.path: line 1 is not valid YAML: expected ',' or '}', but got '<stream end>'",
        "--set vpin.threshold: line 1 has the tag !!float, and tags are not allowed",
    ]


@pytest.mark.parametrize("text", ["\n", "a\nb", "\n={", "vpin.\r.x=1", 'symbols=["\\n", "\\n"]'])
def test_whatever_was_given_a_problem_is_one_line(problems, text):
    found = problems("vpin: {threshold: 0.8}\nsymbols: {ETHUSDC: {synthetic: {price: 2500}}}", text)
    assert found
    assert all(sentence.isprintable() for sentence in found)
