"""One symbol's parts of the logs, written while a run goes on.

Every line is JSON; samples are records of bytes.
"""

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import BinaryIO, Final

import numpy as np

from connectors.run_directory import LOGS, RunDirectory, cut_back
from connectors.samples import SAMPLES, header
from connectors.tape import DeadLetter
from operators.instruments import Instrument
from operators.kernel import Table
from operators.ledger import MICRO, Fill
from operators.limits import in_words
from operators.outbox import Transition
from operators.rows import AMEND, CANCEL, MAKER, PLACE, QUERY, Fact, Rows, plain
from operators.samples import Sample

DIGITS: Final = 8
"""Of a digest, in the ids of a run's orders."""
STRINGS: Final = 1 << 12
"""Prices and sizes whose strings are remembered."""
Booked = tuple[Fact, Sequence[int]]
"""A fill as the venue reported it, and as the account booked it."""
OPS: Final = {PLACE: "place", AMEND: "amend", CANCEL: "cancel", QUERY: "query"}


class Journal:
    """One symbol's parts of the logs."""

    def __init__(self, directory: RunDirectory, symbol: str, instrument: Instrument, run: str) -> None:
        self.directory, self.symbol, self.instrument = directory, symbol, instrument
        self.prefix = f"{run[:DIGITS]}-{symbol}-"
        self.price, self.size = lru_cache(STRINGS)(instrument.price), lru_cache(STRINGS)(instrument.size)
        self.files: dict[str, BinaryIO] = {}
        self.letter_counts: dict[str, int] = {}
        self.more: tuple[int, ...] = ()
        """What a journal that also tells in topics counted; one that does not hands it on."""

    def open(self, sizes: Sequence[int] | None = None) -> None:
        """Start the parts, or cut them back to the sizes that a checkpoint kept.

        Raises:
            RunDirectoryError: a part is shorter than its checkpoint says.
        """
        if self.directory.traded_as:
            self.prefix = f"{self.directory.traded_as[:DIGITS]}-{self.symbol}-"
        own = (*LOGS, SAMPLES)
        kept = tuple(sizes or (0,) * len(own))
        self.more = kept[len(own) :]
        for log, size in zip(own, kept[: len(own)], strict=True):
            path = self.directory.path / log / f"{self.symbol}.{'bin' if log == SAMPLES else 'jsonl'}"
            file = cut_back(path, size)
            if log == SAMPLES and size == 0:
                file.write(header())
            self.files[log] = file

    def sizes(self) -> tuple[int, ...]:
        """Return how long the parts are, once all of it is written, and what else was counted."""
        for file in self.files.values():
            file.flush()
        return *(file.tell() for file in self.files.values()), *self.more

    def orders(self, requests: Rows) -> None:
        """Append requests, in their order."""
        self.write_orders(plain(requests))

    def write_orders(self, requests: Sequence[Fact]) -> None:
        """Append requests as plain numbers."""
        self.files["orders"].writelines([self._order(row) for row in requests if row.kind != QUERY])

    def _order(self, row: Fact) -> bytes:
        return f'{self._head(row)},"op":"{op_of(row)}",{self._what(row)}}}\n'.encode()

    def _head(self, row: Fact) -> str:
        return f'{{"ts":{row.ts_recv},"symbol":"{self.symbol}"'

    def _what(self, row: Fact) -> str:
        side = "buy" if row.side > 0 else "sell"
        price, size = self.price(row.price_ticks), self.size(row.size_lots)
        return f'"id":"{self.prefix}{row.id}","side":"{side}","price":"{price}","size":"{size}"'

    def fills(self, rows: Rows, fills: Table[Fill]) -> None:
        """Append fills: `rows[k]` as the venue reported it, `fills[k]` as the account booked it."""
        self.write_fills(list(zip(plain(rows), np.asarray(fills).tolist(), strict=True)))

    def write_fills(self, fills: Sequence[Booked]) -> None:
        """Append fills as plain numbers."""
        self.files["fills"].writelines([self._fill(*each) for each in fills])

    def _fill(self, row: Fact, fill: Sequence[int]) -> bytes:
        maker = "true" if row.marks & MAKER else "false"
        _, fee_tick_lots, fee_micro, position_lots = fill
        fee = self.money(fee_tick_lots * MICRO + fee_micro)
        held = self.size(position_lots)
        booked = f'"fee":"{fee}","maker":{maker},"position":"{held}"'
        return f"{self._head(row)},{self._what(row)},{booked}}}\n".encode()

    def transitions(self, transitions: Table[Transition]) -> None:
        """Append changes of the trading state."""
        self.files["transitions"].writelines(map(self._transition, np.asarray(transitions).tolist()))
        self.files["transitions"].flush()

    def _transition(self, note: tuple[int, ...]) -> bytes:
        _, ts_ns, *change, position_lots, n_live = note
        was, now, reason = in_words(*change)
        said = f'"from":"{was}","to":"{now}","reason":"{reason}"'
        held = f'"position":"{self.size(position_lots)}","live":{n_live}'
        return f'{{"ts":{ts_ns},"symbol":"{self.symbol}",{said},{held}}}\n'.encode()

    def samples(self, samples: Table[Sample]) -> None:
        """Append samples of the account."""
        self.files[SAMPLES].write(samples.tobytes())

    def money(self, micro_tick_lots: int) -> str:
        """Write millionths of a tick·lot as quote currency, exactly."""
        return f"{self.instrument.tick_lot * micro_tick_lots / MICRO:f}"

    def letters(self, letters: Sequence[DeadLetter]) -> None:
        """Append dead letters, with their raw text."""
        for letter in letters:
            self.letter_counts[letter.reason] = self.letter_counts.get(letter.reason, 0) + 1
            line = json.dumps(letter._asdict(), separators=(",", ":"))
            self.files["dead_letters"].write(line.encode() + b"\n")

    def close(self) -> None:
        """Give the files back."""
        for file in self.files.values():
            file.close()


def op_of(row: Fact) -> str:
    """Return what a request wants."""
    return OPS[row.kind]
