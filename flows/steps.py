"""Rules as steps of a graph: each takes items in, and keeps one symbol's records between them."""

from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from connectors.learnt import Learnt, learnt
from connectors.reloads import Reload
from connectors.shared import NO_ROWS, Answer, Frame
from connectors.standing import Standing
from connectors.whole import first, picked
from operators.book import book_on_frame, open_book
from operators.desk import Rules, office_rules
from operators.flow import Flow, FlowParams, flow_on_frame
from operators.kernel import Cell, Table
from operators.kpis import KpisParams
from operators.ledger import Fill, LedgerParams
from operators.limits import RiskParams
from operators.markouts import Trail
from operators.measure import Measure, VpinMeasure
from operators.office import OfficeRules, Records, office_in, office_on_frame
from operators.orders import OrdersParams
from operators.outbox import Reused, Transition
from operators.own import Own
from operators.packing import pack_book, pack_tail, pack_trail, unpack_book, unpack_tail, unpack_trail
from operators.quoter import Model, quotes_on_frame
from operators.quotes import Asmm, AsmmParams, Quotes
from operators.reload import quote_anew
from operators.ring import Book
from operators.samples import Sample
from operators.touch import Top
from operators.toxicity import Reading, VpinParams

Seen = tuple[Frame, Table[Top], tuple[int, int, int]]
"""A frame with its touches, and how often the book broke, was crossed, and became whole again."""
NO_FILLS, NO_TRANSITIONS, NO_SAMPLES = Fill.table(0), Transition.table(0), Sample.table(0)


def column(cell: object, name: str) -> NDArray[np.int64]:
    """Return a field of a record as an array of one that follows it: ten times quicker to read."""
    return cast("NDArray[np.void]", cell)[name]


class Step:
    """One symbol's rule between frames: takes items in, keeps its records."""

    def take(self, item: Any) -> Any:  # noqa: ANN401 - each step has items of its own
        """Return what the rule makes of one item."""
        raise NotImplementedError

    def dump(self) -> Any:  # noqa: ANN401 - plain tuples and bytes
        """Return the records as a checkpoint keeps them."""
        raise NotImplementedError


class BookStep(Step):
    """Frames to touches."""

    def __init__(self, rules: Rules, state: Any) -> None:  # noqa: ANN401
        self.rules = rules
        packed, own = state or (None, None)
        self.book: Cell[Book] = unpack_book(packed) if packed else Book.cell()
        self.own = Own.load(own) if own else Own.cell()
        if not packed:
            open_book(self.book)
        self.counts = (
            column(self.book, "n_gaps"),
            column(self.book, "n_crossed"),
            column(self.book, "n_resyncs"),
        )

    def take(self, item: Frame) -> tuple[bool, int, Seen]:
        """Return the frame with the touch after each row that settles, and how the book fared."""
        tops = Top.table(len(item.rows))
        book_on_frame(self.book, self.own, self.rules.book, item.rows, tops)
        n_gaps, n_crossed, n_resyncs = self.counts
        return True, item.number, (item, tops, (int(n_gaps[0]), int(n_crossed[0]), int(n_resyncs[0])))

    def dump(self) -> Any:  # noqa: ANN401
        """Return the book, packed, and where our own orders stand in it."""
        return pack_book(self.book), self.own.tobytes()


class VpinStep(Step):
    """Frames to readings of toxicity: by VPIN, or by another measure."""

    def __init__(self, rules: Rules, state: Any, measure: Measure | None = None) -> None:  # noqa: ANN401
        measured, flow, *params = state or (None, None)
        if params:
            rules = rules._replace(vpin=VpinParams.load(params[0]), flow=FlowParams.load(params[1]))
        self.rules = rules
        self.measure = measure or VpinMeasure(rules.vpin)
        if measured is not None:
            self.measure.restore(measured)
        self.flow = Flow.load(flow) if flow else Flow.cell()

    def take(self, item: Frame) -> tuple[bool, int, Table[Reading]]:
        """Return the reading after each row that settles."""
        if item.reload is not None:
            self._adopt(item.reload)
        readings = Reading.table(len(item.rows))
        self.measure.on_frame(item.rows, readings)
        flow_on_frame(self.flow, self.rules.flow, item.rows, readings)
        return False, item.number, readings

    def _adopt(self, reload: Reload) -> None:
        self.rules = reload.rules
        if isinstance(self.measure, VpinMeasure):
            self.measure.adopt(reload.rules.vpin, new_window=reload.new_window)

    def dump(self) -> tuple[bytes, ...]:
        """Return what was measured, which way flow leans, and the parameters of both."""
        params = self.rules.vpin.tobytes(), self.rules.flow.tobytes()
        return self.measure.dump(), self.flow.tobytes(), *params


class View(NamedTuple):
    """A frame, all that is read from it, and what is wanted."""

    frame: Frame
    tops: Table[Top]
    readings: Table[Reading]
    quotes: Table[Quotes]
    n_quotes: int
    n_pauses: int
    n_alerts: int
    n_gaps: int
    n_crossed: int
    n_resyncs: int
    learnt: Learnt


class AsmmStep(Step):
    """Touches and readings, paired by frame number whichever comes first, to wanted quotes."""

    def __init__(self, rules: Rules, state: Any, model: Model | None = None) -> None:  # noqa: ANN401
        packed, waiting, *params = state or (None, {})
        self.rules, self.model = rules, model
        if params:
            self.rules = rules._replace(asmm=AsmmParams.load(params[0]))
        self.waiting: dict[int, Any] = dict(waiting)
        self.asmm = unpack_tail(Asmm, packed) if packed else Asmm.cell()
        self.n_pauses, self.n_alerts = column(self.asmm, "n_pauses"), column(self.asmm, "n_alerts")
        self.n_refits = column(column(self.asmm, "calibration"), "n_refits")
        self.learnt = learnt(self.asmm)

    def take(self, item: Any) -> View | None:  # noqa: ANN401
        """Return the view with every decision of the frame that an item completes, or None."""
        left, number, value = item
        if number not in self.waiting:
            self.waiting[number] = value
            return None
        other = self.waiting.pop(number)
        return self._decide(value, other) if left else self._decide(other, value)

    def _decide(self, seen: Seen, readings: Table[Reading]) -> View:
        frame, tops, book = seen
        if frame.reload is not None:
            self._adopt(frame.reload)
        quotes = Quotes.table(len(frame.rows))
        n = quotes_on_frame(self.asmm, self.rules.asmm, frame.rows, tops, readings, quotes, self.model)
        if self.n_refits[0] != self.learnt.n_refits:
            self.learnt = learnt(self.asmm)
        counted = int(self.n_pauses[0]), int(self.n_alerts[0])
        return View(frame, tops, readings, quotes, n, *counted, *book, self.learnt)

    def _adopt(self, reload: Reload) -> None:
        self.rules = reload.rules
        quote_anew(self.asmm, new_window=reload.new_window, new_fit=reload.new_fit)

    def dump(self) -> tuple[bytes, dict[int, Any], bytes]:
        """Return inventory, pause, what was learnt of the market, what waits for its other half, parameters.

        Between epochs of a closed loop nothing waits.
        """
        return pack_tail(self.asmm), dict(self.waiting), self.rules.asmm.tobytes()


class RiskStep(Step):
    """Wanted quotes to requests within limits, and the account."""

    def __init__(self, rules: Rules, state: Any) -> None:  # noqa: ANN401
        block, trail, *params = state or (b"", b"")
        self.office_rules = _loaded(params) if params else office_rules(rules)
        self.records = Records.load(block) if block else Records.cell()
        markouts = cast("Any", self.records)["markouts"]
        self.trail = unpack_trail(trail, markouts) if block else Trail.cell()
        self.office = office_in(self.records, self.trail)
        self.outbox = Reused()
        self.faults = column(self.office.orders, "n_illegal"), column(self.office.orders, "fault")
        self.n_invalid_flag = column(self.office.kpis, "n_invalid_flag")

    def take(self, item: View) -> Answer:
        """Return what the frame asks for, what it filled, and how trading stands."""
        frame, rows = item.frame, item.frame.rows
        if frame.reload is not None:
            self.office_rules = office_rules(frame.reload.rules)
        box = self.outbox.clear(len(rows))
        views = item.tops, item.readings, item.quotes
        office_on_frame(self.office, self.office_rules, rows, *views, item.n_quotes, box)
        n_requests, n_fills, n_transitions, n_samples, *_ = self.outbox.used()
        fills = first(box.fills, n_fills) if n_fills else NO_FILLS
        return Answer(
            frame.number,
            first(box.requests, n_requests) if n_requests else NO_ROWS,
            picked(rows, np.asarray(fills)["row"]) if n_fills else NO_ROWS,
            fills,
            first(box.transitions, n_transitions) if n_transitions else NO_TRANSITIONS,
            first(box.samples, n_samples) if n_samples else NO_SAMPLES,
            frame.letters,
            self._standing(item),
            frame.released_ns,
            frame.tally,
        )

    def _standing(self, view: View) -> Standing:
        n_faults = int(self.faults[0][0]) + int(self.faults[1][0])
        broken = view.n_gaps, view.n_crossed, n_faults
        alerts = view.n_alerts, int(self.n_invalid_flag[0])
        return Standing(self.records.tobytes(), view.n_pauses, *broken, *alerts, view.n_resyncs, view.learnt)

    def dump(self) -> tuple[bytes, ...]:
        """Return orders, position and account, the fills that still wait for a markout, and parameters."""
        params = (cell.tobytes() for cell in self.office_rules)
        return self.records.tobytes(), pack_trail(self.trail, self.office.markouts), *params


def _loaded(params: list[bytes]) -> OfficeRules:
    orders, risk, ledger, kpis = params
    within = OrdersParams.load(orders), RiskParams.load(risk)
    return OfficeRules(*within, LedgerParams.load(ledger), KpisParams.load(kpis))
