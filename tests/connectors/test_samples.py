"""Files of samples: what is written is read again, and what is no such file is said."""

import json

import numpy as np
import pytest

from connectors.samples import header, read_samples
from operators.errors import SourceError
from operators.samples import Sample


def table(n):
    samples = Sample.table(n)
    for k in range(n):
        samples[k].ts_ns, samples[k].value, samples[k].traded_tick_lots = k, k / 8, -k
    return samples


def test_samples_are_read_as_they_were_written(tmp_path):
    path = tmp_path / "X.bin"
    path.write_bytes(header() + table(5).tobytes())
    found = read_samples(path)
    assert found.dtype.names == Sample.dtype.names
    assert found.tobytes() == table(5).tobytes()


def test_a_half_written_record_is_left_out(tmp_path):
    path = tmp_path / "X.bin"
    path.write_bytes(header() + table(3).tobytes()[:-1])
    assert read_samples(path)["ts_ns"].tolist() == [0, 1]


def test_no_file_an_empty_one_and_a_header_alone_hold_no_samples(tmp_path):
    (tmp_path / "empty.bin").touch()
    (tmp_path / "begun.bin").write_bytes(header())
    for name in ("missing", "empty", "begun"):
        found = read_samples(tmp_path / f"{name}.bin")
        assert (len(found), found.dtype.names) == (0, Sample.dtype.names)


def test_other_fields_than_ours_are_read_by_their_names(tmp_path):
    layout = np.dtype([("ts_ns", "<i8"), ("mood", "<f8")])
    line = json.dumps({"fields": [[name, layout[name].str] for name in ("ts_ns", "mood")]}).encode()
    (tmp_path / "X.bin").write_bytes(line + b"\n" + np.array([(7, 0.5)], layout).tobytes())
    assert read_samples(tmp_path / "X.bin")["mood"].tolist() == [0.5]


@pytest.mark.parametrize(
    "data",
    [
        b"\n",
        b"no newline",
        b"{}\n",
        b'{"fields":[]}\n',
        b'{"fields":[["a","O"]]}\n',
        b'{"fields":[["a","<i8"],["a","<i8"]]}\n',
        b'{"fields":3}\n',
        b"[" * 60_000 + b"\n",
        bytes(range(256)),
    ],
)
def test_what_is_no_file_of_samples_is_said(tmp_path, data):
    (tmp_path / "X.bin").write_bytes(data)
    with pytest.raises(SourceError, match="holds no samples"):
        read_samples(tmp_path / "X.bin")
