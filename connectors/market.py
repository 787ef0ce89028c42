"""What a source of the graph plays: rows of a market, and where somebody answers, of the venue at it."""

from typing import Protocol

from connectors.tape import DeadLetter, State, Tally
from operators.rows import Rows


class Stretches(Protocol):
    """Where rows come from; `connectors.playback.Playback` is one."""

    def play(self, requests: Rows) -> Rows | None:
        """Give the venue what was decided; return what reaches us next, NOTHING_YET, or None at the end."""

    def take_letters(self) -> tuple[DeadLetter, ...]:
        """Return the dead letters found since the last call."""

    def tally(self) -> Tally:
        """Return what was counted: all of it once the end was reached."""

    def snapshot(self) -> State:
        """Return the whole of it."""

    def restore(self, state: State) -> None:
        """Go on where `snapshot` was taken."""

    def close(self) -> None:
        """Give everything back."""


class Market(Stretches, Protocol):
    """A market, and the venue at it; `connectors.playback.Playback` is one, too."""

    @property
    def n_rows(self) -> int:
        """How many rows were read."""

    def control(self, wish: int, number: int) -> None:
        """Let what is played next begin with what an operator wants."""
