"""A market whose σ, A and k are known: prints at exponential depths, a mid that walks between steps."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from operators.asmm import asmm_on_frame
from operators.kernel import Cell, Table
from operators.quotes import Asmm, AsmmParams, Quotes
from operators.rows import BEST, LAST, TRADE, Row, Rows
from operators.touch import VALID, Top
from operators.toxicity import Reading

SECOND = 1_000_000_000
STEP = SECOND // 10
USUAL = {
    "window_steps": 6000,
    "warm_steps": 300,
    "quiet_steps": 50,
    "refit_ns": 5 * SECOND,
    "keep": 0.5 ** (0.1 / 120),
    "from_bps": 0.5,
    "to_bps": 5.0,
    "min_r2": 0.7,
}


@dataclass(frozen=True)
class Flow:
    """Numbers of a market; A and k may differ between what fills bids and what fills asks."""

    sigma: float = 10.0
    a: tuple[float, float] = (10.0, 10.0)
    k: tuple[float, float] = (0.1, 0.1)
    mid: float = 100_000.0

    def events(self, seconds: float, seed: int) -> list[tuple[int, int, int, int]]:
        """Return (time, side of the print or 0, price, twice the mid) in order of time.

        A step's mid holds for it; the next one's is told 1 ms before it begins. Prints are on the
        grid at or inside their exact depth, so that one reaches a price there as often as it should.
        """
        draw = np.random.default_rng(seed)
        steps = int(seconds * 10)
        walk = self.mid + np.cumsum(draw.normal(0.0, self.sigma * np.sqrt(0.1), steps + 1))
        twice = np.rint(2 * walk).astype(int)
        events = [(STEP - STEP // 100, 0, 0, int(twice[0]))]
        for n in range(steps):
            begin = (n + 1) * STEP
            for side, a, k in ((-1, self.a[0], self.k[0]), (1, self.a[1], self.k[1])):
                for depth in draw.exponential(1 / k, draw.poisson(0.1 * a)):
                    price = int(np.floor(twice[n] / 2 + depth) if side > 0 else np.ceil(twice[n] / 2 - depth))
                    events.append((begin + int(draw.uniform(0, 0.98 * STEP)), side, price, int(twice[n])))
            events.append((begin + STEP - STEP // 100, 0, 0, int(twice[n + 1])))
        return sorted(events)


def rows_of(events: list[tuple[int, int, int, int]]) -> tuple[Any, Any]:
    """Return the rows of a market, and the touch after each."""
    rows, tops = np.zeros(len(events), Row.dtype), np.zeros(len(events), Top.dtype)
    ts, side, price, twice = (np.array(column) for column in zip(*events, strict=True))
    rows["ts_recv"], rows["side"], rows["price_ticks"] = ts, side, price
    rows["kind"], rows["marks"], rows["size_lots"] = np.where(side == 0, BEST, TRADE), LAST, 1
    tops["bid_ticks"], tops["ask_ticks"] = (twice - 1) // 2, twice - (twice - 1) // 2
    tops["state"], tops["updated_ns"], tops["bid_lots"], tops["ask_lots"] = VALID, ts, 5, 5
    return rows, tops


def setup(**changes: float) -> Cell[AsmmParams]:
    """Return a quoter that learns."""
    params = AsmmParams.cell(order_lots=1, max_inventory_lots=10, stale_after_ns=5 * SECOND)
    for name, value in {**USUAL, **changes}.items():
        setattr(params[0].calibration, name, value)
    return params


def learn(
    rows: Rows, tops: Table[Top], params: Cell[AsmmParams], state: Cell[Asmm] | None = None
) -> Cell[Asmm]:
    """Show a market to a quoter; return what it made of it."""
    state = Asmm.cell() if state is None else state
    n = len(rows)
    asmm_on_frame(state, params, rows, tops, Reading.table(n), Quotes.table(n))
    return state
