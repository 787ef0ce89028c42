"""Why an input could not be used, and how much of it is kept."""

from enum import StrEnum
from typing import Final

KEPT_BYTES: Final = 1 << 16


class Reason(StrEnum):
    """The label that a dead letter is counted under."""

    MALFORMED_JSON = "malformed_json"
    """The line does not hold one whole JSON value."""
    TOO_DEEP = "too_deep"
    """The JSON is nested deeper than the parser goes."""
    TRUNCATED = "truncated"
    """The compressed file ends early; what came before is used."""
    CORRUPT = "corrupt"
    """The compressed or columnar file is damaged from here on; what came before is used."""
    NOT_TEXT = "not_text"
    """The line is not UTF-8."""
    LINE_TOO_LONG = "line_too_long"
    """The line is longer than a message can be."""
    UNKNOWN_STREAM = "unknown_stream"
    """A message of a kind that no rule reads."""
    UNKNOWN_VERSION = "unknown_version"
    """A message in a version of its format that is not ours."""
    UNKNOWN_SYMBOL = "unknown_symbol"
    """A message about another symbol than the tape's."""
    WRONG_KEY = "wrong_key"
    """A message whose key is not its symbol."""
    MISSING_FIELD = "missing_field"
    """A field that the message needs is absent."""
    WRONG_TYPE = "wrong_type"
    """A field holds another type than the venue documents."""
    NOT_FINITE = "not_finite"
    """A price or size is NaN or infinite."""
    NEGATIVE = "negative"
    """A price, size or id is below zero."""
    ZERO_PRICE = "zero_price"
    """A price is zero."""
    ZERO_SIZE = "zero_size"
    """A trade, or a best price, has no size."""
    OFF_GRID = "off_grid"
    """A price is no whole number of ticks, or a size no whole number of lots."""
    OVERFLOW = "overflow"
    """A number is too large for a row."""
    BAD_TIME = "bad_time"
    """The venue's time is not positive, or is farther than a day from the receive time."""
    BAD_RECEIVE_TIME = "bad_receive_time"
    """The receive stamp is missing, is no time, or jumps by more than a day with nothing to confirm it."""
    CONTRADICTION = "contradiction"
    """What is said of an order cannot be true of it."""
    BAD_NUMBER = "bad_number"
    """A number so far ahead that whatever follows it would pass for a repeat."""
    BAD_IDS = "bad_ids"
    """An update begins, or follows an update, after its own last id."""
    CROSSED_BEST = "crossed_best"
    """The best bid is not below the best ask."""
    CROSSED_SNAPSHOT = "crossed_snapshot"
    """The snapshot's best bid is not below its best ask."""


class Unusable(Exception):
    """An input cannot be used; `raw` is its text where the catcher does not have it."""

    def __init__(self, reason: Reason, raw: bytes = b"") -> None:
        self.reason, self.raw = reason, raw
        super().__init__(reason)


def excerpt(raw: bytes) -> str:
    r"""Return what a letter keeps of a line: its text, escaped where it is no text, cut where it is long.

    >>> excerpt(b"17 {\xff}")
    '17 {\\xff}'
    """
    text = raw[:KEPT_BYTES].decode("utf-8", "backslashreplace")
    return text if len(raw) <= KEPT_BYTES else f"{text} [cut after {KEPT_BYTES} bytes]"
