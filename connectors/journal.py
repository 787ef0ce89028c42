"""What a run leaves behind: a directory, a part per symbol while it runs, and the merged logs at its end.

Logs are the same bytes for the same input; wall-clock figures go to `timing.json`.
"""

import heapq
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, Final

from connectors.tape import DeadLetter
from operators.errors import RunDirectoryError
from operators.instruments import Instrument
from operators.kernel import Table
from operators.ledger import MICRO, Fill
from operators.rows import AMEND, MAKER, PLACE, Row, Rows

LOGS: Final = ("orders", "fills", "dead_letters")


class RunDirectory:
    """Where a run writes; made when the first part is opened, never overwritten."""

    def __init__(self, path: Path, symbols: Sequence[str], texts: Mapping[str, str]) -> None:
        self.path, self.symbols, self.texts = path, sorted(symbols), dict(texts)
        self.summaries: dict[str, object] = {}
        self.ready = False

    def make(self) -> None:
        """Create the directory.

        Raises:
            RunDirectoryError: it exists and holds something.
        """
        if self.ready:
            return
        if (self.path / "config.yaml").exists():
            raise RunDirectoryError(f"{self.path} holds a run already: resume it, or name another")
        self._lay()

    def adopt(self, path: Path) -> None:
        """Go on in the directory that a checkpoint names.

        Raises:
            RunDirectoryError: it is gone.
        """
        if not path.is_dir():
            raise RunDirectoryError(f"{path} is gone: this checkpoint goes on in it")
        self.path = path
        self._lay()

    def _lay(self) -> None:
        for log in LOGS:
            (self.path / log).mkdir(parents=True, exist_ok=True)
        for name, text in self.texts.items():
            (self.path / name).write_text(text)
        self.ready = True

    def finish(self, symbol: str, summary: object) -> bool:
        """Take one symbol's summary; with the last one, merge the logs and write `summary.json`."""
        self.summaries[symbol] = summary
        if len(self.summaries) < len(self.symbols):
            return False
        for log in LOGS:
            self._merge(log)
        ordered = {symbol: self.summaries[symbol] for symbol in self.symbols}
        (self.path / "summary.json").write_text(json.dumps({"symbols": ordered}, indent=2) + "\n")
        return True

    def _merge(self, log: str) -> None:
        """Merge the parts by (ts, symbol, n) into one file."""
        parts = [self._keyed(log, rank, symbol) for rank, symbol in enumerate(self.symbols)]
        new = self.path / f"{log}.jsonl.new"
        with new.open("wb") as out:
            out.writelines(line for _, _, _, line in heapq.merge(*parts))
        new.replace(self.path / f"{log}.jsonl")

    def _keyed(self, log: str, rank: int, symbol: str) -> Iterator[tuple[int, int, int, bytes]]:
        with (self.path / log / f"{symbol}.jsonl").open("rb") as part:
            for n, line in enumerate(part):
                yield int(line[6 : line.index(b",")]), rank, n, line


class Journal:
    """One symbol's parts of the logs."""

    def __init__(self, directory: RunDirectory, symbol: str, instrument: Instrument, run: str) -> None:
        self.directory, self.symbol, self.instrument, self.prefix = (
            directory,
            symbol,
            instrument,
            f"{run}-{symbol}-",
        )
        self.files: dict[str, BinaryIO] = {}
        self.n_letters = 0

    def open(self, sizes: Sequence[int] | None = None) -> None:
        """Start the parts, or cut them back to the sizes that a checkpoint kept.

        Raises:
            RunDirectoryError: a part is shorter than its checkpoint says.
        """
        for log, size in zip(LOGS, sizes or (0, 0, 0), strict=True):
            path = self.directory.path / log / f"{self.symbol}.jsonl"
            file = path.open("r+b" if path.exists() else "w+b")
            if file.seek(0, 2) < size:
                raise RunDirectoryError(f"{path} is shorter than its checkpoint says: it was changed")
            file.truncate(size)
            file.seek(size)
            self.files[log] = file

    def sizes(self) -> tuple[int, ...]:
        """Return how long the parts are, once all of it is written."""
        for file in self.files.values():
            file.flush()
        return tuple(file.tell() for file in self.files.values())

    def orders(self, requests: Rows) -> None:
        """Append requests, in their order."""
        self.files["orders"].writelines(self._order(requests[k]) for k in range(len(requests)))

    def _order(self, row: Row) -> bytes:
        op = "place" if row.kind == PLACE else "amend" if row.kind == AMEND else "cancel"
        return f'{self._head(row)},"op":"{op}",{self._what(row)}}}\n'.encode()

    def _head(self, row: Row) -> str:
        return f'{{"ts":{row.ts_recv},"symbol":"{self.symbol}"'

    def _what(self, row: Row) -> str:
        side = "buy" if row.side > 0 else "sell"
        price, size = self.instrument.price(row.price_ticks), self.instrument.size(row.size_lots)
        return f'"id":"{self.prefix}{row.id}","side":"{side}","price":"{price}","size":"{size}"'

    def fills(self, rows: Rows, fills: Table[Fill]) -> None:
        """Append fills: `rows[k]` as the venue reported it, `fills[k]` as the account booked it."""
        self.files["fills"].writelines(self._fill(rows[k], fills[k]) for k in range(len(fills)))

    def _fill(self, row: Row, fill: Fill) -> bytes:
        maker = "true" if row.marks & MAKER else "false"
        fee = self.money(int(fill.fee_tick_lots) * MICRO + int(fill.fee_micro))
        held = self.instrument.size(fill.position_lots)
        booked = f'"fee":"{fee}","maker":{maker},"position":"{held}"'
        return f"{self._head(row)},{self._what(row)},{booked}}}\n".encode()

    def money(self, micro_tick_lots: int) -> str:
        """Write millionths of a tick·lot as quote currency, exactly."""
        return f"{self.instrument.tick_lot * micro_tick_lots / MICRO:f}"

    def letters(self, letters: Sequence[DeadLetter]) -> None:
        """Append dead letters, with their raw text."""
        self.n_letters += len(letters)
        for letter in letters:
            line = json.dumps(letter._asdict(), separators=(",", ":"))
            self.files["dead_letters"].write(line.encode() + b"\n")

    def close(self) -> None:
        """Give the files back."""
        for file in self.files.values():
            file.close()


def next_directory(parent: Path, day: str, profile: str) -> Path:
    """Return the first `<date>-<profile>-<n>` that is free."""
    n = 1
    while (parent / f"{day}-{profile}-{n}").exists():
        n += 1
    return parent / f"{day}-{profile}-{n}"
