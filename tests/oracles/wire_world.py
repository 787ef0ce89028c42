"""Our side and the venue's, and a bad line between them: it loses, repeats and reorders."""

import numpy as np

from operators.kernel import Cell
from operators.orders import OrdersParams
from operators.queue import VenueParams
from operators.quotes import Quotes
from operators.receipts import DROPPED, FIRST_ANOTHER, Receipts, expect, show
from operators.requests import on_request
from operators.rows import BUY, CONTROL, SELL, Row
from operators.venue import RING, Wire
from tests.oracles.office_world import Behind
from tests.oracles.venue_world import World, a_deep_world

PATIENCE_NS = 1000


class Line:
    """A desk that quotes, a venue that fills, and what is on its way between them."""

    def __init__(self, amends: int = 1, levels: int = 1, budget: int = 1 << 50) -> None:
        habits = OrdersParams.cell(
            amends=amends,
            level_step_ticks=2,
            unknown_after_ns=PATIENCE_NS,
            confirm_after_ns=5 * PATIENCE_NS,
        )
        self.desk = Behind(habits, budget_tick_lots=budget)
        self.desk.levels = levels
        self.world: World = a_deep_world()
        self.receipts: Cell[Receipts] = Receipts.cell()
        self.requests: list[Cell[Row]] = []
        self.wires: list[Cell[Wire]] = []
        self.ts_ns = 1
        self.mid = 1000.5

    @property
    def params(self) -> Cell[VenueParams]:
        return self.world.params

    def wait(self, ns: int) -> None:
        self.ts_ns += ns
        self.desk.ts_ns = self.ts_ns

    def quote(self, bid: int, ask: int, lots: int, lost: int = 0) -> None:
        """Decide; of the requests that this makes, those whose bit is set never arrive."""
        self.wait(1)
        self.desk.frame((), (bid, lots), (ask, lots), self.mid, self.ts_ns)
        box = self.desk.box
        self._send(lost, int(box.counts[0].requests))

    def _send(self, lost: int, n: int) -> None:
        sent = self.desk.box.requests[:n]
        expect(self.receipts, sent, n)
        for k in range(n):
            if not (lost >> k) & 1:
                self.requests.append(sent[k : k + 1].copy())

    def control(self, wish: int) -> None:
        self.wait(1)
        self.desk.row(kind=CONTROL, reason=wish)
        self._send(0, int(self.desk.box.counts[0].requests))

    def arrive(self) -> None:
        """Let the oldest request come to the venue."""
        if self.requests:
            row = self.requests.pop(0)[0]
            row.ts_event = self.ts_ns
            on_request(self.world.venue, self.world.books[0], self.params[0], row)
            self._drain()

    def trade(self, side: int, ticks: int, lots: int) -> None:
        self.world.print(side, ticks, lots)
        self._drain()

    def _drain(self) -> None:
        venue = self.world.venue
        while venue.reports_head < venue.reports_tail:
            slot = venue.reports_head % RING
            self.wires.append(np.asarray(venue.reports)[slot : slot + 1].copy())
            venue.reports_head += 1

    def lose(self, which: int) -> None:
        if self.wires:
            self.wires.pop(which % len(self.wires))

    def repeat(self, which: int) -> None:
        if self.wires:
            self.wires.append(self.wires[which % len(self.wires)].copy())

    def deliver(self, which: int = 0) -> None:
        """Let one report come to us, whichever overtook the others."""
        if not self.wires:
            return
        wire = self.wires.pop(which % len(self.wires))
        self.wait(1)
        out, became = Row.table(1), FIRST_ANOTHER
        while became == FIRST_ANOTHER:
            became = show(self.receipts[0], wire[0], out, 0)
            if became != DROPPED:
                out[0].ts_recv = self.ts_ns
                said = self.desk.run(out.copy(), Quotes.table(0))
                assert said == []

    def calm_down(self) -> None:
        """Want nothing any more, over a line that is good again, until nothing is on its way."""
        for _ in range(60):
            self.wait(PATIENCE_NS)
            self.quote(0, 0, 0)
            while self.requests or self.wires:
                self.arrive()
                self.deliver()

    def resting(self, side: int) -> dict[int, int]:
        """Return what rests at the venue: lots by number."""
        return {
            int(order.number): int(order.leaves_lots) for order in self.world.orders if order.side == side
        }

    def believed(self, side: int) -> dict[int, int]:
        """Return what we take to be live: lots by number."""
        found: dict[int, int] = {}
        for order in self.desk.live():
            if order.side == side:
                assert order.number not in found
                found[int(order.number)] = int(order.leaves_lots)
        return found

    def check(self) -> None:
        """What must hold at any moment, whatever was lost so far."""
        desk, position = self.desk, int(self.world.venue.position_lots)
        assert (desk.orders.n_illegal, desk.orders.fault, self.world.venue.fault) == (0, 0, 0)
        assert self.receipts[0].n_forgotten == 0
        for side in (BUY, SELL):
            there, here = self.resting(side), self.believed(side)
            assert set(there) <= set(here), "an orphan: the venue holds an order that we do not know of"
            worst = side * position + sum(there.values())
            assert worst <= side * int(desk.risk.position_lots) + sum(here.values())
        assert desk.risk.position_lots == desk.ledger.position_lots

    def check_calm(self) -> None:
        """What must hold once nothing is on its way."""
        self.check()
        assert [self.resting(side) for side in (BUY, SELL)] == [{}, {}]
        assert [self.believed(side) for side in (BUY, SELL)] == [{}, {}]
        assert self.desk.risk.position_lots == self.world.venue.position_lots
        assert self.receipts[0].n == 0
