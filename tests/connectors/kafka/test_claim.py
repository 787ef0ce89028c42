"""A symbol is claimed by one machine at a time: nothing is seen but the broker."""

import multiprocessing
import signal
import threading
import time
import uuid

import pytest

from connectors.claims import Claimant
from connectors.kafka.claim import Member, claimed_at
from connectors.kafka.connection import Place
from operators.errors import PhoenixError, RunDirectoryError, SourceError
from tests.oracles.broker import free_port


@pytest.fixture
def place(real_broker):
    return Place(real_broker.bootstrap, real_broker.topic(2), {})


@pytest.fixture
def profile():
    return uuid.uuid4().hex[:12]


def claimant(share, symbols, run=None):
    """Return who claims symbols, in a run of its own unless one is named."""
    return Claimant(share, symbols, run or uuid.uuid4().hex)


def hold(place, profile, holding, run=None):
    with claimed_at(place, profile, claimant("1of2", ["BTCUSDC", "ETHUSDC"], run), print):
        holding.set()
        signal.pause()


def test_a_claimed_symbol_is_refused_and_others_are_not(place, profile):
    lost: list[PhoenixError] = []
    with claimed_at(place, profile, claimant("1of2", ["BTCUSDC", "ETHUSDC"], "a"), lost.append):
        with claimed_at(place, profile, claimant("2of2", ["SOLUSDC", "XRPUSDC"]), lost.append):
            pass
        with (
            pytest.raises(RunDirectoryError, match=r"already, by 1of2 \S+ \(/127\.0\.0\.1\): stop"),
            claimed_at(place, profile, claimant("ETHUSDC", ["ETHUSDC"], "b"), lost.append),
        ):
            raise AssertionError
        with claimed_at(place, f"{profile}-other", claimant("1of2", ["BTCUSDC"]), lost.append):
            pass
    with claimed_at(place, profile, claimant("1of2", ["BTCUSDC", "ETHUSDC"], "a"), lost.append):
        pass
    assert lost == []


def test_what_a_killed_process_claimed_is_free_once_its_session_is_over(place, profile):
    context = multiprocessing.get_context("forkserver")
    holding = context.Event()
    process = context.Process(target=hold, args=(place, profile, holding))
    process.start()
    assert holding.wait(60)
    process.kill()
    process.join()
    with claimed_at(place, profile, claimant("1of2", ["BTCUSDC"]), print):
        pass


def test_a_run_that_goes_on_after_a_kill_takes_its_own_place_without_waiting(place, profile, monkeypatch):
    monkeypatch.setattr("connectors.kafka.claim.SESSION_S", 300.0)
    context = multiprocessing.get_context("fork")
    holding = context.Event()
    process = context.Process(target=hold, args=(place, profile, holding, "this-one"))
    process.start()
    assert holding.wait(60)
    process.kill()
    process.join()
    began = time.monotonic()
    with claimed_at(place, profile, claimant("1of2", ["BTCUSDC", "ETHUSDC"], "this-one"), print):
        assert time.monotonic() - began < 300, "it waited until the session of the one before was over"


def test_a_run_that_two_processes_go_on_with_is_the_later_ones(place, profile):
    lost: list[PhoenixError] = []
    same = claimant("1of2", ["BTCUSDC"], "this-one")
    with claimed_at(place, profile, same, lost.append), claimed_at(place, profile, same, print):
        until = time.monotonic() + 60
        while not lost:
            assert time.monotonic() < until
            time.sleep(0.05)
    assert ["another process goes on with this run" in str(each) for each in lost] == [True]


def test_of_several_that_begin_at_once_one_holds_at_any_time(place, profile):
    holders, most = 0, 0
    refused: list[PhoenixError] = []
    lock, begin = threading.Lock(), threading.Barrier(3)
    done = threading.Event()

    def contend():
        nonlocal holders, most
        begin.wait()
        try:
            with claimed_at(place, profile, claimant("1of2", ["BTCUSDC"]), refused.append):
                with lock:
                    holders += 1
                    most = max(most, holders)
                done.wait(60)
                with lock:
                    holders -= 1
        except RunDirectoryError as error:
            refused.append(error)
        if len(refused) == 2:
            done.set()

    threads = [threading.Thread(target=contend) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (most, len(refused)) == (1, 2)


def test_who_was_away_for_longer_than_a_session_and_finds_another_gives_up(place, profile):
    lost: list[PhoenixError] = []
    away = Member(place, f"phoenix-claims-{profile}-{place.topic}", claimant("1of2", ["BTCUSDC"]))
    staying = threading.Thread(target=away.stay, args=(lost.append,), daemon=True)
    away.join()
    leave(away)
    with claimed_at(place, profile, claimant("2of2", ["BTCUSDC"]), print):
        # Back before anybody looks. Never beside a thread that polls: each would wait for the other.
        away.client.subscribe([place.topic], on_assign=lambda client, _: client.assign([]))
        staying.start()
        staying.join(30)
        away.left.set()
        staying.join()
    away.close()
    assert ["run already, by 2of2" in str(each) for each in lost] == [True]


def leave(member):
    """Have the broker take a member for gone, as one whose session is over."""
    member.client.unsubscribe()
    until = time.monotonic() + 30
    while member.others() is not None:
        assert time.monotonic() < until
        member.client.poll(0.1)


def test_without_a_broker_there_is_one_sentence():
    place = Place(f"127.0.0.1:{free_port()}", "market", {})
    with (
        pytest.raises(SourceError, match="no broker answers"),
        claimed_at(place, "x", claimant("1of2", ["A"]), print),
    ):
        raise AssertionError
