"""What quotes go by, as numbers: the last fit of the market."""

from typing import Final, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from operators.calibration import FITTED, POOR, WARMING
from operators.kernel import Cell
from operators.quotes import Asmm

STATUSES: Final = {WARMING: "warming", POOR: "poor", FITTED: "fitted"}


class Side(NamedTuple):
    """One side's fill intensity A·exp(−k·δ): of bids, how often sellers reach a depth δ."""

    a_per_s: float = 0.0
    k_per_tick: float = 0.0
    r2: float = 0.0


class Learnt(NamedTuple):
    """The last fit, and how often there was one."""

    n_refits: int = 0
    status: int = 0
    sigma_ticks: float = 0.0
    """Per √s."""
    bid: Side = Side()
    ask: Side = Side()
    n_refused: int = 0
    """Answers of a model of one's own that could not be used."""

    def figures(self) -> dict[str, object]:
        """Return it for the summary; numbers that nothing was fitted for are null."""
        sides = {"bid": _side(self.bid), "ask": _side(self.ask)}
        sigma = round(self.sigma_ticks, 6) if self.sigma_ticks else None
        counted = {"refits": self.n_refits, "status": STATUSES[self.status], "sigma_ticks": sigma}
        return {**counted, **sides, "model_refused": self.n_refused}

    def dump(self) -> "Dumped":
        """Return plain numbers for a checkpoint."""
        return self.n_refits, self.status, self.sigma_ticks, tuple(self.bid), tuple(self.ask), self.n_refused


Dumped = tuple[int, int, float, tuple[float, ...], tuple[float, ...], int]


def loaded(dumped: Dumped) -> Learnt:
    """Return what `dump` kept."""
    n_refits, status, sigma, bid, ask, n_refused = dumped
    return Learnt(n_refits, status, sigma, Side(*bid), Side(*ask), n_refused)


def _side(side: Side) -> dict[str, float | None]:
    known = side.k_per_tick > 0
    return {name: round(value, 6) if known else None for name, value in side._asdict().items()}


NOTHING = Learnt()


def learnt(cell: Cell[Asmm]) -> Learnt:
    """Return what was fitted last."""
    asmm = cast("NDArray[np.void]", cell)
    fit = asmm["calibration"]
    bid, ask = (Side(*(float(fit[name][field][0]) for field in Side._fields)) for name in ("bid", "ask"))
    counts = int(fit["n_refits"][0]), int(fit["status"][0])
    return Learnt(*counts, float(fit["sigma"][0]), bid, ask, int(asmm["n_refused"][0]))
