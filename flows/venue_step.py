"""The step of the simulated venue: requests and the market to reports, one symbol each."""

from collections.abc import Callable
from functools import cache
from typing import Any, Final

import numpy as np

from configs.settings import Settings
from connectors.kafka.house import Account, Asked, Said
from connectors.kafka.reports import Addressee, report_of
from connectors.kafka.rows import Grid
from connectors.whole import copied
from flows.steps import Step
from operators.book import open_book
from operators.counter import LEAST_ROOM, serve
from operators.desk import Rules
from operators.packing import pack_book, unpack_book
from operators.ring import Book
from operators.rows import CONTROL
from operators.venue import Venue, Wire

REPORTS: Final = LEAST_ROOM + 1024


class VenueStep(Step):
    """One symbol's frames to reports."""

    def __init__(self, rules: Rules, settings: Settings, symbol: str, named: Callable[[], str]) -> None:
        """Begin with an empty venue; take also what tells its name, once that is known."""
        self.named = cache(named)
        self.instrument = settings.symbols[symbol].instrument
        self.grid = Grid(self.instrument)
        self.setup = _at_once(rules), rules.book
        self.venue, self.book = Venue.cell(), Book.cell()
        self.desk, self.n = Addressee("", ""), 0
        open_book(self.book)
        self.wires = Wire.table(REPORTS)

    def take(self, item: Asked) -> Said:
        """Return the reports of a frame, to each desk its own."""
        reports, begin = [], 0
        came = np.flatnonzero(np.asarray(item.rows)["kind"] == CONTROL)
        for desk, row in zip(item.came, came.tolist(), strict=True):
            reports += self._serve(item.rows[begin : row + 1])
            self.desk, self.n, begin = desk, 0, row + 1
        reports += self._serve(item.rows[begin:])
        return Said(item.number, tuple(reports), item.letters, self._account())

    def _serve(self, rows: Any) -> list[Any]:  # noqa: ANN401 - rows, reports
        made, k = [], 0
        while k < len(rows):
            k, n = serve((self.venue, self.book), self.setup, rows, k, self.wires)
            for wire in np.asarray(self.wires)[:n].tolist():
                self.n += 1
                told = wire, self.desk, self.n, self.grid, self.instrument
                made.append(report_of(*told, self.named()))
        return made

    def _account(self) -> Account:
        venue = np.asarray(self.venue)
        n, position, fault = (int(venue[name][0]) for name in ("n_resting", "position_lots", "fault"))
        numbers = venue["resting"]["number"][0, :n].tolist()
        sign = "-" if position < 0 else ""
        held = f"{sign}{self.grid.size(abs(position))}"
        return Account(self.desk.run, held, tuple(f"{self.desk.prefix}{each}" for each in numbers), fault)

    def dump(self) -> Any:  # noqa: ANN401
        """Return the venue, its book, whom it deals with, and the number of the last report."""
        return self.venue.tobytes(), pack_book(self.book), tuple(self.desk), self.n

    def restore(self, state: Any) -> None:  # noqa: ANN401
        """Go on where `dump` was taken."""
        venue, book, desk, self.n = state
        self.venue, self.book, self.desk = Venue.load(venue), unpack_book(book), Addressee(*desk)


def _at_once(rules: Rules) -> Any:  # noqa: ANN401 - a cell
    """The topics are all the latency there is."""
    params = copied(rules.venue)
    for field in ("entry_ns", "response_ns", "n_entry", "n_response"):
        np.asarray(params)[field] = 0
    return params
