"""The log of a run for programs: one JSON object a line in `log.jsonl`, by the wall clock.

    {"timestamp":"2025-01-01T00:00:00.000000Z","level":"warning","event":"dead_letter","symbol":"X",...}

It belongs to no measurement: a run goes on when it cannot be written, and it is
continued, never cut back, when the run is.
"""

from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import Any, Final

import structlog

from connectors.redaction import redact

LOG: Final = "log.jsonl"
MOST_HELD: Final = 1000
"""Lines that wait until there is a directory."""
FIRST: Final = ("timestamp", "level", "event", "symbol")


class LogFile:
    """Appends what it is told to a file; opened and closed each time, as little is ever said."""

    def __init__(self) -> None:
        self.path: Path | None = None
        self.held: list[str] = []
        self.failed: Callable[[str], None] = lambda _: None
        """Told once, when the file cannot be written."""
        self.fails = False

    def open(self, directory: Path) -> None:
        """Write here from now on, and what was said before there was a place for it."""
        self.path = directory / LOG
        text, self.held = "".join(self.held), []
        self.write(text if _is_whole(self.path) else f"\n{text}")

    def write(self, text: str) -> None:
        """Append; a line that cannot be written is lost, and the run goes on."""
        if self.path is None:
            self.held = [*self.held, text][-MOST_HELD:]
            return
        try:
            with self.path.open("a", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text)
            self.fails = False
        except OSError as error:
            if not self.fails:
                self.fails = True
                self.failed(f"{self.path} cannot be written, the run goes on without it: {error.strerror}")

    def flush(self) -> None:
        """Nothing is kept back."""


def _is_whole(path: Path) -> bool:
    """Say whether a file ends with its last line: whoever wrote it may have been killed meanwhile."""
    try:
        with path.open("rb") as file:
            return file.seek(0, 2) == 0 or (file.seek(-1, 2) >= 0 and file.read() == b"\n")
    except OSError:
        return True


def logger(file: LogFile) -> Any:  # noqa: ANN401 - structlog's loggers have a type of their own making
    """Return a logger that writes there, and is set up for nobody else."""
    return structlog.wrap_logger(
        structlog.WriteLogger(file),  # type: ignore[arg-type]
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            redact,
            _ordered,
            structlog.processors.JSONRenderer(separators=(",", ":")),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(0),
        context_class=dict,
        cache_logger_on_first_use=False,
    )


def _ordered(_logger: object, _method: str, event: MutableMapping[str, Any]) -> dict[str, Any]:
    first = {name: event[name] for name in FIRST if name in event}
    return first | {name: value for name, value in event.items() if name not in FIRST}
