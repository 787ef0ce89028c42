"""Trades, bests and depths exactly as `messages.encode` writes them, as rows: many in one call.

Most messages are of this kind, and are read here in a fraction of a microsecond. At the
first one that differs in anything (a field more, another order, a space, a number that
is off the grid, repeated, missing, or so large that it might not fit, a time far ahead)
reading stops: `connectors/kafka/feed.py` takes that one, and says what becomes of it.
"""

from decimal import Decimal
from typing import Final

import numpy as np
from numpy.typing import NDArray

from connectors.kafka.digits import MOST_DIGITS, MOST_UNIT, NOT, Place, Text, after, steps, text_of, whole
from connectors.kafka.messages import LATEST_NS
from connectors.kafka.plausible import DAY_NS, MOST_NUMBER
from operators.instruments import Instrument
from operators.kernel import Cell, Record, kernel
from operators.rows import BEST, BUY, CLEAR, LAST, LEVEL, NOTIONAL_LIMIT, SELL, TRADE, Row, Rows

TRADE_HEAD: Final = text_of(b'{"type":"trade"')
BEST_HEAD: Final = text_of(b'{"type":"best"')
DEPTH_HEAD: Final = text_of(b'{"type":"depth"')
TS_EVENT: Final = text_of(b',"ts_event":')
TS_RECV: Final = text_of(b',"ts_recv":')
ID: Final = text_of(b',"id":')
PRICE: Final = text_of(b',"price":"')
SIZE: Final = text_of(b'","size":"')
AGGRESSOR: Final = text_of(b'","aggressor":"')
BID: Final = text_of(b',"bid":["')
ASK: Final = text_of(b'"],"ask":["')
NEXT: Final = text_of(b'","')
SNAPSHOT: Final = text_of(b',"snapshot":true,"levels":[')
CHANGES: Final = text_of(b',"snapshot":false,"levels":[')
BOUGHT: Final = text_of(b'["buy","')
SOLD: Final = text_of(b'["sell","')
LEVEL_END: Final = text_of(b'"]')
BEST_END: Final = text_of(b'"]}')
DEPTH_END: Final = text_of(b"]}")
BUYS: Final = text_of(b'buy"}')
SELLS: Final = text_of(b'sell"}')
UNKNOWN: Final = text_of(b'unknown"}')
COMMA: Final = 44


class GridParams(Record):
    """Prices and sizes: one step of either is `unit` / 10^`places`."""

    tick_unit: int
    tick_places: int
    lot_unit: int
    lot_places: int


class Progress(Record):
    """The number and receive time of the last message, and how many of each kind were read."""

    n: int
    reached_ns: int
    n_trades: int
    n_bests: int
    n_diffs: int
    n_snapshots: int


def grid_params(instrument: Instrument) -> Cell[GridParams]:
    """Return a grid as kernels know it."""
    tick, lot = step_of(instrument.tick), step_of(instrument.lot)
    return GridParams.cell(tick_unit=tick[0], tick_places=tick[1], lot_unit=lot[0], lot_places=lot[1])


def step_of(step: Decimal) -> tuple[int, int]:
    """Return unit and places; a step that does not fit becomes one that only zero is a whole number of."""
    _, digits, exponent = step.normalize().as_tuple()
    unit = int("".join(map(str, digits))) * 10 ** max(0, int(exponent))
    return (unit, max(0, -int(exponent))) if unit <= MOST_UNIT else (1, 2 * MOST_DIGITS)


@kernel
def read_canonical(
    progress: Cell[Progress],
    grid: Cell[GridParams],
    head: Text,
    texts: tuple[Text, NDArray[np.int64]],
    first: int,
    rows: Rows,
    most: int,
) -> Place:
    """Read messages from the `first` on, until one is not canonical or there are `most` rows.

    `texts` are all messages as one text, and where each begins, the last one's end
    included; `head` is what stands between the type of each and its number. `rows` has
    room for two more than `most`. Return the first that was not read, and how many rows there are.
    """
    raw, begins = texts
    k, n = first, 0
    while k + 1 < len(begins) and n < most:
        end = _read(progress[0], grid[0], head, raw[begins[k] : begins[k + 1]], rows, n)
        if end < 0:
            break
        k, n = k + 1, end
    return k, n


@kernel
def _read(progress: Progress, grid: GridParams, head: Text, raw: Text, rows: Rows, n: int) -> int:
    """Write the rows of one message from the n-th on; return the next free one, NOT if it is another's."""
    at, kind = _kind(raw)
    at, number = whole(raw, after(raw, at, head))
    at, ts_event = whole(raw, after(raw, at, TS_EVENT))
    at, ts_recv = whole(raw, after(raw, at, TS_RECV))
    at, given_id = whole(raw, after(raw, at, ID))
    if at < 0 or min(ts_event, ts_recv) < 1 or ts_event - ts_recv > DAY_NS:
        return NOT
    if max(ts_event, ts_recv) > LATEST_NS:
        return NOT
    if not _follows(progress, number, ts_recv):
        return NOT
    if kind == TRADE:
        end = _trade(grid, raw, at, rows, n)
    elif kind == BEST:
        end = _best(grid, raw, at, rows, n)
    else:
        end = _depth(grid, raw, at, rows, n)
    if end < 0:
        return NOT
    for k in range(n, end):
        _stamp(rows[k], ts_event, ts_recv, given_id)
    rows[end - 1].marks = LAST
    progress.n, progress.reached_ns = number, ts_recv
    _count(progress, rows[n].kind)
    return end


@kernel
def _follows(progress: Progress, number: int, ts_recv: int) -> bool:
    """Say whether nothing is missing before a message, and it is neither old nor far ahead, nor the first."""
    next_one = number - 1 == progress.n or (progress.n == 0 and 0 < number <= MOST_NUMBER)
    return next_one and progress.reached_ns > 0 and 0 <= ts_recv - progress.reached_ns <= DAY_NS


@kernel
def _count(progress: Progress, kind: int) -> None:
    if kind == TRADE:
        progress.n_trades += 1
    elif kind == BEST:
        progress.n_bests += 1
    elif kind == CLEAR:
        progress.n_snapshots += 1
    else:
        progress.n_diffs += 1


@kernel
def _stamp(row: Row, ts_event: int, ts_recv: int, given_id: int) -> None:
    row.ts_event, row.ts_recv, row.id = ts_event, ts_recv, given_id
    row.lag_us, row.marks, row.reason = 0, 0, 0


@kernel
def _state(row: Row, kind: int, side: int, ticks: int, lots: int) -> None:
    row.kind, row.side, row.price_ticks, row.size_lots = kind, side, ticks, lots


@kernel
def _kind(raw: Text) -> Place:
    at = after(raw, 0, TRADE_HEAD)
    if at > 0:
        return at, TRADE
    at = after(raw, 0, BEST_HEAD)
    if at > 0:
        return at, BEST
    return after(raw, 0, DEPTH_HEAD), LEVEL


@kernel
def _trade(grid: GridParams, raw: Text, at: int, rows: Rows, n: int) -> int:
    at, ticks, lots = _traded(grid, raw, after(raw, at, PRICE), SIZE)
    at = after(raw, at, AGGRESSOR)
    side = 0
    if after(raw, at, BUYS) == len(raw):
        side = BUY
    elif after(raw, at, SELLS) == len(raw):
        side = SELL
    elif after(raw, at, UNKNOWN) != len(raw):
        return NOT
    _state(rows[n], TRADE, side, ticks, lots)
    return n + 1


@kernel
def _best(grid: GridParams, raw: Text, at: int, rows: Rows, n: int) -> int:
    at, bid, bid_lots = _traded(grid, raw, after(raw, at, BID), NEXT)
    at, ask, ask_lots = _traded(grid, raw, after(raw, at, ASK), NEXT)
    if after(raw, at, BEST_END) != len(raw) or bid >= ask:
        return NOT
    _state(rows[n], BEST, BUY, bid, bid_lots)
    _state(rows[n + 1], BEST, SELL, ask, ask_lots)
    return n + 2


@kernel
def _depth(grid: GridParams, raw: Text, at: int, rows: Rows, n: int) -> int:
    """A book too large for the rows that are left is another's."""
    begin = after(raw, at, CHANGES)
    if begin < 0:
        begin = after(raw, at, SNAPSHOT)
        _state(rows[n], CLEAR, 0, 0, 0)
        n += 1
    at = begin
    while at > 0 and n < len(rows):
        at = _level(grid, raw, at, rows[n])
        n += 1
        if at > 0 and raw[at] != COMMA:
            return n if after(raw, at, DEPTH_END) == len(raw) else NOT
        at = at + 1 if at > 0 else NOT
    return NOT


@kernel
def _level(grid: GridParams, raw: Text, at: int, row: Row) -> int:
    """Write a level; return where the text goes on, which is before its end."""
    side = BUY
    begin = after(raw, at, BOUGHT)
    if begin < 0:
        side = SELL
        begin = after(raw, at, SOLD)
    at, ticks, lots = _priced(grid, raw, begin, NEXT)
    at = after(raw, at, LEVEL_END)
    if ticks == 0 or at == len(raw):
        return NOT
    _state(row, LEVEL, side, ticks, lots)
    return at


@kernel
def _traded(grid: GridParams, raw: Text, at: int, between: Text) -> tuple[int, int, int]:
    """Read a price and a size, neither of them zero, whose product a row can hold."""
    at, ticks, lots = _priced(grid, raw, at, between)
    if at < 0 or ticks == 0 or lots == 0 or ticks > (NOTIONAL_LIMIT - 1) // lots:
        return NOT, 0, 0
    return at, ticks, lots


@kernel
def _priced(grid: GridParams, raw: Text, at: int, between: Text) -> tuple[int, int, int]:
    """Read a price and a size with something between them."""
    at, ticks = steps(raw, at, grid.tick_unit, grid.tick_places)
    at, lots = steps(raw, after(raw, at, between), grid.lot_unit, grid.lot_places)
    return at, ticks, lots
