"""Volume in steps: what buckets of VPIN are counted in, exactly."""

from decimal import ROUND_HALF_UP, Decimal

from configs.schema_quoting import Vpin
from operators.instruments import Instrument


def step(vpin: Vpin, instrument: Instrument) -> Decimal:
    """Return the volume of one step: a lot, or one tick times one lot in quote currency."""
    return instrument.tick_lot if vpin.bucket_unit == "quote" else instrument.lot * instrument.multiplier


def bucket_steps(vpin: Vpin, instrument: Instrument) -> int:
    """Return a bucket in whole steps: to the nearest, but at least one."""
    return max(1, int((vpin.bucket_size / step(vpin, instrument)).to_integral_value(ROUND_HALF_UP)))
