"""What a run says while it runs, beside its progress line: little, however much there is to say.

A terminal is told in sentences, `log.jsonl` as events with their facts; of each kind
the first few are told, and then every power of ten.
"""

import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final, TextIO

from connectors.logs import LogFile, logger
from connectors.progress import Progress
from connectors.redaction import redacted
from connectors.reloads import Changes, Reload
from connectors.tape import DeadLetter
from operators.errors import InvariantBroken, PhoenixError

Settings = Mapping[str, str]
FIRST_FEW: Final = 3
LONGEST: Final = 80
"""Characters of a letter's text that are shown; all of it stands in the log of dead letters."""


def worth_saying(n: int) -> bool:
    """Say whether the n-th of a kind is shown: the first few, then every power of ten.

    >>> [n for n in range(1, 20_000) if worth_saying(n)]
    [1, 2, 3, 10, 100, 1000, 10000]
    """
    return n <= FIRST_FEW or n == 10 ** (len(str(n)) - 1)


class Console:
    """Writes to the terminal, a quiet one faults and notices alone, and to the log."""

    def __init__(
        self,
        progress: Progress,
        *,
        quiet: bool = False,
        stream: TextIO | None = None,
        file: LogFile | None = None,
    ) -> None:
        self.progress, self.quiet = progress, quiet
        self.stream = stream or sys.stderr
        self.counts: Counter[tuple[str, str]] = Counter()
        file = file or LogFile()
        file.failed = self.say
        self.log = logger(file)

    def say(self, sentence: str) -> None:
        """Write one line, above the progress line."""
        self.progress.clear()
        self.stream.write(f"{redacted(sentence)}\n")
        self.stream.flush()

    def tell(self, sentence: str) -> None:
        """Write one line unless the console is quiet."""
        if not self.quiet:
            self.say(sentence)

    def notice(self, profile: str, sentence: str) -> None:
        """Tell of settings that are allowed, but probably not meant."""
        self.log.warning("notice", profile=profile, notice=sentence)
        self.say(f"{profile}: {sentence}")

    def began(self, **facts: object) -> None:
        """Log what runs."""
        self.log.info("run_began", **facts)

    def ended(self, *, stopped: bool) -> None:
        """Log that it ended, with everything written."""
        self.log.info("run_ended", stopped=stopped)

    def failed(self, error: PhoenixError) -> None:
        """Log what ended it; whoever ends the process says so."""
        self.log.error("run_failed", kind=type(error).__name__, error=str(error))

    def follows(self, symbol: str, settings: Settings) -> None:
        """Tell at the beginning that a symbol follows VPIN, where it does."""
        if settings.get("vpin.enabled") == "true":
            self.vpin_active(symbol, settings)

    def vpin_active(self, symbol: str, settings: Settings) -> None:
        """Tell that a symbol's quotes follow VPIN, by these of its settings, named `vpin.threshold`, ..."""
        vpin = {key.removeprefix("vpin."): text for key, text in settings.items() if key.startswith("vpin.")}
        self.log.info("vpin_active", symbol=symbol, **{name: _plain(text) for name, text in vpin.items()})
        levels = f"alert above {vpin['threshold']}, pause above {vpin['pause_threshold']}"
        self.tell(f"{symbol}: VPIN active: {vpin['n_buckets']} buckets, {levels}")

    def reloaded(self, source: object, version: int, changes: Changes) -> None:
        """Tell which settings a file changes: key, and value before and after."""
        told = {key: {"old": old, "new": new} for key, (old, new) in changes.items()}
        self.log.info("settings_reloaded", file=str(source), version=version, changes=told)
        listed = ", ".join(f"{key} {old} → {new}" for key, (old, new) in changes.items())
        self.say(f"{source}, version {version}: {listed}")

    def reload_refused(self, source: object, problems: Sequence[str]) -> None:
        """Tell that a file was refused, and why; the settings before still hold."""
        self.log.error("reload_refused", file=str(source), problems=list(problems))
        self.say(f"{source} is refused, and the settings stay as they are:")
        for problem in problems:
            self.say(f"  {problem}")

    def in_force(self, symbol: str, reload: Reload, frame: int, settings: Settings) -> None:
        """Log that a symbol goes by other settings from a frame on."""
        self.log.info("settings_in_force", symbol=symbol, version=reload.version, frame=frame)
        if reload.changes.get("vpin.enabled", ("", ""))[1] == "true":
            self.vpin_active(symbol, settings)

    def metrics_at(self, url: str) -> None:
        """Tell where metrics are served."""
        self.log.info("metrics_served", url=url)
        self.tell(f"Metrics at {url}")

    def no_metrics(self, address: str, port: int) -> None:
        """Tell that there are none."""
        self.log.warning("no_metrics", address=address, port=port)
        self.say(f"Without metrics: port {port} of {address} is taken")

    def trading_state(self, symbol: str, was: str, now: str, reason: str, ts_ns: int) -> None:
        """Log that the trading state changed; `transitions.jsonl` has every change."""
        n = self._count(symbol, f"{now} {reason}")
        if n:
            level = self.log.info if now == "active" else self.log.warning
            level("trading_state", symbol=symbol, was=was, now=now, reason=reason, n=n, ts_ns=ts_ns)

    def letters(self, letters: Sequence[DeadLetter]) -> None:
        """Tell of messages that were set aside."""
        for n, letter in self._counted(letters):
            symbol, reason = letter.symbol, letter.reason
            where, text = printable(letter.where), printable(letter.text)
            self.log.warning("dead_letter", symbol=symbol, reason=reason, n=n, where=where, text=text)
            shown = "" if n > FIRST_FEW else f": {text}"
            self.tell(f"{symbol}: set aside {reason} at {where}{_nth(n)}{shown}")

    def book_broke(self, symbol: str, why: str, ts_ns: int) -> None:
        """Tell that a book is not to be believed any more."""
        n = self._count(symbol, why)
        if n:
            self.log.warning("book_broke", symbol=symbol, why=why, n=n, ts_ns=ts_ns)
            until = "no quotes until it is whole again"
            self.tell(f"{symbol}: {why} in the book by {ts_ns} ns{_nth(n)}: {until}")

    def flag_broke(self, symbol: str, ts_ns: int) -> None:
        """Tell that the venue's word on who bought contradicts its prices."""
        n = self._count(symbol, "invalid_flag")
        if n:
            self.log.warning("flag_broke", symbol=symbol, n=n, ts_ns=ts_ns)
            self.tell(
                f"{symbol}: the venue's flag names one side against the prices by {ts_ns} ns{_nth(n)}: "
                "the tick rule classifies until it recovers"
            )

    def fault(self, error: InvariantBroken) -> None:
        """Tell of a state that cannot be, once per symbol and rule."""
        self.counts[error.symbol, error.rule] += 1
        if self.counts[error.symbol, error.rule] == 1:
            self.log.error("invariant_broken", symbol=error.symbol, rule=error.rule, fault=error.fault)
            self.say(str(error))

    def _counted(self, letters: Sequence[DeadLetter]) -> list[tuple[int, DeadLetter]]:
        numbered = [(self._count(letter.symbol, letter.reason), letter) for letter in letters]
        return [(n, letter) for n, letter in numbered if n]

    def _count(self, symbol: str, what: str) -> int:
        """Return the number of this one if it is worth saying, else 0."""
        self.counts[symbol, what] += 1
        n = self.counts[symbol, what]
        return n if worth_saying(n) else 0


def _plain(text: str) -> object:
    """Return what a setting's text means, where it is a number, yes, no or nothing."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def printable(text: str) -> str:
    r"""Return a text as a terminal may be shown it: one line, nothing that moves the cursor, cut where long.

    >>> printable("17 {\x1b[2J\n}")
    '17 {\\x1b[2J\\n}'
    """
    cut = text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in cut)


def _nth(n: int) -> str:
    return f", {n:,} so far" if n > FIRST_FEW else ""
