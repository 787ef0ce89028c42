"""What Binance sends, typed: one class per message, and which one a line holds.

Numbers arrive as decimal strings. Each message is typed by what they become:
`float` for speed, `Decimal` where a float could not be trusted. Fields that no
rule needs are passed over.
"""

from decimal import Decimal
from typing import Annotated, Final, Generic, TypeVar

import msgspec
from msgspec import Meta, Raw, Struct, field
from msgspec.json import Decoder

from connectors.recorded.letters import Reason, Unusable

Number = float | Decimal
LARGEST_ID: Final = (1 << 63) - 1
N = TypeVar("N", bound=Number)
T = TypeVar("T")
Id = Annotated[int, Meta(ge=0, le=LARGEST_ID)]

MARKET_PRINT: Final = "MARKET"
ABSENT: Final = Raw()


class Trade(Struct, Generic[N], gc=False):
    """A print. `kind` says on futures what made it; spot does not have it."""

    symbol: str = field(name="s")
    id: Id = field(name="t")
    price: N = field(name="p")
    size: N = field(name="q")
    buyer_is_maker: bool = field(name="m")
    event_ms: int = field(name="E")
    time_ms: int | None = field(name="T", default=None)
    kind: str = field(name="X", default=MARKET_PRINT)


class Best(Struct, Generic[N], gc=False):
    """The best bid and ask. Spot sends no time with them."""

    symbol: str = field(name="s")
    id: Id = field(name="u")
    bid: N = field(name="b")
    bid_size: N = field(name="B")
    ask: N = field(name="a")
    ask_size: N = field(name="A")
    event_ms: int | None = field(name="E", default=None)
    time_ms: int | None = field(name="T", default=None)


class Depth(Struct, Generic[N], gc=False):
    """Levels that changed from update `first` to update `last`; `previous` on futures only."""

    symbol: str = field(name="s")
    first: Id = field(name="U")
    last: Id = field(name="u")
    bids: list[tuple[N, N]] = field(name="b")
    asks: list[tuple[N, N]] = field(name="a")
    event_ms: int = field(name="E")
    time_ms: int | None = field(name="T", default=None)
    previous: Id | None = field(name="pu", default=None)


class DepthSnapshot(Struct, Generic[N], gc=False):
    """The answer to a request for the whole book. Spot sends no time with it."""

    last: Id = field(name="lastUpdateId")
    bids: list[tuple[N, N]]
    asks: list[tuple[N, N]]
    event_ms: int | None = field(name="E", default=None)
    time_ms: int | None = field(name="T", default=None)


class Mark(Struct, Generic[N], gc=False):
    """The mark price and the funding it foretells; `T` is the next settlement, not the time of the price."""

    symbol: str = field(name="s")
    price: N = field(name="p")
    event_ms: int = field(name="E")
    rate: Raw = field(name="r", default=ABSENT)
    next_ms: Id | None = field(name="T", default=None)


Message = Trade[Number] | Best[Number] | Depth[Number] | DepthSnapshot[Number] | Mark[Number]


class _Envelope(Struct, gc=False):
    stream: str = ""
    data: Raw = ABSENT
    event: str = field(name="e", default="")
    last_update_id: Raw = field(name="lastUpdateId", default=ABSENT)
    update_id: Raw = field(name="u", default=ABSENT)
    bid_size: Raw = field(name="B", default=ABSENT)


Kind = type[Message]

# By the middle of a stream's name, as in `btcusdt@depth@0ms`. `depth20` is another: whole levels, no diffs.
STREAMS: Final[dict[str, Kind]] = {"trade": Trade, "bookTicker": Best, "depth": Depth, "markPrice": Mark}
EVENTS: Final[dict[str, Kind]] = {
    "trade": Trade,
    "bookTicker": Best,
    "depthUpdate": Depth,
    "markPriceUpdate": Mark,
}
TYPES: Final[dict[Kind, tuple[type, type]]] = {
    Trade: (Trade[float], Trade[Decimal]),
    Best: (Best[float], Best[Decimal]),
    Depth: (Depth[float], Depth[Decimal]),
    DepthSnapshot: (DepthSnapshot[float], DepthSnapshot[Decimal]),
    Mark: (Mark[float], Mark[Decimal]),
}
FAST: Final[dict[Kind, Decoder[Message]]] = {
    kind: Decoder(fast, strict=False) for kind, (fast, _) in TYPES.items()
}
EXACT: Final[dict[Kind, Decoder[Message]]] = {
    kind: Decoder(exact, strict=False) for kind, (_, exact) in TYPES.items()
}
ENVELOPE: Final = Decoder(_Envelope)


def open_envelope(body: bytes) -> tuple[Kind, bytes | Raw]:
    """Return what kind of message a line holds, and its bytes.

    Raises:
        Unusable: it is no JSON object, or of no kind that we read.
    """
    envelope = decode(ENVELOPE, body)
    if not envelope.stream:
        return _bare_kind(envelope), body
    kind = STREAMS.get(envelope.stream.partition("@")[2].partition("@")[0])
    if kind is None:
        raise Unusable(Reason.UNKNOWN_STREAM)
    if envelope.data is ABSENT:
        raise Unusable(Reason.MISSING_FIELD)
    return kind, envelope.data


def decode(decoder: Decoder[T], body: bytes | Raw) -> T:
    """Return the typed message.

    Raises:
        Unusable: it is no JSON, or its fields are not what the venue documents.
    """
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise Unusable(_misfit(str(error))) from None
    except msgspec.DecodeError:
        raise Unusable(Reason.MALFORMED_JSON if is_text(bytes(body)) else Reason.NOT_TEXT) from None
    except UnicodeDecodeError:
        raise Unusable(Reason.NOT_TEXT) from None
    except RecursionError:
        raise Unusable(Reason.TOO_DEEP) from None


def is_text(raw: bytes) -> bool:
    """Say whether these bytes are UTF-8."""
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _bare_kind(envelope: _Envelope) -> Kind:
    """Tell a message that came without its stream's name."""
    if envelope.last_update_id is not ABSENT:
        return DepthSnapshot
    spot_best = envelope.update_id is not ABSENT and envelope.bid_size is not ABSENT
    kind = EVENTS.get(envelope.event or ("bookTicker" if spot_best else ""))
    if kind is None:
        raise Unusable(Reason.UNKNOWN_STREAM)
    return kind


def _misfit(complaint: str) -> Reason:
    """Name what msgspec found; its words are all that tells the cases apart."""
    if complaint.startswith("Object missing required field"):
        return Reason.MISSING_FIELD
    if complaint.startswith(("Number out of range", "Integer value out of range")) or "<= " in complaint:
        return Reason.OVERFLOW
    return Reason.NEGATIVE if ">= 0" in complaint else Reason.WRONG_TYPE
