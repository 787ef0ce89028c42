"""What a run tells in topics of its own: JSON objects, one order, fill, reading or dead letter each.

Like the messages of a market, they have a `type` and a version `v`, and amounts are
decimal strings. `run`, `symbol`, `type` and `n` together name a message: one that comes
again after a crash has the same name. `docs/kafka_messages.md` shows one of each.
"""

from typing import Final, Literal

from msgspec import Struct

from connectors.kafka.messages import VERSION, Amount, Id, Name, Side, Time, Version, encode
from operators.rows import PLACE, Fact

State = Literal["active", "reducing", "halted"]
Status = Literal["disabled", "warming", "low_volume", "ok", "stale", "invalid_flag"]


class Told(Struct, kw_only=True, frozen=True, gc=False):
    """What every message says."""

    v: Version
    """Version of the format."""
    run: Name
    """The run that tells it: 32 hex digits, kept when it is resumed."""
    symbol: Name
    """Whom it concerns; the key of the message says the same."""
    n: Id
    """Number of the message within its run, symbol and type, from 1 without gaps."""
    ts: Time
    """When it came to be in market time, ns since 1970, as in the files of the run."""


class Order(Told, kw_only=True, frozen=True, gc=False, omit_defaults=True, tag_field="type", tag="order"):
    """A request to the venue."""

    op: Literal["place", "amend", "cancel", "query"]
    """A query asks where an order stands, and is told to a venue that answers in a topic alone."""
    id: str
    """Our name of the order, the same in its fills and reports."""
    side: Side
    price: Amount
    size: Amount
    lives_ms: int = 0
    """Of a placed order: how long it lives; not told where it is for ever."""


class Fill(Told, kw_only=True, frozen=True, gc=False, tag_field="type", tag="fill"):
    """A trade of ours."""

    id: str
    """Of the order."""
    side: Side
    price: Amount
    size: Amount
    fee: str
    """Quote currency, below zero where it was paid to us."""
    maker: bool
    position: str
    """After it."""


class Reading(Told, kw_only=True, frozen=True, gc=False, tag_field="type", tag="reading"):
    """Toxicity, quotes and account at an instant."""

    intervals: int
    """How many of `kpis.sample_s` passed since the last: above 1 after a silence."""
    status: Status
    """Whether VPIN can be acted on."""
    vpin: str
    level: str
    """What thresholds are compared with."""
    buckets: int
    """Closed so far."""
    state: State
    paused: bool
    """Toxicity has quotes withdrawn."""
    best_bid: Amount | None
    """Of the market; null without a valid book."""
    best_ask: Amount | None
    mid: Amount | None
    bid: Amount | None
    """Our best live order; null where there is none."""
    ask: Amount | None
    reservation_price: str
    """Of the last decision, as the next two; 0 where it stated no quotes."""
    half_spread: str
    widening: str
    position: str
    pnl_after_fees: str
    """Quote currency, as the next three."""
    fees: str
    funding: str
    traded_notional: str
    orders: int
    """Accepted so far."""
    filled_orders: int
    fills: int


class Letter(Told, kw_only=True, frozen=True, gc=False, tag_field="type", tag="dead_letter"):
    """An input that could not be used, or a message of these that no broker took."""

    reason: str
    where: str
    """The place as the files name it."""
    topic: str | None
    """Of a message in Kafka, as the next two; null elsewhere."""
    partition: int | None
    offset: int | None
    text: str


class OrderText:
    """Writes orders of one symbol as `encode` would, but sooner: most of what is told are orders."""

    def __init__(self, run: str, symbol: str, prefix: str) -> None:
        """Take also what all its ids begin with."""
        head = encode({"type": name_of(Order), "v": VERSION, "run": run, "symbol": symbol})
        self._head = head.decode().removesuffix("}")
        self._id = encode(prefix).decode().removesuffix('"')

    def written(self, n: int, row: Fact, op: str, price: str, size: str) -> bytes:
        """Return an order as a message; a row has its number, time, side and life."""
        side = "buy" if row.side > 0 else "sell"
        lives = f',"lives_ms":{row.lag_us}' if row.kind == PLACE and row.lag_us else ""
        return (
            f'{self._head},"n":{n},"ts":{row.ts_recv},"op":"{op}","id":{self._id}{row.id}",'
            f'"side":"{side}","price":"{price}","size":"{size}"{lives}}}'
        ).encode()


KINDS: Final[tuple[type[Told], ...]] = (Order, Fill, Reading, Letter)


def name_of(kind: type[Told]) -> str:
    """Return what `type` says of a kind."""
    return str(kind.__struct_config__.tag)
