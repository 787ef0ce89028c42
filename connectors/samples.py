"""Samples of the account as they lie in a run directory: a line that names the fields, then packed records.

The line makes a file readable by code that knows fewer fields, or more.
"""

import json
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from operators.errors import SourceError
from operators.samples import Sample

SAMPLES: Final = "samples"
LONGEST_HEADER: Final = 1 << 16


def header() -> bytes:
    """Return the first line: every field with its kind, in their order."""
    fields = [[name, Sample.dtype[name].newbyteorder("<").str] for name in Sample.dtype.names or ()]
    return json.dumps({"samples": 1, "fields": fields}, separators=(",", ":")).encode() + b"\n"


def read_samples(path: Path) -> NDArray[np.void]:
    """Return the samples of a symbol's part, oldest first, by the names of `Sample`'s fields.

    A record that a kill left half written is left out; a missing or empty file holds none.

    Raises:
        SourceError: this is no file of samples.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return np.zeros(0, Sample.dtype)
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}") from None
    if not data:
        return np.zeros(0, Sample.dtype)
    end = data.find(b"\n", 0, LONGEST_HEADER)
    dtype = _layout(path, data[: max(0, end)])
    n = (len(data) - end - 1) // dtype.itemsize
    return np.frombuffer(data, dtype, n, end + 1)


def _layout(path: Path, line: bytes) -> "np.dtype[np.void]":
    try:
        said: Any = json.loads(line)
        fields = [(str(name), np.dtype(str(kind))) for name, kind in said["fields"]]
        if not fields or any(kind.kind not in "if" for _, kind in fields):
            raise ValueError("no fields")  # noqa: TRY301 - one sentence for all of it
        return np.dtype(fields)
    except (ValueError, KeyError, TypeError, RecursionError):
        raise SourceError(f"{path} holds no samples: its first line names no fields") from None
