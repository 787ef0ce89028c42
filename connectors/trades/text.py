"""Lines of a CSV file, gzipped or plain, as frames of text; memory is bounded by the piece read at a time."""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, cast

import polars as pl

from connectors.recorded.letters import Reason
from connectors.recorded.lines import GZIP_MAGIC, LONGEST_LINE, begins_with
from connectors.trades.columns import BLANK
from connectors.trades.judge import EXTRA
from operators.errors import SourceError

PIECE_BYTES: Final = 4 << 20
BOM: Final = b"\xef\xbb\xbf"


class TextFrames:
    """Reads a file forward; the first line names its columns."""

    def __init__(self, path: Path, piece_bytes: int = PIECE_BYTES) -> None:
        self.path, self.lost = path, dict[str, int]()
        self._piece_bytes = piece_bytes
        try:
            self.total: int | None = path.stat().st_size
            self._raw = path.open("rb")
            packed = begins_with(path, GZIP_MAGIC)
            self._stream = cast("BinaryIO", gzip.GzipFile(fileobj=self._raw) if packed else self._raw)
        except OSError as error:
            raise SourceError(f"{path} cannot be read: {error.strerror or error}") from None
        self._tail = b""
        self.names = self._header()

    @property
    def done(self) -> int:
        """Bytes of the file that were read."""
        return self._raw.tell()

    def __iter__(self) -> Iterator[pl.DataFrame]:
        """Read on, whole lines at a time."""
        while piece := self._piece():
            head, newline, tail = piece.rpartition(b"\n")
            self._tail, lines = (tail, self._tail + head) if newline else (self._tail + tail, b"")
            self._bounded()
            yield self._frame(lines)
        yield self._frame(self._tail)

    def close(self) -> None:
        """Give the file back."""
        self._stream.close()
        self._raw.close()

    def _frame(self, lines: bytes) -> pl.DataFrame:
        named = ",".join(f"c{i}" for i in range(len(self.names) + 1)).encode()
        kept = _without_blank_lines(lines)
        frame = pl.read_csv(
            b"\n".join([named, kept, b""] if kept else [named, b""]),
            infer_schema=False,
            quote_char=None,
            truncate_ragged_lines=True,
            encoding="utf8-lossy",
        )
        return frame.rename(dict(zip(frame.columns, [*self.names, EXTRA], strict=True)))

    def _header(self) -> list[str]:
        while b"\n" not in self._tail and (piece := self._piece()):
            self._tail += piece
            self._bounded()
        line, _, self._tail = self._tail.removeprefix(BOM).partition(b"\n")
        names = line.decode("utf-8", "backslashreplace").split(",")
        return [name.strip(BLANK).lower() for name in names]

    def _bounded(self) -> None:
        if b"\n" not in self._tail and len(self._tail) > LONGEST_LINE:
            raise SourceError(f"{self.path} has a line of more than {LONGEST_LINE} bytes: it is no CSV file")

    def _piece(self) -> bytes:
        try:
            return self._stream.read(self._piece_bytes)
        except EOFError:
            self.lost[Reason.TRUNCATED.value] = 1
        except (gzip.BadGzipFile, zlib.error):
            self.lost[Reason.CORRUPT.value] = 1
        except OSError as error:
            raise SourceError(f"{self.path}: reading stopped: {error.strerror or error}") from None
        return b""


def _without_blank_lines(lines: bytes) -> bytes:
    if not lines.startswith((b"\n", b"\r")) and b"\n\n" not in lines and b"\n\r" not in lines:
        return lines.rstrip(b"\r\n")
    return b"\n".join(line for line in lines.split(b"\n") if line.strip())
