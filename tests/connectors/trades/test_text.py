import gzip
from decimal import Decimal
from pathlib import Path
from tempfile import NamedTemporaryFile

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connectors.recorded.grid import Grids
from connectors.trades.judge import EXTRA, NEEDED, Judge
from connectors.trades.text import TextFrames
from operators.errors import SourceError
from operators.instruments import Instrument

GRIDS = Grids(Instrument("TEST", Decimal("0.01"), Decimal("0.001")))
COLUMNS = (*NEEDED, EXTRA)

LINES = (
    b"ts_ns,price,qty,side\n1,100,1,buy\n2,100,1,sell\n\n3,100,1,\r\n\r\n4,100\n5,100,1,buy,more,yet\n\xff,,,"
)


def read(path, piece_bytes=1 << 20):
    frames = TextFrames(path, piece_bytes)
    try:
        whole = pl.concat(list(frames))
        assert frames.done == frames.total == path.stat().st_size
    finally:
        frames.close()
    return [tuple(row) for row in whole.iter_rows()], frames


@pytest.mark.parametrize("piece_bytes", [1, 2, 3, 10, 31, 1000])
@pytest.mark.parametrize("packed", [False, True])
def test_a_line_is_a_row_wherever_pieces_end(tmp_path, piece_bytes, packed):
    path = tmp_path / "tape.csv"
    path.write_bytes(gzip.compress(LINES) if packed else LINES)
    rows, frames = read(path, piece_bytes)
    assert frames.names == ["ts_ns", "price", "qty", "side"]
    assert [row[0] for row in rows] == ["1", "2", "3", "4", "5", "\N{REPLACEMENT CHARACTER}"]
    assert rows[3] == ("4", "100", None, None, None)
    assert rows[4] == ("5", "100", "1", "buy", "more")


def test_what_stands_behind_the_last_name_has_a_column_of_its_own(tmp_path):
    path = tmp_path / "tape.csv"
    path.write_bytes(b"side,other,other\n1,2,3,4\n")
    frames = TextFrames(path)
    frame = next(iter(frames))
    frames.close()
    assert frame.columns == ["side", "1", "2", EXTRA]
    assert frame[EXTRA].to_list() == ["4"]


@given(
    st.lists(st.binary(max_size=30).map(lambda line: line.replace(b"\n", b"")), max_size=20),
    st.integers(1, 64),
)
@example([b" "], 1)
@example([b"1", b"\r", b" ", b"", b"\t", b"\r\r", b"2"], 64)
def test_whatever_stands_in_a_file_every_line_that_is_not_blank_is_a_row(lines, piece_bytes):
    with NamedTemporaryFile() as file:
        file.write(b"\n".join([b"ts_ns,price,qty,side", *lines]))
        file.flush()
        rows, _ = read(Path(file.name), piece_bytes)
    assert len(rows) == sum(bool(line.rstrip(b"\r")) for line in lines)
    stretch = Judge(GRIDS).on(pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String), orient="row"))
    assert len(stretch.at) == len(rows)
    assert ((stretch.at >= 0) == (stretch.reasons == 0)).all()


@pytest.mark.parametrize("lost", [1, 8, 100, 3000])
def test_a_damaged_gzip_is_read_up_to_where_it_breaks(tmp_path, lost):
    path, lines = tmp_path / "tape.csv.gz", [f"{i * 7919 % 10007},100,1,buy" for i in range(5000)]
    packed = gzip.compress("\n".join(["ts_ns,price,qty,side", *lines]).encode())
    path.write_bytes(packed[:-lost])
    rows, frames = read(path)
    assert frames.lost == {"truncated": 1}
    n = len(rows) - 1
    assert [f"{row[0]},100,1,buy" for row in rows[:n]] == lines[:n]
    assert n > 4000 if lost <= 100 else n > 500


def test_a_flipped_bit_is_damage(tmp_path):
    path = tmp_path / "tape.csv.gz"
    packed = bytearray(gzip.compress(b"ts_ns,price,qty,side\n" + b"1,100,1,buy\n" * 5000))
    packed[-6] ^= 1
    path.write_bytes(packed)
    rows, frames = read(path)
    assert frames.lost == {"corrupt": 1}
    assert len(rows) == 5000


@pytest.mark.parametrize("content", [b"a" * (9 << 20), b"ts_ns\n1\n" + b"9" * (9 << 20)])
def test_a_line_without_end_is_refused(tmp_path, content):
    path = tmp_path / "tape.csv"
    path.write_bytes(content)
    with pytest.raises(SourceError, match="has a line of more than 8388608 bytes: it is no CSV file"):
        read(path)


def test_a_folder_or_nothing_is_refused(tmp_path):
    for path in (tmp_path, tmp_path / "none.csv"):
        with pytest.raises(SourceError, match="cannot be read"):
            TextFrames(path)
