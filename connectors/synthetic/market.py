"""What happens next, and when: the market's clock."""

from connectors.synthetic.draws import exponential, uniform
from connectors.synthetic.feed import MOST_ROWS, tell_best, tell_depth, tell_snapshot, touch_moved
from connectors.synthetic.ladder import is_crowded
from connectors.synthetic.latent import RUSH, RUSHES_PER_S, news_comes, pass_time
from connectors.synthetic.providers import provider_acts, provider_returns, quote, returns_per_s
from connectors.synthetic.state import SLOTS, Market, MarketParams
from connectors.synthetic.takers import informed_comes, informed_per_s, taker_comes
from operators.kernel import Cell, kernel
from operators.rows import BUY, SELL, Rows


@kernel
def open_market(cell: Cell[Market], params_cell: Cell[MarketParams]) -> None:
    """Set the clock, the prices and a whole ladder; the generators are seeded already."""
    market, params = cell[0], params_cell[0]
    market.now_ns = params.start_ns
    market.next_depth_ns = params.start_ns + params.depth_every_ns
    market.fair_ticks = params.start_ticks
    market.view_ticks = params.start_ticks
    market.activity = 1.0
    for side in (BUY, SELL):
        for slot in range(SLOTS):
            quote(market, params, side, slot)
    touch_moved(market)


@kernel
def run(cell: Cell[Market], params_cell: Cell[MarketParams], out: Rows) -> int:
    """Write rows until there is no room for another event, or the market's time is over."""
    market, params = cell[0], params_cell[0]
    n = 0
    if market.snapshot_messages == 0:
        n = tell_snapshot(market, params, out, n)
    while market.now_ns < params.end_ns and n + MOST_ROWS <= len(out):
        n = step(market, params, out, n)
    return n


@kernel
def step(market: Market, params: MarketParams, out: Rows, n: int) -> int:
    """Let time pass until a depth message is due or somebody acts, and write what is heard of it."""
    takers = params.takers_per_s * market.activity
    informed = informed_per_s(market, params)
    providers = params.provider_actions_per_s + returns_per_s(market)
    rate = providers + takers + informed + params.news_per_s + RUSHES_PER_S
    wait_ns = 1 + int(exponential(market.draws) / rate * 1e9)
    due_ns = min(market.now_ns + wait_ns, market.next_depth_ns)
    if due_ns >= params.end_ns:
        market.now_ns = params.end_ns
        return n
    pass_time(market, params, due_ns)
    if due_ns == market.next_depth_ns:
        market.next_depth_ns += params.depth_every_ns
        return tell_depth(market, params, out, n)
    turn = rate * uniform(market.draws)
    n = act(market, params, takers, turn, out, n)
    n = tell_best(market, params, out, n)
    return tell_depth(market, params, out, n) if is_crowded(market) else n


@kernel
def act(market: Market, params: MarketParams, takers: float, turn: float, out: Rows, n: int) -> int:
    """Let one of the crowd act: whoever's intensity `turn`, drawn from their sum, falls into."""
    turn -= params.provider_actions_per_s
    if turn < 0.0:
        provider_acts(market, params)
        return n
    turn -= returns_per_s(market)
    if turn < 0.0:
        provider_returns(market, params)
        return n
    turn -= takers
    if turn < 0.0:
        return taker_comes(market, params, out, n)
    turn -= params.news_per_s
    if turn < 0.0:
        news_comes(market, params)
        return n
    turn -= RUSHES_PER_S
    if turn < 0.0:
        market.activity += RUSH
        return n
    return informed_comes(market, params, out, n)
