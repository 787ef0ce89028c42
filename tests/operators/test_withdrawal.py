"""Rows marked WITHDRAW withdraw quotes and nothing else, in the steps of the graph as in one pass."""

import random
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from configs.load import load
from configs.rules import rules_for
from connectors.playback import Playback
from connectors.synthetic import SyntheticMarket, open_tape
from operators.desk import open_desk, open_exchange
from operators.kernel import COMPILED, ROOT
from operators.rows import ACCEPTED, AMEND, AMENDED, CANCEL, CANCELED, LAST, PLACE, WITHDRAW, Row
from tests.oracles.passes import by_steps, in_one_pass

SYMBOL = "BTCUSDC"
SECONDS = 30 if COMPILED else 3
HABITS = {
    "clock": ("quoting.decide=clock",),
    "every message": ("quoting.decide=every_message",),
    "toxic": ("quoting.decide=every_message", "vpin.pause_threshold=0.3", "vpin.pause_seconds=1"),
}
LEARNT = ("book", "own", "vpin", "flow", "asmm")
"""What is known of the market, how it is quoted and when it is paused."""
GRANTED = {PLACE: ACCEPTED, AMEND: AMENDED, CANCEL: CANCELED}
PASSES = {"steps": by_steps, "one pass": in_one_pass}


@pytest.fixture(scope="module", params=HABITS)
def world(request):
    """Return rules, and the frames of a market that nobody trades in."""
    more = ["vpin.bucket_size=20000", "vpin.n_buckets=5", "vpin.min_buckets=2", *HABITS[request.param]]
    settings = load(ROOT / "configs" / "phoenix.yaml", more)
    rules = rules_for(settings.symbols[SYMBOL], settings.source)
    market = SyntheticMarket(Decimal(95_000), informed_share=0.4, trades_per_s=40.0)
    instrument = settings.symbols[SYMBOL].instrument
    tape = open_tape(SYMBOL, instrument, market, seed=3, start_ns=10**18, duration_s=SECONDS)
    playback, frames = Playback(tape, rules, open_exchange()), []
    while (rows := playback.play(Row.table(0))) is not None:
        frames.append(rows)
    return request.param, rules, frames


def marked(rows, which=lambda _k: True):
    copy = rows.copy()
    for k in filter(which, range(len(copy))):
        copy[k].marks |= WITHDRAW
    return copy


def lived(play, rules, frames):
    """Take frames through a desk that nobody answers; return it, and what it asked for in each."""
    desk, asked = open_desk(), []
    for rows in frames:
        requests, _ = play(desk, rules, rows)
        asked.append(np.asarray(requests).copy())
    return desk, asked


def kinds(asked):
    return {int(kind) for requests in asked for kind in requests["kind"]}


@pytest.mark.parametrize("how", PASSES)
def test_what_is_learnt_and_when_it_is_paused_is_the_same(world, how):
    name, rules, frames = world
    plain, asked = lived(PASSES[how], rules, frames)
    desk, nothing = lived(PASSES[how], rules, map(marked, frames))
    for each in LEARNT:
        assert getattr(desk, each).tobytes() == getattr(plain, each).tobytes(), each
    assert PLACE in kinds(asked), "nothing would have been quoted"
    assert kinds(nothing) == set()
    if COMPILED and name == "toxic":
        assert plain.asmm[0].n_pauses > 0
        assert plain.vpin[0].n_closed > 0


def test_marked_here_and_there_steps_and_one_pass_agree(world):
    _, rules, frames = world
    draw = random.Random(4)
    some = [marked(rows, lambda _k: draw.random() < 0.3) for rows in frames]
    steps, asked = lived(by_steps, rules, some)
    fused, same = lived(in_one_pass, rules, some)
    assert [each.tobytes() for each in asked] == [each.tobytes() for each in same]
    assert [cell.tobytes() for cell in steps] == [cell.tobytes() for cell in fused]


@pytest.mark.parametrize("how", PASSES)
def test_quotes_that_stand_are_withdrawn_and_come_back(world, how):
    _, rules, frames = world
    desk, third = open_desk(), len(frames) // 3
    asked: list[list[Any]] = [[], [], []]
    for k, rows in enumerate(frames[: 3 * third]):
        mark = WITHDRAW * (k // third == 1)
        while len(rows) > 0:
            requests, _ = PASSES[how](desk, rules, marked(rows) if mark else rows)
            asked[k // third].append(np.asarray(requests).copy())
            rows = answered(requests)  # noqa: PLW2901 - one frame leads to the next
    assert PLACE in kinds(asked[0])
    assert kinds(asked[1]) == {CANCEL}
    assert PLACE in kinds(asked[2])
    assert desk.orders[0].n_illegal == 0


def answered(requests):
    """Return what a venue says that grants everything at once."""
    answers = requests.copy()
    for k in range(len(answers)):
        answers[k].kind, answers[k].marks = GRANTED[answers[k].kind], LAST
    return answers
