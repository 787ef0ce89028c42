"""The messages of a market in a topic: JSON objects, one fact of the venue each.

`type` tells the kinds apart and `v` the version. Prices, sizes and rates are decimal
strings, times are integer ns. Fields that are not listed here are passed over.
`docs/kafka_messages.md` shows one of each.
"""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct
from msgspec.json import Decoder, Encoder

from connectors.recorded.letters import Reason, Unusable
from operators.rows import NEVER

VERSION: Final = 1
LATEST_NS: Final = NEVER // 2
"""Nothing happens after the year 2116: time has to go on from what did, and still fit a row."""
Version = Literal[1]
Id = Annotated[int, Meta(ge=0, le=NEVER)]
Time = Annotated[int, Meta(ge=1, lt=NEVER)]
Name = Annotated[str, Meta(min_length=1, max_length=64)]
Amount = Annotated[str, Meta(min_length=1, max_length=48)]
"""Digits and at most one point; that they are is seen where they are read, which remembers them."""
Rate = Annotated[str, Meta(pattern=r"^-?\d{1,4}(\.\d{1,8})?$")]
Side = Literal["buy", "sell"]


class Fact(Struct, kw_only=True, frozen=True, gc=False):
    """What every message says."""

    v: Version
    """Version of the format."""
    symbol: Name
    """Whose market it is; the key of the message says the same."""
    n: Id = 0
    """Number of the message within its symbol, from 1 without gaps; 0 where nobody numbers them."""
    ts_event: Time
    """When it happened at the venue, ns since 1970."""
    ts_recv: Time | None = None
    """When it reached whoever sent it here, ns since 1970; without it, when the broker took it."""


class Trade(Fact, kw_only=True, frozen=True, gc=False, tag_field="type", tag="trade"):
    """A print."""

    id: Id = 0
    """The venue's number of it, 0 if there is none."""
    price: Amount
    size: Amount
    aggressor: Literal["buy", "sell", "unknown"] = "unknown"
    """Who took."""


class Best(Fact, kw_only=True, frozen=True, gc=False, tag_field="type", tag="best"):
    """The best bid and offer, each as price and size."""

    id: Id
    """The book's update id."""
    bid: tuple[Amount, Amount]
    ask: tuple[Amount, Amount]


class Depth(Fact, kw_only=True, frozen=True, gc=False, tag_field="type", tag="depth"):
    """Levels of the book that changed, or all that there are."""

    id: Id
    """The book's last update id."""
    snapshot: bool = False
    """The levels are the whole book; what was known before is void."""
    levels: list[tuple[Side, Amount, Amount]]
    """Side, price and size of each, in the venue's order; size 0 removes a level."""


class Mark(Fact, kw_only=True, frozen=True, gc=False, tag_field="type", tag="mark"):
    """The mark price and the funding it foretells."""

    price: Amount
    funding_rate: Rate = "0"
    """As a ratio: 0.0001 is one basis point."""
    next_funding: Id = 0
    """Time of the next settlement, ns since 1970, 0 if none is known."""


class Gap(Fact, kw_only=True, frozen=True, gc=False, tag_field="type", tag="gap"):
    """The chain of updates broke: the book is unknown until the next snapshot."""

    id: Id = 0
    """The last update id that is known."""


class End(Fact, kw_only=True, frozen=True, gc=False, tag_field="type", tag="end"):
    """Nothing of this symbol follows: a run that reads it ends here."""


Market = Trade | Best | Depth | Mark | Gap | End
KINDS: Final[tuple[type[Fact], ...]] = (Trade, Best, Depth, Mark, Gap, End)


class _Envelope(Struct, gc=False):
    v: int
    type: str


DECODER: Final[Decoder[Market]] = Decoder(Market)
ENVELOPE: Final = Decoder(_Envelope)
encode: Final = Encoder().encode


def decode(raw: bytes) -> Market:
    """Return the typed message.

    Raises:
        Unusable: it is no message of this version, and says why.
    """
    try:
        return DECODER.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unusable(misfit(raw, error)) from None


def misfit(raw: bytes, error: Exception) -> Reason:
    """Name why a message cannot be decoded."""
    return _misfit(raw, str(error)) if isinstance(error, msgspec.ValidationError) else _broken(raw, error)


def _broken(raw: bytes, error: Exception) -> Reason:
    if isinstance(error, msgspec.DecodeError):
        return Reason.MALFORMED_JSON if _is_text(raw) else Reason.NOT_TEXT
    return Reason.TOO_DEEP if isinstance(error, RecursionError) else Reason.NOT_TEXT


def _misfit(raw: bytes, complaint: str) -> Reason:
    """Name what does not fit: first of all the version, which explains all the rest.

    What is wrong in the middle of a text may be followed by what makes it none.
    """
    try:
        envelope = ENVELOPE.decode(raw)
    except msgspec.ValidationError as error:
        missing = str(error).startswith("Object missing required field")
        return Reason.MISSING_FIELD if missing else Reason.WRONG_TYPE
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return _broken(raw, error)
    if envelope.v != VERSION:
        return Reason.UNKNOWN_VERSION
    if complaint.endswith("at `$.type`"):
        return Reason.UNKNOWN_STREAM
    missing = complaint.startswith("Object missing required field")
    return Reason.MISSING_FIELD if missing else Reason.WRONG_TYPE


def _is_text(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True
