"""What a checkpoint keeps of large records: a book's levels that have size, fills that still wait."""

from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from operators.kernel import Cell, Record
from operators.markouts import WAITING, Markouts, Trail, Waiting
from operators.ring import Book

R = TypeVar("R", bound=Record)

HEAD: Final = np.dtype([(n, Book.dtype[n]) for n in Book.dtype.names or () if n != "lots"])
"""A book without its levels."""


def pack_book(cell: Cell[Book]) -> tuple[bytes, bytes, bytes, bytes]:
    """Return a book in a few kilobytes: its fields, which levels are known, where size is and how much."""
    book = np.asarray(cell)
    lots = book["lots"][0]
    where = np.flatnonzero(lots > 0).astype(np.int32)
    head = np.zeros(1, HEAD)
    for name in HEAD.names or ():
        head[name] = book[name]
    known = np.packbits(lots.ravel() >= 0)
    return head.tobytes(), known.tobytes(), where.tobytes(), lots.ravel()[where].tobytes()


def unpack_book(packed: tuple[bytes, bytes, bytes, bytes]) -> Cell[Book]:
    """Return the book that `pack_book` packed."""
    head_bytes, known, where, sizes = packed
    cell = Book.cell()
    head, book = np.frombuffer(head_bytes, HEAD), np.asarray(cell)
    for name in HEAD.names or ():
        book[name] = head[name]
    lots = book["lots"][0].reshape(-1)
    lots[:] = np.unpackbits(np.frombuffer(known, np.uint8)).astype(np.int64) - 1
    lots[np.frombuffer(where, np.int32)] = np.frombuffer(sizes, np.int64)
    return cell


def pack_tail(cell: Cell[R]) -> bytes:
    """Return a record without the zeros that it ends with: a buffer that is not used yet costs nothing."""
    return cell.tobytes().rstrip(b"\0")


def unpack_tail(kind: type[R], packed: bytes) -> Cell[R]:
    """Return the record that `pack_tail` packed."""
    return kind.load(packed.ljust(kind.dtype.itemsize, b"\0"))


def pack_trail(trail: Cell[Trail], markouts: Cell[Markouts]) -> bytes:
    """Return the fills that still wait for a markout, oldest first."""
    fills = np.asarray(trail)["fills"][0]
    return bytes(fills[_waiting(markouts)].tobytes())


def unpack_trail(packed: bytes, markouts: Cell[Markouts]) -> Cell[Trail]:
    """Return the trail that `pack_trail` packed, as far as it matters."""
    trail = Trail.cell()
    np.asarray(trail)["fills"][0][_waiting(markouts)] = np.frombuffer(packed, Waiting.dtype)
    return trail


def _waiting(markouts: Cell[Markouts]) -> NDArray[np.int64]:
    oldest = int(np.asarray(markouts)["at"]["cursor"].min())
    return np.arange(oldest, int(np.asarray(markouts)["n_fills"][0])) % WAITING
