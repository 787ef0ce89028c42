"""What the quoter is set to, what it remembers, and what it states: the records of `operators/asmm.py`."""

from typing import Annotated, Final

from operators.calibration import Calibration, CalibrationParams
from operators.depths import Depths
from operators.funding import Funding, FundingParams
from operators.kernel import Record

LINEAR: Final = 0
STEP: Final = 1
RAMP: Final = 2

# Where depths come from (`model`).
FIXED: Final = 0
GLFT: Final = 1
GLFT_EXACT: Final = 2
AVELLANEDA_STOIKOV: Final = 3
OWN: Final = 4
"""Python is asked, between rows."""


class AsmmParams(Record):
    """How far, how big and how much to lean."""

    model: int
    half_spread_ticks: float
    """Of the model `fixed`, as is the skew."""
    min_half_spread_bps: float
    skew_ticks_per_lot: float
    risk_aversion: float
    """γ, 1/(tick·lot)."""
    horizon_s: float
    vol_spread_factor: float
    """Half spread in σ·√s while there is nothing better to go by."""
    fee: float
    """Part of the price that quotes stand further apart for, on either side."""
    order_lots: int
    max_inventory_lots: int
    levels: int
    max_improve_ticks: int
    """How far inside the touch a quote may stand; 0 joins only."""
    microprice: int
    on_clock_only: int
    stale_after_ns: int
    widen_mode: int
    threshold: float
    multiplier: float
    pause_threshold: float
    pause_ns: int
    pause_keeps_reducing: int
    ofi_lean_ticks: float
    """For each lot of order flow imbalance; likewise for the other signals in their units."""
    queue_lean_ticks: float
    microprice_lean: float
    trade_lean_ticks: float
    toxic_skew: float
    """How many skews more the reservation price leans towards flat above the threshold."""
    funding: Annotated[FundingParams, FundingParams.dtype]
    calibration: Annotated[CalibrationParams, CalibrationParams.dtype]


class Asmm(Record):
    """What we hold, whether flow has us paused, what was learnt, and the depths that follow from it."""

    inventory_lots: int
    paused: int
    pause_until_ns: int
    pause_closed: int
    """Buckets closed when the pause began."""
    n_pauses: int
    toxic: int
    """1: the level is above the threshold."""
    n_alerts: int
    """How often it rose above it."""
    asks: int
    """1: a model of one's own is to fill the depths before the next decision."""
    n_refused: int
    """Depths of such a model that could not be used."""
    funding: Annotated[Funding, Funding.dtype]
    depths: Annotated[Depths, Depths.dtype]
    calibration: Annotated[Calibration, Calibration.dtype]


class Quotes(Record):
    """One decision: the whole set that is wanted after a row. A side of 0 lots is not wanted."""

    row: int
    ts_ns: int
    bid_ticks: int
    ask_ticks: int
    bid_lots: int
    ask_lots: int
    levels: int
    """Of either side, the first of them at these prices."""
    paused: int
    """1: toxicity has us paused."""
    mid_ticks: float
    reservation_ticks: float
    half_spread_ticks: float
    """What the quotes stand from the reservation price, before rounding."""
    widening: float
    shift_ticks: float
    """What the inventory moves the reservation price by, and next the coming funding."""
    funding_ticks: float
