"""Where a stream of messages was cut into frames: kept, so that frames come again as they were acted on.

Messages of several topics, and the clock on the wall, come together in no order that
anybody else remembers. A run that is resumed takes as many of each, at the same
time, as it did before it was killed; what it tells is then the same.
"""

import errno
import os
import struct
from collections import deque
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

from operators.errors import RunDirectoryError

CUTS: Final = "cuts"
"""The folder of a run directory that holds them."""
SHAPE: Final = struct.Struct("<qqIIq")
LARGEST: Final = 64 << 20
"""Bytes after which what no checkpoint needs any more is left out."""
KEPT_CHECKPOINTS: Final = 64
WITHDRAWN: Final = 1
"""Nothing is to be quoted on this frame."""


class Cut(NamedTuple):
    """A frame: how many messages of either topic it holds, and when it was cut."""

    frame: int
    now_ns: int
    """In the time of the market."""
    n_first: int
    n_second: int
    marks: int

    @property
    def counts(self) -> tuple[int, int]:
        """How many messages of each topic."""
        return self.n_first, self.n_second


class Cuts:
    """One symbol's frames, in a file that a killed process leaves behind whole but for its end."""

    def __init__(self) -> None:
        self.again: deque[Cut] = deque()
        """Those that were made before a kill, and come again."""
        self._path = Path()
        self._file = -1
        self._size = 0
        self._checkpoints: deque[int] = deque(maxlen=KEPT_CHECKPOINTS)

    def open(self, directory: Path, symbol: str, frame: int) -> None:
        """Go on in a run directory after a frame.

        Raises:
            RunDirectoryError: what stands there does not go on after it, or cannot be read or written.
        """
        self._path = directory / CUTS / f"{symbol}.bin"
        try:
            self._path.parent.mkdir(exist_ok=True)
            there = read_cuts(self._path) if self._path.exists() else []
            if not _go_on(there, frame):
                raise RunDirectoryError(f"{self._path} does not go on after frame {frame}: it was changed")
            self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            self._size = len(there) * SHAPE.size
            os.ftruncate(self._file, self._size)
        except OSError as error:
            raise RunDirectoryError(f"{self._path} cannot be opened: {error.strerror}") from None
        self.again = deque(cut for cut in there if cut.frame > frame)

    @property
    def is_open(self) -> bool:
        """Whether it knows its file."""
        return self._file >= 0

    def note(self, cut: Cut) -> None:
        """Keep a cut before its frame is released: it is in the hands of the system then, whatever kills us.

        Raises:
            RunDirectoryError: it cannot be written.
        """
        try:
            written = os.write(self._file, SHAPE.pack(*cut))
            why = "" if written == SHAPE.size else os.strerror(errno.ENOSPC)
        except OSError as error:
            why = str(error.strerror)
        if why:
            raise RunDirectoryError(f"{self._path} cannot be written any more: {why}")
        self._size += SHAPE.size

    def checkpoint(self, frame: int) -> None:
        """Note that a checkpoint was taken after a frame; now and then leave out what none needs any more."""
        if not self.is_open:
            return
        self._checkpoints.append(frame)
        if self._size > LARGEST and len(self._checkpoints) == KEPT_CHECKPOINTS:
            self._shorten(self._checkpoints[0])

    def _shorten(self, frame: int) -> None:
        """Leave out what was before a frame; where that cannot be, the file stays as long as it is."""
        new = self._path.with_suffix(".new")
        try:
            kept = b"".join(SHAPE.pack(*cut) for cut in read_cuts(self._path) if cut.frame >= frame)
            new.write_bytes(kept)
            file = os.open(new, os.O_WRONLY | os.O_APPEND)
        except OSError:
            return
        try:
            new.replace(self._path)
        except OSError:
            os.close(file)
            return
        os.close(self._file)
        self._file, self._size = file, len(kept)

    def close(self) -> None:
        """Give the file back."""
        if self.is_open:
            os.close(self._file)
            self._file = -1


def _go_on(there: Sequence[Cut], frame: int) -> bool:
    """Say whether cuts have no gap, and reach from a frame on: one that was released was kept before."""
    if not there:
        return frame == 0
    whole = all(after.frame == before.frame + 1 for before, after in pairwise(there))
    return whole and there[0].frame <= frame + 1 and there[-1].frame >= frame


def read_cuts(path: Path) -> list[Cut]:
    """Return the cuts of a file; a last one that is not whole was never released."""
    raw = path.read_bytes()
    whole = len(raw) - len(raw) % SHAPE.size
    return [Cut(*each) for each in SHAPE.iter_unpack(raw[:whole])]
