"""The orders that rest: a fixed number a side, several of them perhaps at one price."""

from connectors.synthetic.state import CHANGES, SLOTS, Market
from operators.kernel import kernel


@kernel
def index(side: int) -> int:
    """Return 0 for the bid side, 1 for the ask side."""
    return 0 if side > 0 else 1


@kernel
def best(market: Market, side: int) -> int:
    """Return the best price of a side, in ticks; 0 when nothing rests there."""
    prices, sizes = market.price_ticks[index(side)], market.size_lots[index(side)]
    found = 0
    for k in range(SLOTS):
        if sizes[k] > 0 and (found == 0 or side * prices[k] > side * found):
            found = int(prices[k])
    return found


@kernel
def level(market: Market, side: int, price: int) -> int:
    """Return the lots that rest at a price."""
    prices, sizes = market.price_ticks[index(side)], market.size_lots[index(side)]
    lots = 0
    for k in range(SLOTS):
        if prices[k] == price:
            lots += int(sizes[k])
    return lots


@kernel
def has_other(market: Market, side: int, price: int) -> bool:
    """Say whether anything rests on this side at another price."""
    prices, sizes = market.price_ticks[index(side)], market.size_lots[index(side)]
    for k in range(SLOTS):
        if sizes[k] > 0 and prices[k] != price:
            return True
    return False


@kernel
def place(market: Market, side: int, slot: int, price: int, lots: int) -> None:
    """Put a slot's order at a price, in place of the one that was there; 0 lots withdraw it."""
    prices, sizes = market.price_ticks[index(side)], market.size_lots[index(side)]
    if sizes[slot] > 0:
        _note(market, side, int(prices[slot]))
    prices[slot] = price
    sizes[slot] = lots
    if lots > 0:
        _note(market, side, price)


@kernel
def consume(market: Market, side: int, price: int, lots: int) -> None:
    """Take lots away from the orders at a price, lowest slot first."""
    prices, sizes = market.price_ticks[index(side)], market.size_lots[index(side)]
    left = lots
    for k in range(SLOTS):
        if prices[k] == price:
            cut = min(left, int(sizes[k]))
            sizes[k] -= cut
            left -= cut
    _note(market, side, price)


@kernel
def is_crowded(market: Market) -> bool:
    """Say whether the levels that changed might outgrow a message at the next event."""
    return market.n_changes + SLOTS > CHANGES


@kernel
def _note(market: Market, side: int, price: int) -> None:
    market.update_id += 1
    n, changes = market.n_changes, market.changes
    for j in range(n):
        if changes[j, 0] == side and changes[j, 1] == price:
            return
    changes[n, 0] = side
    changes[n, 1] = price
    market.n_changes = n + 1
