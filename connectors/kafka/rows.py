"""Messages of a market as rows, and back: nothing is rounded, nothing is lost on either way."""

import re
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from connectors.kafka.messages import VERSION, Best, Depth, End, Gap, Mark, Market, Trade
from connectors.recorded.blocks import ONE, best_rows, mark_row, trade_row
from connectors.recorded.letters import Reason, Unusable
from operators.instruments import Instrument
from operators.rows import (
    BEST,
    BUY,
    CLEAR,
    GAP,
    LAST,
    LEVEL,
    LIMIT,
    MARK,
    NOTIONAL_LIMIT,
    SELL,
    TRADE,
    Fact,
    Rows,
    plain,
)

REMEMBERED: Final = 1 << 16
"""Prices and sizes whose whole steps are remembered."""
PLAIN: Final = re.compile(r"[0-9]{1,20}(?:\.[0-9]{1,20})?")
RATE: Final = Decimal("1e-8")
SIGNS: Final = {"buy": BUY, "sell": SELL, "unknown": 0}
WORDS: Final[dict[int, Any]] = {sign: word for word, sign in SIGNS.items()}


class Grid:
    """One symbol's prices and sizes, between text and whole steps."""

    def __init__(self, instrument: Instrument) -> None:
        remember = lru_cache(REMEMBERED)
        self.ticks, self.lots = remember(_reader(instrument.tick)), remember(_reader(instrument.lot))
        self.price, self.size = remember(instrument.price), remember(instrument.size)

    def priced(self, price: str) -> int:
        """Return a price in ticks.

        Raises:
            Unusable: it is zero, off the grid or too large.
        """
        ticks = self.ticks(price)
        if ticks == 0:
            raise Unusable(Reason.ZERO_PRICE)
        return ticks

    def traded(self, price: str, size: str) -> tuple[int, int]:
        """Return a price in ticks and a size in lots.

        Raises:
            Unusable: either is zero, off the grid or too large, or their product is.
        """
        ticks, lots = self.ticks(price), self.lots(size)
        if 0 < ticks * lots < NOTIONAL_LIMIT:
            return ticks, lots
        raise Unusable(
            Reason.ZERO_PRICE if ticks == 0 else Reason.ZERO_SIZE if lots == 0 else Reason.OVERFLOW
        )


def rows_of(message: Market, grid: Grid, ts_recv: int) -> bytes:
    """Return the rows of a message, which reached us at `ts_recv`; the end of a market has none.

    Raises:
        Unusable: a number is not on the symbol's grid.
    """
    match message:
        case Trade():
            ticks, lots = grid.traded(message.price, message.size)
            return trade_row(message.ts_event, ts_recv, message.id, ticks, lots, SIGNS[message.aggressor])
        case Best():
            bid, ask = grid.traded(*message.bid), grid.traded(*message.ask)
            if bid[0] >= ask[0]:
                raise Unusable(Reason.CROSSED_BEST)
            return best_rows(message.ts_event, ts_recv, message.id, bid, ask)
        case Depth():
            return _depth(message, grid, ts_recv)
        case Mark():
            rate = int(Decimal(message.funding_rate) / RATE)
            ticks = grid.priced(message.price)
            return mark_row(message.ts_event, ts_recv, ticks, rate, message.next_funding)
        case Gap():
            return gap_row(message.ts_event, ts_recv, message.id)
        case End():
            return b""


def gap_row(ts_event: int, ts_recv: int, update_id: int) -> bytes:
    """Return the row that says that the book is unknown from here."""
    return ONE.pack(ts_event, ts_recv, update_id, 0, 0, 0, GAP, 0, LAST, 0)


def _depth(message: Depth, grid: Grid, ts_recv: int) -> bytes:
    ts_event, update_id, pack, priced, sized = message.ts_event, message.id, ONE.pack, grid.priced, grid.lots
    rows = [
        pack(ts_event, ts_recv, update_id, priced(price), sized(size), 0, LEVEL, SIGNS[side], 0, 0)
        for side, price, size in message.levels
    ]
    if message.snapshot:
        rows.insert(0, pack(ts_event, ts_recv, update_id, 0, 0, 0, CLEAR, 0, 0, 0))
    if not rows:
        raise Unusable(Reason.MISSING_FIELD)
    *_, kind, side, _, _ = end = ONE.unpack(rows[-1])
    rows[-1] = pack(*end[:6], kind, side, LAST, 0)
    return b"".join(rows)


def messages_of(rows: Rows, symbol: str, grid: Grid, n: int) -> Iterator[Market]:
    """Return the messages that rows are of, numbered on from `n`; the rows end with a whole message.

    Raises:
        ValueError: these are no rows of a market.
    """
    held: list[Fact] = []
    for fact in plain(rows):
        held.append(fact)
        if fact.marks & LAST:
            n += 1
            yield _message(held, grid, {"v": VERSION, "symbol": symbol, "n": n})
            held = []
    if held:
        raise ValueError(f"{len(held)} rows at the end are no whole message")


def _message(facts: Sequence[Fact], grid: Grid, common: dict[str, Any]) -> Market:
    head, kinds = facts[-1], [fact.kind for fact in facts]
    times = {(fact.ts_event, fact.ts_recv, fact.id, fact.lag_us, fact.reason) for fact in facts}
    if times != {(head.ts_event, head.ts_recv, head.id, 0, 0)} or head.marks != LAST:
        raise ValueError(f"rows that are no message of a market: {facts}")
    common |= {"ts_event": head.ts_event, "ts_recv": head.ts_recv}
    levels = [
        (WORDS[each.side], grid.price(each.price_ticks), grid.size(each.size_lots))
        for each in facts
        if each.kind != CLEAR
    ]
    match kinds:
        case [trade] if trade == TRADE:
            aggressor, price, size = levels[0]
            return Trade(id=head.id, price=price, size=size, aggressor=aggressor, **common)
        case [mark] if mark == MARK:
            rate = f"{head.size_lots * RATE:.8f}"
            return Mark(price=levels[0][1], funding_rate=rate, next_funding=head.id, **common)
        case [gap] if gap == GAP:
            return Gap(id=head.id, **common)
        case [bid, ask] if bid == ask == BEST and [fact.side for fact in facts] == [BUY, SELL]:
            return Best(id=head.id, bid=levels[0][1:], ask=levels[1][1:], **common)
        case [first, *more] if first in (CLEAR, LEVEL) and set(more) <= {LEVEL}:
            return Depth(id=head.id, snapshot=first == CLEAR, levels=levels, **common)
    raise ValueError(f"rows that are no message of a market: {facts}")


def _reader(step: Decimal) -> Callable[[str], int]:
    above, below = step.as_integer_ratio()

    def steps(text: str) -> int:
        """Division of whole numbers: no digit is too far behind the point to be seen."""
        if not PLAIN.fullmatch(text):
            raise Unusable(Reason.WRONG_TYPE)
        ones, _, places = text.partition(".")
        whole, rest = divmod(int(ones + places) * below, above * 10 ** len(places))
        if rest:
            raise Unusable(Reason.OFF_GRID)
        if whole >= LIMIT:
            raise Unusable(Reason.OVERFLOW)
        return int(whole)

    return steps
