"""A venue's reports as rows: each once, and what they betray of others that were lost."""

from collections.abc import Callable
from functools import cached_property
from typing import Any, Final, cast

from msgspec.json import Decoder

from connectors.kafka.inbox import Item
from connectors.kafka.messages import LATEST_NS
from connectors.kafka.plausible import require_number
from connectors.kafka.reports import Report, wire_of
from connectors.kafka.rows import Grid
from connectors.kafka.takers import decoded, text_of
from connectors.recorded.letters import Reason, Unusable
from connectors.recorded.quality import Quality
from connectors.tape import DeadLetter, State
from operators.instruments import Instrument
from operators.receipts import FIRST_ANOTHER, SHOWN, Receipts, contradicts, expect, show_first
from operators.rows import Row, Rows

REPORTS: Final = Decoder(Report)
OURS: Final = frozenset(("report",))


class ReportTaker:
    """A venue's reports to one desk: each once, and what they betray of others that were lost."""

    def __init__(self, instrument: Instrument, run: Callable[[], str]) -> None:
        self.instrument, self.grid, self._named = instrument, Grid(instrument), run
        self.quality: Quality = dict.fromkeys(
            ("reports", "reports_repeated", "reports_lost", "another_venue"), 0
        )
        self.receipts = Receipts.cell()
        self._n = 0
        self._venue: str | None = None
        """Whom we deal with: who was heard first."""
        self._out = Row.table(1)

    @cached_property
    def run(self) -> str:
        """Return whose reports these are."""
        return self._named()

    def expect(self, requests: Rows) -> None:
        """Know the orders that were asked for, so that their reports are known."""
        expect(self.receipts, requests, len(requests))

    def rows(self, item: Item, now_ns: int, letters: list[DeadLetter]) -> bytes:
        """Return the rows of a report; none of one that is not ours, or says nothing new.

        Raises:
            Unusable: it cannot be understood.
        """
        report = decoded(text_of(item), REPORTS, OURS)
        if report is None or report.run != self.run:
            return b""
        if report.symbol != self.instrument.symbol:
            raise Unusable(Reason.WRONG_KEY)
        if not self._is_theirs(report, now_ns, letters):
            return b""
        if 0 < report.n <= self._n:
            self.quality["reports_repeated"] += 1
            return b""
        require_number(report.n, self._n)
        self._number(report, now_ns, letters)
        wire = wire_of(report, self.grid, self.instrument, now_ns or min(report.ts, LATEST_NS))
        if contradicts(self.receipts, wire):
            raise Unusable(Reason.CONTRADICTION)
        self.quality["reports"] += 1
        return self._shown(wire)

    def _is_theirs(self, report: Report, now_ns: int, letters: list[DeadLetter]) -> bool:
        """Say whether it is of the venue that we deal with: another knows nothing of our account."""
        if self._venue is None:
            self._venue = report.venue
        if report.venue == self._venue:
            return True
        self.quality["another_venue"] += 1
        letters.append(DeadLetter(now_ns, report.symbol, "another_venue", "", f"{report.what} {report.id}"))
        return False

    def _number(self, report: Report, now_ns: int, letters: list[DeadLetter]) -> None:
        n = report.n - 1 - self._n
        if n > 0:
            self.quality["reports_lost"] += n
            text = f"{n} reports before number {report.n}"
            letters.append(DeadLetter(now_ns, report.symbol, "reports_lost", "", text))
        self._n = report.n or self._n

    def _shown(self, wire: Any) -> bytes:  # noqa: ANN401 - a cell
        made = b""
        while (became := show_first(self.receipts, wire, self._out)) in (SHOWN, FIRST_ANOTHER):
            made += self._out.tobytes()
            if became == SHOWN:
                break
        return made

    def snapshot(self) -> State:
        """Return the number of the last report, what we were shown, what was counted, and by whom."""
        return self._n, self.receipts.tobytes(), tuple(self.quality.items()), self._venue

    def restore(self, state: State) -> None:
        """Go on where `snapshot` was taken."""
        self._n, receipts, counts, self._venue = cast(
            "tuple[int, bytes, tuple[tuple[str, int], ...], str | None]", state
        )
        self.receipts = Receipts.load(receipts)
        self.quality |= dict(counts)
