"""Where a symbol's account stands, and its part of the summary."""

from dataclasses import dataclass

from connectors.journal import Journal
from operators.kernel import Cell
from operators.ledger import Ledger, equity_micro
from operators.orders import Orders


@dataclass(frozen=True)
class Standing:
    """Copies of what the summary is written from."""

    ledger: Cell[Ledger]
    orders: Cell[Orders]
    n_pauses: int

    def dump(self) -> tuple[bytes, bytes, int]:
        """Return plain bytes for a checkpoint."""
        return self.ledger.tobytes(), self.orders.tobytes(), self.n_pauses

    @classmethod
    def load(cls, dumped: tuple[bytes, bytes, int]) -> "Standing":
        """Return what `dump` kept."""
        return cls(Ledger.load(dumped[0]), Orders.load(dumped[1]), dumped[2])


def summary(journal: Journal, standing: Standing | None) -> dict[str, object]:
    """Return one symbol's figures; money and sizes are decimal strings."""
    if standing is None:
        return {"dead_letters": journal.n_letters}
    ledger, orders = standing.ledger[0], standing.orders[0]
    accepted = int(orders.n_accepted)
    seconds = int(ledger.vpin_ns) * 1e-9
    return {
        "orders": int(orders.n_placed),
        "accepted": accepted,
        "amends": int(orders.n_amended),
        "cancels": int(orders.n_canceled),
        "rejected": int(orders.n_rejected),
        "fills": int(ledger.n_fills),
        "fill_rate": round(int(orders.n_with_fill) / accepted, 6) if accepted else None,
        "position": journal.instrument.size(ledger.position_lots),
        "fees": journal.money(int(ledger.fees_tick_lots) * 1_000_000 + int(ledger.fees_micro)),
        "pnl_after_fees": journal.money(equity_micro(ledger)),
        "vpin_mean": round(float(ledger.vpin_sum) / seconds, 6) if seconds > 0 else None,
        "vpin_max": round(float(ledger.vpin_max), 6) if seconds > 0 else None,
        "pauses": standing.n_pauses,
        "dead_letters": journal.n_letters,
        "first_ns": int(ledger.first_ns),
        "last_ns": int(ledger.last_ns),
    }
