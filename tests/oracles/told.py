"""Runs of made-up rows: a market of one's own words, told to a whole desk through the graph."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from connectors.playback import Playback
from connectors.rounds import LoopSource
from connectors.tape import Chunk, State
from operators.desk import open_exchange
from operators.rows import BEST, NEVER, Rows
from tests.oracles.exact_vpin import Event
from tests.oracles.runs import QUIET, graphed, lines, made
from tests.oracles.toxic_tapes import rows_of

SYMBOL = "BTCUSDC"
GRID = {SYMBOL: {"synthetic": {"price": 10_000}, "instrument": {"tick": "0.1", "lot": "0.001"}}}
QUOTING = (
    "quoting.decide=every_message",
    "quoting.fair_price=mid",
    "quoting.model=fixed",
    "quoting.half_spread_ticks=0",
    "quoting.min_half_spread_bps=10",
    "quoting.skew_ticks_per_lot=2",
    "quoting.requote_ticks=0",
    "quoting.order_lots=20",
    "quoting.max_inventory_lots=200",
    "quoting.clock_ms=100",
)
TOXIC = (
    "vpin.enabled=true",
    "vpin.bucket_unit=base",
    "vpin.bucket_size=0.01",
    "vpin.n_buckets=1",
    "vpin.min_buckets=1",
)
"""Ten lots a bucket, and the last bucket alone."""


class ToldTape:
    """Rows as a tape of one chunk."""

    symbol = SYMBOL

    def __init__(self, rows: Rows) -> None:
        self.rows, self.quality, self.ended = rows, dict[str, int](), False

    def read(self) -> Chunk | None:
        if self.ended:
            return None
        self.ended = True
        return Chunk(self.rows, self.rows, NEVER, NEVER)

    def snapshot(self) -> State:
        return (self.ended,)

    def restore(self, state: State) -> None:
        self.ended = bool(state[0])

    def close(self) -> None:
        pass


def numbered(events: Sequence[Event]) -> Rows:
    """Return rows in which each best price has an update id."""
    rows, _ = rows_of(events)
    for i in range(len(rows)):
        if rows[i].kind == BEST:
            rows[i].id = i + 1
    return rows


def told(out: Path, events: Sequence[Event], *overrides: str) -> Path:
    """Run the graph on a market; return where its logs are."""
    job = made(out, QUIET, f"symbols={json.dumps(GRID)}", *QUOTING, *TOXIC, *overrides)
    playback: Callable[[str], Playback] = lambda symbol: Playback(  # noqa: E731
        ToldTape(numbered(events)), job.rules[symbol], open_exchange()
    )
    return graphed(job, LoopSource(job.shared, playback))


def asked(out: Path) -> list[tuple[int, str, str, float]]:
    """Return every request of a run: when, what, side and price (a cancel's is the order's)."""
    return [
        (line["ts"], line["op"], line["side"], float(line["price"])) for line in lines(out / "orders.jsonl")
    ]
