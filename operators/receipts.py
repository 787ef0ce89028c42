"""What has reached us of our orders: the wire's reports become rows, and every fill becomes one exactly once.

A report says how much of its order is filled in total, and which of the order's reports it
is. So one that comes twice, or after a later one, is dropped; and where the total is beyond what we were
shown, a fill was lost, and is shown before the report that told of it.
"""

from typing import Annotated, Final

from operators.kernel import Cell, Record, Table, kernel
from operators.queue import VenueParams
from operators.rows import (
    AMEND_REJECTED,
    AMENDED,
    CANCEL_REJECTED,
    CANCELED,
    EXPIRED,
    FILLED,
    IMMEDIATE,
    LAST,
    MAKER,
    NO_REASON,
    PLACE,
    REJECTED,
    SETTLED,
    STATE,
    UNKNOWN_ORDER,
    Row,
    Rows,
)
from operators.venue import Venue, Wire, submit

RECEIPTS: Final = 64

# What became of a wire.
DROPPED: Final = 0
SHOWN: Final = 1
FIRST_ANOTHER: Final = 2
"""A fill that had been lost was shown; the wire itself is still to come."""


class Receipt(Record):
    """What we were shown of one order that may still live."""

    number: int
    side: int
    price_ticks: int
    size_lots: int
    filled_lots: int
    sequence: int
    """Of the newest report that was shown."""
    marks: int
    """Of a fill of it that nobody reported: passive, unless the order takes at once."""


class Receipts(Record):
    """Orders that may still live, oldest first, and what became of wires."""

    n: int
    n_repeated: int
    """Reports that came twice, or after a later one of the same order."""
    n_stray: int
    """Reports about orders that had ended, or that we do not know."""
    n_recovered: int
    """Fills whose report never came."""
    n_forgotten: int
    """Orders that had to make room for newer ones."""
    slots: Annotated[Table[Receipt], Receipt.dtype, (RECEIPTS,)]


@kernel
def ask(
    venue: Cell[Venue], receipts: Cell[Receipts], setup: Cell[VenueParams], requests: Rows, n: int
) -> None:
    """Put requests on the wire to a simulated venue, and note whose reports may come of them."""
    expect(receipts, requests, n)
    submit(venue, setup, requests, n)


@kernel
def expect(cell: Cell[Receipts], requests: Rows, n: int) -> None:
    """Note every order that we ask for, so that its reports are known."""
    receipts = cell[0]
    for k in range(n):
        if requests[k].kind == PLACE and find(receipts, requests[k].id) < 0:
            _note(receipts, requests[k])


@kernel
def _note(receipts: Receipts, row: Row) -> None:
    if receipts.n == RECEIPTS:
        receipts.n_forgotten += 1
        drop(receipts, 0)
    receipt = receipts.slots[receipts.n]
    receipts.n += 1
    receipt.number = row.id
    receipt.side = row.side
    receipt.price_ticks = row.price_ticks
    receipt.size_lots = row.size_lots
    receipt.filled_lots = receipt.sequence = 0
    receipt.marks = LAST if row.marks & IMMEDIATE else LAST | MAKER


@kernel
def find(receipts: Receipts, number: int) -> int:
    """Return where an order is noted, or -1."""
    for k in range(receipts.n):
        if receipts.slots[k].number == number:
            return k
    return -1


@kernel
def drop(receipts: Receipts, k: int) -> None:
    """Forget an order."""
    for j in range(k, receipts.n - 1):
        receipts.slots[j] = receipts.slots[j + 1]
    receipts.n -= 1


@kernel
def show(receipts: Receipts, wire: Wire, out: Rows, n: int) -> int:
    """Write what a wire says into `out[n]`, or the fill that it betrays; return what became of it."""
    row = wire.row
    k = -1 if row.kind == SETTLED else find(receipts, row.id)
    if k < 0:
        return _show_unknown(receipts, row, out, n)
    receipt = receipts.slots[k]
    if wire.sequence <= receipt.sequence:
        receipts.n_repeated += 1
        return DROPPED
    news = wire.filled_lots - receipt.filled_lots
    missed = news - row.size_lots if row.kind == FILLED else news
    if missed > 0:
        receipts.n_recovered += 1
        _recover(receipt, row, missed, out, n)
        _end_if(receipts, k, receipt.filled_lots >= receipt.size_lots)
        return FIRST_ANOTHER
    receipt.sequence = wire.sequence
    out[n] = row
    if row.kind == FILLED:
        out[n].size_lots = news
        receipt.filled_lots = wire.filled_lots
    elif row.kind == AMENDED:
        receipt.price_ticks = row.price_ticks
    _end_if(receipts, k, ends(row) or receipt.filled_lots >= receipt.size_lots)
    return SHOWN


@kernel
def contradicts(cell: Cell[Receipts], wire: Cell[Wire]) -> bool:
    """Say whether a report that would be shown tells of an order that we know what cannot be true of it."""
    receipts, row, filled_lots = cell[0], wire[0].row, wire[0].filled_lots
    k = -1 if row.kind == SETTLED else find(receipts, row.id)
    if k < 0 or wire[0].sequence <= receipts.slots[k].sequence:
        return False
    receipt = receipts.slots[k]
    told_lots = row.size_lots if row.kind == FILLED else 0
    too_little = filled_lots - receipt.filled_lots < told_lots
    return row.side != receipt.side or too_little or max(filled_lots, row.size_lots) > receipt.size_lots


@kernel
def show_first(cell: Cell[Receipts], wire: Cell[Wire], out: Rows) -> int:
    """Do as `show` does, into the first row of `out`."""
    return show(cell[0], wire[0], out, 0)


@kernel
def _show_unknown(receipts: Receipts, row: Row, out: Rows, n: int) -> int:
    """Let through what is about no order, or what may answer a question that is still open."""
    if row.kind in (SETTLED, STATE, CANCEL_REJECTED, AMEND_REJECTED):
        out[n] = row
        return SHOWN
    receipts.n_stray += 1
    return DROPPED


@kernel
def _recover(receipt: Receipt, row: Row, lots: int, out: Rows, n: int) -> None:
    receipt.filled_lots += lots
    out[n] = row
    out[n].kind = FILLED
    out[n].price_ticks = receipt.price_ticks
    out[n].size_lots = lots
    out[n].marks = receipt.marks
    out[n].reason = NO_REASON


@kernel
def ends(row: Row) -> bool:
    """Say whether nothing more can come of an order after this report."""
    if row.kind == STATE:
        return row.size_lots == 0
    if row.kind in (CANCEL_REJECTED, AMEND_REJECTED):
        return row.reason == UNKNOWN_ORDER
    return row.kind in (CANCELED, REJECTED, EXPIRED)


@kernel
def _end_if(receipts: Receipts, k: int, ended: bool) -> None:
    if ended:
        drop(receipts, k)
