"""How a program ends: when it is told to, and with one sentence and an exit code when something is wrong."""

import os
import signal
import sys
import threading
from typing import Final, NoReturn

from operators.errors import CheckpointRefused, ConfigError, PhoenixError

DONE: Final = 0
FAILED: Final = 1
WRONG: Final = 2
REFUSED: Final = 3


def code_of(error: PhoenixError) -> int:
    """Return the exit code of an error."""
    if isinstance(error, ConfigError):
        return WRONG
    return REFUSED if isinstance(error, CheckpointRefused) else FAILED


def stop_on_signals(stop: threading.Event) -> None:
    """Let Ctrl-C and SIGTERM ask for an end in good order."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())


def leave(error: PhoenixError) -> NoReturn:
    """End the process at once, from whichever thread, leaving the checkpoint as it is.

    An exception would make Bytewax print its own stack, and another over ours.
    """
    sys.stdout.flush()
    sys.stderr.write(f"{error}\n")
    sys.stderr.flush()
    os._exit(code_of(error))


def run_by_bytewax() -> bool:
    """Say whether this process is `python -m bytewax.run`."""
    spec = getattr(sys.modules.get("__main__"), "__spec__", None)
    return spec is not None and spec.name == "bytewax.run"
