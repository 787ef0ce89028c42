"""A recording made up: messages as Binance sends them, and the true book at every update id."""

import gzip
import json
import random
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from connectors.recorded import open_tape
from operators.instruments import Instrument

SYMBOL = "TESTUSDT"
TEST = Instrument(SYMBOL, Decimal("0.1"), Decimal("0.001"))
START_MS = 1_700_000_000_000
SLOW_CLOCK_NS = 1_270_000_000
MIDDLE = 1000

Side = dict[int, int]
Book = tuple[Side, Side]


@dataclass
class Sent:
    """One message: when it was received (ns, on a clock that is slow), what it is and what it says."""

    recv: int
    kind: str
    data: dict[str, object]
    stream: str = ""

    def line(self) -> bytes:
        body = {"stream": self.stream, "data": self.data} if self.stream else self.data
        return f"{self.recv} {json.dumps(body, separators=(',', ':'))}\n".encode()


@dataclass
class RawMarket:
    """What was sent, in order, and the true book by update id."""

    market: str
    sent: list[Sent] = field(default_factory=list)
    truth: dict[int, Book] = field(default_factory=dict)

    def of(self, kind: str) -> list[int]:
        """Return where messages of a kind stand."""
        return [i for i, sent in enumerate(self.sent) if sent.kind == kind]


class Maker:
    """Lets one small market happen and writes down what a collector would have received."""

    def __init__(self, market: str, seed: int, keep_truth: bool = True) -> None:
        self.rng = random.Random(seed)
        self.futures = market == "binance_usdm"
        self.out = RawMarket(market)
        self.keep_truth = keep_truth
        self.bids: Side = {MIDDLE - i: 10 + i for i in range(1, 9)}
        self.asks: Side = {MIDDLE + i: 10 + i for i in range(1, 9)}
        self.ms, self.recv, self.id, self.trade_id = START_MS, 0, 1000, 500
        self.first, self.previous = 0, 1000
        self.changed: dict[tuple[int, int], int] = {}

    def top(self) -> tuple[int, int, int, int]:
        bid, ask = max(self.bids), min(self.asks)
        return bid, self.bids[bid], ask, self.asks[ask]

    def update(self) -> None:
        """Change one level, and say so if it was the best one."""
        before, is_bid = self.top(), self.rng.random() < 0.5
        side = self.bids if is_bid else self.asks
        ticks = MIDDLE + (-1 if is_bid else 1) * self.rng.randint(1, 12)
        lots = self.rng.choice((0, self.rng.randint(1, 60)))
        if not lots and len(side) < 4:
            lots = 1
        self.ms += self.rng.randint(0, 60)
        self.id += self.rng.randint(1, 3) if self.futures else 1
        self.first = self.first or self.id
        side.pop(ticks, None)
        if lots:
            side[ticks] = lots
        self.changed[(1 if is_bid else -1, ticks)] = lots
        if self.keep_truth:
            self.out.truth[self.id] = (dict(self.bids), dict(self.asks))
        if self.top() != before:
            self.best()

    def send(self, kind: str, data: dict[str, object], stream: str) -> None:
        # Some 1 to 40 ms under way, but never overtaking.
        at = self.ms * 10**6 - SLOW_CLOCK_NS + self.rng.randint(1, 40) * 10**6
        self.recv = max(self.recv + self.rng.randint(1, 1000), at)
        name = f"{SYMBOL.lower()}@{stream}" if stream else ""
        self.out.sent.append(Sent(self.recv, kind, data, name))

    def times(self) -> dict[str, object]:
        return {"E": self.ms + 1, "T": self.ms} if self.futures else {}

    def best(self) -> None:
        bid, bid_lots, ask, ask_lots = self.top()
        data = {"u": self.id, "s": SYMBOL, "b": price(bid), "B": size(bid_lots)}
        data |= {"a": price(ask), "A": size(ask_lots)}
        self.send("best", ({"e": "bookTicker"} if self.futures else {}) | data | self.times(), "bookTicker")

    def trade(self) -> None:
        self.trade_id += 1
        buys = self.rng.random() < 0.5
        ticks, lots = (self.top()[2] if buys else self.top()[0]), self.rng.randint(1, 20)
        data = {"e": "trade", "E": self.ms + 1, "T": self.ms, "s": SYMBOL, "t": self.trade_id}
        data |= {"p": price(ticks), "q": size(lots), "m": not buys}
        self.send("trade", data | ({"X": "MARKET"} if self.futures else {}), "trade")

    def diff(self) -> None:
        data: dict[str, object] = {"e": "depthUpdate", "E": self.ms + 1, "s": SYMBOL}
        data |= {"U": self.first, "u": self.id, "b": self.levels(1), "a": self.levels(-1)}
        data |= {"T": self.ms, "pu": self.previous} if self.futures else {}
        self.send("diff", data, "depth@0ms" if self.futures else "depth@100ms")
        self.previous, self.first = self.id, 0
        self.changed.clear()

    def levels(self, side: int) -> list[list[str]]:
        return [[price(t), size(n)] for (s, t), n in sorted(self.changed.items()) if s == side]

    def whole(self) -> dict[str, object]:
        """Return the book as a request for it would answer now."""
        bids = [[price(t), size(self.bids[t])] for t in sorted(self.bids, reverse=True)]
        asks = [[price(t), size(self.asks[t])] for t in sorted(self.asks)]
        return {"lastUpdateId": self.id, **self.times(), "bids": bids, "asks": asks}


def make_market(
    market: str = "binance_usdm",
    seed: int = 1,
    n_diffs: int = 40,
    snapshots: tuple[int, ...] = (3,),
    late_by: int = 2,
    keep_truth: bool = True,
) -> RawMarket:
    """Return a market in which the book is asked for within some diffs and comes `late_by` diffs later."""
    maker = Maker(market, seed, keep_truth)
    answers: dict[int, dict[str, object]] = {}
    for n in range(n_diffs):
        n_updates = maker.rng.randint(2, 6)
        for i in range(n_updates):
            maker.update()
            if maker.rng.random() < 0.3:
                maker.trade()
            if n in snapshots and i == n_updates // 2:
                answers[n + late_by] = maker.whole()
        maker.diff()
        if n in answers:
            maker.send("snapshot", answers[n], "")
    return maker.out


def write_raw(path: Path, sent: list[Sent], packed: bool = False) -> Path:
    """Write messages as a collector does."""
    text = b"".join(one.line() for one in sent)
    path.write_bytes(gzip.compress(text, 1) if packed else text)
    return path


def write_tables(folder: Path, market: RawMarket, row_group_size: int = 50) -> Path:
    """Write the same messages as columns; without the ids that a table does not keep."""
    folder.mkdir(parents=True, exist_ok=True)
    rows: dict[str, list[dict[str, object]]] = {"trades": [], "book": [], "l2": []}
    for sent in market.sent:
        times = {"ts_ns": venue_ns(sent), "recv_ns": sent.recv}
        if sent.kind == "trade":
            rows["trades"].append(times | trade_columns(sent.data))
        elif sent.kind == "best":
            rows["book"].append(times | best_columns(sent.data))
        else:
            rows["l2"] += [times | level for level in level_columns(sent)]
    for name, table in rows.items():
        pq.write_table(pa.Table.from_pylist(table), folder / f"{name}.parquet", row_group_size=row_group_size)
    return folder


def venue_ns(sent: Sent) -> int:
    data = sent.data
    ms = data.get("T", data.get("E"))
    return sent.recv + SLOW_CLOCK_NS if ms is None else int(str(ms)) * 10**6


def trade_columns(data: dict[str, object]) -> dict[str, object]:
    side = -1 if data["m"] else 1
    return {"price": number(data["p"]), "qty": number(data["q"]), "side": side, "trade_id": data["t"]}


def best_columns(data: dict[str, object]) -> dict[str, object]:
    names = {"bid_px": "b", "bid_qty": "B", "ask_px": "a", "ask_qty": "A"}
    return {name: number(data[key]) for name, key in names.items()} | {"update_id": data["u"]}


def level_columns(sent: Sent) -> list[dict[str, object]]:
    whole = sent.kind == "snapshot"
    keys, last = (("bids", "asks"), "lastUpdateId") if whole else (("b", "a"), "u")
    told = {"is_snapshot": whole, "update_id": sent.data[last]}
    return [
        {"side": side, "price": number(p), "qty": number(q)} | told
        for side, key in zip((1, -1), keys, strict=True)
        for p, q in sent.data[key]  # type: ignore[attr-defined]
    ]


def number(text: object) -> float:
    return float(str(text))


def price(ticks: int) -> str:
    return TEST.price(ticks)


def size(lots: int) -> str:
    return TEST.size(lots)


def read_all(tape):
    """Read a tape to its end."""
    chunks = []
    while (chunk := tape.read()) is not None:
        chunks.append(chunk)
    tape.close()
    return chunks


def play(path, market="binance_usdm", chunk_rows=8192, instrument=TEST):
    """Open a path and read it to its end."""
    tape = open_tape(instrument.symbol, instrument, [path], market, chunk_rows=chunk_rows)
    return tape, read_all(tape)


def desk(chunks):
    """Return all rows in the order of arrival."""
    return np.concatenate([chunk.desk for chunk in chunks])


def venue(chunks):
    """Return all rows in the order of the venue."""
    return np.concatenate([chunk.venue for chunk in chunks])


def letters(chunks):
    """Return why inputs were unusable, and where they stood."""
    return [(letter.reason, letter.where) for chunk in chunks for letter in chunk.letters]
