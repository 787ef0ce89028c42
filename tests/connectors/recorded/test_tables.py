"""Tables play like the messages they were made of; a bad row is one dead letter, a bad level a gap."""

import json
import subprocess
import sys
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connectors.recorded import discover, open_tape
from connectors.recorded.batches import BATCH_ROWS
from operators.errors import SourceError
from operators.rows import BEST, CLEAR, GAP, LAST, LEVEL, MARK, TRADE
from tests.oracles.dict_depth import books
from tests.oracles.raw_market import SYMBOL, TEST, desk, letters, make_market, play, read_all, write_tables

RECV = 1_700_000_000_000_000_000


def trade(n=1, **changes):
    row = {"ts_ns": RECV + n, "recv_ns": RECV + n, "price": 100.0, "qty": 0.005, "side": -1, "trade_id": n}
    return row | changes


def best(n=1, **changes):
    row = {"ts_ns": RECV + n, "recv_ns": RECV + n, "bid_px": 100.0, "bid_qty": 1.0, "ask_px": 100.1}
    return row | {"ask_qty": 2.0, "update_id": n} | changes


def level(n=1, **changes):
    row = {"ts_ns": RECV + n, "recv_ns": RECV + n, "side": 1, "price": 99.9, "qty": 1.0}
    return row | {"is_snapshot": False, "update_id": n} | changes


def whole(n=1, **changes):
    return [
        level(n, is_snapshot=True, side=side, price=price, **changes)
        for side, price in ((1, 100.0), (-1, 100.1))
    ]


def mark(n=1, **changes):
    row = {"ts_ns": RECV + n, "recv_ns": RECV + n, "mark": 100.04567, "index": 1.0}
    return row | {"funding_rate": 0.0001, "next_funding_ns": RECV + 10**12} | changes


def write(folder, **tables):
    folder.mkdir(exist_ok=True)
    for name, rows in tables.items():
        table = rows if isinstance(rows, pa.Table) else pa.Table.from_pylist(rows)
        pq.write_table(table, folder / f"{name}.parquet")
    return folder


def play_tables(folder, instrument=TEST, **tables):
    tape, chunks = play(write(folder / "tables", **tables), instrument=instrument)
    return tape.quality, desk(chunks), [letter for chunk in chunks for letter in chunk.letters]


CASES = [
    ("missing_field", "trades", trade(2, price=None)),
    ("missing_field", "trades", trade(2, recv_ns=None)),
    ("missing_field", "trades", trade(2, ts_ns=None)),
    ("missing_field", "book", best(2, update_id=None)),
    ("wrong_type", "trades", trade(2, side=2)),
    ("not_finite", "trades", trade(2, price=float("nan"))),
    ("not_finite", "book", best(2, ask_qty=float("inf"))),
    ("negative", "trades", trade(2, qty=-0.005)),
    ("negative", "trades", trade(2, trade_id=-1)),
    ("zero_price", "trades", trade(2, price=0.0)),
    ("zero_size", "trades", trade(2, qty=0.0)),
    ("zero_size", "book", best(2, bid_qty=0.0)),
    ("off_grid", "trades", trade(2, price=100.05)),
    ("off_grid", "book", best(2, bid_px=99.99999)),
    ("overflow", "trades", trade(2, qty=1e300)),
    ("overflow", "trades", trade(2, price=1e8, qty=2e9)),
    ("crossed_best", "book", best(2, bid_px=100.1)),
    ("bad_time", "trades", trade(2, ts_ns=0)),
    ("bad_time", "book", best(2, ts_ns=RECV + 86_401 * 10**9)),
    ("bad_receive_time", "trades", trade(2, recv_ns=-5)),
    ("bad_receive_time", "trades", trade(2, recv_ns=1 << 62)),
    ("not_finite", "mark_funding", mark(2, mark=float("nan"))),
    ("zero_price", "mark_funding", mark(2, mark=0.0)),
    ("overflow", "mark_funding", mark(2, funding_rate=-1.1)),
    ("not_finite", "mark_funding", mark(2, funding_rate=float("inf"))),
    ("bad_time", "mark_funding", mark(2, next_funding_ns=1)),
    ("bad_time", "mark_funding", mark(2, next_funding_ns=RECV + 8 * 86_400 * 10**9)),
]


@pytest.mark.parametrize(
    ("reason", "table", "bad"), CASES, ids=[f"{n}-{case[0]}" for n, case in enumerate(CASES)]
)
def test_a_bad_row_becomes_one_dead_letter_and_its_neighbours_are_used(tmp_path, reason, table, bad):
    make = {"trades": trade, "book": best, "mark_funding": mark}[table]
    tables = {"trades": [trade()], table: [make(1), bad, make(3)]}
    quality, rows, found = play_tables(tmp_path, **tables)
    assert [(one.reason, one.where, one.symbol) for one in found] == [(reason, f"{table}.parquet:2", SYMBOL)]
    kind = {"trades": TRADE, "book": BEST, "mark_funding": MARK}[table]
    assert np.count_nonzero((rows["kind"] == kind) & (rows["marks"] == LAST)) == 2
    assert quality[reason] == 1
    assert found[0].ts == RECV + 1
    told = json.loads(found[0].text)
    assert told.keys() <= bad.keys()
    assert all(str(value) == str(bad[name]) for name, value in told.items())


@pytest.mark.parametrize(
    ("reason", "bad"),
    [
        ("not_finite", {"qty": float("nan")}),
        ("negative", {"qty": -1.0}),
        ("off_grid", {"price": 99.95}),
        ("zero_price", {"price": 0.0}),
        ("wrong_type", {"side": 0}),
        ("missing_field", {"update_id": None}),
        ("missing_field", {"is_snapshot": None}),
        ("bad_time", {"ts_ns": 5}),
        ("bad_receive_time", {"recv_ns": 0}),
    ],
)
def test_a_bad_level_spoils_its_message_and_is_a_gap(tmp_path, reason, bad):
    spoiled = [level(3), level(3, **({"price": 99.8} | bad)), level(3, price=99.7)]
    later = [level(4), *whole(5), level(6)]
    quality, rows, found = play_tables(tmp_path, l2=[*whole(1), level(2), *spoiled, *later])
    assert [(one.reason, one.where) for one in found] == [(reason, "l2.parquet:5")]
    assert quality["gaps"] >= 1
    kinds = rows["kind"].tolist()
    after = kinds.index(GAP)
    assert kinds[:4] == [CLEAR, LEVEL, LEVEL, LEVEL]
    # Level 4 waits, is in the snapshot of 5, and 6 follows that.
    assert kinds[-4:] == [CLEAR, LEVEL, LEVEL, LEVEL]
    assert rows["id"][after:][rows["kind"][after:] != GAP].tolist() == [5, 5, 5, 6]


def test_levels_with_one_time_and_id_are_one_message(tmp_path):
    _, rows, _ = play_tables(tmp_path, l2=[*whole(1), level(2), level(2, price=99.8), level(3)])
    assert rows["marks"].tolist() == [0, 0, 1, 0, 1, 1]
    assert rows["id"].tolist() == [1, 1, 1, 2, 2, 3]


def test_a_message_that_goes_on_in_the_next_batch_stays_whole(tmp_path):
    n = BATCH_ROWS + 1000
    levels = [level(2, price=round(0.1 * i, 1), qty=i / 1000) for i in range(1, n + 1)]
    _, chunks = play(write(tmp_path / "tables", l2=[*whole(1), *levels, level(3)]), chunk_rows=100)
    rows = desk(chunks)
    assert (len(rows), np.count_nonzero(rows["marks"])) == (3 + n + 1, 3)
    assert [len(chunk.desk) for chunk in chunks if len(chunk.desk)] == [3 + n, 1]


def test_marks_foretell_their_funding_where_columns_say_it(tmp_path):
    marks = [
        mark(1),
        mark(2, funding_rate=-2.5e-8, next_funding_ns=RECV),
        mark(3, funding_rate=float("nan"), next_funding_ns=0),
        mark(4, funding_rate=None, next_funding_ns=None),
    ]
    _, rows, found = play_tables(tmp_path, trades=[trade(9)], mark_funding=marks)
    assert found == []
    rows = rows[rows["kind"] == MARK]
    assert rows["size_lots"].tolist() == [10_000, -2, 0, 0]
    assert rows["id"].tolist() == [RECV + 10**12, RECV, 0, 0]


def test_marks_without_columns_of_funding_are_mark_prices(tmp_path):
    bare = [{name: mark(n)[name] for name in ("ts_ns", "recv_ns", "mark")} for n in (1, 2)]
    _, rows, found = play_tables(tmp_path, trades=[trade(9)], mark_funding=bare)
    assert found == []
    rows = rows[rows["kind"] == MARK]
    assert (rows["size_lots"].tolist(), rows["id"].tolist()) == ([0, 0], [0, 0])


def test_a_column_of_funding_that_holds_no_numbers_is_refused(tmp_path):
    with pytest.raises(SourceError, match="column funding_rate must hold numbers, holds string"):
        play_tables(tmp_path, trades=[trade(9)], mark_funding=[mark(1, funding_rate="0.0001")])


def test_rows_received_at_one_instant_come_depth_first_then_best_then_trade_then_mark(tmp_path):
    same = {"recv_ns": RECV + 9}
    tables = {"trades": [trade(**same)], "book": [best(**same)], "l2": whole(2, **same)}
    _, rows, _ = play_tables(tmp_path, **tables, mark_funding=[mark(**same)])
    assert rows["kind"].tolist() == [CLEAR, LEVEL, LEVEL, BEST, BEST, TRADE, MARK]


def test_a_stamp_that_goes_back_is_lifted_and_counted(tmp_path):
    trades = [
        trade(1),
        trade(2, recv_ns=RECV + 500),
        trade(3, recv_ns=RECV + 200),
        trade(4, recv_ns=RECV + 501),
    ]
    quality, rows, found = play_tables(tmp_path, trades=trades, book=[best(1, recv_ns=RECV + 300)])
    assert (found, quality["time_backwards"]) == ([], 1)
    assert rows["kind"].tolist() == [TRADE, BEST, BEST, TRADE, TRADE, TRADE]
    assert rows["ts_recv"].tolist() == [RECV + n for n in (1, 300, 300, 500, 500, 501)]


def test_rows_of_one_instant_keep_their_order_even_where_a_batch_ends_within_them(tmp_path):
    n = BATCH_ROWS + 5
    bests = [best(i, recv_ns=RECV + min(i, BATCH_ROWS - 5)) for i in range(1, n + 1)]
    trades = [trade(1, recv_ns=RECV + BATCH_ROWS - 5), trade(2, recv_ns=RECV + BATCH_ROWS)]
    folder = write(tmp_path / "tables", book=bests, trades=trades)
    rows = desk(play(folder, chunk_rows=5000)[1])
    assert rows["kind"].tolist() == [BEST] * (2 * n) + [TRADE, TRADE]


def test_one_wild_stamp_does_not_displace_what_follows_it(tmp_path):
    wild = trade(2, recv_ns=RECV + 10 * 86_400 * 10**9)
    trades, bests = [trade(1), wild, trade(3), trade(5)], [best(2), best(4), best(6)]
    _, rows, found = play_tables(tmp_path, trades=trades, book=bests)
    assert [one.reason for one in found] == ["bad_time"]
    assert rows["id"].tolist() == [1, 2, 2, 3, 4, 4, 5, 6, 6]


def test_stamps_that_went_back_are_merged_the_same_after_a_resume(tmp_path):
    back = [1000, 1010, 20, 1020, 400, 2000, 30, 2010]
    trades = [trade(n, recv_ns=RECV + at) for n, at in enumerate(back, 1)]
    bests = [best(n, recv_ns=RECV + at) for n, at in enumerate([999, 1000, 15, 1015, 2000, 12, 2005], 1)]
    folder = write(tmp_path / "tables", trades=trades, book=bests)
    _, chunks = play(folder)
    tape, resumed = open_tape(SYMBOL, TEST, [folder], "binance_usdm", chunk_rows=1), []
    while (chunk := tape.read()) is not None:
        resumed.append(chunk)
        state = tape.snapshot()
        tape.close()
        tape = open_tape(SYMBOL, TEST, [folder], "binance_usdm", chunk_rows=1)
        tape.restore(state)
    tape.close()
    assert len(resumed) > 10
    assert desk(resumed).tobytes() == desk(chunks).tobytes()


def test_repeated_rows_are_dropped_and_counted(tmp_path):
    tables = {"trades": [trade(1), trade(2), trade(2), trade(1)], "book": [best(7), best(7), best(8)]}
    quality, rows, found = play_tables(tmp_path, **tables)
    assert (found, quality["duplicate_trade"], quality["stale_best"]) == ([], 2, 1)
    assert rows["id"].tolist() == [1, 2, 7, 7, 8, 8]


def test_a_crossed_snapshot_is_not_used(tmp_path):
    crossed = [level(1, is_snapshot=True, price=100.2), level(1, is_snapshot=True, side=-1, price=100.1)]
    quality, rows, found = play_tables(tmp_path, l2=[*crossed, level(2), *whole(3), level(4)])
    assert [(one.reason, one.where) for one in found] == [("crossed_snapshot", "l2.parquet:1")]
    assert rows["kind"].tolist() == [CLEAR, LEVEL, LEVEL, LEVEL]
    assert (quality["crossed_snapshot"], quality["snapshots"], quality["diffs"]) == (1, 1, 2)


def test_without_a_snapshot_levels_wait_and_the_rest_plays(tmp_path):
    quality, rows, found = play_tables(tmp_path, l2=[level(n) for n in range(1, 5)], trades=[trade()])
    assert (found, rows["kind"].tolist(), quality["diffs_before_snapshot"]) == ([], [TRADE], 4)


def test_numbers_that_a_float_cannot_divide_are_read_as_they_are_written(tmp_path):
    _, rows, found = play_tables(tmp_path, trades=[trade(qty=99999999999.999)])
    assert (found, rows["size_lots"].tolist()) == ([], [99999999999999])


def test_decimals_and_whole_numbers_will_do_as_prices(tmp_path):
    table = pa.Table.from_pylist([trade()])
    decimals = table.set_column(2, "price", pa.array([Decimal("100.1")]))
    _, rows, _ = play_tables(tmp_path, trades=decimals)
    assert rows["price_ticks"].tolist() == [1001]
    _, rows, _ = play_tables(tmp_path, trades=table.set_column(2, "price", pa.array([101])))
    assert rows["price_ticks"].tolist() == [1010]


def test_rows_of_another_symbol_are_letters_and_touch_nothing(tmp_path):
    l2 = [{"symbol": SYMBOL} | row for row in [*whole(1), level(3)]]
    l2.insert(2, {"symbol": "OTHERUSDT"} | level(2))
    l2.insert(3, {"symbol": None} | level(2))
    trades = [{"symbol": name} | trade(n) for n, name in ((1, SYMBOL), (900, "OTHERUSDT"), (2, SYMBOL))]
    quality, rows, found = play_tables(tmp_path, l2=l2, trades=trades)
    assert sorted((one.reason, one.where) for one in found) == [
        ("unknown_symbol", "l2.parquet:3"),
        ("unknown_symbol", "l2.parquet:4"),
        ("unknown_symbol", "trades.parquet:2"),
    ]
    assert (quality["gaps"], quality["duplicate_trade"]) == (0, 0)
    assert sorted(rows["id"].tolist()) == [1, 1, 1, 1, 2, 3]


def test_any_of_the_tables_is_enough_and_empty_ones_are_passed_over(tmp_path):
    empty = pa.Table.from_pylist([best()]).slice(0, 0)
    _, rows, _ = play_tables(tmp_path, book=empty, trades=[trade()])
    assert rows["kind"].tolist() == [TRADE]


def test_tables_without_any_row_are_refused(tmp_path):
    folder = write(tmp_path / "tables", trades=pa.Table.from_pylist([trade()]).slice(0, 0))
    with pytest.raises(SourceError, match=f"{folder} holds tables without rows"):
        open_tape(SYMBOL, TEST, [folder], "binance_usdm")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            lambda table: table.drop_columns("qty"),
            "has no column qty: a table of trades needs ts_ns, recv_ns,",
        ),
        (
            lambda table: table.set_column(2, "price", pa.array(["100.0"])),
            "column price must hold numbers, holds string",
        ),
        (
            lambda table: table.set_column(5, "trade_id", pa.array([1.0])),
            "column trade_id must hold whole numbers, holds double",
        ),
    ],
)
def test_a_column_that_is_missing_or_of_another_type_is_one_sentence(tmp_path, change, says):
    folder = write(tmp_path / "tables", trades=change(pa.Table.from_pylist([trade()])))
    with pytest.raises(SourceError, match=says):
        open_tape(SYMBOL, TEST, [folder], "binance_usdm")


@pytest.mark.parametrize("content", [b"", b"no parquet", b"PAR1 broken PAR1"])
def test_a_table_that_is_no_parquet_is_one_sentence(tmp_path, content):
    folder = tmp_path / "tables"
    folder.mkdir()
    (folder / "trades.parquet").write_bytes(content)
    with pytest.raises(SourceError, match=r"trades\.parquet cannot be read as Parquet"):
        open_tape(SYMBOL, TEST, [folder], "binance_usdm")
    with pytest.raises(SourceError, match=r"trades\.parquet cannot be read as Parquet"):
        discover([folder])


def damaged_table(folder, n=3 * BATCH_ROWS):
    """Write trades whose second group of rows is spoiled."""
    trades = pa.Table.from_pylist([trade(i) for i in range(1, n + 1)])
    folder.mkdir()
    path = folder / "trades.parquet"
    pq.write_table(trades, path, row_group_size=n // 3, compression="gzip", use_dictionary=False)
    at = pq.ParquetFile(path).metadata.row_group(1).column(2).data_page_offset
    content = bytearray(path.read_bytes())
    content[at + 40 : at + 80] = bytes(40)
    path.write_bytes(content)
    return folder


def test_a_table_damaged_within_is_used_up_to_there_and_told_once(tmp_path):
    folder = damaged_table(tmp_path / "tables")
    tape, chunks = play(folder)
    assert letters(chunks) == [("corrupt", "trades.parquet")]
    assert len(desk(chunks)) == BATCH_ROWS
    assert tape.quality["corrupt"] == 1


def test_damage_is_told_once_even_when_reading_was_stopped_and_resumed(tmp_path):
    folder = damaged_table(tmp_path / "tables")
    told = 0
    tape = open_tape(SYMBOL, TEST, [folder], "binance_usdm", chunk_rows=5000)
    while (chunk := tape.read()) is not None:
        told += len(chunk.letters)
        state = tape.snapshot()
        tape.close()
        tape = open_tape(SYMBOL, TEST, [folder], "binance_usdm", chunk_rows=5000)
        tape.restore(state)
    tape.close()
    assert told == 1


@pytest.mark.parametrize("group", [1, 7, 64, 100_000])
def test_how_a_file_is_cut_into_row_groups_changes_nothing(tmp_path, group):
    made = make_market(seed=8, n_diffs=60, snapshots=(4,))
    _, expected = play(write_tables(tmp_path / "a", made))
    _, chunks = play(write_tables(tmp_path / "b", made, row_group_size=group), chunk_rows=33)
    assert desk(chunks).tobytes() == desk(expected).tobytes()


@pytest.mark.parametrize("seed", range(6))
def test_disorder_is_a_gap_as_soon_as_it_shows_and_repetition_is_none(tmp_path, seed):
    made = make_market(seed=seed, n_diffs=60, snapshots=(4, 30))
    diffs, early = made.of("diff"), set()
    for i in (20, 22, 40):
        a, b = diffs[i], diffs[i + 1]
        made.sent[a], made.sent[b] = made.sent[b], made.sent[a]
        early.add(made.sent[a].data["u"])
    made.sent.insert(diffs[50], made.sent[diffs[45]])
    tape, chunks = play(write_tables(tmp_path / "tables", made))
    valid = [book.id for book in books(desk(chunks)) if book.valid]
    true = [
        book.id
        for book in books(desk(chunks))
        if book.valid and (book.bids, book.asks) == made.truth[book.id]
    ]
    assert tape.quality["gaps"] == 2
    # A table does not name the update before, so that one that came early is believed until its turn.
    assert set(valid) - set(true) <= early
    assert len(true) > 20


def test_only_what_is_not_merged_yet_is_in_memory(tmp_path):
    trades = [trade(i) for i in range(1, 100_001)]
    bests = [best(i) for i in range(1, 100_001, 50)]
    folder = write(tmp_path / "tables", trades=trades, book=bests)
    tape: Any = open_tape(SYMBOL, TEST, [folder], "binance_usdm", chunk_rows=1000)
    n_rows = 0
    while (chunk := tape.read()) is not None:
        n_rows += len(chunk.desk)
        assert len(chunk.desk) < 3000
        assert all(len(lane.keys) <= 2 * BATCH_ROWS for lane in tape._feed._lanes)
    tape.close()
    assert n_rows == 100_000 + 2 * 2000


def test_a_tape_of_lines_does_not_import_pyarrow():
    code = "import sys, connectors.recorded; assert 'pyarrow' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_reading_ends(tmp_path):
    tape = open_tape(SYMBOL, TEST, [write(tmp_path / "tables", trades=[trade()])], "binance_usdm")
    assert len(read_all(tape)) == 1
    assert tape.read() is None
