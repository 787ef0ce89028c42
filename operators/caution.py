"""What toxic flow makes of quotes: wider, withdrawn for a while, leaning towards flat."""

from operators.funding import nearness, pays
from operators.kernel import kernel
from operators.quotes import RAMP, STEP, Asmm, AsmmParams
from operators.toxicity import Reading
from operators.vpin import counts


@kernel
def is_toxic(reading: Reading, params: AsmmParams) -> bool:
    """Say whether the level is above the threshold, in a reading that counts."""
    return counts(reading) and reading.level > params.threshold


@kernel
def watch_level(asmm: Asmm, params: AsmmParams, reading: Reading) -> None:
    """Raise or lower the alert, and count each that is raised."""
    toxic = 1 if is_toxic(reading, params) else 0
    if toxic > asmm.toxic:
        asmm.n_alerts += 1
    asmm.toxic = toxic


@kernel
def toxic_lean_ticks(
    asmm: Asmm, params: AsmmParams, reading: Reading, shift_ticks: float, ts_ns: int
) -> float:
    """Return how far toxic flow shifts the reservation price further towards a flat position.

    That is `toxic_skew` times what the inventory shifts it by, and up to twice as much right before a
    settlement that the inventory pays: times 1 + exp(−τ/h).
    """
    if params.toxic_skew <= 0.0 or not is_toxic(reading, params):
        return 0.0
    lean = params.toxic_skew * shift_ticks
    if pays(asmm.funding, asmm.inventory_lots):
        lean *= 1.0 + nearness(asmm.funding, params.funding, ts_ns)
    return lean


@kernel
def widening(reading: Reading, params: AsmmParams) -> float:
    """Return what toxicity multiplies the half spread by; 1 while the reading does not count."""
    if not counts(reading):
        return 1.0
    value = reading.value
    if params.widen_mode == STEP:
        return 1.0 + params.multiplier if value > params.threshold else 1.0
    if params.widen_mode == RAMP:
        span = 1.0 - params.threshold
        share = (value - params.threshold) / span if span > 0.0 else 0.0
        return 1.0 + params.multiplier * max(0.0, share)
    return 1.0 + params.multiplier * value


@kernel
def is_paused(asmm: Asmm, params: AsmmParams, reading: Reading, ts_ns: int) -> bool:
    """Start, keep or end a pause; it starts anew only after a bucket closed since it began."""
    if asmm.paused != 0 and ts_ns < asmm.pause_until_ns:
        return True
    toxic = counts(reading) and reading.level > params.pause_threshold
    fresh = asmm.n_pauses == 0 or reading.n_closed > asmm.pause_closed
    asmm.paused = 1 if toxic and fresh else 0
    if asmm.paused != 0:
        asmm.n_pauses += 1
        asmm.pause_until_ns = ts_ns + params.pause_ns
        asmm.pause_closed = reading.n_closed
    return asmm.paused != 0
