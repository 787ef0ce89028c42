"""One symbol's place on the board in ordinary numbers, as of one frame."""

from functools import cached_property
from types import SimpleNamespace
from typing import Any, Final, cast

import numpy as np

from connectors.board import Post
from connectors.standing import Standing
from operators.attribution import Parts
from operators.kernel import Record
from operators.kpis import Kpis
from operators.ledger import MICRO, Ledger, in_micro
from operators.markouts import ADVERSE, Markouts
from operators.office import Records
from operators.orders import FREE, Order, Orders
from operators.risk import Risk

OFFSETS: Final = {name: field[1] for name, field in cast("Any", Records.dtype.fields).items()}
"""Where each record begins in the block of a standing."""


class View:
    """What a post says, read once."""

    def __init__(self, post: Post) -> None:
        self.symbol, self.facts, self.times = post.symbol, post.facts, post.times
        self.now, self.letters = post.now, dict(post.letters)
        self.tick, self.lot, self.tick_lot = (amount.as_integer_ratio() for amount in self.facts[:3])
        self.knows = self.now.standing is not None and self.kpis.since_ns > 0
        """Whether any row was seen: without one there is nothing to tell."""

    @property
    def standing(self) -> Standing:
        """Return where the account stands; there is one where anything is known."""
        return cast("Standing", self.now.standing)

    def price(self, ticks: float) -> float:
        """Return ticks in quote currency for one of the base asset."""
        return ticks * self.tick[0] / self.tick[1]

    def size(self, lots: int) -> float:
        """Return lots in the base asset."""
        return lots * self.lot[0] / self.lot[1]

    def money(self, amount: int, of_a_tick_lot: int = 1) -> float:
        """Return parts of tick·lots in quote currency: the double nearest to the exact amount."""
        return amount * self.tick_lot[0] / (self.tick_lot[1] * of_a_tick_lot)

    @cached_property
    def orders(self) -> SimpleNamespace:
        """Return the counters of orders; `slots` are those that may be live, as plain tuples."""
        record = self._record("orders", Orders)
        found = {name: record[name].item() for name in Orders.dtype.names or () if name != "slots"}
        return SimpleNamespace(**found, slots=record["slots"][: found["n_slots"]].tolist())

    @cached_property
    def live(self) -> list[SimpleNamespace]:
        """Return every order that may still fill."""
        names = Order.dtype.names or ()
        orders = [SimpleNamespace(**dict(zip(names, slot, strict=True))) for slot in self.orders.slots]
        return [order for order in orders if order.stage != FREE]

    @cached_property
    def risk(self) -> SimpleNamespace:
        """Return what was denied, and how trading stands."""
        return _plain(self._record("risk", Risk))

    @cached_property
    def ledger(self) -> SimpleNamespace:
        """Return the account."""
        return _plain(self._record("ledger", Ledger))

    @cached_property
    def markouts(self) -> SimpleNamespace:
        """Return what became of fills; `at` holds the horizons."""
        record = self._record("markouts", Markouts)
        return SimpleNamespace(n_fills=record["n_fills"].item(), at=[_plain(each) for each in record["at"]])

    @cached_property
    def kpis(self) -> SimpleNamespace:
        """Return how time was spent, and under `seen` what was noted last."""
        record = self._record("kpis", Kpis)
        plain = _plain(record)
        plain.seen = _plain(record["seen"])
        return plain

    @cached_property
    def parts(self) -> Parts:
        """Return the parts of the equity, in millionths of a tick·lot, as `operators/attribution.py` does."""
        ledger, aged = self.ledger, self.markouts.at[ADVERSE]
        adverse = aged.drift_twice + aged.open_lots * ledger.twice_mid_ticks - aged.open_twice
        return Parts(
            in_micro(ledger.captured_twice),
            in_micro(adverse),
            in_micro(ledger.moved_twice - adverse),
            -ledger.fees_tick_lots * MICRO - ledger.fees_micro,
            -ledger.funding_tick_lots * MICRO - ledger.funding_micro,
        )

    @property
    def twice_mid(self) -> int:
        """Return twice the mid, ticks; 0 while there was none."""
        return int(self.ledger.twice_mid_ticks)

    def of_mid(self, ticks: float) -> float | None:
        """Return ticks as a share of the mid; None while there is none."""
        return 2 * ticks / self.twice_mid if self.twice_mid else None

    def equity(self) -> float:
        """Return the profit after fees and funding, quote currency."""
        return self.money(sum(self.parts), MICRO)

    def exposure_tick_lots(self) -> int:
        """Return the worth of the position if all that may fill on the worse side does, as risk values it."""
        return max(0, *(self._exposure(side) for side in (1, -1)))

    def _exposure(self, side: int) -> int:
        live = [order for order in self.live if order.side == side]
        lots = side * self.risk.position_lots + sum(order.leaves_lots for order in live)
        prices = [price for order in live for price in (order.price_ticks, order.wanted_ticks)]
        return int(lots * max(self.twice_mid // 2 + 1, *prices, 0))

    def _record(self, name: str, kind: type[Record]) -> Any:  # noqa: ANN401 - a record of any kind
        return np.frombuffer(self.standing.block, kind.dtype, 1, OFFSETS[name])[0]


def _plain(record: Any) -> SimpleNamespace:  # noqa: ANN401 - a record of any kind
    """Read all fields at once: one by one, each costs a microsecond."""
    return SimpleNamespace(**dict(zip(record.dtype.names, record.tolist(), strict=True)))
