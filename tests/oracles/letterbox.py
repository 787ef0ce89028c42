"""Topics without a broker: a log that a stream's inbox is filled from, as far as a test lets it."""

import json
import random
from types import SimpleNamespace
from typing import Any, cast

import numpy as np

from connectors.kafka.facts_taken import MarketTaker
from connectors.kafka.inbox import Inbox, Item
from connectors.kafka.reports_taken import ReportTaker
from connectors.kafka.stream import Channel, Habits, Stream
from connectors.kafka.takers import Both
from operators.rows import BUY, PLACE, Row
from tests.oracles.synthetic_market import grid
from tests.oracles.venue_world import a_row, joined

MS = 1_000_000
SYMBOL, RUN = "BTCUSDC", "a" * 32
ONE = grid(SYMBOL)
CLOCK_NS = 100 * MS
WALL = 1_800_000_000_000 * MS
MARKET = 1_700_000_000_000 * MS


class Log:
    """What a broker keeps of a topic."""

    def __init__(self, name: str) -> None:
        self.name, self.items = name, list[Item]()
        self.first = 0
        """Where somebody begins who comes now."""

    def append(self, message, sent_ms: int, **more) -> None:
        raw = message if isinstance(message, bytes) else json.dumps(message).encode()
        self.items.append(Item(0, len(self.items), sent_ms, raw, **more))


class Reader:
    """Hands on what a log holds, as much at a time as a test says; it is the topic, too."""

    def __init__(self, log: Log) -> None:
        self.log, self.begins, self.reader = log, {0: log.first}, self
        self.place = SimpleNamespace(topic=log.name)
        self.inbox: Inbox | None = None
        self.left = 0

    def join(self, _symbol: str, position) -> Inbox:
        self.inbox = Inbox(position)
        return self.inbox

    def compare(self, before: set[int], now: set[int]) -> None:
        assert before == now

    def leave(self, _symbol: str) -> None:
        self.left += 1

    def hand_on(self, n: int = 1 << 30) -> None:
        """Post the next messages."""
        if self.inbox is None:
            return
        first = self.inbox.posted[0]
        for item in self.log.items[first : first + n]:
            self.inbox.post(item)


class Desk:
    """One life of a stream of market and reports, and what it takes to see it."""

    def __init__(self, folder, logs, habits: Habits, state=None) -> None:
        self.market, self.reports = MarketTaker(ONE), ReportTaker(ONE, lambda: RUN)
        self.readers = [Reader(log) for log in logs]
        takers = [self.market, self.reports] if len(logs) > 1 else [Both(self.market, self.reports)]
        self.stream = Stream(SYMBOL, [*map(Channel, cast("Any", self.readers), cast("Any", takers))], habits)
        if state is not None:
            self.stream.restore(state)
        self.stream.open(folder)

    def take(self, control=None):
        """Return a frame as its rows and letters, or None; what it asks for is expected from then on."""
        rows = self.stream.take(control)
        if rows is None:
            return None
        number = self.stream._frame
        self.reports.expect(joined([a_row(PLACE, BUY, 620_000, 5, number)]))
        return np.asarray(rows), self.stream.take_letters()

    def kill(self) -> None:
        """Let nothing of it go on."""
        self.stream.cuts.close()


def a_market_message(draw: random.Random, n: int, ts: int):
    """Return what a market may say: mostly what it should."""
    what = draw.random()
    price = f"{62000 + draw.randrange(9)}.{draw.randrange(10)}"
    common = {"v": 1, "symbol": SYMBOL, "n": n, "ts_event": ts - draw.randrange(3 * MS), "ts_recv": ts}
    if what < 0.5:
        return common | {"type": "trade", "price": price, "size": "0.001", "aggressor": "buy"}
    if what < 0.8:
        return common | {"type": "best", "id": n, "bid": [price, "1"], "ask": ["63000.0", "1"]}
    if what < 0.86:
        return common | {"type": "depth", "id": n, "levels": [["buy", "62000.05", "1"]]}
    if what < 0.9:
        return common | {"type": "trade", "price": price, "size": "0.001", "symbol": "ETHUSDC"}
    return draw.choice([b"", b"\xff", b'{"type":"order"}', b'{"type":"trade","v":2}'])


def a_report(draw: random.Random, n: int, ts: int):
    """Return what a venue may say, to us or to another run."""
    common = {"type": "report", "v": 1, "run": draw.choice([RUN, RUN, "b" * 32]), "symbol": SYMBOL, "n": n}
    what = draw.choice(["accepted", "filled", "canceled", "state", "settled", "nonsense"])
    if what == "settled":
        return common | {"ts": ts, "what": what, "paid": "0.00015", "price": "62000.0", "settled_at": ts}
    told = {
        "id": f"x-{draw.randrange(1, 40)}",
        "side": "buy",
        "price": "62000.0",
        "sequence": draw.randrange(4),
    }
    size, filled = draw.randrange(1, 4), draw.randrange(6)
    return common | told | {"ts": ts, "what": what, "size": f"0.00{size}", "filled": f"0.00{filled}"}


def rows_of(frames) -> Any:
    """Return the rows of all frames as one."""
    return np.concatenate([rows for rows, _ in frames]) if frames else np.asarray(Row.table(0))


class Hall:
    """A wall with a clock, two logs or one, and a desk that may be killed."""

    def __init__(self, folder, *, one_topic=False, max_age_ns=0) -> None:
        self.folder, self.wall_ns = folder, WALL
        self.logs = [Log("market")] if one_topic else [Log("market"), Log("reports")]
        self.habits = Habits(CLOCK_NS, max_age_ns, lambda: self.wall_ns)
        self.desk = Desk(folder, self.logs, self.habits)

    def trade(self, ts=MARKET, n=0, sent_ns=None, **more) -> None:
        """Let the broker have a trade now, or then."""
        fact = {"type": "trade", "v": 1, "symbol": SYMBOL, "n": n, "ts_event": ts, "ts_recv": ts}
        sent_ns = self.wall_ns if sent_ns is None else sent_ns
        self.logs[0].append(fact | {"price": "62000.0", "size": "0.001"} | more, sent_ns // MS)

    def report(self, **more) -> None:
        said = {"type": "report", "v": 1, "run": RUN, "symbol": SYMBOL, "n": 0, "ts": MARKET, "what": "state"}
        order = {"id": "x-9000", "side": "buy", "sequence": 1}
        self.logs[-1].append(said | order | more, self.wall_ns // MS)

    def take(self, control=None):
        """Let everything reach the desk; return its next frame's rows."""
        if self.desk.readers[0].inbox is None:
            self.desk.stream.incoming.join()
        for reader in self.desk.readers:
            reader.hand_on()
        frame = self.desk.take(control)
        return None if frame is None else frame[0]

    def kinds(self, control=None):
        rows = self.take(control)
        return None if rows is None else rows["kind"].tolist()

    def again(self, state=None) -> None:
        """Kill the desk, and begin another where a snapshot was taken."""
        self.desk.kill()
        self.desk = Desk(self.folder, self.logs, self.habits, state)
