"""What one message must not do to all that follow it: set the clock far ahead, or the numbers."""

from typing import Final

from connectors.kafka.messages import LATEST_NS, Market
from connectors.recorded.letters import Reason, Unusable

NS_PER_MS: Final = 1_000_000
DAY_NS: Final = 86_400 * 1_000_000_000
"""Clocks differ by less."""
MOST_NUMBER: Final = 10**12
"""Beyond what anybody counted from 1; a time in ms is larger."""
MOST_MISSING: Final = 10**9
"""Of messages between two that came one after the other."""
TOLD_AT: Final = frozenset(10**digits for digits in range(3, 18))
"""So many messages that came again are told: numbers that began anew look the same."""


def received(message: Market, sent_ms: int, reached_ns: int) -> int:
    """Return when a message of a market was received, ns since 1970.

    `reached_ns` is when the one before was, 0 for the first; a jump by more than a day
    is believed if the broker had the message (`sent_ms`, 0 where it does not say) no
    earlier. Where only a few messages of an old market do not say when they were
    received, their broker's time is none that the others went by.

    Raises:
        Unusable: it is from a time that has not come.
    """
    told = message.ts_recv or sent_ms * NS_PER_MS or message.ts_event
    if message.ts_recv is None and message.ts_event <= reached_ns + DAY_NS < told and reached_ns > 0:
        told = message.ts_event
    if max(told, message.ts_event) > LATEST_NS or message.ts_event > told + DAY_NS:
        raise Unusable(Reason.BAD_TIME)
    confirmed = sent_ms == 0 or told <= sent_ms * NS_PER_MS + DAY_NS
    if told > reached_ns + DAY_NS and not confirmed:
        raise Unusable(Reason.BAD_RECEIVE_TIME)
    return told


def is_far(number: int, last: int) -> bool:
    """Say whether a number would have whatever follows look like a repeat of what came before."""
    return number > (last + MOST_MISSING if last else MOST_NUMBER)


def require_number(number: int, last: int) -> None:
    """Refuse a number that is too far ahead.

    Raises:
        Unusable: it is that.
    """
    if is_far(number, last):
        raise Unusable(Reason.BAD_NUMBER)


def again(n: int, last: int) -> str:
    """Say how many messages came again, whose numbers are not above the last."""
    return f"{n} messages came again with numbers up to {last}: if they are new, their numbers began anew"


def may_be_depth(raw: bytes) -> bool:
    """Say whether a message that cannot be read was meant to change the book."""
    return b'"depth"' in raw
