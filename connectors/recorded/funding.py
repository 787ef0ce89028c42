"""The funding that a mark price foretells: its rate, in 10⁻⁸, and when it is settled next.

What is absent (no field, an empty one, null, 0 as the time, NaN in a table) is zero, or no settlement. What
cannot be is a bad input: a rate beyond ±100 %, a settlement more than a week away.
"""

from decimal import Decimal, InvalidOperation
from typing import Final

import numpy as np
from msgspec import Raw
from numpy.typing import NDArray

from connectors.recorded.grid import Floats, Steps
from connectors.recorded.letters import Reason, Unusable

PARTS: Final = 10**8
WEEK_NS: Final = 7 * 86_400 * 10**9
NOTHING: Final = frozenset({"", "null"})


def rate_e8(said: Raw) -> int:
    """Return a rate as a message has it, rounded half to even.

    Raises:
        Unusable: it is no number, not finite, or beyond ±100 %.

    >>> rate_e8(Raw(b'"0.00010000"')), rate_e8(Raw(b"-2.5e-8")), rate_e8(Raw(b'""'))
    (10000, -2, 0)
    """
    text = bytes(said).decode("ascii", "replace").strip('"')
    if text in NOTHING:
        return 0
    try:
        rate = Decimal(text.replace("_", "?"))
    except InvalidOperation:
        raise Unusable(Reason.WRONG_TYPE) from None
    if not rate.is_finite():
        raise Unusable(Reason.NOT_FINITE)
    if abs(rate) > 1:
        raise Unusable(Reason.OVERFLOW)
    return round(rate * PARTS)


def settlement_ns(next_ms: int | None, ts_event: int) -> int:
    """Return when funding is settled next, 0 if that is not said.

    Raises:
        Unusable: it is more than a week from the time of the message.
    """
    if not next_ms:
        return 0
    if abs(next_ms * 10**6 - ts_event) > WEEK_NS:
        raise Unusable(Reason.BAD_TIME)
    return next_ms * 10**6


def judge_rates(rates: Floats) -> tuple[Steps, dict[int, Reason]]:
    """Return rates in 10⁻⁸, and why some cannot be, by position."""
    known = np.where(np.isnan(rates), 0.0, rates)
    good = np.abs(known) <= 1
    wrong = {
        i: Reason.OVERFLOW if np.isfinite(known[i]) else Reason.NOT_FINITE
        for i in np.flatnonzero(~good).tolist()
    }
    return np.rint(np.where(good, known, 0.0) * PARTS).astype(np.int64), wrong


def untimely(next_ns: Steps, ts_event: Steps) -> NDArray[np.bool_]:
    """Say which settlements are more than a week from the times of their rows."""
    beyond = (next_ns > ts_event + WEEK_NS) | (next_ns < ts_event - WEEK_NS)
    far: NDArray[np.bool_] = beyond & (next_ns != 0)
    return far
