"""What a run leaves behind: a directory, a part per symbol while it runs, and the merged logs at its end.

Logs are the same bytes for the same input; wall-clock figures go to `timing.json`.
"""

import heapq
import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple, NoReturn

from connectors.controls import CONTROL
from connectors.run_summary import run_summary
from connectors.runs import CHECKPOINT, claim
from connectors.samples import SAMPLES
from connectors.stamp import Stamp, never
from connectors.switch import SWITCH
from operators.errors import PhoenixError, RunDirectoryError

LOGS: Final = ("orders", "fills", "dead_letters", "transitions")
MERGED: Final = (*LOGS, CONTROL)
"""The source writes controls, before it releases them."""
PARTS: Final = (*MERGED, SAMPLES)


class Form(NamedTuple):
    """What is left behind: folders with a part per symbol, which of them are merged, and the whole."""

    parts: tuple[str, ...]
    merged: tuple[str, ...]
    summary: Callable[[Mapping[str, Mapping[str, Any]], bool], Mapping[str, Any]]


TRADES: Final = Form(PARTS, MERGED, lambda symbols, stopped: run_summary(symbols, stopped=stopped))


def raise_it(error: PhoenixError) -> NoReturn:
    """Let an error take its way."""
    raise error


class RunDirectory:
    """Where a run writes; made when the first part is opened, never overwritten."""

    def __init__(
        self,
        path: Path,
        symbols: Sequence[str],
        texts: Mapping[str, str],
        may_change: Callable[[str], bool] = never,
        form: Form = TRADES,
    ) -> None:
        """Take also which settings may change while a run goes on, and what it leaves behind."""
        self.form = form
        self.path, self.symbols, self.texts = path, sorted(symbols), dict(texts)
        self.may_change = may_change
        self.goes_on_under: Callable[[Path], None] = lambda _: None
        """Called with the directory to go on in a run that was begun."""
        self.laid: Callable[[Path], None] = lambda _: None
        """Called with the directory once a run can be written there."""
        self.identity = ""
        """Digest of the settings that the run began with, where it goes on under others."""
        self.traded_as = ""
        """The same of what its orders are named by."""
        self.summaries: dict[str, Mapping[str, object]] = {}
        self.stopped = False
        self.ready = False
        self._goes_on = False
        self._claim = -1
        self._lock = threading.Lock()

    def make(self) -> None:
        """Create the directory, or go on in it after `go_on`.

        Raises:
            RunDirectoryError: it holds something, cannot be written, or another process writes there.
        """
        with self._lock:
            if not self.ready:
                if not self._goes_on:
                    self.require_vacant()
                self._lay()

    def require_vacant(self) -> None:
        """Refuse a directory that holds anything but the remains of a run that never began.

        Raises:
            RunDirectoryError: it does.
        """
        if (self.path / "config.yaml").exists():
            way = "resume it, or name another" if (self.path / CHECKPOINT).is_dir() else "name another"
            raise RunDirectoryError(f"{self.path} holds a run already: {way}")
        begun = {*self.texts, *(f"{name}.new" for name in self.texts)}
        remains = {CHECKPOINT, f"{CHECKPOINT}.new", SWITCH, *self.form.parts, *begun}
        if self.path.is_dir() and not {entry.name for entry in self.path.iterdir()} <= remains:
            raise RunDirectoryError(
                f"{self.path} is not empty: name a directory that a run can have to itself"
            )

    def go_on(self) -> None:
        """Go on in this very directory, whichever a checkpoint names."""
        self._goes_on = True

    def require_stamp(self, ours: Stamp, theirs: tuple[str, str], path: Path) -> None:
        """Refuse a checkpoint of other code or settings, naming what differs from those in the directory.

        Raises:
            CheckpointRefused: they differ.
        """
        written = (self.path if self._goes_on else path) / "config.yaml"
        there = written.read_text() if written.is_file() else ""
        ours.require(theirs, there, self.texts.get("config.yaml", ""), self.may_change)

    def adopt(self, path: Path) -> None:
        """Go on in the directory that a checkpoint names.

        Raises:
            RunDirectoryError: it is gone, or another process writes there.
        """
        with self._lock:
            if self.ready:
                return
            if not self._goes_on:
                self.path = path
            if not self.path.is_dir():
                raise RunDirectoryError(f"{self.path} is gone: this checkpoint goes on in it")
            self._lay()

    def _lay(self) -> None:
        """The texts come last: with them, a run has begun."""
        try:
            for log in self.form.parts:
                (self.path / log).mkdir(parents=True, exist_ok=True)
            self._claim = claim(self.path)
            for log in ("summary.json", "report.html", *(f"{log}.jsonl" for log in self.form.merged)):
                (self.path / log).unlink(missing_ok=True)
            if (self.path / "config.yaml").exists():
                self.goes_on_under(self.path)
            for name, text in self.texts.items():
                if not (self.path / name).exists():
                    self._write(name, text)
        except OSError as error:
            raise RunDirectoryError(f"{self.path} cannot be written: {error.strerror}") from None
        self.ready = True
        self.laid(self.path)

    @contextmanager
    def writing(self, refuse: Callable[[PhoenixError], NoReturn] = raise_it) -> Iterator[None]:
        """Refuse what goes wrong while something is written here, by one sentence.

        Raises:
            RunDirectoryError: it cannot be written any more, as where a disk is full.
        """
        try:
            yield
        except PhoenixError as error:
            refuse(error)
        except OSError as error:
            refuse(RunDirectoryError(f"{self.path} cannot be written any more: {error.strerror}"))

    def finish(self, symbol: str, summary: Mapping[str, object], *, stopped: bool = False) -> bool:
        """Take one symbol's summary; with the last one, merge the logs and write `summary.json`.

        The summary of a stopped run says so, and stands until the run goes on.
        """
        with self._lock:
            self.summaries[symbol] = summary
            self.stopped |= stopped
            if len(self.summaries) < len(self.symbols):
                return False
            for log in self.form.merged:
                self._merge(log)
            ordered = {symbol: self.summaries[symbol] for symbol in self.symbols}
            whole = self.form.summary(ordered, self.stopped)
            self._write("summary.json", json.dumps(whole, indent=2) + "\n")
            os.close(self._claim)
            return True

    def _write(self, name: str, text: str) -> None:
        """Whole or not at all."""
        new = self.path / f"{name}.new"
        new.write_text(text)
        new.replace(self.path / name)

    def _merge(self, log: str) -> None:
        """Merge the parts by (ts, symbol, n) into one file."""
        parts = [self._keyed(log, rank, symbol) for rank, symbol in enumerate(self.symbols)]
        new = self.path / f"{log}.jsonl.new"
        with new.open("wb") as out:
            out.writelines(line for _, _, _, line in heapq.merge(*parts))
        new.replace(self.path / f"{log}.jsonl")

    def _keyed(self, log: str, rank: int, symbol: str) -> Iterator[tuple[int, int, int, bytes]]:
        path = self.path / log / f"{symbol}.jsonl"
        if log == CONTROL and not path.exists():
            return
        with path.open("rb") as part:
            for n, line in enumerate(part):
                yield int(line[6 : line.index(b",")]), rank, n, line


def cut_back(path: Path, size: int) -> BinaryIO:
    """Open a part at its end, which is where a checkpoint knows it to end; begin one that is not there.

    Raises:
        RunDirectoryError: it is shorter than that.
    """
    file = path.open("r+b" if path.exists() else "w+b")
    if file.seek(0, 2) < size:
        file.close()
        raise RunDirectoryError(f"{path} is shorter than its checkpoint says: it was changed")
    file.truncate(size)
    file.seek(size)
    return file
