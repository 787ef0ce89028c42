from typing import cast

import pytest

from configs.document import MAX_BYTES, Malformed, Node, parse, read_document


def problems_of(text):
    with pytest.raises(Malformed) as caught:
        parse(text)
    return list(caught.value.problems)


@pytest.fixture
def file_with(tmp_path):
    def write(data):
        path = tmp_path / "x.yaml"
        path.write_bytes(data)
        return path

    return write


def refusal(path):
    with pytest.raises(Malformed) as caught:
        read_document(path)
    return str(caught.value)


def test_scalars_stay_as_they_are_written():
    written = ["1e5", "on", "010", "1:30", "0x1f", "2025-01-01", "1_000", "NO", "=", "1.10", "0.7"]
    assert parse("\n".join(f"- {text}" for text in written)) == written
    assert parse("{1: a, NO: b, 1.10: c}") == {"1": "a", "NO": "b", "1.10": "c"}


def test_only_a_bare_null_is_null():
    assert parse("{a: null, b: ~, c: , d: 'null', e: ''}") == {
        "a": None,
        "b": None,
        "c": None,
        "d": "null",
        "e": "",
    }


def test_anchors_and_merge_keys_work():
    text = """
    a: &base {x: 1, y: 2}
    b: *base
    c: {<<: *base, y: 3}
    d: {<<: [{x: 8}, *base], z: 4}
    """
    assert parse(text) == {
        "a": {"x": "1", "y": "2"},
        "b": {"x": "1", "y": "2"},
        "c": {"x": "1", "y": "3"},
        "d": {"x": "8", "y": "2", "z": "4"},
    }


def test_an_anchored_section_can_be_changed_through_one_of_its_names_only():
    first, second = cast("list[Node]", parse("[&base {x: 1}, *base]"))
    assert first == second
    assert first is not second


def test_a_merge_of_a_text_is_refused():
    assert problems_of("a: {<<: text}") == ["line 1 merges something that is not a mapping"]


def test_every_repeated_key_is_named_with_both_lines():
    assert problems_of("a: 1\nb:\n  c: 1\n  c: 2\na: 3\n") == [
        "line 4 gives c again, first given on line 3",
        "line 5 gives a again, first given on line 1",
    ]


def test_tags_are_refused():
    assert problems_of("a: !!python/object/apply:os.system [ls]\nb: !!float 3\nc: !mine {}") == [
        "line 1 has the tag !!python/object/apply:os.system, and tags are not allowed",
        "line 2 has the tag !!float, and tags are not allowed",
        "line 3 has the tag !mine, and tags are not allowed",
    ]


def test_a_key_must_be_a_word():
    assert problems_of("? [a, b]\n: 1") == ["line 1 has a key that is not a word"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a:\n\tb: 1", "line 2 is indented with a tab: use spaces"),
        ("a: {b: 1", "line 1 is not valid YAML: expected ',' or '}', but got '<stream end>'"),
        ("a: 1\n  b: 2", "line 2 is not valid YAML: mapping values are not allowed here"),
        ("a: *nowhere", "line 1 is not valid YAML: found undefined alias 'nowhere'"),
        ("a: 1\n---\nb: 2", "line 2 is not valid YAML: but found another document"),
        ("a: @b", "line 1 is not valid YAML: found character '@' that cannot start any token"),
        ("a: \x07", "is not a text file: it holds the character 0x07"),
    ],
)
def test_malformed_yaml_is_one_sentence_with_its_line(text, expected):
    assert problems_of(text) == [expected]


@pytest.mark.parametrize("text", ["[" * 200_000, "- " * 3000 + "x", "a: " + "{b: " * 30 + "1" + "}" * 30])
def test_depth_is_bounded(text):
    (problem,) = problems_of(text)
    assert "nested too deeply" in problem


def test_an_anchor_inside_itself_is_refused():
    assert problems_of("a: &a [*a]") == ["line 1 is nested too deeply or repeats too much"]


def test_a_bomb_of_aliases_is_refused():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    (problem,) = problems_of("\n".join(lines))
    assert problem.endswith("is nested too deeply or repeats too much")


def test_an_empty_file_holds_no_settings(file_with):
    expected = "holds no settings: name at least the symbols to trade"
    assert refusal(file_with(b"")) == expected
    assert refusal(file_with(b"# nothing yet\n---\n")) == expected


def test_the_top_level_is_a_mapping(file_with):
    assert refusal(file_with(b"- a\n- b\n")) == "must be a mapping of sections, was a list"
    assert refusal(file_with(b"hello")) == "must be a mapping of sections, was a text"


def test_a_byte_order_mark_is_skipped(file_with):
    assert read_document(file_with(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n")) == {"a": "1", "b": "2"}


def test_a_binary_file_is_no_text(file_with):
    assert refusal(file_with(b"\x1f\x8b\x08\x00")) == "is not a text file: byte 2 is no UTF-8"
    assert refusal(file_with(b"a: 1\x00")) == "is not a text file: it holds the character 0x00"


def test_a_huge_file_is_not_even_parsed(file_with):
    assert refusal(file_with(b"# " + b"x" * MAX_BYTES)) == "is larger than 1 MiB, which no settings file is"


def test_a_missing_file_and_a_directory_are_said_so(tmp_path):
    assert refusal(tmp_path / "none.yaml") == "there is no such file"
    assert refusal(tmp_path) == "is a directory, not a settings file"
    (tmp_path / "file").touch()
    assert refusal(tmp_path / "file" / "x.yaml") == "cannot be read: Not a directory"
