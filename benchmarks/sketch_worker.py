"""The sketch's graph over the same tapes, as a worker process: it runs in a copy of the sketch.

The sketch has modules of its own named `graph`, `fused` and `operators`, so nothing of ours is imported.
"""

# mypy: ignore-errors
# It is checked among our own modules, and runs among the sketch's.

import json
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import graph
import numpy as np
from bytewax._bytewax import cli_main
from bytewax.recovery import RecoveryConfig, init_db_dir
from fused import Rules
from operators.events import CLOCK, PLACE, Row

from operators.asmm import AsmmParams
from operators.risk import RiskParams
from operators.venue import VenueParams, advance, next_fact_ns, release, submit
from operators.vpin import VpinParams

STEP_NS, LATENCY_NS = 100_000_000, 10_000_000


class UntilClock(graph.ClosedLoop):
    """Windows that last until `LATENCY_NS` after the next clock row: nothing is decided before it."""

    clocks = np.zeros(0, np.int64)
    next_clock = 0

    def next_batch(self):
        if self.mail.answered < self.number:
            return []
        submit(self.venue, self.rules.venue, self.mail.requests, len(self.mail.requests))
        cursor = self.feed[0].cursor
        if cursor >= len(self.desk_tape):
            raise StopIteration
        while self.next_clock < len(self.clocks) and self.clocks[self.next_clock] < cursor:
            self.next_clock += 1
        first = next_fact_ns(self.venue, self.feed, self.rules.venue, self.venue_tape, self.desk_tape)
        until = first + LATENCY_NS
        if self.next_clock < len(self.clocks):
            until = max(until, int(self.desk_tape[self.clocks[self.next_clock]].ts_ns) + LATENCY_NS)
        response_ns = int(self.rules.venue[0].response_ns)
        advance(self.venue, self.book, self.rules.venue, self.venue_tape, until - response_ns)
        n = release(self.venue, self.feed, self.desk_tape, until, self.buffer)
        self.number += 1
        return [("BTCUSDT", graph.Frame(self.number, self.buffer[:n].copy()))]


def to_rows(tape, clock):
    rows = np.zeros(len(tape), Row.dtype)
    rows["ts_ns"] = tape[clock]
    rows["price_ticks"] = np.clip(tape["price_ticks"], -(2**31), 2**31 - 1)
    rows["size_lots"], rows["side"] = tape["size_lots"], tape["side"]
    rows["kind"] = np.choose(tape["kind"] - 1, [1, 2, 0, 3])
    return rows


def with_clock(desk, first, last):
    clock = np.zeros((last - first) // STEP_NS, Row.dtype)
    clock["ts_ns"] = first + STEP_NS * (1 + np.arange(len(clock)))
    clock["kind"] = CLOCK
    return np.insert(desk, np.searchsorted(desk["ts_ns"], clock["ts_ns"], side="right"), clock)


def rules(mode):
    return Rules(
        VenueParams.cell(entry_ns=5_000_000, response_ns=5_000_000, queue_power=3.0, partial_fills=True),
        VpinParams.cell(bucket_lots=33_000, min_buckets=5),
        AsmmParams.cell(
            half_spread_ticks=5.0,
            skew_ticks=1.0,
            order_lots=10,
            max_position_lots=100,
            toxic_above=2.0,
            requote_on_fill=mode == "messages",
        ),
        RiskParams.cell(max_position_lots=1 << 40, max_order_lots=1 << 40, max_notional_tick_lots=1 << 60),
    )


def run(desk, venue, mode):
    graph.ClosedLoop = UntilClock if mode == "clock" else BASE
    anchor = int(desk["price_ticks"][desk["kind"] == 3][0])
    with tempfile.TemporaryDirectory() as folder:
        log, store = Path(folder) / "orders", Path(folder) / "store"
        store.mkdir()
        init_db_dir(store, 1)
        began = time.perf_counter()
        flow = graph.phoenix((venue, desk), rules(mode), LATENCY_NS, anchor, log)
        cli_main(flow, epoch_interval=timedelta(seconds=1), recovery_config=RecoveryConfig(store))
        seconds = time.perf_counter() - began
        orders = int(np.count_nonzero(np.fromfile(log, Row.dtype)["kind"] == PLACE))
    return {"seconds": seconds, "orders": orders}


def main():
    with np.load(sys.argv[1]) as tapes:
        desk, venue = to_rows(tapes["desk"], "ts_recv"), to_rows(tapes["venue"], "ts_event")
    first = min(int(venue["ts_ns"][0]), int(desk["ts_ns"][0]))
    last = max(int(venue["ts_ns"][-1]), int(desk["ts_ns"][-1]))
    desk = with_clock(desk, first, last)
    UntilClock.clocks = np.flatnonzero(desk["kind"] == CLOCK)
    for line in sys.stdin:
        print(json.dumps(run(desk, venue, json.loads(line)[1])), flush=True)


BASE = graph.ClosedLoop

if __name__ == "__main__":
    main()
