"""A paced replay is due when its market was, at that many times real time."""

import threading
from datetime import UTC, datetime

import pytest

from connectors import pace
from connectors.bell import Bell
from connectors.pace import PAST, Pace
from operators.rows import Row

NOON = 1_735_732_800


def rows_at(*seconds):
    rows = Row.table(len(seconds))
    for k, at in enumerate(seconds):
        rows[k].ts_recv = at * 10**9
    return rows


@pytest.mark.parametrize(("speed", "waits_s"), [(1, 8), (4, 2), (0.5, 16)])
def test_what_is_released_is_due_when_its_last_row_was(speed, waits_s):
    paced = Pace(speed, clock=lambda: NOON)
    paced.reach(rows_at(100, 102))
    paced.reach(rows_at(103, 108))
    assert paced.due == datetime.fromtimestamp(NOON + waits_s, UTC)


def test_without_a_speed_everything_is_due_at_once():
    paced = Pace(0)
    paced.reach(rows_at(100, 108))
    assert paced.due == PAST


def test_nothing_released_changes_nothing():
    paced = Pace(1, clock=lambda: NOON)
    paced.reach(Row.table(0))
    assert (paced.due, paced.began) == (PAST, None)


class Quiet:
    """Paces of one thread, each asked in turn as Bytewax asks."""

    def __init__(self, bell, monkeypatch, *names, speed=0.0) -> None:
        monkeypatch.setattr(pace, "BELL", bell)
        monkeypatch.setattr(pace, "HERE", pace._Worker())
        monkeypatch.setattr(pace, "LOOK_S", 600.0)
        self.paces = {name: Pace(speed) for name in names}

    def look(self, name):
        assert not self.paces[name].rests(name)
        self.paces[name].look_again()


class Waits(Bell):
    """Notes who would have waited, and how long; somebody may ring meanwhile."""

    def __init__(self, *rings) -> None:
        super().__init__()
        self.rung_meanwhile = list(rings)
        self.waited: list[tuple[int, float]] = []

    def wait(self, total, seconds):
        self.waited.append((total, seconds))
        if self.rung_meanwhile:
            self.ring([self.rung_meanwhile.pop(0)])


def test_nobody_waits_while_another_has_something_to_do(monkeypatch):
    bell = Waits()
    quiet = Quiet(bell, monkeypatch, "BTC", "ETH")
    assert not quiet.paces["ETH"].rests("ETH")
    quiet.look("BTC")
    assert quiet.paces["BTC"].rests("BTC")
    assert bell.waited == []


def test_a_ring_wakes_the_one_it_is_for(monkeypatch):
    bell = Waits("ETH", "BTC")
    quiet = Quiet(bell, monkeypatch, "BTC", "ETH")
    quiet.look("BTC")
    quiet.look("ETH")
    assert quiet.paces["BTC"].rests("BTC")
    assert not quiet.paces["ETH"].rests("ETH")
    quiet.paces["ETH"].look_again()
    assert not quiet.paces["BTC"].rests("BTC")
    assert bell.waited == [(0, 300), (1, 300)]


def test_a_ring_while_one_looks_is_not_missed(monkeypatch):
    bell = Waits()
    quiet = Quiet(bell, monkeypatch, "BTC")
    assert not quiet.paces["BTC"].rests("BTC")
    bell.ring(["BTC"])
    quiet.paces["BTC"].look_again()
    assert not quiet.paces["BTC"].rests("BTC")


def test_silence_is_looked_at_all_the_same(monkeypatch):
    quiet = Quiet(Waits(), monkeypatch, "BTC")
    monkeypatch.setattr(pace, "LOOK_S", 0.0)
    quiet.look("BTC")
    quiet.look("BTC")


def test_one_that_left_keeps_nobody_from_waiting(monkeypatch):
    bell = Waits()
    quiet = Quiet(bell, monkeypatch, "BTC", "ETH")
    assert not quiet.paces["ETH"].rests("ETH")
    quiet.paces["ETH"].leave()
    quiet.look("BTC")
    assert quiet.paces["BTC"].rests("BTC")
    assert bell.waited == [(0, 600)]


def test_what_is_due_later_keeps_nobody_from_waiting(monkeypatch):
    bell = Waits()
    quiet = Quiet(bell, monkeypatch, "BTC", "ETH", speed=1)
    assert not quiet.paces["ETH"].rests("ETH")
    quiet.paces["ETH"].reach(rows_at(100, 700))
    quiet.look("BTC")
    assert quiet.paces["BTC"].rests("BTC")
    assert bell.waited == [(0, 300)]


def test_a_bell_wakes_another_thread():
    bell, woken = Bell(), threading.Event()

    def wait():
        bell.wait(0, 600)
        woken.set()

    threading.Thread(target=wait).start()
    assert not woken.is_set()
    bell.ring(["BTC"])
    assert woken.wait(60)
    bell.wait(0, 600)  # It was rung since: there is nothing to wait for.
    assert (bell.rings("BTC"), bell.rings("ETH")) == (1, 0)
