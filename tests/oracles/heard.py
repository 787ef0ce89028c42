"""What a market, a venue and a desk may say in topics, and takers to hear it."""

import json

import numpy as np

from connectors.kafka.facts_taken import MarketTaker
from connectors.kafka.inbox import Item
from connectors.kafka.reports_taken import ReportTaker
from connectors.kafka.requests_taken import RequestTaker
from connectors.recorded.letters import Unusable
from operators.rows import BUY, PLACE, Row
from tests.oracles.synthetic_market import grid
from tests.oracles.venue_world import a_row, joined

SYMBOL, RUN = "BTCUSDC", "a" * 32
ONE = grid(SYMBOL)
NOW = 1_700_000_000_000_000_000
TRADED = {"type": "trade", "v": 1, "symbol": SYMBOL, "ts_event": NOW, "price": "62000.0", "size": "0.001"}
TOLD = {"type": "best", "v": 1, "symbol": SYMBOL, "ts_event": NOW, "id": 1}
ASKED = {
    "type": "order",
    "v": 1,
    "run": RUN,
    "symbol": SYMBOL,
    "n": 1,
    "ts": NOW,
    "op": "place",
    "id": "a-1",
    "side": "buy",
    "price": "62000.0",
    "size": "0.005",
}
SAID = {
    "type": "report",
    "v": 1,
    "run": RUN,
    "symbol": SYMBOL,
    "n": 1,
    "ts": NOW,
    "what": "accepted",
    "id": "a-1",
    "side": "buy",
    "price": "62000.0",
    "size": "0.005",
    "sequence": 1,
}
OTHERS = [
    {"type": kind}
    for kind in ("trade", "best", "depth", "mark", "gap", "end", "fill", "reading", "dead_letter", "control")
]


def an_item(message, **more):
    raw = message if isinstance(message, bytes) else json.dumps(message).encode()
    return Item(0, 0, NOW // 1_000_000, raw, **more)


class Listener:
    """Hands messages to a taker, and keeps what becomes of them."""

    def __init__(self, taker):
        self.taker, self.letters, self.refused = taker, [], []

    def hear(self, message, now_ns=NOW, **more):
        try:
            made = self.taker.rows(an_item(message, **more), now_ns, self.letters)
        except Unusable as fault:
            self.refused.append(fault.reason.value)
            made = fault.raw
        return np.frombuffer(bytearray(made), Row.dtype)

    def kinds(self, message, **more):
        return self.hear(message, **more)["kind"].tolist()

    @property
    def said(self):
        return [(letter.reason, letter.text) for letter in self.letters]


def a_market():
    return Listener(MarketTaker(ONE))


def a_venue():
    return Listener(RequestTaker(ONE))


def a_desk(*numbers, lots=5):
    taker = ReportTaker(ONE, lambda: RUN)
    taker.expect(joined([a_row(PLACE, BUY, 620_000, lots, number) for number in numbers]))
    return Listener(taker)


WHOLE = {"market": TRADED, "reports": SAID, "requests": ASKED}
MADE = {"market": a_market, "reports": lambda: a_desk(1), "requests": a_venue}
