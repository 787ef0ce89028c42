"""Volume in steps: what buckets of VPIN are counted in, exactly."""

from decimal import ROUND_FLOOR, Decimal

from configs.schema import Vpin
from operators.instruments import Instrument


def step(vpin: Vpin, instrument: Instrument) -> Decimal:
    """Return the volume of one step: a lot, or one tick times one lot in quote currency."""
    return instrument.tick_lot if vpin.bucket_unit == "quote" else instrument.lot * instrument.multiplier


def bucket_steps(vpin: Vpin, instrument: Instrument) -> int:
    """Return a bucket in whole steps: rounded down, but at least one."""
    return max(1, int((vpin.bucket_size / step(vpin, instrument)).to_integral_value(ROUND_FLOOR)))
