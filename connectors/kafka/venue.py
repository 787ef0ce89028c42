"""The simulated venue's side of the topics: requests and the market come in, reports go out."""

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple, NoReturn

from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition
from bytewax.outputs import FixedPartitionedSink, StatefulSinkPartition

from connectors.kafka.messages import VERSION, encode
from connectors.kafka.outgoing import Letter
from connectors.kafka.outlet import Outlet, Refused
from connectors.kafka.reports import Addressee, Report
from connectors.kafka.requests_taken import RequestTaker
from connectors.kafka.stream import Stream
from connectors.kafka.telling import KEPT_BYTES, UNDELIVERED, letter_fields, run_name
from connectors.pace import Pace
from connectors.recorded.letters import excerpt
from connectors.run_directory import Form, RunDirectory
from connectors.shared import NO_ROWS, Mailbox
from connectors.stamp import Stamp
from connectors.tape import DeadLetter, State
from operators.errors import PhoenixError, RunDirectoryError
from operators.rows import Rows

REPORTS: Final = "reports"
LETTERS: Final = "dead_letters"
LOGS: Final = (REPORTS, LETTERS)


def _whole(symbols: Any, stopped: bool) -> dict[str, Any]:  # noqa: ANN401 - as a form has it
    return {**({"stopped": True} if stopped else {}), "symbols": symbols}


VENUE: Final = Form(LOGS, LOGS, _whole)


class Asked(NamedTuple):
    """The rows of one symbol released at one instant, and the desks that came in them."""

    number: int
    rows: Rows
    letters: tuple[DeadLetter, ...]
    came: tuple[Addressee, ...]


class Account(NamedTuple):
    """Where a symbol stands at the venue."""

    run: str = ""
    position: str = "0"
    live: tuple[str, ...] = ()
    """Names of the orders that rest."""
    fault: int = 0


class Said(NamedTuple):
    """What the venue makes of a frame."""

    number: int
    reports: tuple[Report, ...]
    letters: tuple[DeadLetter, ...]
    account: Account


Item = tuple[str, tuple[str, Asked]]


class House(NamedTuple):
    """What all symbols of a venue share."""

    directory: RunDirectory
    stamp: Stamp
    mail: dict[str, Mailbox]
    stops: Callable[[], bool]
    refuse: Callable[[PhoenixError], NoReturn]
    outlet: Outlet
    topic: str
    """Where reports go."""
    letters: str | None
    """Where dead letters go, if anywhere."""
    say: Callable[[Sequence[DeadLetter]], None]

    def name(self) -> str:
        """Return the name that the venue's own messages are told under."""
        return run_name(self.directory.path)


class Counter(StatefulSourcePartition[Item, State]):
    """One symbol's frames, each once the one before is answered."""

    def __init__(
        self,
        symbol: str,
        stream: Stream,
        requests: RequestTaker,
        house: House,
        state: Any,  # noqa: ANN401
    ) -> None:
        self.symbol, self.stream, self.requests, self.house = symbol, stream, requests, house
        self.mail, self.number, self.pace = house.mail[symbol], 0, Pace(0)
        if state is not None:
            stamp, path, self.number, stood = state
            house.directory.require_stamp(house.stamp, stamp, Path(path))
            house.directory.adopt(Path(path))
            stream.restore(stood)

    def next_batch(self) -> Iterable[Item]:
        """Release what has come; told to stop, nothing more."""
        if self.mail.answered < self.number:
            return []
        if self.house.stops() and self.number > 0:
            raise StopIteration
        if self.pace.rests(self.symbol):
            return []
        try:
            self.house.directory.make()
            self.stream.open(self.house.directory.path)
            rows = self.stream.take()
        except PhoenixError as error:
            self.house.refuse(error)
        if rows is None:
            self.pace.look_again()
            if self.number > 0 or not self.house.stops():
                return []
            rows = NO_ROWS
        self.number += 1
        came = tuple(self.requests.came)
        self.requests.came.clear()
        return [(self.symbol, (self.symbol, Asked(self.number, rows, self.stream.take_letters(), came)))]

    def next_awake(self) -> datetime | None:
        """At once, or in a moment where nothing came."""
        return self.pace.due

    def snapshot(self) -> State:
        """Return where the stream stands."""
        here = str(self.house.directory.path), self.number, self.stream.snapshot()
        return (tuple(self.house.stamp), *here)

    def close(self) -> None:
        """Read no further."""
        self.pace.leave()
        self.stream.close()


class Counters(FixedPartitionedSource[Item, State]):
    """Every symbol's frames, one partition each."""

    def __init__(self, house: House, stream: Callable[[str], tuple[Stream, RequestTaker]]) -> None:
        self.house, self.stream = house, stream

    def list_parts(self) -> list[str]:
        """One part per symbol."""
        return sorted(self.house.mail)

    def build_part(self, _step_id: str, for_part: str, resume_state: State | None) -> Counter:
        """Start a symbol's frames, or go on with them."""
        try:
            return Counter(for_part, *self.stream(for_part), self.house, resume_state)
        except PhoenixError as error:
            self.house.refuse(error)


class Tellers(StatefulSinkPartition[tuple[str, Said], Any]):
    """Tells one symbol's reports, and writes them down."""

    def __init__(self, symbol: str, house: House, state: Any) -> None:  # noqa: ANN401
        self.symbol, self.house = symbol, house
        self.files: dict[str, BinaryIO] = {}
        self.sizes, self.account = {LETTERS: 0, REPORTS: 0}, Account()
        self.n_letters = 0
        if state is not None:
            answered, sizes, account, self.n_letters = state
            house.mail[symbol].answered = answered
            self.sizes, self.account = dict(sizes), Account(*account)

    def write_batch(self, items: list[tuple[str, Said]]) -> None:
        """Tell, write down, and let the source go on."""
        self._open()
        try:
            for _, said in items:
                for report in said.reports:
                    self.house.outlet.send(self.house.topic, self.symbol, encode(report))
                self._write(said)
                self.account = said.account
                self.house.mail[self.symbol].answered = said.number
        except PhoenixError as error:
            self.house.refuse(error)
        except OSError as error:
            path = self.house.directory.path
            self.house.refuse(RunDirectoryError(f"{path} cannot be written any more: {error.strerror}"))

    def _open(self) -> None:
        for log in () if self.files else LOGS:
            path = self.house.directory.path / log / f"{self.symbol}.jsonl"
            file = path.open("r+b" if path.exists() else "w+b")
            if file.seek(0, 2) < self.sizes[log]:
                self.house.refuse(RunDirectoryError(f"{path} is shorter than its checkpoint says"))
            file.truncate(self.sizes[log])
            file.seek(self.sizes[log])
            self.files[log] = file

    def _write(self, said: Said) -> None:
        self.files[REPORTS].writelines(_line(report) for report in said.reports)
        for letter in said.letters:
            line = json.dumps(letter._asdict(), separators=(",", ":"))
            self.files[LETTERS].write(line.encode() + b"\n")
            self._tell(letter)
        if said.letters:
            self.house.say(said.letters)

    def _tell(self, letter: DeadLetter) -> None:
        topic = self.house.letters
        if topic is not None and letter.where != topic:
            self.n_letters += 1
            own: dict[str, Any] = {
                "v": VERSION,
                "run": self.house.name(),
                "symbol": self.symbol,
                "n": self.n_letters,
            }
            self.house.outlet.send(topic, self.symbol, encode(Letter(**own, **letter_fields(letter))))

    def snapshot(self) -> Any:  # noqa: ANN401 - plain tuples
        """Wait until brokers have all reports; return the last frame, lengths, and the account."""
        self._open()
        try:
            while refused := self.house.outlet.wait(self.symbol):
                letters = tuple(self._undelivered(each) for each in refused)
                self._write(Said(0, (), letters, self.account))
        except PhoenixError as error:
            self.house.refuse(error)
        for log, file in self.files.items():
            file.flush()
            self.sizes[log] = file.tell()
        answered = self.house.mail[self.symbol].answered
        return answered, tuple(self.sizes.items()), tuple(self.account), self.n_letters

    def _undelivered(self, refused: Refused) -> DeadLetter:
        text = f"{refused.why}: {excerpt(refused.message[:KEPT_BYTES])}"
        return DeadLetter(1, self.symbol, UNDELIVERED, refused.topic, text)

    def close(self) -> None:
        """Close the logs; the last symbol to do so merges them."""
        directory = self.house.directory
        if directory.ready:
            self._open()
            for file in self.files.values():
                file.close()
            directory.finish(self.symbol, self.account._asdict(), stopped=True)


def _line(report: Report) -> bytes:
    """Return a report as the log has it: the time first, by which logs are merged."""
    told = json.loads(encode(report))
    del told["type"], told["v"]
    line = {"ts": told.pop("ts"), **told}
    return json.dumps(line, separators=(",", ":")).encode() + b"\n"


class ReportSink(FixedPartitionedSink[tuple[str, Said], Any]):
    """Every symbol's reports, one partition each."""

    def __init__(self, house: House) -> None:
        self.house, self.parts = house, sorted(house.mail)

    def list_parts(self) -> list[str]:
        """One part per symbol."""
        return self.parts

    def part_fn(self, item_key: str) -> int:
        """A symbol's part is its own."""
        return self.parts.index(item_key)

    def build_part(self, _step_id: str, for_part: str, resume_state: Any) -> Tellers:  # noqa: ANN401
        """Start a symbol's logs, or cut them back."""
        return Tellers(for_part, self.house, resume_state)
