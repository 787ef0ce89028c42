"""Synthetic markets to look at event by event, beside the book as it really is."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from connectors.synthetic import SyntheticMarket, SyntheticTape, open_tape
from connectors.synthetic.feed import MOST_ROWS, tell_snapshot
from connectors.synthetic.market import step
from connectors.synthetic.state import Market, MarketParams
from connectors.tape import Chunk
from operators.instruments import Instrument
from operators.kernel import Cell, kernel
from operators.rows import BEST, CLEAR, LAST, LEVEL, TRADE, Fact, Row, Rows

START_NS = 1_700_000_000_000_000_000
GRIDS = {
    "BTCUSDC": ("62000", "0.1", "0.001"),
    "ETHUSDC": ("3500", "0.01", "0.001"),
    "SOLUSDC": ("150", "0.01", "0.01"),
    "BNBUSDC": ("600", "0.01", "0.01"),
    "XRPUSDC": ("0.6", "0.0001", "0.1"),
    "DOGEUSDC": ("0.12", "0.00001", "1"),
    "LINKUSDC": ("14", "0.001", "0.01"),
    "LTCUSDC": ("85", "0.01", "0.001"),
}

Array = NDArray[Any]
Book = dict[tuple[int, int], int]
"""Lots by side and price."""


class Event(NamedTuple):
    """The rows of one moment, and how things stood after it."""

    facts: list[Fact]
    book: Book
    n_changes: int
    informed_lots: int
    fair_ticks: float


def grid(symbol: str) -> Instrument:
    _, tick, lot = GRIDS[symbol]
    return Instrument(symbol, Decimal(tick), Decimal(lot))


def a_tape(
    symbol: str = "BTCUSDC",
    *,
    seed: int = 7,
    duration_s: float = 60.0,
    chunk_rows: int = 8192,
    **settings: Any,
) -> SyntheticTape:
    price = Decimal(settings.pop("price", GRIDS[symbol][0]))
    market = SyntheticMarket(price, **settings)
    return open_tape(
        symbol,
        grid(symbol),
        market,
        seed=seed,
        start_ns=START_NS,
        duration_s=duration_s,
        chunk_rows=chunk_rows,
    )


def chunks_of(tape: SyntheticTape) -> list[Chunk]:
    """Read a tape to its end."""
    chunks = []
    while (chunk := tape.read()) is not None:
        chunks.append(chunk)
    return chunks


def all_rows(tape: SyntheticTape) -> Array:
    """Return a whole tape as one array of rows."""
    return np.concatenate([np.asarray(chunk.desk) for chunk in chunks_of(tape)])


def events(tape: SyntheticTape) -> Iterator[Event]:
    """Live a tape event by event, also those that nobody hears of."""
    out = Row.table(MOST_ROWS)
    state = tape._market[0]
    while (n := one_event(tape._market, tape._params, out)) >= 0:
        facts = [Fact(*row) for row in np.asarray(out[:n]).tolist()]
        yield Event(
            facts, true_book(tape), int(state.n_changes), int(state.informed_lots), float(state.fair_ticks)
        )


@kernel
def one_event(cell: Cell[Market], params_cell: Cell[MarketParams], out: Rows) -> int:
    """Return how many rows the next event wrote, -1 when the market's time is over."""
    market, params = cell[0], params_cell[0]
    if market.snapshot_messages == 0:
        return tell_snapshot(market, params, out, 0)
    return step(market, params, out, 0) if market.now_ns < params.end_ns else -1


def true_book(tape: SyntheticTape) -> Book:
    """Add up the orders that rest."""
    state = tape._market[0]
    book: Book = {}
    for i, side in enumerate((1, -1)):
        for price, lots in zip(state.price_ticks[i].tolist(), state.size_lots[i].tolist(), strict=True):
            if lots > 0:
                book[side, price] = book.get((side, price), 0) + lots
    return book


def touch(book: Book, side: int) -> tuple[int, int]:
    """Return price and lots of a side's best level."""
    price = side * max(side * price for of, price in book if of == side)
    return price, book[side, price]


class Listener:
    """Somebody who hears nothing but the rows, and keeps a book from depth alone."""

    def __init__(self) -> None:
        self.book: Book = {}
        self.told: dict[int, tuple[int, int]] = {}
        self.told_id = 0
        self.depth_id = 0

    def hear(self, fact: Fact) -> None:
        if fact.kind == CLEAR:
            self.book.clear()
        elif fact.kind == LEVEL:
            self.book[fact.side, fact.price_ticks] = fact.size_lots
            if fact.size_lots == 0:
                del self.book[fact.side, fact.price_ticks]
            self.depth_id = fact.id
        elif fact.kind == BEST:
            self.told[fact.side] = fact.price_ticks, fact.size_lots
            self.told_id = fact.id


def messages(facts: list[Fact]) -> list[list[Fact]]:
    """Cut rows into messages, after each row that ends one."""
    ends = [i + 1 for i, fact in enumerate(facts) if fact.marks & LAST]
    assert ends[-1:] == [len(facts)] or not facts, "the last message has no end"
    return [facts[a:b] for a, b in zip([0, *ends], ends, strict=False)]


def check_messages(facts: list[Fact]) -> None:
    """A message is of one kind, one moment and one id; trades are alone, the touch has two sides."""
    for message in messages(facts):
        head = message[-1]
        assert {fact.kind for fact in message} in ({CLEAR, LEVEL}, {LEVEL}, {BEST}, {TRADE})
        assert {(fact.ts_event, fact.ts_recv, fact.id) for fact in message} == {
            (head.ts_event, head.ts_recv, head.id)
        }
        if head.kind == TRADE:
            assert len(message) == 1
        if head.kind == BEST:
            assert [fact.side for fact in message] == [1, -1]
        if head.kind == LEVEL:
            levels = [(fact.side, fact.price_ticks) for fact in message if fact.kind == LEVEL]
            assert len(levels) == len(set(levels))
