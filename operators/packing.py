"""Large records as a checkpoint keeps them: of a book the levels that have size, and which are known."""

from typing import Final, TypeVar

import numpy as np

from operators.kernel import Cell, Record
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
