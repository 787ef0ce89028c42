"""Where the simulated venue's graph begins: requests and the market come in, frame by frame."""

from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition

from connectors.kafka.house import Asked, House
from connectors.kafka.requests_taken import RequestTaker
from connectors.kafka.stream import Stream
from connectors.pace import Pace
from connectors.shared import NO_ROWS
from connectors.tape import State
from operators.errors import PhoenixError

Item = tuple[str, tuple[str, Asked]]
"""A frame as the graph takes it in, twice with its symbol: one is the key."""


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
