"""Laws of the synthetic tape: the same bytes however it is read, cut, resumed or compiled."""

import hashlib
import math
import os
import pickle
import subprocess
import sys
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from random import Random

import numpy as np
import pytest

from connectors.synthetic import SyntheticMarket, SyntheticTape, open_tape
from connectors.synthetic.feed import MOST_ROWS
from connectors.tape import Chunk
from operators.errors import CheckpointRefused
from operators.kernel import COMPILED
from operators.rows import BEST, BUY, CLEAR, LAST, LEVEL, NEVER, TRADE
from tests.oracles.synthetic_market import GRIDS, START_NS, Array, a_tape, all_rows, chunks_of, grid

ROOT = Path(__file__).resolve().parents[3]
LONG_S = 300.0 if COMPILED else 5.0


def bytes_of(chunks: list[Chunk]) -> bytes:
    return b"".join(chunk.desk.tobytes() for chunk in chunks)


def a_twin(symbol: str, seed: int) -> SyntheticTape:
    """Open a market on one and the same grid, whatever its symbol."""
    market = SyntheticMarket(Decimal(62000))
    return open_tape(symbol, grid("BTCUSDC"), market, seed=seed, start_ns=START_NS, duration_s=5.0)


def digest_of(tape: SyntheticTape) -> list[str]:
    """Name what a tape said, and the state that it was left in, after the number of its rows."""
    rows = all_rows(tape)
    return [str(len(rows)), hashlib.sha256(rows.tobytes() + repr(tape.snapshot()).encode()).hexdigest()]


def test_two_runs_are_the_same_bytes():
    runs = [bytes_of(chunks_of(a_tape(duration_s=LONG_S))) for _ in range(2)]
    assert runs[0] == runs[1]
    assert len(runs[0]) > LONG_S * 100 * 48


@pytest.mark.parametrize("chunk_rows", [MOST_ROWS, 97, 1000])
def test_the_size_of_chunks_changes_nothing(chunk_rows):
    whole = bytes_of(chunks_of(a_tape(duration_s=LONG_S)))
    assert bytes_of(chunks_of(a_tape(duration_s=LONG_S, chunk_rows=chunk_rows))) == whole


@pytest.mark.parametrize("seed", range(5))
def test_a_snapshot_resumes_with_the_very_next_chunk(seed):
    chunks = chunks_of(a_tape(duration_s=LONG_S, chunk_rows=200))
    cut = Random(seed).randrange(len(chunks) + 1)
    first = a_tape(duration_s=LONG_S, chunk_rows=200)
    for _ in range(cut):
        first.read()
    kept = first.snapshot()
    first.read()
    resumed = a_tape(duration_s=LONG_S, chunk_rows=200)
    resumed.restore(kept)
    assert resumed.snapshot() == kept
    rest = chunks_of(resumed)
    assert bytes_of(rest) == bytes_of(chunks[cut:])
    assert [chunk[2:] for chunk in rest] == [chunk[2:] for chunk in chunks[cut:]]


def test_a_snapshot_is_plain_and_as_large_after_an_hour_as_at_the_start():
    tape = a_tape(duration_s=3600.0 if COMPILED else 2.0)
    sizes = []
    while tape.read() is not None:
        assert [type(part) for part in tape.snapshot()] == [str, bytes, bool]
        sizes.append(len(pickle.dumps(tape.snapshot())))
    assert sizes[0] < 4096
    assert set(sizes) == {sizes[0]}


def test_a_snapshot_of_another_version_is_refused():
    tape = a_tape()
    with pytest.raises(CheckpointRefused, match="made by the synthetic market synthetic-0"):
        tape.restore(("synthetic-0", *tape.snapshot()[1:]))


def test_another_symbol_or_another_seed_is_another_market():
    names = [("BTCUSDC", 7), ("BTCUSDC", 8), ("ETHUSDC", 7), ("BTCUSDC", 7)]
    rows = [all_rows(a_twin(symbol, seed)) for symbol, seed in names]
    assert len({table.tobytes() for table in rows}) == 3
    assert rows[0].tobytes() == rows[3].tobytes()


def test_a_market_does_not_notice_the_others():
    alone = all_rows(a_tape("XRPUSDC", duration_s=20.0 if COMPILED else 2.0))
    tapes = [a_tape(symbol, duration_s=20.0 if COMPILED else 2.0, chunk_rows=100) for symbol in GRIDS]
    rows: dict[str, list[Array]] = {tape.symbol: [] for tape in tapes}
    while tapes:
        for tape in list(tapes):
            chunk = tape.read()
            if chunk is None:
                tapes.remove(tape)
            else:
                rows[tape.symbol].append(np.asarray(chunk.desk))
    assert np.concatenate(rows["XRPUSDC"]).tobytes() == alone.tobytes()


def test_horizons_keep_what_they_promise():
    chunks = chunks_of(a_tape(duration_s=LONG_S, chunk_rows=150, feed_jitter_ms=20.0))
    for earlier, later in pairwise(chunks):
        assert earlier.desk_until <= earlier.desk[-1].ts_recv
        assert later.desk[0].ts_recv >= earlier.desk_until
        assert later.venue[0].ts_event >= earlier.venue_until
    assert [(c.desk_until == NEVER, c.venue_until == NEVER) for c in chunks[-2:]] == [
        (False, False),
        (True, True),
    ]


def test_both_orders_are_one_because_messages_arrive_in_the_order_of_sending():
    rows = all_rows(a_tape(duration_s=LONG_S, feed_latency_ms=3.0, feed_jitter_ms=10.0))
    for field in ("ts_event", "ts_recv"):
        assert np.all(np.diff(rows[field]) >= 0)
    assert np.min(rows["ts_recv"] - rows["ts_event"]) >= 3_000_000


def test_latency_is_its_base_and_jitter_on_top():
    rows = all_rows(a_tape(duration_s=LONG_S, feed_latency_ms=3.0, feed_jitter_ms=0.5))
    depth = rows[(rows["kind"] == LEVEL) & (rows["marks"] == LAST)]
    late_ms = (depth["ts_recv"] - depth["ts_event"]) / 1e6
    assert late_ms.mean() == pytest.approx(3.5, abs=4 * 0.5 / math.sqrt(len(depth)))
    fixed = all_rows(a_tape(duration_s=5.0, feed_latency_ms=3.0, feed_jitter_ms=0.0))
    assert set((fixed["ts_recv"] - fixed["ts_event"]).tolist()) == {3_000_000}


def test_how_late_we_hear_of_it_does_not_change_what_happens():
    near, far = (
        all_rows(a_tape(duration_s=10.0, feed_latency_ms=ms, feed_jitter_ms=ms)) for ms in (0.0, 200.0)
    )
    assert not np.array_equal(near["ts_recv"], far["ts_recv"])
    near["ts_recv"] = far["ts_recv"] = 0
    assert near.tobytes() == far.tobytes()


def test_after_the_end_there_is_nothing_and_closing_is_allowed():
    tape = a_tape(duration_s=2.0)
    rows = all_rows(tape)
    assert tape.read() is None
    tape.close()
    assert START_NS + 1.8e9 < rows["ts_event"][-1] < START_NS + 2e9


def test_a_longer_market_only_goes_on():
    short, long = (all_rows(a_tape(duration_s=seconds)) for seconds in (3.0, 6.0))
    assert long[: len(short)].tobytes() == short.tobytes()


def test_quality_counts_the_messages_that_were_told():
    tape = a_tape(duration_s=LONG_S)
    rows = all_rows(tape)
    kinds, last = rows["kind"], (rows["marks"] & LAST) != 0
    assert tape.quality == {
        "snapshots": np.sum(kinds == CLEAR),
        "depth": np.sum((kinds == LEVEL) & last) - 1,
        "best": np.sum((kinds == BEST) & (rows["side"] == BUY)),
        "trades": np.sum(kinds == TRADE),
    }
    assert tape.truth.total_lots == rows["size_lots"][kinds == TRADE].sum()


def test_nothing_is_left_in_a_row_but_what_its_kind_has():
    rows = all_rows(a_tape(duration_s=5.0))
    assert not rows["lag_us"].any()
    assert not rows["reason"].any()
    assert set(rows["side"][rows["kind"] != CLEAR].tolist()) == {1, -1}


@pytest.mark.parametrize("symbol", ["BTCUSDC", "XRPUSDC"])
def test_compiled_and_interpreted_are_the_same_bytes(symbol):
    script = (
        "import sys, hashlib\n"
        "from tests.oracles.synthetic_market import a_tape, all_rows\n"
        "tape = a_tape(sys.argv[1], duration_s=15.0, informed_share=0.5)\n"
        "rows = all_rows(tape)\n"
        "print(len(rows), hashlib.sha256(rows.tobytes() + repr(tape.snapshot()).encode()).hexdigest())\n"
    )
    other = {**os.environ, "NUMBA_DISABLE_JIT": "1" if COMPILED else "0"}
    command = [sys.executable, "-W", "error", "-c", script, symbol]
    result = subprocess.run(command, cwd=ROOT, env=other, capture_output=True, text=True, check=False)
    assert result.stderr == ""
    ours = digest_of(a_tape(symbol, duration_s=15.0, informed_share=0.5))
    assert result.stdout.split() == ours
    assert int(ours[0]) > 1500
