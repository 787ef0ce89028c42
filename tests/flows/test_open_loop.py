"""However a tape is cut into frames and batches: one order log, byte for byte, by any number of workers."""

import json
import random

import pytest
from bytewax._bytewax import cli_main
from bytewax.recovery import init_db_dir
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.open_loop import Framing, SignalSource
from flows.phoenix import signals
from operators.rows import CLOCK, LAST
from tests.oracles.runs import (
    REPLAY,
    capture,
    eavesdrop,
    fused,
    graphed,
    lines,
    lively,
    logs,
    made,
    random_cut,
    replaying,
    retold,
    single_rows,
    whole_stretches,
)

MARKETS = lively("BTCUSDC", "DOGEUSDC", "ETHUSDC", seconds=3)
"""Three symbols, whose frames follow one another through the graph."""


@pytest.fixture(scope="module")
def conversation(tmp_path_factory):
    """A closed loop: where its logs are, and all that each desk was told in it."""
    out = tmp_path_factory.mktemp("closed") / "run"
    return out, eavesdrop(made(out, *MARKETS))


def tell_again(conversation, out, framing, workers=1):
    run, seen = conversation
    job = made(out, *MARKETS)
    return logs(graphed(job, retold(job, seen, framing, run), workers))


def test_the_conversation_that_is_told_again_has_every_kind_of_request_and_report(conversation):
    out, seen = conversation
    assert {line["op"] for line in lines(out / "orders.jsonl")} == {"place", "amend", "cancel"}
    assert len(lines(out / "fills.jsonl")) > 12
    told = [row for rows in seen["BTCUSDC"] for row in rows]
    assert sum(row.kind == CLOCK for row in told) > 20
    within = [row for row in told if row.kind < CLOCK and not row.marks & LAST]
    assert len(within) > 100, "a cut hits the middle of a message"


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("cut", [whole_stretches, single_rows, *map(random_cut, range(3))])
@pytest.mark.parametrize("frames_per_batch", [1, 7, 100, 1000])
def test_what_a_desk_was_told_makes_the_same_orders_in_any_frames(
    conversation, tmp_path, cut, frames_per_batch, workers
):
    told = tell_again(conversation, tmp_path / "run", Framing(cut, frames_per_batch), workers)
    assert told == logs(conversation[0])


@given(lengths=st.lists(st.integers(1, 60), min_size=1, max_size=12), frames_per_batch=st.integers(1, 1000))
@settings(max_examples=12)
def test_any_cut_that_can_be_thought_of(conversation, tmp_path_factory, lengths, frames_per_batch):
    framing = Framing(lambda number: lengths[number % len(lengths)], frames_per_batch)
    assert tell_again(conversation, tmp_path_factory.mktemp("any") / "run", framing) == logs(conversation[0])


def signal_logs(out, framing, workers=1, options=MARKETS, **config):
    job = made(out, *options, **config)
    return logs(graphed(job, SignalSource(job.shared, job.playback, framing), workers))


@pytest.fixture(scope="module")
def unanswered(tmp_path_factory):
    """The same markets while nobody answers, in whole windows."""
    out = tmp_path_factory.mktemp("signals") / "run"
    signal_logs(out, Framing())
    return out


def test_signals_ask_for_the_first_quotes_and_are_never_filled(unanswered, conversation):
    asked = lines(unanswered / "orders.jsonl")
    assert {(line["symbol"], line["op"], line["side"]) for line in asked} == {
        (symbol, "place", side) for symbol in ("BTCUSDC", "DOGEUSDC", "ETHUSDC") for side in ("buy", "sell")
    }
    assert (unanswered / "fills.jsonl").read_bytes() == b""
    first = [line for line in lines(conversation[0] / "orders.jsonl") if line["op"] == "place"]
    assert next(line for line in asked if line["symbol"] == "BTCUSDC") in first


def test_signals_read_vpin_as_the_closed_loop_does(unanswered, conversation):
    def toxicity(out):
        symbols = json.loads((out / "summary.json").read_text())["symbols"]
        return {name: (made["vpin_max"], made["pauses"]) for name, made in symbols.items()}

    assert toxicity(unanswered) == toxicity(conversation[0])
    assert any(pauses > 0 for _, pauses in toxicity(unanswered).values())


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(
    ("cut", "frames_per_batch"),
    [
        (single_rows, 1000),
        (random_cut(5), 1),
        (random_cut(6), 7),
        (random_cut(7), 100),
        (random_cut(8), 1000),
    ],
)
def test_signals_are_the_same_for_every_cut(unanswered, tmp_path, cut, frames_per_batch, workers):
    assert signal_logs(tmp_path / "run", Framing(cut, frames_per_batch), workers) == logs(unanswered)


def test_signals_of_a_recording_are_the_same_for_every_cut_and_keep_its_dead_letters(tmp_path):
    path = capture(tmp_path / "testusdt.txt", n_diffs=60, packed=False)
    text = path.read_bytes().splitlines(keepends=True)
    for n in (20, 41, 300):
        text.insert(n, b"no message at all\n")
    path.write_bytes(b"".join(text))
    framings = [Framing(), Framing(single_rows, 100), Framing(random_cut(1), 7), Framing(lambda _: 100_000)]
    told = [
        signal_logs(tmp_path / f"run{n}", framing, options=replaying(path), config=REPLAY)
        for n, framing in enumerate(framings)
    ]
    assert all(each == told[0] for each in told)
    assert len(told[0]["dead_letters.jsonl"].splitlines()) == 3


def watched(job, framing, at, seen):
    """Return a framing that notes every frame, and asks the run to stop when every symbol has come to one."""

    def cut(number):
        seen.append(number)
        if seen.count(at) == len(job.shared.mail):
            job.shared.stop.set()
        return framing.cut(number)

    return Framing(cut, framing.frames_per_batch)


@pytest.mark.parametrize("workers", [(1, 1, 1), (2, 1), (1, 2)])
@pytest.mark.parametrize("answered", [True, False])
@pytest.mark.parametrize(
    ("framing", "most"),
    [
        (Framing(single_rows, 30), 200),
        (Framing(random_cut(3, (1, 2, 3, 7, 15)), 2), 36),
    ],
)
def test_what_was_stopped_goes_on_where_it_stood(
    conversation, unanswered, tmp_path, framing, most, answered, workers
):
    whole, heard = (conversation[0] if answered else unanswered), conversation[1]
    store, chance = tmp_path / "store", random.Random(4)
    store.mkdir()
    init_db_dir(store, 2)

    def tell(name, at, n, recovery):
        seen: list[int] = []
        job = made(tmp_path / name, *MARKETS)
        framed = watched(job, framing, at, seen)
        market = SignalSource(job.shared, job.playback, framed)
        source = retold(job, heard, framed, conversation[0]) if answered else market
        graphed(job, source, n, every_s=0.02, store=recovery)
        return min(seen), max(seen), logs(tmp_path / name) == logs(whole)

    stops = [sum(chance.randint(most // 2, most) for _ in range(n)) for n in range(1, len(workers))]
    told = [tell("run", at, n, store) for at, n in zip((*stops, 10**9), workers, strict=True)]
    begun, _, same = zip(*told, strict=True)
    assert begun == tuple(sorted(set(begun))), "each went on where the one before it stood"
    assert same == (*(False for _ in stops), True)
    assert told[-1][1:] == tell("at once", 10**9, 1, None)[1:]


def test_signals_are_a_flow_of_their_own(tmp_path, unanswered, monkeypatch):
    monkeypatch.setattr("flows.program.Program.stop_on_signals", lambda _: None)
    cli_main(signals(None, *MARKETS, f"run.directory={tmp_path}"))
    assert logs(next(tmp_path.iterdir())) == logs(unanswered)


def test_the_fused_driver_agrees_with_the_conversation(conversation, tmp_path):
    assert logs(fused(made(tmp_path / "run", *MARKETS))) == logs(conversation[0])
