"""Which way flow leans, beside how toxic it is: signed companions of VPIN, each O(1) a row.

Every one is positive when buyers press.

- Order flow imbalance, lots: what the best bid gained less what the best ask gained, faded.
  Cont, Kukanov and Stoikov (2014), "The Price Impact of Order Book Events", Journal of
  Financial Econometrics 12(1), equation 3.
- Queue imbalance, −1..1: (bid lots − ask lots) / (bid lots + ask lots) at the touch. Gould and
  Bonart (2016), "Queue Imbalance as a One-Tick-Ahead Price Predictor in a Limit Order Book",
  Market Microstructure and Liquidity 2(2).
- Microprice deviation, ticks: the mid weighted by the size of the other side, less the mid.
  Stoikov (2018), "The micro-price", Quantitative Finance 18(12), calls it the weighted mid.
- Trade imbalance, −1..1: signed over all lots traded, faded.
"""

from operators.kernel import Cell, Record, Table, kernel
from operators.rows import BEST, LAST, TRADE, Row, Rows, settles
from operators.toxicity import Reading


class FlowParams(Record):
    """How quickly the past fades."""

    halflife_ns: int


class Flow(Record):
    """The touch as best bid/offer rows tell it, and faded sums."""

    bid_ticks: int
    bid_lots: int
    ask_ticks: int
    ask_lots: int
    next_bid_ticks: int
    """As far as the message has told, until it ends."""
    next_bid_lots: int
    next_ask_ticks: int
    next_ask_lots: int
    ofi_lots: float
    signed_lots: float
    traded_lots: float
    faded_ns: int


@kernel
def on_flow(flow: Flow, params: FlowParams, row: Row) -> None:
    """Take in one fact; best prices and signed trades mean something."""
    if row.kind == BEST:
        _on_best(flow, params, row)
    elif row.kind == TRADE and row.side != 0:
        fade(flow, params, row.ts_recv)
        flow.signed_lots += row.side * row.size_lots
        flow.traded_lots += row.size_lots


@kernel
def _on_best(flow: Flow, params: FlowParams, row: Row) -> None:
    if row.side > 0:
        flow.next_bid_ticks, flow.next_bid_lots = row.price_ticks, row.size_lots
    else:
        flow.next_ask_ticks, flow.next_ask_lots = row.price_ticks, row.size_lots
    if (row.marks & LAST) == 0:
        return
    if flow.bid_ticks > 0 and flow.ask_ticks > 0:
        fade(flow, params, row.ts_recv)
        gained = pressure(flow.bid_ticks, flow.bid_lots, flow.next_bid_ticks, flow.next_bid_lots)
        lost = pressure(-flow.ask_ticks, flow.ask_lots, -flow.next_ask_ticks, flow.next_ask_lots)
        flow.ofi_lots += gained - lost
    flow.bid_ticks, flow.bid_lots = flow.next_bid_ticks, flow.next_bid_lots
    flow.ask_ticks, flow.ask_lots = flow.next_ask_ticks, flow.next_ask_lots


@kernel
def pressure(ticks: int, lots: int, new_ticks: int, new_lots: int) -> int:
    """Return what a side's best gained: all of a better price, the change at the same, less what is gone.

    Prices count upwards as better: an ask's are given negative.
    """
    gained = 0
    if new_ticks >= ticks:
        gained += new_lots
    if new_ticks <= ticks:
        gained -= lots
    return gained


@kernel
def fade(flow: Flow, params: FlowParams, ts_ns: int) -> None:
    """Let the past fade up to a time."""
    if ts_ns <= flow.faded_ns:
        return
    keep = 0.5 ** (float(ts_ns - flow.faded_ns) / params.halflife_ns)
    flow.ofi_lots *= keep
    flow.signed_lots *= keep
    flow.traded_lots *= keep
    flow.faded_ns = ts_ns


@kernel
def read_flow(flow: Flow, params: FlowParams, ts_ns: int, reading: Reading) -> None:
    """Write every signal as of a time; each is 0 while there is nothing to say."""
    fade(flow, params, ts_ns)
    reading.ofi_lots = flow.ofi_lots
    reading.trade_imbalance = flow.signed_lots / flow.traded_lots if flow.traded_lots > 0.0 else 0.0
    lots = float(flow.bid_lots + flow.ask_lots)
    known = flow.bid_ticks > 0 and flow.ask_ticks > 0 and lots > 0.0
    reading.queue_imbalance = (flow.bid_lots - flow.ask_lots) / lots if known else 0.0
    reading.microprice_ticks = 0.5 * (flow.ask_ticks - flow.bid_ticks) * reading.queue_imbalance


@kernel
def flow_on_frame(cell: Cell[Flow], setup: Cell[FlowParams], rows: Rows, readings: Table[Reading]) -> None:
    """Take each row in; after each that settles, write which way flow leans."""
    flow, params = cell[0], setup[0]
    for n in range(len(rows)):
        row = rows[n]
        on_flow(flow, params, row)
        if settles(row):
            read_flow(flow, params, row.ts_recv, readings[n])
