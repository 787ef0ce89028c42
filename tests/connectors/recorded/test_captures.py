"""Real captures: the book from diffs is the venue's own, and tables tell what the raw lines tell."""

from decimal import Decimal

import numpy as np
import pytest

from connectors.recorded import discover, open_tape
from connectors.tape import Chunk
from operators.book import BookParams, book_on_frame, open_book
from operators.instruments import Instrument
from operators.own import Own
from operators.ring import Book
from operators.rows import BEST, CLEAR, GAP, LAST, LEVEL, TRADE
from operators.touch import VALID, Top
from tests.oracles.dict_depth import books
from tests.oracles.raw_market import desk, letters, read_all, venue

GRIDS = {"BTCUSDT": ("0.1", "0.001"), "ETHUSDT": ("0.01", "0.001"), "NEXOUSDT": ("0.001", "0.01")}
SETS = [
    ("raw/binance_usdm_btcusdt_20240808.gz", 21_313, 66_089, 6_551),
    ("raw/binance_usdm_ethusdt_20240808.gz", 14_076, 53_992, 6_586),
    ("tables/binance_usdm_btcusdt_20240808", 21_313, 66_089, 6_551),
    ("tables/binance_usdm_ethusdt_20240808", 14_076, 53_992, 6_586),
    ("tables/binance_usdm_btcusdt_20230405", 12_934, 44_205, 0),
    ("tables/binance_spot_nexousdt_20240723", 18_817, 48_992, 99_030),
]
READ: dict[str, tuple[dict[str, int], list[Chunk]]] = {}


def opened(data, name, **settings):
    (recording,) = discover([data / name])
    tick, lot = GRIDS[recording.symbol]
    instrument = Instrument(recording.symbol, Decimal(tick), Decimal(lot))
    return open_tape(recording.symbol, instrument, [recording.path], recording.market, **settings)


def read(data, name):
    if name not in READ:
        tape = opened(data, name)
        READ[name] = tape.quality, read_all(tape)
    return READ[name]


@pytest.fixture(scope="module", autouse=True)
def _forget_captures():
    yield
    READ.clear()


@pytest.mark.parametrize(("name", "n_shared"), [(SETS[0][0], 629), (SETS[1][0], 551)])
def test_the_book_from_diffs_equals_the_best_bid_and_offer_at_every_shared_update_id(data, name, n_shared):
    _, chunks = read(data, name)
    rows = desk(chunks)
    best = rows[rows["kind"] == BEST]
    told = {}
    for bid, ask in zip(best[0::2], best[1::2], strict=True):
        told[int(bid["id"])] = tuple(
            int(x) for x in (bid["price_ticks"], bid["size_lots"], ask["price_ticks"], ask["size_lots"])
        )
    compared = 0
    for book in books(rows):
        assert book.valid
        if book.id in told and rows["kind"][book.row] == LEVEL:
            bid, ask = max(book.bids), min(book.asks)
            assert (bid, book.bids[bid], ask, book.asks[ask]) == told[book.id]
            compared += 1
    assert compared == n_shared


@pytest.mark.parametrize(("name", "n_shared"), [(SETS[0][0], 629), (SETS[1][0], 551)])
def test_the_ring_kept_from_depth_alone_shows_the_best_bid_and_offer_at_the_same_ids(data, name, n_shared):
    _, chunks = read(data, name)
    rows = desk(chunks)
    best = rows[rows["kind"] == BEST]
    told = {int(bid["id"]): (bid, ask) for bid, ask in zip(best[0::2], best[1::2], strict=True)}
    depth = rows[(rows["kind"] == LEVEL) | (rows["kind"] == CLEAR)]
    cell, tops = Book.cell(), Top.table(len(depth))
    open_book(cell)
    book_on_frame(cell, Own.cell(), BookParams.cell(), depth, tops)
    shared = [n for n in np.flatnonzero(depth["marks"] & LAST) if int(depth["id"][n]) in told]
    assert len(shared) == n_shared
    for n in shared:
        top, (bid, ask) = tops[n], told[int(depth["id"][n])]
        assert top.state == VALID
        assert (top.bid_ticks, top.bid_lots) == (bid["price_ticks"], bid["size_lots"])
        assert (top.ask_ticks, top.ask_lots) == (ask["price_ticks"], ask["size_lots"])


@pytest.mark.parametrize(("name", "n_trades", "n_bests", "n_diffs"), SETS)
def test_every_message_of_a_clean_capture_is_used_and_none_is_a_fault(data, name, n_trades, n_bests, n_diffs):
    quality, chunks = read(data, name)
    assert letters(chunks) == []
    kinds = np.bincount(desk(chunks)["kind"], minlength=7)
    assert (kinds[TRADE], kinds[BEST], kinds[GAP]) == (n_trades, 2 * n_bests, 0)
    assert kinds[CLEAR] == (n_diffs > 0)
    seen = (quality["trades"], quality["bests"], quality["diffs"])
    assert seen == (n_trades, n_bests, n_diffs)
    silent = ("gaps", "duplicate_diff", "duplicate_trade", "stale_best", "time_backwards", "late_at_venue")
    assert [quality[name] for name in silent] == [0] * len(silent)


def test_the_snapshot_of_the_raw_capture_brings_the_diffs_that_waited_for_it(data):
    quality, chunks = read(data, SETS[0][0])
    rows = desk(chunks)
    clear = int(np.flatnonzero(rows["kind"] == CLEAR)[0])
    first = rows[clear + 1 :][rows["id"][clear + 1 :] > 5123107852948][0]
    # Line 42 bridges the snapshot of line 55, and is received with it.
    assert (int(first["id"]), int(first["ts_recv"])) == (5123107853551, int(rows["ts_recv"][clear]))
    assert (quality["diffs_before_snapshot"], quality["diffs_stale"]) == (6, 4)


@pytest.mark.parametrize("name", [one[0] for one in SETS])
def test_latency_is_never_negative_and_receive_time_never_goes_back(data, name):
    rows = desk(read(data, name)[1])
    assert (rows["ts_recv"] >= rows["ts_event"]).all()
    assert (np.diff(rows["ts_recv"]) >= 0).all()


@pytest.mark.parametrize("name", [one[0] for one in SETS])
def test_the_venue_s_order_is_sorted_and_holds_exactly_the_desk_s_rows(data, name):
    _, chunks = read(data, name)
    at_desk, at_venue = desk(chunks), venue(chunks)
    assert (np.diff(at_venue["ts_event"]) >= 0).all()
    order = np.argsort(at_desk["ts_event"], kind="stable")
    assert at_venue.tobytes() == at_desk[order].tobytes()


@pytest.mark.parametrize("symbol", ["btcusdt", "ethusdt"])
def test_tables_of_a_capture_play_the_same_tape_as_its_raw_lines(data, symbol):
    raw = desk(read(data, f"raw/binance_usdm_{symbol}_20240808.gz")[1])
    tables = desk(read(data, f"tables/binance_usdm_{symbol}_20240808")[1])
    assert raw.tobytes() == tables.tobytes()


@pytest.mark.parametrize("name", [SETS[0][0], SETS[5][0]])
def test_a_capture_goes_on_from_any_chunk(data, name):
    tape, states = opened(data, name), []
    for _ in range(30):
        states.append(tape.snapshot())
        tape.read()
    tape.close()
    _, chunks = read(data, name)
    for n in (0, 1, 14, 29):
        resumed = opened(data, name)
        resumed.restore(states[n])
        chunk = resumed.read()
        resumed.close()
        assert chunk is not None
        assert chunk.desk.tobytes() == chunks[n].desk.tobytes()
        assert chunk.venue.tobytes() == chunks[n].venue.tobytes()
        assert chunk[2:] == chunks[n][2:]


def test_discovery_reads_symbol_and_market_off_the_captures(data):
    found = discover([data / name for name, *_ in SETS])
    assert [(one.symbol, one.market, one.fmt) for one in found] == [
        ("BTCUSDT", "binance_usdm", "raw"),
        ("ETHUSDT", "binance_usdm", "raw"),
        ("BTCUSDT", "binance_usdm", "tables"),
        ("ETHUSDT", "binance_usdm", "tables"),
        ("BTCUSDT", "binance_usdm", "tables"),
        ("NEXOUSDT", "binance_spot", "tables"),
    ]
