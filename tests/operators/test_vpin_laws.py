"""What changes nothing: cuts into frames, bytes of a checkpoint, who compiled it, mirrors, units, slices."""

import hashlib
import os
import random
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from operators.kernel import COMPILED, ROOT
from operators.toxicity import Reading, Vpin
from operators.vpin import vpin_on_frame
from tests.oracles.exact_vpin import Event, Trade
from tests.oracles.toxic_tapes import Chance, params_of, read_all, rows_of

SEEDS = range(12)
TAPES_EACH = 40 if COMPILED else 4


def markets(seed, **settings):
    """Random settings and tapes."""
    chance = Chance(random.Random(1000 + seed))
    for _ in range(TAPES_EACH):
        setup = replace(chance.setup(), **settings)
        yield chance.rng, setup, chance.events(setup, 40)


def fingerprint(readings):
    return b"".join(np.asarray(reading).tobytes() for reading in readings)


def told_in_parts(rng, setup, events, through_bytes):
    """The same rows in frames of any length; between them the state may be bytes."""
    rows, ends = rows_of(events)
    state, params, readings = Vpin.cell(), params_of(setup), Reading.table(len(rows))
    k = 0
    while k < len(rows):
        n = min(len(rows), k + rng.choice([1, 1, 2, 5, 17]))
        vpin_on_frame(state, params, rows[k:n], readings[k:n])
        if through_bytes:
            state = Vpin.load(state.tobytes())
        k = n
    return state, [readings[i] for i in ends]


@pytest.mark.parametrize("through_bytes", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
def test_frames_may_end_anywhere_and_state_may_be_bytes_between_them(seed, through_bytes):
    for rng, setup, events in markets(seed):
        whole, readings = read_all(setup, events)
        parts, readings_in_parts = told_in_parts(rng, setup, events, through_bytes)
        assert parts.tobytes() == whole.tobytes()
        assert fingerprint(readings_in_parts) == fingerprint(readings)


def changed(events, change) -> list[Event]:
    """Every trade as `change` would have it, in one piece or several."""
    return [piece for event in events for piece in (change(event) if isinstance(event, Trade) else [event])]


@pytest.mark.parametrize("seed", SEEDS)
def test_swapping_buys_and_sells_turns_the_direction_and_keeps_the_value(seed):
    for rng, setup, events in markets(seed, classifier="aggressor"):
        flagged = changed(events, lambda t: [replace(t, side=t.side or rng.choice([1, -1]))])  # noqa: B023
        mirrored = changed(flagged, lambda t: [replace(t, side=-t.side)])
        for one, other in zip(read_all(setup, flagged)[1], read_all(setup, mirrored)[1], strict=True):
            assert (other.value, other.level, other.status) == (one.value, one.level, one.status)
            assert other.net_imbalance == -one.net_imbalance


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("scale", [2, 1000])
def test_larger_lots_in_larger_buckets_read_the_same(seed, scale):
    for _, setup, events in markets(seed, classifier="aggressor", mid_tie="tick", mode="fixed"):
        larger = replace(setup, bucket=setup.bucket * scale, vol_threshold=setup.vol_threshold * scale)
        scaled = changed(events, lambda t: [replace(t, lots=t.lots * scale)])
        for one, other in zip(read_all(setup, events)[1], read_all(larger, scaled)[1], strict=True):
            assert (other.status, other.n_closed) == (one.status, one.n_closed)
            assert other.value == pytest.approx(one.value, abs=1e-12)
            assert other.level == pytest.approx(one.level, abs=1e-12)
            assert other.net_imbalance == pytest.approx(one.net_imbalance, abs=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_cutting_trades_in_two_at_the_same_price_and_side_changes_nothing(seed):
    for rng, drawn, events in markets(seed, classifier="aggressor", mid_tie="tick"):
        setup = replace(drawn, mode="fixed" if drawn.mode == "adv" else drawn.mode)
        whole = changed(events, lambda t: [replace(t, id=0)])

        def halves(trade, rng=rng):
            first = rng.randint(0, trade.lots - 1)
            pieces = [replace(trade, lots=first), replace(trade, lots=trade.lots - first)]
            return pieces[first == 0 :]

        cut = changed(whole, halves)
        one, readings = read_all(setup, whole)
        two, readings_cut = read_all(setup, cut)
        ours, theirs = np.asarray(readings_cut[-1]).copy(), np.asarray(readings[-1]).copy()
        assert ours["n_trades"] >= theirs["n_trades"]
        ours["n_trades"] = theirs["n_trades"]
        assert ours.tobytes() == theirs.tobytes()
        for name in ("open_buy", "open_sell", "n_closed", "total_steps", "sum_abs", "sum_net", "values"):
            assert np.array_equal(getattr(one[0], name), getattr(two[0], name))


def digest_of_tapes():
    """One digest over the states and readings of many tapes, more than a thousand trades among them."""
    digest = hashlib.sha256()
    for seed in range(3):
        chance = Chance(random.Random(seed))
        for n in [40] * 30 + [1200]:
            setup = chance.setup()
            state, readings = read_all(setup, chance.events(setup, n))
            digest.update(state.tobytes() + fingerprint(readings))
    return digest.hexdigest()


@pytest.mark.skipif(not COMPILED, reason="these rules are interpreted already")
def test_interpreted_rules_leave_the_same_bytes():
    program = "from tests.operators import test_vpin_laws as laws; print(laws.digest_of_tapes())"
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    command = [sys.executable, "-c", program]
    told = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=True, timeout=240)
    assert told.stdout.decode().strip() == digest_of_tapes()
