"""Where the simulated venue's graph ends: reports are told in a topic, and written down."""

import json
from contextlib import AbstractContextManager
from typing import Any, BinaryIO

import msgspec
from bytewax.outputs import FixedPartitionedSink, StatefulSinkPartition

from connectors.kafka.house import LETTERS, LOGS, REPORTS, Account, House, Said
from connectors.kafka.messages import VERSION, encode
from connectors.kafka.outgoing import Letter
from connectors.kafka.outlet import Refused
from connectors.kafka.reports import Report
from connectors.kafka.telling import KEPT_BYTES, UNDELIVERED, letter_fields
from connectors.recorded.letters import excerpt
from connectors.run_directory import cut_back
from connectors.tape import DeadLetter


class Teller(StatefulSinkPartition[tuple[str, Said], Any]):
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
        with self._writing():
            self._open()
            for _, said in items:
                for report in said.reports:
                    self.house.outlet.send(self.house.topic, self.symbol, encode(report))
                self._write(said)
                self.account = said.account
                self.house.mail[self.symbol].answered = said.number

    def _writing(self) -> AbstractContextManager[None]:
        return self.house.directory.writing(self.house.refuse)

    def _open(self) -> None:
        for log in () if self.files else LOGS:
            path = self.house.directory.path / log / f"{self.symbol}.jsonl"
            self.files[log] = cut_back(path, self.sizes[log])

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
        with self._writing():
            self._open()
            while refused := self.house.outlet.wait(self.symbol):
                letters = tuple(self._undelivered(each) for each in refused)
                self._write(Said(0, (), letters, self.account))
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
            with self._writing():
                self._open()
                for file in self.files.values():
                    file.close()
                directory.finish(self.symbol, self.account._asdict(), stopped=True)


def _line(report: Report) -> bytes:
    """Return a report as the log has it: the time first, by which logs are merged."""
    told = msgspec.to_builtins(report)
    del told["type"], told["v"]
    return msgspec.json.encode({"ts": told.pop("ts"), **told}) + b"\n"


class Tellers(FixedPartitionedSink[tuple[str, Said], Any]):
    """Every symbol's reports, one partition each."""

    def __init__(self, house: House) -> None:
        self.house, self.parts = house, sorted(house.mail)

    def list_parts(self) -> list[str]:
        """One part per symbol."""
        return self.parts

    def part_fn(self, item_key: str) -> int:
        """A symbol's part is its own."""
        return self.parts.index(item_key)

    def build_part(self, _step_id: str, for_part: str, resume_state: Any) -> Teller:  # noqa: ANN401
        """Start a symbol's logs, or cut them back."""
        return Teller(for_part, self.house, resume_state)
