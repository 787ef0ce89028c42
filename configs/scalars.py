"""What a text means for the key it is given for: yes or no, a number, an amount, an instant.

Values made in Python pass too. `true` is no number, and neither is NaN.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Final, TypeVar

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

T = TypeVar("T")

LARGEST: Final = 10**15
"""No setting is larger: ticks, lots and nanoseconds made of them stay exact."""
MOST_DECIMALS: Final = 18
MOST_LATENCIES: Final = 64
LONGEST_MS: Final = 60_000
"""No latency, in a list or alone, is longer."""
FLAGS: Final = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
NOT_FINITE: Final = frozenset({"nan", "inf", "infinity"})
NUMBER: Final = re.compile(
    r"[-+]?(?:(?:0|[1-9][0-9]*(?:_[0-9]+)*)(?:\.(?:[0-9]+(?:_[0-9]+)*)?)?|\.[0-9]+)(?:[eE][-+]?[0-9]{1,4})?"
)
SHARD: Final = re.compile(r"\s*([0-9]{1,4})\s*/\s*([0-9]{1,4})\s*")
MOST_SHARDS: Final = 64
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def another_kind() -> PydanticCustomError:
    """Refuse a value that is not of the key's kind; the key says what it expects."""
    return PydanticCustomError("another_kind", "is of another kind")


def said(text: str) -> PydanticCustomError:
    """Refuse a value with words of its own."""
    return PydanticCustomError("said", "{text}", {"text": text})


def flag(value: object) -> bool:
    """Read yes or no.

    >>> flag("on"), flag("False")
    (True, False)
    """
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in FLAGS:
        return FLAGS[value.lower()]
    raise another_kind()


def exact(value: object) -> Decimal:
    """Read a number as it is written.

    >>> exact("4_000_000"), exact("1e-3"), exact(0.1)
    (Decimal('4000000'), Decimal('0.001'), Decimal('0.1'))
    """
    text = str(value) if isinstance(value, str | int | float | Decimal) else ""
    if text.lower().lstrip("+-.") in NOT_FINITE:
        raise said("must be a finite number")
    if isinstance(value, bool) or not NUMBER.fullmatch(text):
        raise another_kind()
    number = Decimal(text.replace("_", ""))
    if abs(number) > LARGEST:
        raise said("must be a number of reasonable size (at most 1e15)")
    return number


def whole(value: object) -> int:
    """Read a whole number; `5.0` and `1e3` are."""
    number = exact(value)
    if number != number.to_integral_value():
        raise another_kind()
    return int(number)


def number(value: object) -> float:
    """Read a number as the nearest double."""
    return float(exact(value)) + 0.0  # there is one zero


def amount(value: object) -> Decimal:
    """Read a number exactly, in one spelling: equal amounts are printed alike.

    >>> amount("0.100"), amount("5e2"), amount(-0.0)
    (Decimal('0.1'), Decimal('500'), Decimal('0'))
    """
    given = exact(value)
    if not given:
        return Decimal(0)
    _, digits, exponent = given.as_tuple()
    if len(digits) > 2 * MOST_DECIMALS or int(exponent) < -MOST_DECIMALS:
        raise said(f"must have at most {MOST_DECIMALS} decimals")
    text = f"{given:f}"
    return Decimal(text.rstrip("0").rstrip(".") if "." in text else text)


def text(value: object) -> str:
    """Read a text of at least one character, all of them printable."""
    if not isinstance(value, str) or not value or not value.isprintable():
        raise another_kind()
    return value


def name(value: object) -> str:
    """Read a name that can be part of a file's name everywhere."""
    if isinstance(value, str) and NAME.fullmatch(value):
        return value
    raise said("must be a name of letters, digits, dots and dashes, at most 64 of them")


def paths(value: object) -> tuple[str, ...]:
    """Read one path or several."""
    if value is None:
        return ()
    return tuple(text(item) for item in (value if isinstance(value, list | tuple) else [value]))


def shard(value: object) -> str:
    """Read which of how many shares.

    >>> shard("2/3"), shard(" 02 / 3 ")
    ('2/3', '2/3')
    """
    found = SHARD.fullmatch(value) if isinstance(value, str) else None
    if found is None or not 1 <= int(found[1]) <= int(found[2]) <= MOST_SHARDS:
        raise said(f"must be K/N, with K from 1 to N and N at most {MOST_SHARDS}")
    return f"{int(found[1])}/{int(found[2])}"


def symbols(value: object) -> frozenset[str]:
    """Read names of symbols, one or several."""
    return frozenset(paths(value if not isinstance(value, frozenset) else sorted(value)))


def instant(value: object) -> datetime:
    """Read a point in time with its zone, from 1970 to 2199.

    >>> instant("2025-01-01T01:00:00+01:00").isoformat()
    '2025-01-01T00:00:00+00:00'
    """
    try:
        given = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        given = given if given.tzinfo is None else given.astimezone(UTC)
    except (ValueError, OverflowError):
        raise another_kind() from None
    if given.tzinfo is None or not 1970 <= given.year < 2200:  # noqa: PLR2004 - what 64 bits of ns can hold
        raise another_kind()
    return given


def latencies(value: object) -> tuple[float, ...]:
    """Read a list of latencies in milliseconds.

    >>> latencies(["1.5", 4]), latencies(None)
    ((1.5, 4.0), ())
    """
    given = [number(item) for item in value] if isinstance(value, list | tuple) else []
    if (value is not None and not isinstance(value, list | tuple)) or len(given) > MOST_LATENCIES:
        raise another_kind()
    if any(not 0 <= item <= LONGEST_MS for item in given):
        raise said(f"must hold numbers from 0 to {LONGEST_MS}")
    return tuple(given)


def offsets(value: object) -> dict[int, int]:
    """Read an offset for each partition that is named.

    >>> offsets({"0": "1200", "3": "17"})
    {0: 1200, 3: 17}
    """
    if not isinstance(value, dict | None):
        raise another_kind()
    found = {whole(partition): whole(offset) for partition, offset in (value or {}).items()}
    if any(number < 0 for pair in found.items() for number in pair):
        raise said("must hold no negative numbers")
    return found


def or_null(read: Callable[[object], T]) -> Callable[[object], T | None]:
    """Let null pass, which then has a meaning of its own."""
    return lambda value: None if value is None else read(value)


Flag = Annotated[bool, BeforeValidator(flag)]
Whole = Annotated[int, BeforeValidator(whole)]
Number = Annotated[float, BeforeValidator(number)]
Amount = Annotated[Decimal, BeforeValidator(amount)]
NumberOrNull = Annotated[float | None, BeforeValidator(or_null(number))]
WholeOrNull = Annotated[int | None, BeforeValidator(or_null(whole))]
AmountOrNull = Annotated[Decimal | None, BeforeValidator(or_null(amount))]
Text = Annotated[str, BeforeValidator(text)]
TextOrNull = Annotated[str | None, BeforeValidator(or_null(text))]
Name = Annotated[str, BeforeValidator(name)]
ShardOrNull = Annotated[str | None, BeforeValidator(or_null(shard))]
Symbols = Annotated[frozenset[str], BeforeValidator(symbols)]
Paths = Annotated[tuple[str, ...], BeforeValidator(paths)]
Latencies = Annotated[tuple[float, ...], BeforeValidator(latencies)]
Offsets = Annotated[dict[int, int], BeforeValidator(offsets)]
InstantOrNull = Annotated[datetime | None, BeforeValidator(or_null(instant))]
Instant = Annotated[datetime, BeforeValidator(instant)]
