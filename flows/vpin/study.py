"""What a summary needs to know of a tape: shares of time, the level of chance, agreement, runs."""

from typing import Annotated, Final

import numpy as np
from numpy.typing import NDArray

from connectors.recorded.blocks import Block, as_rows, join, pick
from connectors.trades.stretch import Stretch
from flows.vpin.meter import Meter
from flows.vpin.settings import Setup
from flows.vpin.shares import TimeAbove
from operators.classify import lee_ready, on_best, tick_rule
from operators.kernel import Cell, Record, kernel
from operators.rows import BEST, TRADE, Rows
from operators.toxicity import AGGRESSOR, BVC, Vpin, VpinParams

LEVELS: Final = (0.7, 0.8, 0.9)
DEALT: Final = 1 << 16
"""Trades whose sides are shuffled among each other."""


class Flow(Record):
    """How classifiers agree, and the longest runs of one side."""

    n_flagged: int
    tick_agrees: int
    n_quoted: int
    """Flagged trades before which a mid was known."""
    lee_agrees: int
    side: int
    n_run: int
    run_steps: int
    run_ns: int
    """When the run began."""
    n_trades: int
    first_ns: int
    last_ns: int
    longest: Annotated[NDArray[np.int64], np.int64, (2,)]
    """Trades; of buys first, then of sells."""
    longest_steps: Annotated[NDArray[np.int64], np.int64, (2,)]
    longest_ns: Annotated[NDArray[np.int64], np.int64, (2,)]
    longest_until_ns: Annotated[NDArray[np.int64], np.int64, (2,)]


@kernel
def watch(
    cell: Cell[Flow],
    twin: Cell[Vpin],
    setup: Cell[VpinParams],
    rows: Rows,
    sides: NDArray[np.int8],
    given: bool,
) -> None:
    """Take in trades as classified in `sides`; where bars decided (not `given`), go by the tick rule."""
    flow, vpin, params, n = cell[0], twin[0], setup[0], 0
    for i in range(len(rows)):
        row = rows[i]
        if row.kind == BEST:
            on_best(vpin, row)
        if row.kind != TRADE:
            continue
        ticked = tick_rule(vpin, row.price_ticks)
        if row.side != 0:
            flow.n_flagged += 1
            flow.tick_agrees += ticked == row.side
            if vpin.twice_mid > 0:
                flow.n_quoted += 1
                flow.lee_agrees += lee_ready(vpin, params, row, ticked) == row.side
        if not given:
            sides[n] = ticked
        steps = row.size_lots * row.price_ticks if params.quote_unit != 0 else row.size_lots
        run_on(flow, sides[n], steps, row.ts_recv)
        n += 1


@kernel
def run_on(flow: Flow, side: int, steps: int, ts_ns: int) -> None:
    """Follow the run of trades on one side; the longest by trades is kept."""
    if flow.n_trades == 0:
        flow.first_ns = ts_ns
    flow.n_trades += 1
    flow.last_ns = ts_ns
    if side != flow.side:
        flow.side, flow.n_run, flow.run_steps, flow.run_ns = side, 0, 0, ts_ns
    flow.n_run += 1
    flow.run_steps += steps
    k = 0 if side > 0 else 1
    if flow.n_run > flow.longest[k]:
        flow.longest[k], flow.longest_steps[k] = flow.n_run, flow.run_steps
        flow.longest_ns[k], flow.longest_until_ns[k] = flow.run_ns, ts_ns


class Chance:
    """The measure of the same trades with their sides dealt anew, so many trades at a time.

    It sees trades alone: buckets that follow the mid keep their first size.
    """

    def __init__(self, params: Cell[VpinParams], seed: int) -> None:
        setup = params.copy()
        setup[0].classifier = AGGRESSOR
        self.meter = Meter(setup, LEVELS)
        self._random = np.random.default_rng(seed)
        self._held: list[tuple[Block, NDArray[np.int8]]] = []
        self._n = 0

    def on(self, trades: Block, sides: NDArray[np.int8]) -> None:
        """Take in trades, and who was their aggressor."""
        self._held.append((trades, sides))
        self._n += len(sides)
        while self._n >= DEALT:
            trades, sides = self._all()
            self._deal(trades[:DEALT], sides[:DEALT])
            self._held, self._n = [(trades[DEALT:], sides[DEALT:])], self._n - DEALT

    def end(self) -> None:
        """Deal what is left."""
        if self._n:
            self._deal(*self._all())
        self._held, self._n = [], 0

    def _all(self) -> tuple[Block, NDArray[np.int8]]:
        return join([trades for trades, _ in self._held]), np.concatenate([sides for _, sides in self._held])

    def _deal(self, trades: Block, sides: NDArray[np.int8]) -> None:
        trades["side"] = self._random.permutation(sides)
        self.meter.on(as_rows(trades))


class Study:
    """Follows a tape beside its measure."""

    def __init__(self, setup: Setup, seed: int) -> None:
        self.setup, self.meter = setup, Meter(setup.params, LEVELS)
        self.time = TimeAbove((*LEVELS, setup.vpin.threshold))
        self.flow = Flow.cell()
        self._twin, self._given = Vpin.cell(), setup.params[0].classifier != BVC
        self.chance = Chance(setup.params, seed)

    def on(self, stretch: Stretch) -> NDArray[np.void]:
        """Measure a stretch; return the point after each trade."""
        rows, at = stretch.rows, stretch.at[stretch.at >= 0]
        points = self.meter.on(as_rows(rows))
        sides = points["side"].astype(np.int8)
        watch(self.flow, self._twin, self.setup.params, as_rows(rows), sides, bool(self._given))
        self.time.on(rows["ts_recv"][at], points)
        self.chance.on(pick(rows, at), sides)
        return points
