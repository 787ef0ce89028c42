"""A desk at a venue elsewhere counts what came in either topic."""

import json
import threading
import time
from types import SimpleNamespace
from typing import cast

from connectors.kafka.cuts import Cut
from connectors.kafka.desk import Desk, DeskRounds
from connectors.kafka.silence import Silence
from connectors.kafka.stream import Habits
from connectors.playback import NOTHING_YET
from connectors.shared import Mailbox, Shared
from operators.rows import BUY, HALT, PLACE, Row
from tests.oracles.heard import SAID
from tests.oracles.letterbox import CLOCK_NS, MARKET, MS, SYMBOL, WALL, Log
from tests.oracles.letterbox import Desk as Seen
from tests.oracles.venue_world import a_row, joined

NO_ROWS = Row.table(0)
TRADE = {"type": "trade", "v": 1, "symbol": SYMBOL, "ts_event": MARKET, "price": "62000.0", "size": "0.001"}


def a_desk(folder):
    logs = [Log("market"), Log("reports")]
    seen = Seen(folder, logs, Habits(CLOCK_NS, 0, lambda: WALL))
    seen.stream.incoming.join()
    return Desk(seen.stream, seen.market, seen.reports, Silence("reports", print)), seen, logs


def come(seen):
    for reader in seen.readers:
        reader.hand_on()


def test_the_same_poison_in_both_topics_is_counted_together(tmp_path):
    desk, seen, (market, reports) = a_desk(tmp_path)
    for log, n in ((market, 2), (reports, 3)):
        for _ in range(n):
            log.append(b"garbage", WALL // MS)
    come(seen)
    desk.play(NO_ROWS)
    assert desk.tally().source["malformed_json"] == 5
    assert [letter.where for letter in desk.take_letters()] == [
        *("market[0]@0", "market[0]@1"),
        *("reports[0]@0", "reports[0]@1", "reports[0]@2"),
    ]


def test_a_control_is_given_once(tmp_path):
    desk, seen, (market, _) = a_desk(tmp_path)
    desk.control(HALT, 1)
    assert desk.play(NO_ROWS) is NOTHING_YET
    for _ in range(2):
        market.append(json.dumps(TRADE).encode(), WALL // MS)
        come(seen)
        desk.play(NO_ROWS)
    assert desk.n_rows == 3


def test_a_venue_that_does_not_answer_is_said_not_to_once_until_it_does(tmp_path):
    desk, seen, (market, reports) = a_desk(tmp_path)
    said, now = list[str](), [0.0]
    desk.silence = Silence("reports", said.append, lambda: now[0])

    def play(after_s, requests=NO_ROWS, answer=None):
        now[0] += after_s
        market.append(json.dumps(TRADE).encode(), WALL // MS)
        if answer is not None:
            reports.append(answer, WALL // MS)
        come(seen)
        desk.play(requests)
        return len(said)

    order, answer = joined([a_row(PLACE, BUY, 620_000, 5, 1)]), SAID | {"what": "state"}
    assert play(100) == 0, "nothing was asked"
    assert play(0, order) == 0
    assert play(9.9, order) == 0
    assert play(0.1) == 1
    assert play(100, order) == 1
    assert play(0, answer=answer | {"n": 1}) == 2
    assert play(100) == 2, "nothing was asked since"
    assert play(0, order, answer | {"n": 2}) == 2
    assert play(10) == 2, "it was answered at once"
    assert said == [
        "kafka: no venue has said anything in reports for 10 s after orders: is one open?",
        "kafka: the venue answers in reports again",
    ]


def test_at_its_end_it_plays_nothing(tmp_path):
    desk, _, _ = a_desk(tmp_path)
    desk.finished = True
    assert desk.play(NO_ROWS) is None


def test_told_to_stop_it_waits_for_what_came_before_but_not_for_ever(tmp_path, monkeypatch):
    desk, _, _ = a_desk(tmp_path)
    now, stop = [100.0], threading.Event()
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    shared = SimpleNamespace(mail={SYMBOL: Mailbox()}, speed=0, stop=stop)
    rounds = DeskRounds(SYMBOL, desk, cast("Shared", shared), None)
    desk.stream.cuts.again.append(Cut(2, MARKET, 1, 0, 0))
    rounds.number = 1

    def held_up(after_s):
        now[0] += after_s
        return rounds._held_up()

    assert not held_up(0)
    assert not held_up(60), "nobody wants it to stop"
    stop.set()
    assert [held_up(each) for each in (0, 5, 0.1)] == [False, False, True]
    rounds.number = 2
    assert [held_up(each) for each in (0, 5, 0.1)] == [False, False, True]
    desk.stream.cuts.again.clear()
    assert not held_up(60)
