import polars as pl
import pytest

from connectors.trades.output import TableFile
from operators.errors import SourceError

FRAMES = [pl.DataFrame({"i": [1, 2], "vpin": [0.1 + 0.2, 1e-17]}), pl.DataFrame({"i": [3], "vpin": [2 / 3]})]


@pytest.mark.parametrize("name", ["out.csv", "out.parquet", "OUT.CSV"])
def test_floats_read_back_the_same(tmp_path, name):
    path = tmp_path / name
    with TableFile(path) as table:
        for frame in FRAMES:
            table.write(frame)
        assert not path.exists()
    found = pl.read_csv(path) if path.suffix.lower() == ".csv" else pl.read_parquet(path)
    assert found.equals(pl.concat(FRAMES))
    assert list(tmp_path.iterdir()) == [path]


def test_what_was_there_stays_until_the_new_is_whole(tmp_path):
    path = tmp_path / "out.csv"
    path.write_text("old")

    def fail():
        with TableFile(path) as table:
            table.write(FRAMES[0])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_not_there_is_a_sentence(tmp_path):
    with pytest.raises(SourceError, match=r"out.csv cannot be written: No such file or directory"):
        TableFile(tmp_path / "no" / "out.csv")
