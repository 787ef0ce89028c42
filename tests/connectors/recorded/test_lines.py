"""Lines come in bounded pieces, from any place, and a file that fails says where."""

from pathlib import Path

import pytest

from connectors.recorded import discover, open_tape
from connectors.recorded.lines import PIECE_BYTES, LineReader
from operators.errors import SourceError
from tests.oracles.raw_market import SYMBOL, TEST, write_raw


def lines_of(reader):
    found = []
    while (line := reader.next()) is not None:
        found.append(line)
    reader.close()
    return found


def test_lines_longer_than_a_piece_are_put_together(tmp_path):
    path, text = tmp_path / "some.txt", [b"a" * (3 * PIECE_BYTES), b"", b"b", b"c" * PIECE_BYTES]
    path.write_bytes(b"\n".join(text))
    assert lines_of(LineReader(path)) == text


def test_reading_goes_on_at_any_line(tmp_path):
    path, text = tmp_path / "some.txt", [b"x" * (n * 977) for n in range(60)]
    path.write_bytes(b"\n".join(text) + b"\n")
    reader = LineReader(path)
    for n in range(60):
        resumed = LineReader(path)
        resumed.restore(reader.snapshot())
        assert resumed.next() == text[n]
        assert resumed.number == n + 1
        assert lines_of(resumed) == text[n + 1 :]
        reader.next()
    assert reader.next() is None
    ended = LineReader(path)
    ended.restore(reader.snapshot())
    assert ended.next() is None
    reader.close()
    ended.close()


def test_a_disk_that_fails_while_reading_is_one_sentence(tmp_path, monkeypatch):
    def fail(size):
        raise OSError(5, "Input/output error")

    path = tmp_path / "some.txt"
    path.write_bytes(b"one\ntwo\n" * PIECE_BYTES)
    reader = LineReader(path)
    assert reader.next() == b"one"
    reader._lines.clear()
    reader.close()
    monkeypatch.setattr(reader, "_stream", type("Failing", (), {"read1": staticmethod(fail)}))
    with pytest.raises(SourceError, match="reading stopped after line 1: "):
        reader.next()


def test_a_file_that_may_not_be_read_is_one_sentence(tmp_path, monkeypatch):
    def refuse(path, mode):
        raise PermissionError(13, "Permission denied")

    path = write_raw(tmp_path / "some.txt", [])
    monkeypatch.setattr(Path, "open", refuse)
    for opener in (lambda: open_tape(SYMBOL, TEST, [path], "binance_usdm"), lambda: discover([path])):
        with pytest.raises(SourceError, match="Permission denied"):
            opener()
    with pytest.raises(SourceError, match="Permission denied"):
        LineReader(path)
