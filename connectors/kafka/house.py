"""What all symbols of the simulated venue share, and what goes through its graph."""

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple, NoReturn

from connectors.kafka.outlet import Outlet
from connectors.kafka.reports import Addressee, Report
from connectors.kafka.telling import run_name
from connectors.run_directory import Form, RunDirectory
from connectors.shared import Mailbox
from connectors.stamp import Stamp
from connectors.tape import DeadLetter
from operators.errors import PhoenixError
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
