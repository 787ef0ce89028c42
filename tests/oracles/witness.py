"""A run with a witness at every symbol's wire: all requests, all reports, and our places in the queue."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from connectors.playback import Playback
from connectors.rounds import LoopSource
from flows.program import Program
from flows.steps import AsmmStep, RiskStep, Step
from operators.rows import (
    ACCEPTED,
    BEST,
    CANCEL,
    CANCELED,
    CLEAR,
    FILLED,
    LAST,
    LEVEL,
    REJECTED,
    Fact,
    Rows,
    plain,
)
from operators.venue import RING
from tests.oracles.runs import graphed


@dataclass
class Wire:
    """What went over one symbol's wire, in order."""

    asked: list[Fact] = field(default_factory=list)
    told: list[Fact] = field(default_factory=list)
    queues: list[dict[int, tuple[int, float, int]]] = field(default_factory=list)
    """After each round: order number to price, queue ahead, and leaves."""
    under_way: list[Fact] = field(default_factory=list)
    """Reports that the end of the tape kept from us."""

    @property
    def reports(self) -> list[Fact]:
        return [row for row in self.told if row.kind >= ACCEPTED]


class Witness(Playback):
    wire: Wire

    def play(self, requests: Rows) -> Rows | None:
        self.wire.asked += plain(requests)
        rows = super().play(requests)
        venue = self.exchange.venue[0]
        resting = [venue.resting[k] for k in range(venue.n_resting)]
        self.wire.queues.append(
            {int(o.number): (int(o.price_ticks), float(o.front_lots), int(o.leaves_lots)) for o in resting}
        )
        if rows is None:
            waiting = range(venue.reports_head, venue.reports_tail)
            self.wire.under_way = [Fact(*np.asarray(venue.reports[k % RING].row).tolist()) for k in waiting]
        else:
            self.wire.told += plain(rows)
        return rows


@dataclass
class Story:
    job: Program
    out: Path
    wires: dict[str, Wire]
    steps: dict[tuple[str, type], Step]


def witnessed(job: Program) -> Story:
    """Run the graph, and keep what its wires carried and the steps that it ended with."""
    wires = {symbol: Wire() for symbol in job.rules}
    symbols = {id(rules): symbol for symbol, rules in job.rules.items()}
    steps: dict[tuple[str, type], Step] = {}

    def playback(symbol: str) -> Witness:
        unseen = job.playback(symbol)
        witness = Witness(unseen.tape, unseen.rules, unseen.exchange)
        witness.wire = wires[symbol]
        return witness

    with pytest.MonkeyPatch.context() as patch:
        for step in (AsmmStep, RiskStep):
            patch.setattr(step, "__init__", noting(step, steps, symbols))
        out = graphed(job, LoopSource(job.shared, playback))
    return Story(job, out, wires, steps)


def noting(step, steps, symbols):
    begin = step.__init__

    def init(self, rules, state, *more):
        begin(self, rules, state, *more)
        steps[symbols[id(rules)], step] = self

    return init


class Touches:
    """The best bid and ask at any instant, from rows in order: the newer of depth and best."""

    def __init__(self, rows: list[Fact]) -> None:
        self.times: list[int] = []
        self.touches: list[tuple[int, int]] = []
        depth: dict[int, dict[int, int]] = {1: {}, -1: {}}
        best: dict[int, int] = {}
        depth_id = best_id = 0
        for row in rows:
            if row.kind == CLEAR:
                depth = {1: {}, -1: {}}
            elif row.kind == LEVEL:
                depth[row.side].pop(row.price_ticks, None)
                if row.size_lots:
                    depth[row.side][row.price_ticks] = row.size_lots
                depth_id = row.id
            elif row.kind == BEST:
                best[row.side], best_id = row.price_ticks, row.id
            if row.marks & LAST:
                bid, ask = max(depth[1], default=0), min(depth[-1], default=1 << 60)
                newer = best_id > depth_id
                self.times.append(row.ts_event)
                self.touches.append((best[1], best[-1]) if newer else (bid, ask))

    def at(self, ts_ns: int) -> tuple[int, int]:
        """Return the touch after everything up to an instant."""
        return self.touches[bisect_right(self.times, ts_ns) - 1]

    def within(self, ts_ns: int) -> list[tuple[int, int]]:
        """Return the touch after each message of an instant."""
        return self.touches[bisect_left(self.times, ts_ns) : bisect_right(self.times, ts_ns)]


def venue_rows(job: Program, symbol: str) -> list[Fact]:
    """Read a symbol's tape in the order of the venue."""
    tape, rows = job.tape(symbol), []
    while (chunk := tape.read()) is not None:
        rows += plain(chunk.venue)
    tape.close()
    return rows


def worst_lots(asked: list[Fact], reports: list[Fact]) -> list[tuple[Fact, int]]:
    """Return each place and amend with what may be held on its side at worst."""
    left: dict[int, tuple[int, int]] = {}
    worst: list[tuple[Fact, int]] = []
    position = at = 0
    for request in asked:
        while at < len(reports) and reports[at].ts_recv <= request.ts_recv:
            position += taken_in(left, reports[at])
            at += 1
        if request.kind == CANCEL:
            continue
        left.setdefault(request.id, (request.side, request.size_lots))
        live = sum(lots for side, lots in left.values() if side == request.side)
        worst.append((request, request.side * position + live))
    return worst


def taken_in(left: dict[int, tuple[int, int]], report: Fact) -> int:
    """Learn from a report what is left of an order; return what it adds to the position."""
    if report.kind in (CANCELED, REJECTED):
        left.pop(report.id, None)
    if report.kind != FILLED:
        return 0
    side, lots = left.pop(report.id)
    if lots > report.size_lots:
        left[report.id] = (side, lots - report.size_lots)
    return report.side * report.size_lots
