"""Whole numbers and amounts in a text, for compiled rules; what might not fit 64 bits is left alone."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from operators.kernel import kernel
from operators.rows import LIMIT, NEVER

Text = NDArray[np.uint8]
Place = tuple[int, int]
"""Where a text goes on, and the number before that; NOT and 0 where there was none."""
NOT: Final = -1
MOST_DIGITS: Final = 20
"""Before a point and behind it, as in every amount."""
BEFORE_LAST_DIGIT: Final = (NEVER - 9) // 10
"""A number up to this takes one digit more."""
MOST_UNIT: Final = NEVER // 10
ZERO, POINT = 48, 46


def text_of(text: bytes) -> Text:
    """Return a text as kernels read it."""
    return np.frombuffer(text, np.uint8)


@kernel
def after(raw: Text, at: int, words: Text) -> int:
    """Return where a text goes on after these words; NOT if it has others there."""
    if at < 0 or at + len(words) > len(raw):
        return NOT
    for k in range(len(words)):
        if raw[at + k] != words[k]:
            return NOT
    return at + len(words)


@kernel
def whole(raw: Text, at: int) -> Place:
    """Read a whole number as JSON has it."""
    if 0 <= at < len(raw) - 1 and raw[at] == ZERO and ZERO <= raw[at + 1] <= ZERO + 9:
        return NOT, 0
    return _digits(raw, at, 0)


@kernel
def steps(raw: Text, at: int, unit: int, places: int) -> Place:
    """Read an amount in whole steps; NOT where it is not whole, or the way there might not fit 64 bits."""
    behind = 0
    at, value = _digits(raw, at, 0)
    if 0 <= at < len(raw) and raw[at] == POINT:
        point = at
        at, value = _digits(raw, point + 1, value)
        behind = at - point - 1
    while at > 0 and behind < places:
        at = at if value <= BEFORE_LAST_DIGIT else NOT
        value, behind = value * 10, behind + 1
    while at > 0 and behind > places:
        at = at if value % 10 == 0 else NOT
        value, behind = value // 10, behind - 1
    if at < 0 or value % unit != 0 or value // unit >= LIMIT:
        return NOT, 0
    return at, value // unit


@kernel
def _digits(raw: Text, at: int, value: int) -> Place:
    """Read digits that follow those of a value."""
    first = at
    while 0 <= at < len(raw):
        digit = int(raw[at]) - ZERO
        if not 0 <= digit <= 9:  # noqa: PLR2004 - a digit
            break
        if value > BEFORE_LAST_DIGIT:
            return NOT, 0
        value = value * 10 + digit
        at += 1
    if at < 0 or not 0 < at - first <= MOST_DIGITS:
        return NOT, 0
    return at, value
