"""Best prices made from depth: what the true book says, and no news to a book."""

import json
from decimal import Decimal

import numpy as np
import pytest

from connectors.recorded import discover, open_tape
from connectors.with_bests import WithBests
from operators.book import BookParams, book_on_frame, open_book
from operators.instruments import Instrument
from operators.own import Own
from operators.ring import Book
from operators.rows import BEST, BUY, LAST, LEVEL, Row
from operators.touch import Top
from tests.oracles.raw_market import SYMBOL, make_market, write_raw
from tests.oracles.runs import REPLAY, fused, graphed, lines, logs, made, replaying

GRID = Instrument(SYMBOL, Decimal("0.1"), Decimal("0.001"))


@pytest.fixture
def market():
    return make_market(n_diffs=120)


@pytest.fixture
def depth_only(market, tmp_path):
    """The market without its best bid and offer messages."""
    return write_raw(tmp_path / "depth.txt", [sent for sent in market.sent if sent.kind != "best"])


def tape(path, chunk_rows=64):
    return open_tape(SYMBOL, GRID, [path], "binance_usdm", chunk_rows=chunk_rows)


def read_all(tape):
    found = []
    while (chunk := tape.read()) is not None:
        found.append(np.asarray(chunk.desk).tobytes())
    tape.close()
    return np.frombuffer(b"".join(found), Row.dtype)


def test_after_each_message_that_moves_the_touch_it_is_the_true_one(market, depth_only):
    rows = read_all(WithBests(tape(depth_only)))
    best = rows[rows["kind"] == BEST]
    assert len(best) > 60
    for bid, ask in zip(best[0::2], best[1::2], strict=True):
        bids, asks = market.truth[int(bid["id"])]
        assert (int(bid["price_ticks"]), int(bid["size_lots"])) == (max(bids), bids[max(bids)])
        assert (int(ask["price_ticks"]), int(ask["size_lots"])) == (min(asks), asks[min(asks)])
        assert (bid["side"], ask["side"], bid["marks"], ask["marks"]) == (BUY, -BUY, 0, LAST)
    told = {(int(row["id"])) for row in best}
    moved, before = set(), None
    for update_id in sorted({int(row["id"]) for row in rows if row["kind"] == LEVEL and row["marks"]}):
        bids, asks = market.truth[update_id]
        touch = max(bids), bids[max(bids)], min(asks), asks[min(asks)]
        moved |= {update_id} if touch != before else set()
        before = touch
    assert told == moved


def test_the_rest_of_the_tape_is_as_it_was(depth_only):
    plain, rows = read_all(tape(depth_only)), read_all(WithBests(tape(depth_only)))
    assert rows[rows["kind"] != BEST].tobytes() == plain.tobytes()
    assert (np.diff(rows["ts_recv"]) >= 0).all()


def test_a_book_takes_them_for_no_news(depth_only):
    tops = []
    for rows in (read_all(tape(depth_only)), read_all(WithBests(tape(depth_only)))):
        book, out = Book.cell(), Top.table(len(rows))
        open_book(book)
        book_on_frame(book, Own.cell(), BookParams.cell(), rows.copy(), out)
        tops.append(np.asarray(out)[rows["kind"] != BEST].tobytes())
    assert tops[0] == tops[1]


@pytest.mark.parametrize("at", [1, 4, 9])
def test_a_checkpoint_changes_nothing(depth_only, at):
    whole = read_all(WithBests(tape(depth_only)))
    first, then = WithBests(tape(depth_only)), WithBests(tape(depth_only))
    head = b""
    for _ in range(at):
        chunk = first.read()
        assert chunk is not None
        head += np.asarray(chunk.desk).tobytes()
    then.restore(first.snapshot())
    first.close()
    assert head + read_all(then).tobytes() == whole.tobytes()


def test_once_a_source_tells_best_prices_itself_none_are_made(market, tmp_path):
    late = [sent for n, sent in enumerate(market.sent) if sent.kind != "best" or n > len(market.sent) // 2]
    path = write_raw(tmp_path / "late.txt", late)
    plain, rows = read_all(tape(path)), read_all(WithBests(tape(path)))
    since = int(np.flatnonzero(plain["kind"] == BEST)[0])
    behind = len(plain) - since
    assert rows[-behind:].tobytes() == plain[since:].tobytes()
    assert (rows[:-behind]["kind"] == BEST).sum() > 10


def test_a_recording_says_whether_it_tells_best_prices(market, depth_only, tmp_path):
    whole = write_raw(tmp_path / "whole.txt", market.sent)
    assert [found.tells_best for path in (whole, depth_only) for found in discover([path])] == [True, False]


def test_without_best_prices_trades_are_held_against_the_mid_of_the_book(depth_only, tmp_path):
    options = replaying(depth_only, "vpin.enabled=true", "quoting.decide=every_message")
    mid = logs(graphed(made(tmp_path / "mid", *options, "vpin.classifier=lee_ready", config=REPLAY)))
    fast = logs(fused(made(tmp_path / "fast", *options, "vpin.classifier=lee_ready", config=REPLAY)))
    tick = logs(graphed(made(tmp_path / "tick", *options, "vpin.classifier=tick", config=REPLAY)))
    assert mid == fast
    assert lines(tmp_path / "mid" / "orders.jsonl")
    value = [json.loads(each["summary.json"])["symbols"][SYMBOL]["vpin_mean"] for each in (mid, tick)]
    assert value[0] != value[1]
