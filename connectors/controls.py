"""What operators want of a running market maker, and the record of what it did.

A change of what is wanted, by the kill switch (`connectors/switch.py`) or in the
settings (`connectors/reloads.py`), becomes a control row, the first of a frame.
It is written to `control/<symbol>.jsonl` with the frame's number, and synced,
before the frame is released; a resumed run and a replay read it from there, so
that it comes in the same frame again.
"""

import json
import os
from collections import deque
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, NamedTuple

from connectors.reloads import NO_CHANGES, Changes, Reload, Reloads, Unchanged
from connectors.switch import WISHES, WORDS, Switch, Wish
from operators.errors import RunDirectoryError, SourceError
from operators.rows import RELOAD, RESUME

CONTROL: Final = "control"
RELOADS: Final = "reload"
"""What a change of settings is called in the record."""
Values = tuple[tuple[str, str], ...]
Applied = tuple[int, int, str, int, Values]
NONE_YET: Final[Applied] = (0, RESUME, "", 0, ())
UNCHANGED: Final = Unchanged()


class Controlled(NamedTuple):
    """A control as it was released: the first row of this frame."""

    ts: int
    symbol: str
    n: int
    frame: int
    what: str
    why: str = ""
    id: str = ""
    version: int = 0
    """Of the settings; they have none but with a change of them."""
    changes: Changes = NO_CHANGES

    def line(self) -> bytes:
        """Return it as the record keeps it."""
        told = self._asdict()
        if self.what != RELOADS:
            del told["version"], told["changes"]
        return json.dumps(told, separators=(",", ":")).encode() + b"\n"


class Due(NamedTuple):
    """A control that begins the next frame."""

    reason: int
    """Of its row."""
    wish: Wish
    reload: Reload | None = None


def read_controls(path: Path) -> list[Controlled]:
    """Return the controls of a file in their order; a last line that is not whole was never released.

    Raises:
        SourceError: another line is no control.
    """
    lines = path.read_bytes().split(b"\n")[:-1]
    found = []
    for n, line in enumerate(lines, start=1):
        try:
            found.append(_understood(json.loads(line)))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise SourceError(f"{path}:{n} is no control: {error}") from None
    return found


def _understood(told: dict[str, Any]) -> Controlled:
    control = Controlled(**told)
    if control.what != RELOADS:
        WISHES[control.what]
        return control
    pairs = {str(key): (str(was), str(now)) for key, (was, now) in control.changes.items()}
    return control._replace(version=int(control.version), changes=pairs)


class Controls:
    """One symbol's controls: those that were recorded come again, and new ones are recorded."""

    def __init__(
        self,
        symbol: str,
        switch: Switch,
        recorded: Iterable[Controlled] = (),
        reloads: Reloads = UNCHANGED,
    ) -> None:
        self.symbol, self.switch, self.reloads = symbol, switch, reloads
        self.n, self.applied, self.applied_id = 0, RESUME, ""
        self.version = 0
        """Of the settings in force."""
        self.changed: dict[str, str] = {}
        """Settings that are not what the run began with."""
        self.current: dict[str, str] = {}
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
        highest = max((control.version for control in self.recorded), default=0)
        self.reloads.begin(max(self.version, highest))
        self.current = {**self.reloads.initial(self.symbol), **self.changed}

    def again(self, frame: int) -> Due | None:
        """Return the recorded control that begins this frame, if one does."""
        while self.recorded and self.recorded[0].frame < frame:
            self.recorded.popleft()
        there = bool(self.recorded) and self.recorded[0].frame == frame
        return self._again(self.recorded[0]) if there else None

    def due(self, frame: int) -> Due | None:
        """Return the control that begins this frame, if one does."""
        recorded = self.again(frame)
        if recorded is not None or self.recorded:
            return recorded
        wish = self._wish()
        if wish is not None:
            return Due(wish.wish, wish)
        reload = self.reloads.wanted(self.symbol, self.version, self.current)
        return None if reload is None else Due(RELOAD, Wish(), reload)

    def _again(self, control: Controlled) -> Due:
        if control.what != RELOADS:
            wish = Wish(WISHES[control.what], control.why, control.id)
            return Due(wish.wish, wish)
        made = self.reloads.recorded(self.symbol, control.version, self.current, control.changes)
        return Due(RELOAD, Wish(), made)

    def _wish(self) -> Wish | None:
        wanted = self.switch.wish(self.symbol)
        if wanted is None:
            return None if self.replays or self.applied == RESUME else Wish()
        anew = wanted.wish == RESUME and wanted.id not in ("", self.applied_id)
        return wanted if anew or wanted.wish != self.applied else None

    def next_frame(self) -> int:
        """Return the frame of the next control that was recorded, 0 if there is none."""
        return self.recorded[0].frame if self.recorded else 0

    def note(self, ts_ns: int, frame: int, due: Due) -> None:
        """Write down, before it is released, that a frame begins with a control.

        Raises:
            RunDirectoryError: it cannot be written.
        """
        self.n += 1
        if due.reload is None:
            self.applied, self.applied_id = due.wish.wish, due.wish.id
        else:
            self._change(due.reload)
        if self.recorded and self.recorded[0].frame == frame:
            self.recorded.popleft()
        if self.n_written > 0:
            self.n_written -= 1
        elif self.path is not None:
            _append(self.path, self._told(ts_ns, frame, due))

    def _change(self, reload: Reload) -> None:
        self.version = reload.version
        now = {key: value for key, (_, value) in reload.changes.items()}
        self.changed |= now
        self.current |= now

    def _told(self, ts_ns: int, frame: int, due: Due) -> Controlled:
        place = ts_ns, self.symbol, self.n, frame
        if due.reload is None:
            return Controlled(*place, WORDS[due.wish.wish], due.wish.why, due.wish.id)
        return Controlled(*place, RELOADS, version=due.reload.version, changes=due.reload.changes)

    def snapshot(self) -> Applied:
        """Return how many there were, what was wanted last, and which settings are not as at the start."""
        return self.n, self.applied, self.applied_id, self.version, tuple(self.changed.items())

    def restore(self, state: Applied) -> None:
        """Go on where `snapshot` was taken."""
        self.n, self.applied, self.applied_id, self.version, changed = state
        self.changed = dict(changed)


def _append(path: Path, control: Controlled) -> None:
    try:
        with path.open("ab") as part:
            part.write(control.line())
            part.flush()
            os.fsync(part.fileno())
    except OSError as error:
        raise RunDirectoryError(f"{path} cannot be written any more: {error.strerror}") from None
