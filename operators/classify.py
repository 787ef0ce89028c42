"""Who was the aggressor of a trade: the venue's flag, the mid, or the last change of price.

Lee and Ready (1991), "Inferring Trade Direction from Intraday Data", Journal of
Finance 46(2). A venue's flag that contradicts the prices is not believed.
"""

from typing import Final

from operators.kernel import kernel
from operators.rows import BUY, LAST, SELL, Row
from operators.toxicity import AGGRESSOR, GUARD, LEE_READY, MIDS, Vpin, VpinParams

ONE_SIDED: Final = 990
"""More flags than this on one side, of the last 1000 trades, are suspicious,"""
AGREEMENT: Final = 800
"""unless at least this many of the same trades went that way by the tick rule."""
PRIME: Final = (1 << 31) - 1
MASK: Final = (1 << 31) - 1


@kernel
def on_best(vpin: Vpin, row: Row) -> None:
    """Take in one side of the best bid and offer; with the last, the mid."""
    if row.side > 0:
        vpin.best_bid = row.price_ticks
    else:
        vpin.best_ask = row.price_ticks
    if (row.marks & LAST) == 0 or vpin.best_bid <= 0 or vpin.best_ask <= vpin.best_bid:
        return
    twice = vpin.best_bid + vpin.best_ask
    if twice != vpin.twice_mid:
        vpin.twice_mid = twice
        slot = vpin.n_mids % MIDS
        vpin.mid_ns[slot] = row.ts_recv
        vpin.mids[slot] = twice
        vpin.n_mids += 1


@kernel
def twice_mid_before(vpin: Vpin, ts_ns: int) -> int:
    """Return twice the mid as it stood at a time, or 0 if there was none or it is forgotten."""
    k = vpin.n_mids
    oldest = max(0, k - MIDS)
    while k > oldest:
        k -= 1
        if vpin.mid_ns[k % MIDS] <= ts_ns:
            return int(vpin.mids[k % MIDS])
    return 0


@kernel
def tick_rule(vpin: Vpin, ticks: int) -> int:
    """Return the side of the last change of price; before there is one, a buy."""
    if vpin.tick_side == 0:
        vpin.tick_side = BUY
    elif ticks != vpin.last_ticks:
        vpin.tick_side = BUY if ticks > vpin.last_ticks else SELL
    vpin.last_ticks = ticks
    return int(vpin.tick_side)


@kernel
def hash_side(key: int, row: Row) -> int:
    """Return one bit of a keyed hash of time, price and size: the same for the same trade."""
    value = key % PRIME
    for word in (row.ts_event, row.price_ticks, row.size_lots):
        value = (value * 48_271 + (word & MASK) + 1) % PRIME
        value = (value * 69_621 + ((word >> 31) & MASK) + 1) % PRIME
    value = ((value ^ (value >> 15)) * 40_692) % PRIME
    value = ((value ^ (value >> 13)) * 39_373) % PRIME
    return BUY if (value >> 9) & 1 else SELL


@kernel
def lee_ready(vpin: Vpin, params: VpinParams, row: Row, ticked: int) -> int:
    """Return a buy above the mid, a sell below; at the mid, or without one, the tie's rule."""
    twice = vpin.twice_mid
    if params.quote_lag_ns > 0:
        twice = twice_mid_before(vpin, row.ts_recv - params.quote_lag_ns)
    if twice > 0:
        above = 2 * row.price_ticks - twice
        if above != 0:
            return BUY if above > 0 else SELL
        if params.mid_tie_hash != 0:
            return hash_side(params.hash_key, row)
    return ticked


@kernel
def side_of(vpin: Vpin, params: VpinParams, row: Row) -> int:
    """Return the aggressor of a trade, as the chosen classifier has it."""
    unchanged = row.price_ticks == vpin.last_ticks and vpin.last_side != 0
    ticked = tick_rule(vpin, row.price_ticks)
    side = ticked
    if params.classifier == LEE_READY:
        side = lee_ready(vpin, params, row, ticked)
    elif params.classifier == AGGRESSOR:
        watch_flag(vpin, row.side, ticked)
        if row.side == 0:
            side = lee_ready(vpin, params, row, int(vpin.last_side) if unchanged else ticked)
        elif vpin.broken == 0:
            side = int(row.side)
    vpin.last_side = side
    return side


@kernel
def watch_flag(vpin: Vpin, flag: int, ticked: int) -> None:
    """Judge the venue's flag by the last 1000 trades: one-sided against the prices is broken."""
    slot = vpin.n_guarded % GUARD
    gone, gone_tick = vpin.flagged[slot], vpin.ticked[slot]
    vpin.flag_buys += int(flag > 0) - int(gone > 0)
    vpin.flag_sells += int(flag < 0) - int(gone < 0)
    vpin.tick_buys += int(ticked > 0) - int(gone_tick > 0)
    vpin.tick_sells += int(ticked < 0) - int(gone_tick < 0)
    vpin.flagged[slot], vpin.ticked[slot] = flag, ticked
    vpin.n_guarded += 1
    broken = vpin.n_guarded >= GUARD and (
        (vpin.flag_buys > ONE_SIDED and vpin.tick_buys < AGREEMENT)
        or (vpin.flag_sells > ONE_SIDED and vpin.tick_sells < AGREEMENT)
    )
    if broken and vpin.broken == 0:
        vpin.n_broken += 1
    vpin.broken = 1 if broken else 0
