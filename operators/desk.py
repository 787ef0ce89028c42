"""One symbol's desk: every parameter, every state, and the steps between a frame and its requests."""

from typing import NamedTuple

from operators.asmm import Asmm, AsmmParams, Quotes, asmm_on_frame
from operators.book import Book, BookParams, Top, book_on_frame, open_book
from operators.kernel import Cell, Table, kernel
from operators.ledger import Fill, Ledger, LedgerParams, ledger_on_frame
from operators.loop import Loop, LoopParams
from operators.orders import Orders, OrdersParams
from operators.risk import Risk, RiskParams, risk_on_frame
from operators.rows import Row, Rows
from operators.venue import Venue, VenueParams
from operators.vpin import Reading, Vpin, VpinParams, vpin_on_frame

FRAME: int = 8192
"""Rows of a frame at most."""
REQUESTS_PER_DECISION: int = 40
"""Twice the order slots, and both sides' moves."""


class Rules(NamedTuple):
    """Every parameter of one symbol."""

    loop: Cell[LoopParams]
    venue: Cell[VenueParams]
    book: Cell[BookParams]
    vpin: Cell[VpinParams]
    asmm: Cell[AsmmParams]
    orders: Cell[OrdersParams]
    risk: Cell[RiskParams]
    ledger: Cell[LedgerParams]


class Desk(NamedTuple):
    """Every state of one symbol's rules."""

    book: Cell[Book]
    vpin: Cell[Vpin]
    asmm: Cell[Asmm]
    orders: Cell[Orders]
    risk: Cell[Risk]
    ledger: Cell[Ledger]


class Exchange(NamedTuple):
    """Every state of the simulated venue and of the loop through it."""

    loop: Cell[Loop]
    venue: Cell[Venue]
    book: Cell[Book]


class Sheets(NamedTuple):
    """What one frame passes through."""

    tops: Table[Top]
    readings: Table[Reading]
    quotes: Table[Quotes]
    requests: Rows
    fills: Table[Fill]


def open_desk() -> Desk:
    """Return a desk that has seen nothing."""
    book = Book.cell()
    open_book(book)
    return Desk(book, Vpin.cell(), Asmm.cell(), Orders.cell(), Risk.cell(), Ledger.cell())


def open_exchange() -> Exchange:
    """Return a venue without orders, before the first row."""
    book = Book.cell()
    open_book(book)
    return Exchange(Loop.cell(), Venue.cell(), book)


def sheets(n_rows: int) -> Sheets:
    """Return empty sheets for frames of up to `n_rows`."""
    return Sheets(
        Top.table(n_rows),
        Reading.table(n_rows),
        Quotes.table(n_rows),
        Row.table(n_rows + REQUESTS_PER_DECISION),
        Fill.table(n_rows),
    )


@kernel
def desk_on_frame(desk: Desk, rules: Rules, rows: Rows, sheets: Sheets) -> tuple[int, int, int]:
    """Take a frame through every rule; return how many decisions, requests and fills it made."""
    book_on_frame(desk.book, rules.book, rows, sheets.tops)
    vpin_on_frame(desk.vpin, rules.vpin, rows, sheets.readings)
    n_quotes = asmm_on_frame(desk.asmm, rules.asmm, rows, sheets.tops, sheets.readings, sheets.quotes)
    n_requests = risk_on_frame(
        desk.risk, desk.orders, rules.risk, rules.orders, rows, sheets.quotes, n_quotes, sheets.requests
    )
    n_fills = ledger_on_frame(desk.ledger, rules.ledger, rows, sheets.tops, sheets.readings, sheets.fills)
    return n_quotes, n_requests, n_fills
