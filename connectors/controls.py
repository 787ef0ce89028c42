"""What operators want of a running market maker: the kill switch, and the record of what it did.

A file named `halt` in the run directory is the switch: while it stands, trading
is halted, also when the run is begun, resumed or killed meanwhile. Empty, or
unreadable, it halts every symbol; as JSON it may name symbols, and restrict them
to reducing instead:

    {"symbols": {"BTCUSDC": "reduce"}, "all": "halt", "why": "the venue misbehaves"}

A change of what is wanted becomes a control row, the first of a frame. It is
written to `control/<symbol>.jsonl` with the frame's number, and synced, before
the frame is released; a resumed run and a replay read it from there, so that it
comes in the same frame again.
"""

import json
import os
import time
from collections import deque
from collections.abc import Iterable, Mapping
from pathlib import Path
from stat import S_ISREG
from typing import Any, Final, NamedTuple

from operators.errors import SourceError
from operators.rows import HALT, REDUCE, RESUME

SWITCH: Final = "halt"
CONTROL: Final = "control"
WISHES: Final = {"halt": HALT, "reduce": REDUCE, "resume": RESUME}
WORDS: Final = {wish: word for word, wish in WISHES.items()}
EVERY_NS: Final = 5_000_000
"""Between two looks at the file, by the wall clock."""


Applied = tuple[int, int, str]
NONE_YET: Final[Applied] = (0, RESUME, "")


class Wish(NamedTuple):
    """What is wanted of a symbol."""

    wish: int = RESUME
    why: str = ""
    id: str = ""


class Controlled(NamedTuple):
    """A control as it was released: the first row of this frame."""

    ts: int
    symbol: str
    n: int
    frame: int
    what: str
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

    def _look(self) -> None:
        try:
            status = self.path.stat()
            seen = status.st_ino, status.st_mtime_ns, status.st_size
        except OSError:
            self.seen, self.wanted = None, read_switch(self.path) or {}
            return
        if seen != self.seen:
            self.seen, self.wanted = seen, read_switch(self.path) or {}


def read_controls(path: Path) -> list[Controlled]:
    """Return the controls of a file in their order; a last line that is not whole was never released.

    Raises:
        SourceError: another line is no control.
    """
    lines = path.read_bytes().split(b"\n")[:-1]
    found = []
    for n, line in enumerate(lines, start=1):
        try:
            control = Controlled(**json.loads(line))
            WISHES[control.what]
        except (ValueError, TypeError, KeyError) as error:
            raise SourceError(f"{path}:{n} is no control: {error}") from None
        found.append(control)
    return found


class Controls:
    """One symbol's controls: those that were recorded come again, and new ones are recorded."""

    def __init__(self, symbol: str, switch: Switch, recorded: Iterable[Controlled] = ()) -> None:
        self.symbol, self.switch = symbol, switch
        self.n, self.applied, self.applied_id = 0, RESUME, ""
        self.recorded = deque(control for control in recorded if control.symbol == symbol)
        self.replays = bool(self.recorded)
        self.path: Path | None = None
        self.n_written = 0
        """Of those recorded: how many stand in this run's own record already."""

    def open(self, directory: Path, frame: int = 0) -> None:
        """Record in a run directory; what stands there of frames after this one comes again."""
        self.path = directory / CONTROL / f"{self.symbol}.jsonl"
        known: list[Controlled] = []
        if self.path.exists():
            data = self.path.read_bytes()
            os.truncate(self.path, data.rfind(b"\n") + 1)
            known = [control for control in read_controls(self.path) if control.frame > frame]
        reached = max((control.frame for control in known), default=frame)
        later = [control for control in self.recorded if control.frame > reached]
        self.recorded, self.n_written = deque([*known, *later]), len(known)

    def due(self, frame: int) -> Wish | None:
        """Return the control that begins this frame, if one does."""
        while self.recorded:
            if self.recorded[0].frame < frame:
                self.recorded.popleft()
                continue
            first = self.recorded[0]
            return Wish(WISHES[first.what], first.why, first.id) if first.frame == frame else None
        wanted = self.switch.wish(self.symbol)
        if wanted is None:
            return None if self.replays or self.applied == RESUME else Wish()
        anew = wanted.wish == RESUME and wanted.id not in ("", self.applied_id)
        return wanted if anew or wanted.wish != self.applied else None

    def next_frame(self) -> int:
        """Return the frame of the next control that was recorded, 0 if there is none."""
        return self.recorded[0].frame if self.recorded else 0

    def note(self, ts_ns: int, frame: int, wanted: Wish) -> None:
        """Write down, before it is released, that a frame begins with a control."""
        self.n += 1
        self.applied, self.applied_id = wanted.wish, wanted.id
        if self.recorded and self.recorded[0].frame == frame:
            self.recorded.popleft()
        if self.n_written > 0:
            self.n_written -= 1
        elif self.path is not None:
            control = Controlled(ts_ns, self.symbol, self.n, frame, WORDS[wanted.wish], *wanted[1:])
            _append(self.path, control)

    def snapshot(self) -> Applied:
        """Return how many there were, and what was wanted last."""
        return self.n, self.applied, self.applied_id

    def restore(self, state: Applied) -> None:
        """Go on where `snapshot` was taken."""
        self.n, self.applied, self.applied_id = state


def _append(path: Path, control: Controlled) -> None:
    with path.open("ab") as part:
        part.write(json.dumps(control._asdict(), separators=(",", ":")).encode() + b"\n")
        part.flush()
        os.fsync(part.fileno())
