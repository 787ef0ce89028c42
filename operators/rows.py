"""What flows: one flat row for every fact, whoever states it.

A row is 48 bytes of integers. Prices are ticks and sizes are lots, both 64 bits
wide, so that any listed symbol fits. `id` is the trade id, the book update id
or our order number, whichever the kind has.

| kind | said by | side | price, size | id |
|---|---|---|---|---|
| CLEAR | market | 0 | | last update id: a snapshot begins |
| LEVEL | market | book side | the level, 0 lots deletes it | last update id of its message |
| BEST | market | book side | best price and size of that side | update id |
| TRADE | market | aggressor, 0 if unknown | the print | trade id, 0 if none |
| GAP | market | 0 | | the update chain broke: the book is unknown |
| MARK | market | 0 | mark price; predicted funding rate in 10⁻⁸ | next settlement, ns, 0 if none is known |
| CONTROL | operator | 0 | | number of the control; `reason` says what is wanted |
| CLOCK | source | 0 | | a tick of the grid of event time |
| PLACE, AMEND, CANCEL | us | our side | wanted price and size | order number |
| QUERY | us | our side | as we know them | number of an order whose state we ask for |
| ACCEPTED to EXPIRED | venue | our side | price, size it concerns | order number |
| STATE | venue | our side | price; what is left of it, 0 lots if it is gone | order number |
| SETTLED | venue | 0 | mark price; what we pay in whole tick·lots | time of the settlement, ns |

`lag_us` is how much later than it arrived a fact of the market was released; of a
PLACE it is how long the order lives, in ms, 0 for ever; of a SETTLED the
millionths of a tick·lot beside the whole ones.
"""

from typing import Annotated, Final, NamedTuple

import numpy as np

from operators.kernel import Record, Table, kernel

BUY: Final = 1
SELL: Final = -1

CLEAR: Final = 1
LEVEL: Final = 2
BEST: Final = 3
TRADE: Final = 4
GAP: Final = 5
MARK: Final = 6

CONTROL: Final = 8
CLOCK: Final = 9

PLACE: Final = 10
AMEND: Final = 11
CANCEL: Final = 12
QUERY: Final = 13

ACCEPTED: Final = 20
AMENDED: Final = 21
FILLED: Final = 22
CANCELED: Final = 23
REJECTED: Final = 24
AMEND_REJECTED: Final = 25
CANCEL_REJECTED: Final = 26
EXPIRED: Final = 27
STATE: Final = 28
SETTLED: Final = 29

# Marks of a row, one bit each.
LAST: Final = 1
"""The row ends its message: the book is whole again."""
MAKER: Final = 2
"""The fill was passive."""
POST_ONLY: Final = 4
IMMEDIATE: Final = 8
"""The order takes what is there at once; the rest expires (IOC)."""
WITHDRAW: Final = 16
"""Nothing is quoted after this row: it is too old to act on, or nobody goes on after it."""

# What an operator wants (`reason` of a control).
HALT: Final = 1
RESUME: Final = 2
REDUCE: Final = 3
RELOAD: Final = 4
"""New parameters hold from this row on."""

# Why a request failed (`reason` of a report).
NO_REASON: Final = 0
WOULD_CROSS: Final = 1
UNKNOWN_ORDER: Final = 2
OFF_GRID: Final = 3
BELOW_MINIMUM: Final = 4
VENUE_FULL: Final = 5
RATE_LIMITED: Final = 6
REFUSED: Final = 7
"""The venue refused for reasons of its own: injected by configuration."""
NO_LIQUIDITY: Final = 8
"""Nothing was left to take for the rest of an immediate order."""
LIFE_ENDED: Final = 9

NEVER: Final = (1 << 63) - 1
LIMIT: Final = 1 << 53
"""Ticks and lots stay below this: a float holds every one of them exactly."""
NOTIONAL_LIMIT: Final = 1 << 60
"""The ticks times the lots of a trade stay below this: a few of them still fit 64 bits."""


class Row(Record):
    """One fact."""

    ts_event: int
    ts_recv: int
    id: int
    price_ticks: int
    size_lots: int
    lag_us: Annotated[int, np.int32]
    kind: Annotated[int, np.int8]
    side: Annotated[int, np.int8]
    marks: Annotated[int, np.int8]
    reason: Annotated[int, np.int8]


Rows = Table[Row]


class Fact(NamedTuple):
    """A row as Python numbers, in the row's own order: reading an array's fields costs microseconds each."""

    ts_event: int
    ts_recv: int
    id: int
    price_ticks: int
    size_lots: int
    lag_us: int
    kind: int
    side: int
    marks: int
    reason: int


def plain(rows: Rows) -> list[Fact]:
    """Return every row as Python numbers."""
    return [Fact(*row) for row in np.asarray(rows).tolist()]


@kernel
def settles(row: Row) -> bool:
    """Say whether the world is whole after this row, so that a decision may follow it."""
    return (row.marks & LAST) != 0 or row.kind >= CLOCK
