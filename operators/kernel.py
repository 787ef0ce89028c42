"""A typed door to Numba: `kernel` compiles a rule, `Record` lays out its state.

A record is one flat block of memory with named fields. Kernels read and write
it by name; a checkpoint keeps its bytes.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import (
    Annotated,
    ClassVar,
    ParamSpec,
    Protocol,
    Self,
    TypeVar,
    cast,
    get_args,
    get_origin,
    get_type_hints,
    overload,
)

import numba
import numpy as np

SCALARS: dict[object, type] = {int: np.int64, float: np.float64, bool: np.bool_}
ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("operators", "connectors", "flows")
P = ParamSpec("P")
R = TypeVar("R")
T_co = TypeVar("T_co", covariant=True)
U = TypeVar("U")


def rule_sources() -> list[Path]:
    """Return every file that holds a kernel, in a fixed order."""
    files = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]
    return [path for path in files if b"\n@kernel\n" in path.read_bytes()]


def rules_digest() -> str:
    """Name the rules as they are written now: 16 hex digits over all their sources."""
    digest = hashlib.sha256()
    for path in [Path(__file__), *rule_sources()]:
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def _cache_dir() -> Path:
    """Numba notices an edit of a kernel's own file only, and ignores the bounds-check flag."""
    checked = "-checked" if numba.config.BOUNDSCHECK else ""
    return ROOT / ".cache" / f"kernels-{rules_digest()}{checked}"


CACHE = _cache_dir()
COMPILED = not numba.config.DISABLE_JIT
numba.config.CACHE_DIR = str(CACHE)


def is_cold() -> bool:
    """Say whether the rules have yet to be compiled on this machine."""
    return COMPILED and not any(CACHE.rglob("*.nbi"))


def kernel(fn: Callable[P, R]) -> Callable[P, R]:
    """Compile `fn` in nopython mode and keep its Python signature."""
    return cast("Callable[P, R]", numba.njit(cache=True, error_model="numpy")(fn))


class Record:
    """Base of every state: subclasses declare fields, `int` is int64, `float` is float64.

    Other layouts are spelled `Annotated[int, np.int8]` or, for an array,
    `Annotated[NDArray[np.int64], np.int64, (50, 2)]`. A layout with padding
    bytes is refused: padding would spoil digests of equal states.

    >>> class Purse(Record):
    ...     position_lots: int
    ...     fees: float
    >>> cell = Purse.cell(position_lots=4)
    >>> cell[0].position_lots += 3
    >>> int(Purse.load(cell.tobytes())[0].position_lots)
    7
    """

    dtype: ClassVar[np.dtype[np.void]]

    def __init_subclass__(cls) -> None:
        """Lay the declared fields out, in their order.

        Raises:
            TypeError: the fields do not fill their alignment, or one has the name of
                an array's own attribute, which interpreted rules would read instead.
        """
        hints = get_type_hints(cls, include_extras=True)
        fields = [(name, *_layout(hint)) for name, hint in hints.items() if name != "dtype"]
        taken = [name for name in hints if name != "dtype" and hasattr(np.record, name)]
        if taken:
            raise TypeError(f"{cls.__name__} cannot have fields named {', '.join(taken)}: arrays do")
        packed, aligned = np.dtype(fields), np.dtype(fields, align=True)
        if packed.itemsize != aligned.itemsize:
            spare = aligned.itemsize - packed.itemsize
            raise TypeError(f"{cls.__name__} has {spare} bytes of padding; order or widen its fields")
        cls.dtype = np.dtype((np.record, aligned))

    @classmethod
    def cell(cls, **fields: float) -> "Cell[Self]":
        """Return one record, in the array of one that kernels are called with."""
        cell = np.zeros(1, cls.dtype)
        for name, value in fields.items():
            cell[name] = value
        return cast("Cell[Self]", cell)

    @classmethod
    def load(cls, data: bytes) -> "Cell[Self]":
        """Return the record whose bytes a checkpoint kept."""
        return cast("Cell[Self]", np.frombuffer(bytearray(data), cls.dtype))

    @classmethod
    def table(cls, n: int) -> "Table[Self]":
        """Return `n` zeroed records; NumPy takes twice as long to fill in fields by their names."""
        return cast("Table[Self]", np.frombuffer(bytearray(n * cls.dtype.itemsize), cls.dtype))


class Cell(Protocol[T_co]):
    """An array of one record: cheap to hand to a kernel, `cell[0]` is the record."""

    def __getitem__(self, i: int) -> T_co: ...
    def __len__(self) -> int: ...
    def tobytes(self) -> bytes: ...
    def copy(self) -> "Cell[T_co]": ...


class Table(Protocol[U]):
    """Many records, in order."""

    @overload
    def __getitem__(self, i: int) -> U: ...
    @overload
    def __getitem__(self, i: slice) -> "Table[U]": ...
    @overload
    def __setitem__(self, i: int, value: U) -> None: ...
    @overload
    def __setitem__(self, i: slice, value: "Table[U]") -> None: ...
    def __len__(self) -> int: ...
    def tobytes(self) -> bytes: ...
    def copy(self) -> "Table[U]": ...


def _layout(hint: object) -> tuple[object, ...]:
    if get_origin(hint) is Annotated:
        return tuple(get_args(hint)[1:])
    return (SCALARS[hint],)
