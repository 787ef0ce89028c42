"""What goes round in the graph, and what all that is behind it shares."""

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple, NoReturn

from connectors.board import Board
from connectors.console import Console
from connectors.controls import Controls
from connectors.progress import Progress
from connectors.reloads import Reload
from connectors.run_directory import RunDirectory, raise_it
from connectors.stamp import Stamp
from connectors.standing import Standing
from connectors.tape import DeadLetter, Tally
from connectors.timing import Timing
from operators.errors import PhoenixError
from operators.kernel import Table
from operators.ledger import Fill
from operators.outbox import Transition
from operators.rows import Row, Rows
from operators.samples import Sample

NO_ROWS = Row.table(0)


class Frame(NamedTuple):
    """The rows of one symbol released at one instant."""

    number: int
    rows: Rows
    letters: tuple[DeadLetter, ...]
    released_ns: int = 0
    """By this process's own clock of performance; no rule reads it."""
    tally: Tally | None = None
    """With the last frame: what the source counted."""
    reload: Reload | None = None
    """New parameters, which hold from its first row on."""


Item = tuple[str, tuple[str, Frame]]
"""A frame as the graph takes it in, twice with its symbol: one is the key."""


class Answer(NamedTuple):
    """What the desk made of a frame."""

    number: int
    requests: Rows
    fill_rows: Rows
    fills: Table[Fill]
    transitions: Table[Transition]
    samples: Table[Sample]
    letters: tuple[DeadLetter, ...]
    standing: Standing
    released_ns: int = 0
    tally: Tally | None = None


class Mailbox:
    """Where the sink leaves the answer to a symbol's round, and the source finds it."""

    def __init__(self) -> None:
        self.answered = 0
        self.requests = NO_ROWS
        self.version = 0
        """Of the settings in force."""


class Shared(NamedTuple):
    """What all partitions of one process share."""

    directory: RunDirectory
    stamp: Stamp
    mail: Mapping[str, Mailbox]
    stop: threading.Event
    progress: Progress
    speed: float
    """Replay at this many times real time; 0 is as fast as it goes."""
    console: Console
    timing: Timing
    board: Board
    """What is seen from outside."""
    controls: Callable[[str], Controls]
    """What operators want of a symbol."""
    refuse: Callable[[PhoenixError], NoReturn] = raise_it
    """What becomes of an error inside the graph, which would bury its sentence under its own."""
    finished: Callable[[Path], None] = lambda _: None
    """Called with the run directory once everything is written."""
