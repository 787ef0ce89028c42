"""The signed companions of VPIN, by the papers' own cases and against a plain retelling."""

import math
import random

import pytest

from operators.flow import Flow, FlowParams, flow_on_frame, pressure
from operators.kernel import Cell
from operators.rows import BEST, BUY, CLOCK, LAST, SELL, TRADE, Row, Rows
from operators.toxicity import Reading

SECOND = 1_000_000_000
SETUP = FlowParams.cell(halflife_ns=5 * SECOND)


def best(ts_s: float, bid: tuple[int, int], ask: tuple[int, int]) -> list[tuple[int, ...]]:
    ts_ns = round(ts_s * SECOND)
    return [(BEST, BUY, *bid, 0, ts_ns), (BEST, SELL, *ask, LAST, ts_ns)]


def trade(ts_s: float, side: int, lots: int) -> list[tuple[int, ...]]:
    return [(TRADE, side, 100, lots, LAST, round(ts_s * SECOND))]


def clock(ts_s: float) -> list[tuple[int, ...]]:
    return [(CLOCK, 0, 0, 0, 0, round(ts_s * SECOND))]


def frame(*facts: list[tuple[int, ...]]) -> Rows:
    flat = [fact for group in facts for fact in group]
    rows = Row.table(len(flat))
    for i, (kind, side, ticks, lots, marks, ts_ns) in enumerate(flat):
        row = rows[i]
        row.kind, row.side, row.price_ticks, row.size_lots, row.marks = kind, side, ticks, lots, marks
        row.ts_event = row.ts_recv = ts_ns
    return rows


def play(rows: Rows, flow: Cell[Flow] | None = None) -> Reading:
    readings = Reading.table(len(rows))
    flow_on_frame(Flow.cell() if flow is None else flow, SETUP, rows, readings)
    return readings[len(rows) - 1]


@pytest.mark.parametrize(
    ("bid", "ask", "expected"),
    [
        ((100, 15), (101, 10), 5),  # five more bid at the same price
        ((100, 4), (101, 10), -6),  # six fewer
        ((101, 3), (102, 10), 13),  # a better bid, and the ask of 10 gone
        ((99, 8), (101, 10), -10),  # the bid of 10 gone
        ((100, 10), (101, 25), -15),  # more on offer presses down
        ((100, 10), (102, 7), 10),  # the ask of 10 gone
        ((100, 10), (101, 10), 0),
    ],
)
def test_an_event_of_the_touch_counts_as_equation_3_has_it(bid, ask, expected):
    rows = frame(best(1, (100, 10), (101, 10)), best(1, bid, ask))
    assert play(rows).ofi_lots == expected


def test_both_sides_speak_one_language():
    assert pressure(100, 10, 101, 3) == 3
    assert pressure(100, 10, 100, 12) == 2
    assert pressure(100, 10, 99, 50) == -10


def test_the_first_touch_is_no_event():
    assert play(frame(best(1, (100, 10), (101, 10)))).ofi_lots == 0.0


def test_what_pressed_fades_by_half_in_a_half_life():
    rows = frame(best(1, (100, 10), (101, 10)), best(1, (100, 18), (101, 10)), clock(6))
    assert play(rows).ofi_lots == pytest.approx(4.0, rel=1e-15)


def test_the_queue_and_the_microprice_lean_to_the_larger_side():
    reading = play(frame(best(1, (100, 30), (104, 10))))
    assert reading.queue_imbalance == 0.5
    assert reading.microprice_ticks == 1.0
    assert reading.microprice_ticks == (100 * 10 + 104 * 30) / 40 - 102


def test_trades_are_signed_over_all_of_them():
    assert play(frame(trade(1, BUY, 30), trade(1, SELL, 10))).trade_imbalance == 0.5
    assert play(frame(trade(1, BUY, 30), trade(6, SELL, 5))).trade_imbalance == 0.5
    assert play(frame(trade(1, 0, 30), clock(2))).trade_imbalance == 0.0


def test_nothing_known_leans_nowhere():
    reading = play(frame([(BEST, BUY, 100, 10, LAST, SECOND)], clock(2)))
    signals = (reading.ofi_lots, reading.queue_imbalance, reading.microprice_ticks, reading.trade_imbalance)
    assert signals == (0.0, 0.0, 0.0, 0.0)


def a_story(seed: int, n: int) -> list[list[tuple[int, ...]]]:
    chance, facts, now = random.Random(seed), [], 1.0
    for _ in range(n):
        now += chance.choice([0.0, 0.01, 0.5])
        if chance.random() < 0.4:
            facts.append(trade(now, chance.choice([BUY, SELL, 0]), chance.randint(1, 9)))
        else:
            bid = chance.randint(98, 101)
            ask = bid + chance.randint(1, 3)
            facts.append(best(now, (bid, chance.randint(1, 20)), (ask, chance.randint(1, 20))))
    return facts


def retold(facts: list[list[tuple[int, ...]]]) -> tuple[float, float]:
    """Return order flow and trade imbalance at the last fact, each event faded by itself."""
    last_ns, before = facts[-1][-1][-1], None
    events: list[tuple[int, float]] = []
    trades: list[tuple[int, int, int]] = []
    for group in facts:
        kind, side, _, lots, _, ts_ns = group[0]
        if kind == TRADE:
            trades += [(ts_ns, side, lots)] if side else []
            continue
        (pb, qb), (pa, qa) = group[0][2:4], group[1][2:4]
        if before is not None:
            (pb0, qb0), (pa0, qa0) = before
            event = qb * (pb >= pb0) - qb0 * (pb <= pb0) - qa * (pa <= pa0) + qa0 * (pa >= pa0)
            events.append((ts_ns, event))
        before = (pb, qb), (pa, qa)

    def weight(ts_ns: int) -> float:
        return math.pow(0.5, (last_ns - ts_ns) / (5 * SECOND))

    traded = math.fsum(lots * weight(ts) for ts, _, lots in trades)
    signed = math.fsum(side * lots * weight(ts) for ts, side, lots in trades)
    return math.fsum(e * weight(ts) for ts, e in events), signed / traded if traded else 0.0


@pytest.mark.parametrize("seed", range(20))
def test_it_equals_every_event_faded_by_itself(seed):
    facts = a_story(seed, 120)
    reading = play(frame(*facts))
    ofi, trades = retold(facts)
    # Each of 120 fades rounds thrice, and sums are of at most 40 lots an event: 1e-11 is ample.
    assert reading.ofi_lots == pytest.approx(ofi, abs=1e-11)
    assert reading.trade_imbalance == pytest.approx(trades, abs=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_swapping_the_sides_turns_every_sign(seed):
    facts = a_story(seed, 60)
    mirrored = []
    for group in facts:
        if group[0][0] == TRADE:
            mirrored.append([(TRADE, -group[0][1], *group[0][2:])])
        else:
            (pb, qb), (pa, qa), ts_ns = group[0][2:4], group[1][2:4], group[0][-1]
            mirrored.append([(BEST, BUY, 1000 - pa, qa, 0, ts_ns), (BEST, SELL, 1000 - pb, qb, LAST, ts_ns)])
    one, other = play(frame(*facts)), play(frame(*mirrored))
    assert other.ofi_lots == -one.ofi_lots
    assert other.queue_imbalance == -one.queue_imbalance
    assert other.microprice_ticks == -one.microprice_ticks
    assert other.trade_imbalance == -one.trade_imbalance


@pytest.mark.parametrize("seed", range(3))
def test_cuts_and_checkpoints_change_nothing(seed):
    rows, chance = frame(*a_story(seed, 80)), random.Random(seed)
    whole = Flow.cell()
    play(rows, whole)
    flow, at = Flow.cell(), 0
    while at < len(rows):
        until = min(len(rows), at + chance.randint(1, 7))
        play(rows[at:until], flow)
        flow, at = Flow.load(flow.tobytes()), until
    assert flow.tobytes() == whole.tobytes()
