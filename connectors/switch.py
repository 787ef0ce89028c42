"""The kill switch: a file named `halt` in the run directory.

While it stands, trading is halted, also when the run is begun, resumed or killed
meanwhile. Empty, or unreadable, it halts every symbol; as JSON it may name
symbols, and restrict them to reducing instead:

    {"symbols": {"BTCUSDC": "reduce"}, "all": "halt", "why": "the venue misbehaves"}
"""

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from stat import S_ISREG
from typing import Any, Final, NamedTuple

from connectors.tape import DeadLetter
from operators.rows import HALT, REDUCE, RESUME

SWITCH: Final = "halt"
WISHES: Final = {"halt": HALT, "reduce": REDUCE, "resume": RESUME}
WORDS: Final = {wish: word for word, wish in WISHES.items()}
EVERY_NS: Final = 5_000_000
"""Between two looks at the file, by the wall clock."""


class Wish(NamedTuple):
    """What is wanted of a symbol."""

    wish: int = RESUME
    why: str = ""
    id: str = ""


def read_switch(path: Path) -> Mapping[str, Wish] | None:
    """Return what the file wants, by symbol, `*` for all others; None where there is no file.

    What cannot be understood halts: the file is there because something is wrong.
    """
    try:
        # To open a pipe would wait for whoever writes to it.
        text = path.read_text(encoding="utf-8", errors="replace") if S_ISREG(path.stat().st_mode) else ""
    except OSError as error:
        if not os.path.lexists(path):
            return None
        return {"*": Wish(HALT, f"{SWITCH} cannot be read: {error.strerror}")}
    try:
        return _understood(json.loads(text) if text.strip() else {})
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError):
        return {"*": Wish(HALT, f"{SWITCH} cannot be understood")}


def _understood(tree: dict[str, Any]) -> dict[str, Wish]:
    """Where no symbols are named, all are meant; a key that means nothing may be a halt misspelt."""
    why = str(tree.get("why", ""))
    if not {"symbols", "all", "why"}.issuperset(tree):
        raise ValueError(why)
    wanted = {symbol: _wish(said, why) for symbol, said in tree.get("symbols", {}).items()}
    return {**wanted, "*": _wish(tree.get("all", "resume" if "symbols" in tree else "halt"), why)}


def _wish(said: str | Mapping[str, object], why: str) -> Wish:
    if isinstance(said, str):
        return Wish(WISHES[said], why)
    return Wish(WISHES[str(said["want"])], str(said.get("why", why)), str(said.get("id", "")))


def write_switch(path: Path, wanted: Mapping[str, Wish]) -> None:
    """Put the switch there, whole or not at all; `*` stands for all symbols that are not named."""
    said = {
        symbol: {"want": WORDS[each.wish], "why": each.why, "id": each.id} for symbol, each in wanted.items()
    }
    tree = {"all": said.pop("*"), "symbols": said}
    new = path.with_name(f"{path.name}.new")
    new.write_text(json.dumps(tree) + "\n", encoding="utf-8")
    new.replace(path)


class Switch:
    """Looks at the file now and then; what all symbols of a process share."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.looked_ns = -EVERY_NS
        self.seen: tuple[int, int, int] | None = None
        self.wanted: Mapping[str, Wish] = {}

    def wish(self, symbol: str) -> Wish | None:
        """Return what is wanted of a symbol; None where there is no switch."""
        now_ns = time.perf_counter_ns()
        if now_ns - self.looked_ns >= EVERY_NS:
            self.looked_ns = now_ns
            self._look()
        if not self.wanted:
            return None
        return self.wanted.get(symbol) or self.wanted.get("*")

    def take_letters(self) -> tuple[DeadLetter, ...]:
        """Return what could not be understood since the last call; a file halts instead."""
        return ()

    def _look(self) -> None:
        try:
            status = self.path.stat()
            seen = status.st_ino, status.st_mtime_ns, status.st_size
        except OSError:
            self.seen, self.wanted = None, read_switch(self.path) or {}
            return
        if seen != self.seen:
            self.seen, self.wanted = seen, read_switch(self.path) or {}
