"""Lines of a CSV file, gzipped or plain, as frames of text; memory is bounded by the piece read at a time."""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import polars as pl

from connectors.recorded.letters import Reason
from connectors.recorded.lines import GZIP_MAGIC, LONGEST_LINE, begins_with
from connectors.trades.columns import BLANK
from connectors.trades.judge import EXTRA, NEEDED, OPTIONAL
from operators.errors import SourceError

PIECE_BYTES: Final = 4 << 20
KNOWN: Final = frozenset({*NEEDED, *OPTIONAL})
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
            self._stream = gzip.GzipFile(fileobj=self._raw) if packed else self._raw
        except OSError as error:
            raise SourceError(f"{path} cannot be read: {error.strerror or error}") from None
        self._tail, self._broken = b"", False
        try:
            self.names, self._ahead = self._header()
        except SourceError:
            self.close()
            raise

    @property
    def done(self) -> int:
        """Bytes of the file that were read."""
        return self._raw.tell()

    def __iter__(self) -> Iterator[pl.DataFrame]:
        """Read on, whole lines at a time."""
        piece, self._ahead = self._ahead or self._piece(), b""
        while piece:
            head, newline, tail = piece.rpartition(b"\n")
            lines, self._tail = (self._tail + head, tail) if newline else (b"", self._tail + tail)
            self._bounded(self._tail)
            yield self._frame(lines)
            piece = self._piece()
        yield self._frame(self._tail)

    def close(self) -> None:
        """Give the file back."""
        self._stream.close()
        self._raw.close()

    def _header(self) -> tuple[list[str], bytes]:
        """Return the names in the first line, and what was read after it."""
        read = self._piece()
        while b"\n" not in read and (piece := self._piece()):
            read += piece
            self._bounded(read.partition(b"\n")[0])
        line, _, rest = read.removeprefix(BOM).partition(b"\n")
        names = line.decode("utf-8", "backslashreplace").split(",")
        return [name.strip(BLANK).lower() for name in names], rest

    def _frame(self, lines: bytes) -> pl.DataFrame:
        unnamed = [f"{i}" for i in range(len(self.names) + 1)]
        header, kept = ",".join(unnamed).encode(), _without_blank_lines(lines)
        frame = pl.read_csv(
            b"\n".join([header, kept, b""] if kept else [header, b""]),
            infer_schema=False,
            quote_char=None,
            truncate_ragged_lines=True,
            encoding="utf8-lossy",
        )
        named = {i: name for i, name in zip(unnamed, self.names, strict=False) if name in KNOWN}
        return frame.rename({**named, unnamed[-1]: EXTRA})

    def _bounded(self, line: bytes) -> None:
        if len(line) > LONGEST_LINE:
            raise SourceError(f"{self.path} has a line of more than {LONGEST_LINE} bytes: it is no CSV file")

    def _piece(self) -> bytes:
        """Return the next bytes, up to where a compressed file is damaged; none after that."""
        parts: list[bytes] = []
        left = 0 if self._broken else self._piece_bytes
        try:
            while left > 0 and (part := self._stream.read1(left)):
                parts.append(part)
                left -= len(part)
        except (EOFError, gzip.BadGzipFile, zlib.error) as damage:
            reason = Reason.TRUNCATED if isinstance(damage, EOFError) else Reason.CORRUPT
            self.lost[reason.value], self._broken = 1, True
        except OSError as error:
            raise SourceError(f"{self.path}: reading stopped: {error.strerror or error}") from None
        return b"".join(parts)


def _without_blank_lines(lines: bytes) -> bytes:
    if not lines.startswith((b"\n", b"\r")) and b"\n\n" not in lines and b"\n\r" not in lines:
        return lines.rstrip(b"\r\n")
    return b"\n".join(line for line in lines.split(b"\n") if line.rstrip(b"\r"))
