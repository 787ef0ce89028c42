"""What holds for every recorded tape: however it is cut, stopped or damaged, it is the same tape."""

import gzip
import pickle
import random
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.recorded import open_tape
from connectors.recorded.letters import KEPT_BYTES
from connectors.recorded.lines import PIECE_BYTES
from connectors.recorded.raw import LETTERS_BYTES
from connectors.recorded.reorder import HORIZON_NS
from operators.errors import CheckpointRefused, SourceError
from operators.rows import BEST, CLEAR, GAP, LAST, LEVEL, NEVER, TRADE
from tests.oracles.dict_depth import books
from tests.oracles.raw_market import (
    SYMBOL,
    TEST,
    Maker,
    Sent,
    desk,
    letters,
    make_market,
    play,
    read_all,
    venue,
    write_raw,
    write_tables,
)

MARKETS = ("binance_usdm", "binance_spot")


def damaged(market, seed=1):
    """Return a market with gaps, repetitions, disorder and lines that are no messages."""
    made, rng = make_market(market, seed, n_diffs=120, snapshots=(5, 40, 80)), random.Random(seed)
    sent = list(made.sent)
    for _ in range(12):
        i = rng.randrange(len(sent))
        sent[i : i + 1] = rng.choice(([], [sent[i], sent[i]], [Sent(sent[i].recv, "odd", {"e": "odd"})]))
    for _ in range(6):
        i = rng.randrange(len(sent))
        sent.insert(i + rng.randint(-5, 5), sent.pop(i))
    made.sent = sent
    return made


@pytest.fixture(params=["raw", "packed", "cut", "tables", "spot raw", "spot tables"])
def recording(request, tmp_path):
    """Return a damaged recording and its market."""
    market = "binance_spot" if "spot" in request.param else "binance_usdm"
    if "tables" in request.param:
        path = write_tables(tmp_path / "tables", make_market(market, n_diffs=120, snapshots=(5, 80)))
    else:
        path = write_raw(tmp_path / "lines", damaged(market).sent, request.param in ("packed", "cut"))
    if request.param == "cut":
        path.write_bytes(path.read_bytes()[:-300])
    return path, market


def whole(chunks):
    rows = (desk(chunks).tobytes(), venue(chunks).tobytes())
    return rows, [letter for chunk in chunks for letter in chunk.letters]


def test_chunks_of_any_size_add_up_to_the_same_tape(recording):
    path, market = recording
    tape, chunks = play(path, market)
    for chunk_rows in (1, 7, 100, 1000):
        other, cut = play(path, market, chunk_rows)
        assert whole(cut) == whole(chunks)
        assert other.quality == tape.quality
        assert len(cut) > len(chunks) or chunk_rows == 1000


def test_chunks_are_about_as_large_as_asked_and_never_cut_a_message(recording):
    path, market = recording
    _, chunks = play(path, market, chunk_rows=50)
    full = [chunk for chunk in chunks if len(chunk.desk)]
    assert np.median([len(chunk.desk) for chunk in full]) < 120
    assert all(chunk.desk["marks"][-1] & LAST for chunk in full)
    assert all(chunk.venue["marks"][-1] & LAST for chunk in chunks if len(chunk.venue))


def test_a_tape_goes_on_from_a_snapshot_at_every_chunk(recording):
    path, market = recording
    tape, states, chunks = open_tape(SYMBOL, TEST, [path], market, chunk_rows=25), [], []
    while True:
        states.append(tape.snapshot())
        chunk = tape.read()
        if chunk is None:
            break
        chunks.append(chunk)
    tape.close()
    assert len(chunks) > 10
    assert sum(len(chunk.venue) > 0 for chunk in chunks) > 5
    for n, state in enumerate(states):
        resumed = open_tape(SYMBOL, TEST, [path], market, chunk_rows=25)
        resumed.restore(state)
        assert resumed.snapshot() == state
        rest = read_all(resumed)
        assert [comparable(chunk) for chunk in rest] == [comparable(chunk) for chunk in chunks[n:]]
        assert resumed.quality == tape.quality


def comparable(chunk):
    return chunk.desk.tobytes(), chunk.venue.tobytes(), *chunk[2:]


def test_a_snapshot_is_plain_and_does_not_change_while_reading_goes_on(recording):
    path, market = recording
    tape = open_tape(SYMBOL, TEST, [path], market, chunk_rows=25)
    for _ in range(5):
        tape.read()
    state = tape.snapshot()
    before = pickle.dumps(state)
    read_all(tape)
    assert pickle.dumps(state) == before
    assert plain(state)


def plain(value):
    if isinstance(value, tuple):
        return all(plain(one) for one in value)
    return value is None or type(value) in (int, str, bytes, bool)


def test_a_snapshot_of_another_version_is_refused(recording):
    path, market = recording
    tape = open_tape(SYMBOL, TEST, [path], market)
    with pytest.raises(CheckpointRefused, match="tape version 0"):
        tape.restore((0, *tape.snapshot()[1:]))
    tape.close()


def test_the_promises_of_every_chunk_are_kept_by_all_later_ones(recording):
    path, market = recording
    _, chunks = play(path, market, chunk_rows=25)
    for i, chunk in enumerate(chunks):
        later = chunks[i + 1 :]
        assert all((after.desk["ts_recv"] >= chunk.desk_until).all() for after in later)
        assert all((after.venue["ts_event"] >= chunk.venue_until).all() for after in later)
        if later and len(chunk.desk):
            assert chunk.desk_until == chunk.desk["ts_recv"][-1]
            assert chunk.venue_until == chunk.desk_until - HORIZON_NS
    assert [chunk.desk_until == NEVER for chunk in chunks] == [False] * (len(chunks) - 1) + [True]
    assert chunks[-1].venue_until == NEVER


def test_both_orders_are_sorted_hold_the_same_rows_and_keep_messages_whole(recording):
    path, market = recording
    _, chunks = play(path, market)
    at_desk, at_venue = desk(chunks), venue(chunks)
    assert (np.diff(at_desk["ts_recv"]) >= 0).all()
    assert (np.diff(at_venue["ts_event"]) >= 0).all()
    assert (at_desk["ts_recv"] >= at_desk["ts_event"]).all()
    assert sorted(map(facts, messages(at_desk))) == sorted(map(facts, messages(at_venue)))


def messages(rows):
    ends = np.flatnonzero(rows["marks"] & LAST) + 1
    return [rows[a:b] for a, b in zip([0, *ends[:-1]], ends, strict=True)]


def facts(message):
    """Return what a message says, without the venue time that its place may have moved."""
    assert len(set(message["ts_event"].tolist())) == 1
    assert len(set(message["id"].tolist())) == 1
    names = ("ts_recv", "id", "kind", "side", "price_ticks", "size_lots")
    return list(zip(*(message[name].tolist() for name in names), strict=True))


def test_each_channel_keeps_its_own_order_at_the_venue(recording):
    path, market = recording
    _, chunks = play(path, market)
    at_desk, at_venue = desk(chunks), venue(chunks)
    for kinds in ((CLEAR, LEVEL, GAP), (BEST,), (TRADE,)):
        mine = [rows[np.isin(rows["kind"], kinds)] for rows in (at_desk, at_venue)]
        assert mine[0]["id"].tolist() == mine[1]["id"].tolist()


@pytest.mark.parametrize("market", MARKETS)
@pytest.mark.parametrize("seed", range(8))
def test_a_book_that_is_valid_is_the_true_book_in_both_orders(tmp_path, market, seed):
    made = damaged(market, seed)
    tape, chunks = play(write_raw(tmp_path / "lines", made.sent), market)
    compared = 0
    for rows in (desk(chunks), venue(chunks)):
        for book in books(rows):
            if book.valid:
                assert (book.bids, book.asks) == made.truth[book.id]
                compared += 1
    assert compared > 0
    assert len(letters(chunks)) == tape.quality.get("unknown_stream", 0)


@pytest.mark.parametrize("market", MARKETS)
def test_clean_tables_play_the_tape_of_their_raw_lines(tmp_path, market):
    made = make_market(market, seed=4, n_diffs=120, snapshots=(6,), late_by=3)
    raw, raw_chunks = play(write_raw(tmp_path / "lines", made.sent), market)
    tables, chunks = play(write_tables(tmp_path / "tables", made), market)
    assert len(desk(chunks)) > 500
    names = ["id", "kind", "side", "price_ticks", "size_lots", "marks"]
    # A spot table states a time even for messages that came without one.
    names += ["ts_event", "ts_recv"] if market == "binance_usdm" else []
    for name in names:
        assert desk(chunks)[name].tolist() == desk(raw_chunks)[name].tolist(), name
    assert tables.quality == raw.quality


def test_memory_stays_bounded_over_a_long_file(tmp_path):
    maker = Maker("binance_usdm", seed=9, keep_truth=False)
    path, n_lines = tmp_path / "long", 0
    with path.open("wb") as file:
        while n_lines < 200_000:
            for _ in range(40):
                maker.update()
                maker.trade()
            maker.diff()
            if n_lines == 0:
                maker.send("snapshot", maker.whole(), "")
            file.writelines(sent.line() for sent in maker.out.sent)
            n_lines += len(maker.out.sent)
            maker.out.sent.clear()
    tape: Any = open_tape(SYMBOL, TEST, [path], "binance_usdm")
    n_rows = 0
    while (chunk := tape.read()) is not None:
        n_rows += len(chunk.desk)
        assert len(chunk.desk) < 2 * 8192
        assert tape._feed._lines.buffered_bytes < 2 * PIECE_BYTES
        assert tape._feed._interpreter._sync.buffered == 0
        # Some 100 rows a second, for as long as the horizon is.
        assert 0 < tape.waiting_rows < 1500 or chunk.desk_until == NEVER
        assert len(pickle.dumps(tape.snapshot())) < 100_000
    tape.close()
    assert n_rows > 200_000


def test_much_noise_comes_in_chunks_too(tmp_path):
    path = tmp_path / "noise"
    path.write_bytes(b"x\n" * 5_000)
    _, chunks = play(path, chunk_rows=100)
    assert len(chunks) > 10
    assert max(len(chunk.letters) for chunk in chunks) <= 400


def test_much_long_noise_is_cut_into_chunks_by_its_length(tmp_path):
    path = tmp_path / "noise"
    with path.open("wb") as file:
        for _ in range(400):
            file.write(b"x" * 100_000 + b"\n")
    _, chunks = play(path)
    kept = [sum(len(letter.text) for letter in chunk.letters) for chunk in chunks]
    assert sum(len(chunk.letters) for chunk in chunks) == 400
    assert max(kept) < LETTERS_BYTES + 2 * KEPT_BYTES


@cache
def clean_bytes(market):
    made = make_market(market, seed=6, n_diffs=25, snapshots=(3, 12))
    return b"".join(sent.line() for sent in made.sent)


EDITS = st.lists(
    st.tuples(
        st.integers(0, 1 << 20), st.sampled_from(["flip", "cut", "insert", "swap"]), st.binary(max_size=6)
    ),
    min_size=1,
    max_size=12,
)


@pytest.mark.parametrize("market", MARKETS)
@pytest.mark.parametrize("packed", [False, True])
@given(edits=EDITS)
def test_a_file_with_any_bytes_changed_is_read_to_its_end(tmp_path_factory, market, packed, edits):
    text = bytearray(gzip.compress(clean_bytes(market), 1, mtime=0) if packed else clean_bytes(market))
    for place, how, what in edits:
        at = place % len(text)
        if how == "flip":
            text[at] ^= (what or b"\x01")[0] or 1
        elif how == "cut":
            del text[at : at + len(what)]
        elif how == "insert":
            text[at:at] = what
        else:
            text[at : at + len(what)] = what
    path = tmp_path_factory.mktemp("fuzz") / "some.txt"
    path.write_bytes(text)
    try:
        tape, chunks = play(path, market, chunk_rows=64)
    except SourceError:
        # A head that is no gzip any more is refused, and plain text that begins like gzip.
        assert packed or text[:2] == b"\x1f\x8b"
        return
    at_desk, at_venue = desk(chunks), venue(chunks)
    assert (np.diff(at_desk["ts_recv"]) >= 0).all()
    assert (np.diff(at_venue["ts_event"]) >= 0).all()
    assert (at_desk["ts_recv"] >= at_desk["ts_event"]).all()
    assert len(at_desk) == len(at_venue)
    reasons = [reason for reason, _ in letters(chunks)]
    assert all(tape.quality[reason] == reasons.count(reason) for reason in reasons)
