"""A journal that also tells in topics what it writes, and whose sizes wait until brokers have it.

Numbers of messages stand in the checkpoint beside the lengths of the files: what a
run that was killed does again, it tells again under the same numbers.
"""

import json
import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any, Final, NoReturn

import numpy as np

from connectors.journal import Booked, Journal, op_of
from connectors.kafka.messages import VERSION, encode
from connectors.kafka.outgoing import KINDS, Fill, Letter, Order, OrderText, Reading, Told, name_of
from connectors.kafka.outlet import Outlet
from connectors.recorded.letters import excerpt
from connectors.run_directory import RunDirectory
from connectors.tape import DeadLetter
from operators.errors import PhoenixError, RunDirectoryError
from operators.instruments import Instrument
from operators.kernel import Table
from operators.kpis import HALTED, PAUSED, REDUCING
from operators.ledger import MICRO
from operators.rows import MAKER, QUERY, Fact
from operators.samples import Sample
from operators.toxicity import STATUSES

RUN: Final = "told_as.json"
"""In a run directory: the name under which its run is told, and those that symbols of other runs keep."""
UNDELIVERED: Final = "undelivered"
KEPT_BYTES: Final = 1 << 10
PLACED: Final = re.compile(r"(?P<topic>.+)\[(?P<partition>\d+)\]@(?P<offset>\d+)")
STATES: Final = {0: "active", REDUCING: "reducing", HALTED: "halted"}


class TellingJournal(Journal):
    """One symbol's parts of the logs, and its messages."""

    def __init__(
        self,
        own: tuple[RunDirectory, str, Instrument, str],
        outlet: Outlet,
        refuse: Callable[[PhoenixError], NoReturn],
        *,
        answered: bool = False,
    ) -> None:
        """Take also whether a venue reads the orders, and answers."""
        super().__init__(*own)
        self.answered = answered
        self.outlet, self.refuse = outlet, refuse
        self.told = dict.fromkeys(map(name_of, KINDS), 0)
        self.run, self.reached_ns = "", 1
        self._order_text = OrderText(self.run, self.symbol, self.prefix)

    def open(self, sizes: Sequence[int] | None = None) -> None:
        """Go on at the numbers that a checkpoint kept.

        Raises:
            RunDirectoryError: the directory does not say which run this is.
        """
        super().open(sizes)
        self.told |= dict(zip(self.told, self.more, strict=False))
        self.run = run_name(self.directory.path, self.symbol)
        self._order_text = OrderText(self.run, self.symbol, self.prefix)

    def sizes(self) -> tuple[int, ...]:
        """Wait until brokers have everything; what they refuse becomes dead letters."""
        try:
            while refused := self.outlet.wait(self.symbol):
                for topic, message, why in refused:
                    text = f"{why}: {excerpt(message[:KEPT_BYTES])}"
                    letter = DeadLetter(self.reached_ns, self.symbol, UNDELIVERED, topic, text)
                    super().letters([letter])
                    self.outlet.console.letters([letter])
                    if topic != self.outlet.topics.get(name_of(Letter)):
                        self._tell_letter(letter)
        except PhoenixError as error:
            self.refuse(error)
        self.more = tuple(self.told.values())
        return super().sizes()

    def write_orders(self, requests: Sequence[Fact]) -> None:
        """Append and tell requests."""
        super().write_orders(requests)
        told = [row for row in requests if row.kind != QUERY or self.answered]
        if told:
            self._send(name_of(Order), told[-1].ts_recv, map(self._order_told, self._numbers(Order), told))

    def _order_told(self, n: int, row: Fact) -> bytes:
        price, size = self.price(row.price_ticks), self.size(row.size_lots)
        return self._order_text.written(n, row, op_of(row), price, size)

    def write_fills(self, fills: Sequence[Booked]) -> None:
        """Append and tell fills."""
        super().write_fills(fills)
        self._tell(Fill, [self._booked(row, *fill) for row, fill in fills])

    def samples(self, samples: Table[Sample]) -> None:
        """Append and tell samples of the account."""
        super().samples(samples)
        if name_of(Reading) not in self.outlet.topics:
            return
        names = Sample.dtype.names or ()
        rows = np.asarray(samples).tolist()
        self._tell(Reading, [self._reading(dict(zip(names, row, strict=True))) for row in rows])

    def letters(self, letters: Sequence[DeadLetter]) -> None:
        """Append and tell dead letters."""
        super().letters(letters)
        for letter in letters:
            self._tell_letter(letter)

    def _of(self, row: Fact) -> dict[str, Any]:
        price, size = self.price(row.price_ticks), self.size(row.size_lots)
        side = "buy" if row.side > 0 else "sell"
        return {"ts": row.ts_recv, "id": f"{self.prefix}{row.id}", "side": side, "price": price, "size": size}

    def _booked(self, row: Fact, _: int, fee_tick_lots: int, fee_micro: int, lots: int) -> dict[str, Any]:
        fee = self.money(fee_tick_lots * MICRO + fee_micro)
        maker = row.marks & MAKER != 0
        return {"fee": fee, "maker": maker, "position": self.size(lots), **self._of(row)}

    def _reading(self, at: dict[str, Any]) -> dict[str, Any]:
        return {
            "ts": at["ts_ns"],
            "intervals": at["n_intervals"],
            "status": STATUSES[at["status"]],
            "vpin": _decimal(at["value"]),
            "level": _decimal(at["level"]),
            "buckets": at["n_closed"],
            "state": STATES[at["mode"] & (REDUCING | HALTED)],
            "paused": at["mode"] & PAUSED != 0,
            **self._quotes(at),
            **self._account(at),
        }

    def _quotes(self, at: dict[str, Any]) -> dict[str, Any]:
        tick = self.instrument.tick
        return {
            "best_bid": self._there(at["touch_bid_ticks"]),
            "best_ask": self._there(at["touch_ask_ticks"]),
            "mid": f"{at['twice_mid_ticks'] * tick / 2:f}" if at["twice_mid_ticks"] else None,
            "bid": self._there(at["bid_ticks"]),
            "ask": self._there(at["ask_ticks"]),
            "reservation_price": _decimal(at["reservation_ticks"], tick),
            "half_spread": _decimal(at["half_spread_ticks"], tick),
            "widening": _decimal(at["widening"]),
        }

    def _account(self, at: dict[str, Any]) -> dict[str, Any]:
        return {
            "position": self.size(at["position_lots"]),
            "pnl_after_fees": self.money(at["twice_equity"] * MICRO // 2 - at["less_micro"]),
            "fees": self.money(at["fees_tick_lots"] * MICRO + at["fees_micro"]),
            "funding": self.money(at["funding_tick_lots"] * MICRO + at["funding_micro"]),
            "traded_notional": self.money(at["traded_tick_lots"] * MICRO),
            "orders": at["n_accepted"],
            "filled_orders": at["n_with_fill"],
            "fills": at["n_fills"],
        }

    def _there(self, ticks: int) -> str | None:
        return self.price(ticks) if ticks else None

    def _tell_letter(self, letter: DeadLetter) -> None:
        self._tell(Letter, [letter_fields(letter)])

    def _tell(self, kind: type[Told], told: Sequence[dict[str, Any]]) -> None:
        """Send messages of a kind, of which these are the fields that differ."""
        if told:
            run, symbol, both = self.run, self.symbol, zip(self._numbers(kind), told, strict=False)
            messages = (encode(kind(v=VERSION, run=run, symbol=symbol, n=n, **what)) for n, what in both)
            self._send(name_of(kind), told[-1]["ts"], messages)

    def _numbers(self, kind: type[Told]) -> Iterator[int]:
        return count(self.told[name_of(kind)] + 1)

    def _send(self, name: str, ts_ns: int, messages: Iterable[bytes]) -> None:
        topic = self.outlet.topics.get(name)
        if topic is None:
            return
        sent = [*messages]
        self.told[name] += len(sent)
        self.reached_ns = ts_ns
        try:
            self.outlet.send(topic, self.symbol, *sent)
        except PhoenixError as error:
            self.refuse(error)


def named() -> str:
    """Return the text that names a run that begins."""
    return json.dumps({"run": uuid.uuid4().hex}) + "\n"


def run_name(path: Path, symbol: str = "") -> str:
    """Return the name that a run is told under, or a symbol of it: its own where it came from another run.

    Raises:
        RunDirectoryError: its directory does not say it.
    """
    try:
        told = json.loads((path / RUN).read_bytes())
        return str(told.get("of", {}).get(symbol, told["run"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise RunDirectoryError(f"{path / RUN} does not name the run: it was changed") from None


def letter_fields(letter: DeadLetter) -> dict[str, Any]:
    """Return what a dead letter is told as; of one in a topic, its place."""
    found = PLACED.fullmatch(letter.where)
    return {
        "ts": max(1, letter.ts),
        "reason": letter.reason,
        "where": _clean(letter.where),
        "topic": _clean(found["topic"]) if found else None,
        "partition": int(found["partition"]) if found else None,
        "offset": int(found["offset"]) if found else None,
        "text": _clean(letter.text),
    }


def _decimal(value: float, step: Decimal = Decimal(1)) -> str:
    """Write a number in plain digits, in whole steps of its own or of a tick."""
    return f"{Decimal(repr(value)) * step:f}"


def _clean(text: str) -> str:
    """A file's name may hold what is no text."""
    return text.encode("utf-8", "backslashreplace").decode()
