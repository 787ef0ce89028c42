"""The settings file watched while a run goes on: what is saved there is applied, or refused whole."""

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from configs.settings import Settings
from connectors.console import Console
from flows.reloading import Reloading
from operators.errors import ConfigError

EVERY_S: Final = 0.05
"""Between two looks at the file; what is read stood unchanged for that long."""
PATIENCE_S: Final = 5.0
"""How long a run waits at its end for a file that is being read."""
Seen = tuple[int, int, int]


def look_of(path: Path) -> Seen | None:
    """Return what a file that is written anew looks different by; None where there is none."""
    try:
        status = os.stat(path)  # noqa: PTH116 - every 50 ms
    except OSError:
        return None
    return status.st_ino, status.st_ctime_ns, status.st_size


class Watcher:
    """Looks at the file now and then, and at once when told to."""

    def __init__(
        self,
        path: Path,
        read: Callable[[], Settings],
        reloading: Reloading,
        console: Console,
        seen: Seen | None = None,
    ) -> None:
        """Take also how the file looked before the run read it: what was saved since is still to come."""
        self.path, self.read, self.reloading, self.console = path, read, reloading, console
        self.seen = self.read_last = seen or look_of(path)
        self.ended, self.asked = threading.Event(), threading.Event()
        self.lock = threading.Lock()
        self.thread = threading.Thread(target=self._watch, name="settings", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self.thread.start()

    def stop(self) -> None:
        """End it."""
        self.ended.set()
        if self.thread.ident is not None:
            self.thread.join(PATIENCE_S)

    def ask(self) -> None:
        """Let the file be read at the next look, changed or not; may be called by a signal's handler."""
        self.asked.set()

    def _watch(self) -> None:
        while not self.ended.wait(EVERY_S):
            self.look()

    def look(self) -> None:
        """Read the file if it changed and came to rest, or if asked."""
        now, before = look_of(self.path), self.seen
        self.seen = now
        asked = self.asked.is_set()
        if not asked and (now is None or now != before or now == self.read_last):
            return
        self.asked.clear()
        self.read_last = now
        self.apply(asked=asked)

    def apply(self, *, asked: bool = False) -> None:
        """Read the file, and let every symbol have what it says, or say what is wrong with it."""
        with self.lock:
            try:
                changes = self.reloading.accept(self._settings())
            except ConfigError as error:
                self._refuse(error.problems)
            except Exception as error:  # noqa: BLE001 - whatever is in the file, the desk goes on
                self._refuse([f"{self.path}: {error}"])
            else:
                self._tell(changes, asked)

    def _settings(self) -> Settings:
        # To open a pipe would wait for whoever writes to it, and a run could not end.
        if self.path.is_fifo():
            raise ConfigError([f"{self.path} is a pipe, not a settings file"])
        return self.read()

    def _refuse(self, problems: list[str]) -> None:
        self.reloading.n_refused += 1
        self.console.reload_refused(self.path, problems)

    def _tell(self, changes: dict[str, tuple[str, str]], asked: bool) -> None:
        if changes:
            self.console.reloaded(self.path, self.reloading.top, changes)
        elif asked:
            self.console.say(f"{self.path} changes nothing")
