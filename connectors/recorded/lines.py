"""A text file, gzipped or plain, read line by line in bounded pieces."""

import gzip
import zlib
from collections import deque
from pathlib import Path
from typing import Final, Protocol, cast

from connectors.recorded.letters import KEPT_BYTES, Reason, Unusable
from operators.errors import SourceError

PIECE_BYTES: Final = 1 << 18
LONGEST_LINE: Final = 8 << 20
GZIP_MAGIC: Final = b"\x1f\x8b"


class LineReader:
    """Reads a file forward; `number` is that of the line returned last, from 1."""

    def __init__(self, path: Path) -> None:
        self.path, self.number = path, 0
        self._offset, self._ended = 0, False
        self._lines: deque[bytes] = deque()
        self._tail = b""
        self._stream = _open(path)

    def next(self) -> bytes | None:
        """Return the next line without its end, or None after the last.

        Raises:
            Unusable: the line is too long, or the file ends early or is damaged from here on.
        """
        while not self._lines:
            if self._ended:
                return None
            self._refill()
        return self._count(self._lines.popleft(), 0)

    def snapshot(self) -> tuple[int, int, bool]:
        """Return the place where the next line begins."""
        return self._offset, self.number, self._ended and not self._lines

    def restore(self, state: tuple[int, int, bool]) -> None:
        """Go on at a place where another reader stood, in a reader that has not read."""
        self._offset, self.number, self._ended = state
        if not self._ended:
            self._stream.seek(self._offset)

    def close(self) -> None:
        """Give the file back."""
        self._stream.close()

    @property
    def buffered_bytes(self) -> int:
        """How much is held in memory."""
        return len(self._tail) + sum(map(len, self._lines))

    def _count(self, line: bytes, skipped: int) -> bytes:
        self.number += 1
        self._offset += len(line) + skipped + 1
        if len(line) + skipped > LONGEST_LINE:
            raise Unusable(Reason.LINE_TOO_LONG, line[: KEPT_BYTES + 1])
        return line

    def _refill(self) -> None:
        piece = self._piece()
        if not piece:
            self._end()
            return
        *lines, self._tail = (self._tail + piece).split(b"\n")
        self._lines.extend(lines)
        if len(self._tail) > LONGEST_LINE:
            self._skip()

    def _skip(self) -> None:
        """Drop the rest of a line that is too long already."""
        skipped, newline, tail = len(self._tail) - KEPT_BYTES - 1, b"", b""
        self._tail = self._tail[: KEPT_BYTES + 1]
        while not newline and (piece := self._piece()):
            rest, newline, tail = piece.partition(b"\n")
            skipped += len(rest)
        self._ended = not newline
        head, self._tail = self._tail, b""
        *lines, self._tail = tail.split(b"\n")
        self._lines.extend(lines)
        self._count(head, skipped)

    def _end(self) -> None:
        self._ended = True
        if self._tail:
            self._lines.append(self._tail)
            self._tail = b""

    def _piece(self) -> bytes:
        try:
            return self._stream.read1(PIECE_BYTES)
        except EOFError:
            raise self._broken(Reason.TRUNCATED) from None
        except (gzip.BadGzipFile, zlib.error):
            raise self._broken(Reason.CORRUPT) from None
        except OSError as error:
            raise SourceError(f"{self.path}: reading stopped after line {self.number}: {error}") from error

    def _broken(self, reason: Reason) -> Unusable:
        self._ended = True
        self.number += 1
        raw, self._tail = self._tail, b""
        return Unusable(reason, raw)


class _Stream(Protocol):
    def read1(self, size: int, /) -> bytes: ...
    def seek(self, offset: int, /) -> int: ...
    def close(self) -> None: ...


def _open(path: Path) -> _Stream:
    """Open a file that holds at least one byte of text.

    Raises:
        SourceError: it does not.
    """
    try:
        packed = begins_with(path, GZIP_MAGIC)
        stream = cast("_Stream", gzip.open(path) if packed else path.open("rb"))  # noqa: SIM115 - the reader closes it
    except OSError as error:
        raise _unreadable(path, f"cannot be read ({error})") from error
    try:
        if stream.read1(1):
            stream.seek(0)
            return stream
        trouble = "is empty"
    except (EOFError, zlib.error, OSError) as error:
        trouble = f"cannot be read ({error})"
    stream.close()
    raise _unreadable(path, trouble)


def _unreadable(path: Path, trouble: str) -> SourceError:
    return SourceError(f"{path} {trouble}: expected a file of `<receive ns> <json>` lines, gzipped or plain")


def begins_with(path: Path, magic: bytes) -> bool:
    """Say whether a file starts with these bytes."""
    with path.open("rb") as file:
        return file.read(len(magic)) == magic
