"""Whatever stands in a file: it is counted by reason, kept with its text, and the rest is used."""

import gzip
import json
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from connectors.recorded import discover, open_tape
from connectors.recorded.letters import KEPT_BYTES, Reason
from connectors.recorded.lines import LONGEST_LINE
from operators.errors import SourceError
from operators.instruments import Instrument
from operators.rows import BEST, CLEAR, GAP, LEVEL, MARK, SELL, TRADE
from tests.oracles.dict_depth import books
from tests.oracles.raw_market import SYMBOL, TEST, desk, letters, make_market, play, read_all, write_raw

RECV = 1_700_000_000_000_000_000
MS = RECV // 10**6


def trade(**changes):
    data = {"e": "trade", "E": MS, "T": MS, "s": SYMBOL, "t": 1, "p": "100.0", "q": "0.005", "X": "MARKET"}
    return data | {"m": True} | changes


def best(**changes):
    data = {"e": "bookTicker", "u": 10, "s": SYMBOL, "b": "100.0", "B": "1.000", "a": "100.1", "A": "2.000"}
    return data | {"T": MS, "E": MS} | changes


def diff(**changes):
    data = {"e": "depthUpdate", "E": MS, "T": MS, "s": SYMBOL, "U": 5, "u": 12, "pu": 4}
    return data | {"b": [["99.9", "1.000"]], "a": [["100.2", "1.000"]]} | changes


def snapshot(**changes):
    data = {"lastUpdateId": 10, "E": MS, "T": MS}
    return data | {"bids": [["100.0", "1.000"]], "asks": [["100.1", "1.000"]]} | changes


def mark(**changes):
    data = {"e": "markPriceUpdate", "E": MS, "s": SYMBOL, "p": "100.04567", "i": "100.1", "r": "0.0001"}
    return data | {"T": MS + 3_600_000} | changes


def line(data, recv=RECV, stream=""):
    body = data if isinstance(data, str) else json.dumps(data)
    return f"{recv} {body}".encode()


def without(data, *names):
    return {name: value for name, value in data.items() if name not in names}


def play_lines(tmp_path, *lines, market="binance_usdm", name="some.txt", instrument=TEST):
    path = tmp_path / name
    path.write_bytes(b"\n".join(lines) + b"\n")
    tape, chunks = play(path, market, instrument=instrument)
    return tape.quality, desk(chunks), [letter for chunk in chunks for letter in chunk.letters]


GOOD = trade(t=900)
CASES = [
    ("malformed_json", line('{"e":"trade","E":17')),
    ("malformed_json", line("not json at all")),
    ("malformed_json", line("")),
    ("malformed_json", line('{"e":"trade"} and more')),
    ("malformed_json", str(RECV).encode()),
    ("wrong_type", line("[1,2,3]")),
    ("wrong_type", line('"text"')),
    ("wrong_type", line({"stream": 3, "data": {}})),
    ("too_deep", line('{"x":' + "[" * 100_000 + "]" * 100_000 + "}")),
    ("too_deep", line('{"stream":"testusdt@trade","data":' + '{"x":' * 100_000 + "1" + "}" * 100_001)),
    ("not_text", b"\x00\xff\xfe\x80 garbage"),
    ("not_text", f"{RECV} ".encode() + b'{"e":"tra\xff\xfede"}'),
    ("not_text", f"{RECV} ".encode() + b"\xff\xfe\xfd"),
    ("unknown_stream", line({"stream": "testusdt@aggTrade", "data": trade()})),
    ("unknown_stream", line({"stream": "testusdt@depth20@100ms", "data": diff()})),
    ("unknown_stream", line({"stream": "no at sign", "data": trade()})),
    ("unknown_stream", line(trade(e="forceOrder"))),
    ("unknown_stream", line({"result": None, "id": 1})),
    ("unknown_symbol", line(trade(s="OTHERUSDT"))),
    ("unknown_symbol", line(best(s="testusdt"))),
    ("unknown_symbol", line(diff(s="OTHERUSDT"))),
    ("unknown_symbol", line(mark(s="OTHERUSDT"))),
    ("missing_field", line({"stream": "testusdt@trade"})),
    ("missing_field", line(without(trade(), "p"))),
    ("missing_field", line(without(trade(), "E"))),
    ("missing_field", line(without(best(), "A"))),
    ("missing_field", line(without(diff(), "u"))),
    ("missing_field", line(without(diff(), "pu"))),
    ("missing_field", line(without(diff(), "b"))),
    ("missing_field", line(without(snapshot(), "asks"))),
    ("missing_field", line(without(mark(), "p"))),
    ("wrong_type", line(trade(p=None))),
    ("wrong_type", line(trade(p=True))),
    ("wrong_type", line(trade(p=["1"]))),
    ("wrong_type", line(trade(p=""))),
    ("wrong_type", line(trade(p=" 100.0"))),
    ("wrong_type", line(trade(p="1_00.0"))),
    ("wrong_type", line(trade(p="0x64"))),
    ("wrong_type", line(trade(t="abc"))),
    ("wrong_type", line(trade(t=1.5))),
    ("wrong_type", line(trade(m="maybe"))),
    ("wrong_type", line(trade(s=7))),
    ("wrong_type", line(diff(b=[["1.0"]]))),
    ("wrong_type", line(diff(b=[["1.0", "1.000", "1"]]))),
    ("wrong_type", line(diff(b={}))),
    ("not_finite", line(trade(p="NaN"))),
    ("not_finite", line(trade(q="Infinity"))),
    ("not_finite", line(best(b="-inf"))),
    ("not_finite", line(diff(a=[["100.2", "nan"]]))),
    ("not_finite", line(snapshot(bids=[["nan", "1.000"]]))),
    ("not_finite", line(mark(p="nan"))),
    ("negative", line(trade(p="-100.0"))),
    ("negative", line(trade(q="-0.005"))),
    ("negative", line(trade(t=-1))),
    ("negative", line(diff(b=[["99.9", "-1.000"]]))),
    ("negative", line(diff(U=-5))),
    ("negative", line(mark(p="-1"))),
    ("zero_price", line(trade(p="0.0"))),
    ("zero_price", line(best(b="0"))),
    ("zero_price", line(diff(b=[["0", "1.000"]]))),
    ("zero_price", line(mark(p="0"))),
    ("zero_size", line(trade(q="0"))),
    ("zero_size", line(best(A="0.000"))),
    ("off_grid", line(trade(p="100.05"))),
    ("off_grid", line(trade(q="0.0055"))),
    ("off_grid", line(trade(p="0.00001"))),
    ("off_grid", line(best(b="99.99999"))),
    ("off_grid", line(diff(b=[["99.95", "1.000"]]))),
    ("off_grid", line(diff(b=[["99.9", "0.0000001"]]))),
    ("off_grid", line(trade(p="500000000.05"))),
    ("overflow", line(trade(p="1e300"))),
    ("overflow", line(trade(p="1e400"))),
    ("overflow", line(trade(q="9007199254740.992"))),
    ("overflow", line(trade(p="9" * 400))),
    ("overflow", line(trade(p="100000000.0", q="2000000000.000"))),
    ("overflow", line(trade(t=1 << 63))),
    ("overflow", line(diff(u=10**30))),
    ("overflow", line(diff(b=[["900719925474099.2", "1.000"]]))),
    ("overflow", line(mark(p="1e300"))),
    ("bad_time", line(trade(T=0))),
    ("bad_time", line(trade(T=-5))),
    ("bad_time", line(trade(T=10**40))),
    ("bad_time", line(trade(T=MS + 86_400_001))),
    ("bad_time", line(best(T=MS - 86_400_001))),
    ("bad_time", line(diff(T=1))),
    ("bad_time", line(snapshot(T=MS * 1000))),
    ("bad_time", line(mark(E=1))),
    ("bad_time", line(mark(T=MS + 7 * 86_400_000 + 1))),
    ("bad_time", line(mark(T=1))),
    ("negative", line(mark(T=-1))),
    ("wrong_type", line(mark(T="soon"))),
    ("wrong_type", line(mark(r="0.0001%"))),
    ("wrong_type", line(mark(r="1_0e-5"))),
    ("wrong_type", line(mark(r=True))),
    ("wrong_type", line(mark(r=[0.1]))),
    ("not_finite", line(mark(r="NaN"))),
    ("not_finite", line(mark(r="-Infinity"))),
    ("overflow", line(mark(r="1.00000001"))),
    ("overflow", line(mark(r=-1e300))),
    ("bad_receive_time", line(trade(), recv="soon")),
    ("bad_receive_time", line(trade(), recv="-5")),
    ("bad_receive_time", line(trade(), recv="1.7e18")),
    ("bad_receive_time", line(trade(), recv="0")),
    ("bad_receive_time", line(trade(), recv="9" * 19)),
    ("bad_receive_time", line(trade(), recv="1" * 30)),
    ("bad_receive_time", json.dumps(trade()).encode()),
    ("bad_ids", line(diff(U=13, u=12))),
    ("bad_ids", line(diff(pu=13))),
    ("crossed_best", line(best(b="100.2"))),
    ("crossed_best", line(best(b="100.1"))),
    ("crossed_snapshot", line(snapshot(bids=[["100.0", "1.000"], ["100.2", "1.000"]]))),
    ("crossed_snapshot", line(snapshot(bids=[["100.1", "1.000"]]))),
]


@pytest.mark.parametrize(("reason", "bad"), CASES, ids=[f"{n}-{case[0]}" for n, case in enumerate(CASES)])
def test_a_bad_line_becomes_one_dead_letter_and_its_neighbours_are_used(tmp_path, reason, bad):
    quality, rows, found = play_lines(tmp_path, line(GOOD), bad, line(trade(t=901)))
    assert [(one.reason, one.where, one.symbol) for one in found] == [(reason, "some.txt:2", SYMBOL)]
    assert found[0].text == bad[:KEPT_BYTES].decode("utf-8", "backslashreplace") + (
        f" [cut after {KEPT_BYTES} bytes]" if len(bad) > KEPT_BYTES else ""
    )
    assert found[0].ts == RECV
    assert quality[reason] == 1
    assert rows["id"].tolist() == [900, 901]


def test_every_reason_has_its_test_and_says_what_it_means():
    of_files = {"truncated", "corrupt", "line_too_long"}
    of_messages = {"unknown_version", "wrong_key", "contradiction", "bad_number"}
    assert {case[0] for case in CASES} | of_files | of_messages == {reason.value for reason in Reason}


def test_a_bad_first_line_is_told_before_any_time_is_known(tmp_path):
    _, rows, found = play_lines(tmp_path, b"garbage", line(GOOD))
    assert [(one.ts, one.reason) for one in found] == [(0, "bad_receive_time")]
    assert len(rows) == 1


def test_extra_fields_blank_lines_and_foreign_line_ends_are_no_fault(tmp_path):
    lines = [line(trade(zz={"deep": [1]}, st=2)), b"", b"  ", line(best(ps="x")) + b"\r"]
    _, rows, found = play_lines(tmp_path, *lines)
    assert (found, rows["kind"].tolist()) == ([], [TRADE, BEST, BEST])


def test_messages_are_understood_with_and_without_their_envelope(tmp_path):
    streams = [("trade", trade()), ("bookTicker", best()), ("depth@0ms", diff()), ("markPrice@1s", mark())]
    bare = play_lines(tmp_path, line(snapshot()), *(line(data) for _, data in streams))
    wrapped = [line({"stream": f"testusdt@{name}", "data": data}) for name, data in streams]
    assert play_lines(tmp_path, line(snapshot()), *wrapped)[1].tobytes() == bare[1].tobytes()
    assert bare[1]["kind"].tolist() == [CLEAR, LEVEL, LEVEL, TRADE, BEST, BEST, LEVEL, LEVEL, MARK]


@pytest.mark.parametrize(
    ("said", "rate", "next_ms"),
    [
        ({}, 10_000, MS + 3_600_000),
        ({"r": "-0.00000250"}, -250, MS + 3_600_000),
        ({"r": 2.76e-5}, 2_760, MS + 3_600_000),
        ({"r": "0.000000015"}, 2, MS + 3_600_000),
        ({"r": "0.000000025"}, 2, MS + 3_600_000),
        ({"r": "1"}, 100_000_000, MS + 3_600_000),
        ({"r": "", "T": 0}, 0, 0),
        ({"r": None, "T": None}, 0, 0),
        ({"T": MS}, 10_000, MS),
    ],
)
def test_a_mark_price_foretells_its_funding(tmp_path, said, rate, next_ms):
    _, rows, letters = play_lines(tmp_path, line(mark(**said)))
    assert letters == []
    assert (rows["size_lots"].tolist(), rows["id"].tolist()) == ([rate], [next_ms * 10**6])


def test_a_mark_price_without_funding_is_a_mark_price(tmp_path):
    _, rows, letters = play_lines(tmp_path, line(without(mark(), "r", "T")))
    assert letters == []
    assert [(int(row["price_ticks"]), int(row["size_lots"]), int(row["id"])) for row in rows] == [
        (1000, 0, 0)
    ]


def test_a_mark_price_is_rounded_to_its_nearest_tick_and_happens_when_it_says(tmp_path):
    _, rows, _ = play_lines(tmp_path, line(mark()))
    assert (rows["price_ticks"].tolist(), rows["ts_event"].tolist()) == ([1000], [RECV])


def test_a_file_without_its_last_line_end_loses_nothing(tmp_path):
    path = tmp_path / "some.txt"
    path.write_bytes(line(GOOD) + b"\n" + line(trade(t=901)))
    assert desk(play(path)[1])["id"].tolist() == [900, 901]


def test_numbers_as_large_as_a_row_can_hold_are_exact(tmp_path):
    largest = (1 << 53) - 1
    price, size = f"{largest // 10}.{largest % 10}", f"{largest // 1000}.{largest % 1000:03}"
    snap = snapshot(bids=[["100.0", "1.000"]], asks=[[price, size]])
    dear, many = trade(p=price, q="0.127"), trade(t=3, p="12.7", q=size)
    _, rows, found = play_lines(tmp_path, line(dear), line(many), line(snap))
    assert found == []
    assert [int(ticks) for ticks in rows["price_ticks"][:2]] == [largest, 127]
    assert [int(lots) for lots in rows["size_lots"][:2]] == [127, largest]
    assert (int(rows["price_ticks"][-1]), int(rows["size_lots"][-1])) == (largest, largest)


def test_large_numbers_one_step_apart_stay_apart(tmp_path):
    big = (1 << 52) + 7
    lines = [line(trade(t=n, p="1.0", q=f"{(big + n) // 1000}.{(big + n) % 1000:03}")) for n in range(50)]
    _, rows, found = play_lines(tmp_path, *lines)
    assert found == []
    assert rows["size_lots"].tolist() == [big + n for n in range(50)]


def test_prints_that_are_no_market_trades_are_filtered_before_their_zero_size_is_seen(tmp_path):
    lines = [line(trade(X="NA", p="0", q="0")), line(trade(X="INSURANCE_FUND", t=2)), line(trade(t=3))]
    quality, rows, found = play_lines(tmp_path, *lines)
    assert (found, rows["id"].tolist()) == ([], [3])
    assert (quality["not_market"], quality["trades"]) == (2, 1)


def test_messages_about_a_symbol_that_is_read_beside_are_passed_over(tmp_path):
    path = tmp_path / "both.txt"
    text = [line(trade(t=1)), line(trade(t=2, s="OTHERUSDT")), line(best(s="OTHERUSDT")), line(trade(s="X"))]
    path.write_bytes(b"\n".join(text) + b"\n")
    tape = open_tape(SYMBOL, TEST, [path], "binance_usdm", neighbours={"OTHERUSDT"})
    chunks = read_all(tape)
    assert letters(chunks) == [("unknown_symbol", "both.txt:4")]
    assert (tape.quality["trades"], tape.quality["other_symbol"]) == (1, 2)


def test_repeated_messages_are_dropped_and_counted(tmp_path):
    lines = [line(snapshot()), line(diff()), line(best()), line(trade()), line(mark())]
    quality, rows, found = play_lines(tmp_path, *lines, *lines[:4])
    assert found == []
    assert len(rows) == 2 + 1 + 2 + 2 + 1 + 1
    assert (quality["duplicate_trade"], quality["stale_best"], quality["duplicate_diff"]) == (1, 1, 1)
    assert quality["snapshots_ignored"] == 1


def test_receive_time_that_goes_back_is_lifted_and_counted(tmp_path):
    lines = [line(trade(t=n), recv=RECV + at) for n, at in enumerate((0, 500, 200, 600))]
    quality, rows, found = play_lines(tmp_path, *lines)
    assert (found, quality["time_backwards"]) == ([], 1)
    assert rows["ts_recv"].tolist() == [RECV, RECV + 500, RECV + 500, RECV + 600]


def test_the_aggressor_is_the_side_that_was_not_resting(tmp_path):
    _, rows, _ = play_lines(tmp_path, line(trade(m=True)), line(trade(t=2, m=False)))
    assert rows["side"].tolist() == [SELL, -SELL]


def test_one_bad_level_spoils_its_diff_and_is_a_gap(tmp_path):
    lines = [line(snapshot()), line(diff(u=12)), line(diff(U=13, u=14, pu=12, b=[["99.9", "nan"]]))]
    lines += [line(diff(U=15, u=16, pu=14)), line(snapshot(lastUpdateId=15)), line(diff(U=17, u=20, pu=16))]
    quality, rows, found = play_lines(tmp_path, *lines)
    assert [one.reason for one in found] == ["not_finite"]
    kinds = rows["kind"].tolist()
    assert kinds == [CLEAR, LEVEL, LEVEL, LEVEL, LEVEL, GAP, CLEAR, *[LEVEL] * 6]
    assert (quality["gaps"], quality["diffs"]) == (1, 4)
    assert rows["id"][kinds.index(GAP)] == 14


def test_a_diff_without_its_ids_is_missed_by_the_one_after_it(tmp_path):
    lines = [line(snapshot()), line(diff(u=12)), line(without(diff(), "u")), line(diff(U=15, u=16, pu=14))]
    quality, rows, found = play_lines(tmp_path, *lines)
    assert ([one.reason for one in found], quality["gaps"]) == (["missing_field"], 1)
    assert rows["kind"][-1] == GAP


def test_an_unsorted_snapshot_with_repeated_and_empty_levels_is_put_in_order(tmp_path):
    bids = [["99.8", "1.000"], ["100.0", "2.000"], ["99.9", "0.000"], ["99.8", "3.000"]]
    asks = [["100.3", "4.000"], ["100.1", "5.000"], ["100.0", "0.000"]]
    _, rows, found = play_lines(tmp_path, line(snapshot(bids=bids, asks=asks)))
    assert found == []
    levels = rows[1:]
    assert levels["price_ticks"].tolist() == [1000, 998, 998, 1001, 1003]
    assert levels["size_lots"].tolist() == [2000, 1000, 3000, 5000, 4000]
    assert rows["marks"].tolist() == [0, 0, 0, 0, 0, 1]


def test_an_empty_snapshot_clears_the_book_in_one_whole_message(tmp_path):
    _, rows, _ = play_lines(tmp_path, line(snapshot(bids=[], asks=[])))
    assert (rows["kind"].tolist(), rows["marks"].tolist()) == ([CLEAR], [1])


def test_a_diff_without_levels_leaves_no_row_and_the_chain_whole(tmp_path):
    lines = [line(snapshot()), line(diff(b=[], a=[])), line(diff(U=13, u=14, pu=12))]
    quality, rows, _ = play_lines(tmp_path, *lines)
    assert (rows["id"].tolist(), quality["gaps"]) == ([10, 10, 10, 14, 14], 0)


def test_after_a_crossed_snapshot_the_next_one_is_used(tmp_path):
    crossed = snapshot(bids=[["100.5", "1.000"]])
    _, rows, found = play_lines(tmp_path, line(crossed), line(diff()), line(snapshot()))
    assert [one.reason for one in found] == ["crossed_snapshot"]
    assert rows["kind"].tolist() == [CLEAR, LEVEL, LEVEL, LEVEL, LEVEL]


def test_without_any_snapshot_trades_and_bests_still_play(tmp_path):
    made = make_market(snapshots=())
    tape, chunks = play(write_raw(tmp_path / "some.txt", made.sent))
    rows = desk(chunks)
    assert set(rows["kind"].tolist()) == {BEST, TRADE}
    assert len(rows) == len(made.of("trade")) + 2 * len(made.of("best"))
    assert tape.quality["diffs_before_snapshot"] == len(made.of("diff")) == tape.quality["diffs"]


def test_without_any_good_line_the_tape_is_letters_only(tmp_path):
    path = tmp_path / "noise.bin"
    path.write_bytes(np.random.default_rng(3).bytes(200_000))
    tape, chunks = play(path)
    assert len(desk(chunks)) == 0
    assert len(letters(chunks)) == sum(tape.quality.values()) > 500
    assert (chunks[-1].desk_until, chunks[-1].venue_until) == ((1 << 63) - 1, (1 << 63) - 1)


@pytest.mark.parametrize("kept", [0.3, 0.7, 0.99])
def test_a_gzip_that_ends_early_is_used_up_to_there_and_told_once(tmp_path, kept):
    made = make_market(n_diffs=60)
    whole = write_raw(tmp_path / "whole.gz", made.sent, packed=True).read_bytes()
    expected = desk(play(tmp_path / "whole.gz")[1])
    path = tmp_path / "cut.gz"
    path.write_bytes(whole[: int(len(whole) * kept)])
    tape, chunks = play(path)
    rows = desk(chunks)
    assert [reason for reason, _ in letters(chunks)] == ["truncated"]
    assert 0 < len(rows) <= len(expected)
    assert rows.tobytes() == expected[: len(rows)].tobytes()
    assert tape.quality["truncated"] == 1


def test_a_gzip_that_only_lacks_its_end_mark_loses_no_message(tmp_path):
    made = make_market(n_diffs=10)
    whole = write_raw(tmp_path / "whole.gz", made.sent, packed=True).read_bytes()
    (tmp_path / "cut.gz").write_bytes(whole[:-5])
    _, chunks = play(tmp_path / "cut.gz")
    assert desk(chunks).tobytes() == desk(play(tmp_path / "whole.gz")[1]).tobytes()
    assert [reason for reason, _ in letters(chunks)] == ["truncated"]


def test_a_gzip_damaged_within_is_used_up_to_there(tmp_path):
    packed = bytearray(write_raw(tmp_path / "whole.gz", make_market(n_diffs=400).sent, True).read_bytes())
    middle = len(packed) // 2
    packed[middle : middle + 64] = bytes(64)
    (tmp_path / "hurt.gz").write_bytes(packed)
    _, chunks = play(tmp_path / "hurt.gz")
    rows = desk(chunks)
    assert len(rows) > 0
    assert letters(chunks)[-1][0] in ("corrupt", "truncated")


def test_what_trails_a_gzip_is_told(tmp_path):
    path = write_raw(tmp_path / "some.gz", make_market(n_diffs=10).sent, packed=True)
    path.write_bytes(path.read_bytes() + b"trailing")
    assert [reason for reason, _ in letters(play(path)[1])] == ["corrupt"]


def test_two_gzips_in_a_row_are_one_file(tmp_path):
    path = tmp_path / "some.gz"
    path.write_bytes(gzip.compress(line(GOOD) + b"\n") + gzip.compress(line(trade(t=901)) + b"\n"))
    _, chunks = play(path)
    assert (desk(chunks)["id"].tolist(), letters(chunks)) == ([900, 901], [])


def test_gzip_is_known_by_its_first_bytes_and_not_by_its_name(tmp_path):
    sent = make_market(n_diffs=10).sent
    packed = write_raw(tmp_path / "packed.txt", sent, packed=True)
    plain = write_raw(tmp_path / "plain.gz", sent)
    assert desk(play(packed)[1]).tobytes() == desk(play(plain)[1]).tobytes()


@pytest.mark.parametrize("over", [1, 3_000_000])
@pytest.mark.parametrize("ended", [True, False])
def test_a_line_that_is_too_long_is_cut_and_the_next_one_used(tmp_path, over, ended):
    long = b"1" * (LONGEST_LINE + over)
    path = tmp_path / "some.txt"
    path.write_bytes(line(GOOD) + b"\n" + long + (b"\n" + line(trade(t=901)) if ended else b""))
    tape, chunks = play(path, chunk_rows=1)
    (letter,) = [letter for chunk in chunks for letter in chunk.letters]
    assert (letter.reason, letter.where) == ("line_too_long", "some.txt:2")
    assert letter.text == "1" * KEPT_BYTES + f" [cut after {KEPT_BYTES} bytes]"
    assert desk(chunks)["id"].tolist() == ([900, 901] if ended else [900])
    assert tape.quality["trades"] == 1 + ended


def test_a_line_just_as_long_as_allowed_is_read(tmp_path):
    body = line(trade())
    padded = body[:-1] + b" " * (LONGEST_LINE - len(body)) + b"}"
    _, rows, found = play_lines(tmp_path, padded)
    assert (len(padded), len(rows), found) == (LONGEST_LINE, 1, [])


def test_a_wrong_market_shows_as_gaps_and_letters_but_never_as_a_wrong_book(tmp_path):
    made = make_market("binance_usdm", n_diffs=60)
    _, chunks = play(write_raw(tmp_path / "some.txt", made.sent), "binance_spot")
    for book in books(desk(chunks)):
        if book.valid:
            assert (book.bids, book.asks) == made.truth[book.id]


def open_it(path):
    return open_tape(SYMBOL, TEST, [path], "binance_usdm")


def discover_it(path):
    return discover([path])


@pytest.mark.parametrize("opener", [open_it, discover_it])
@pytest.mark.parametrize(
    ("make", "says"),
    [
        (Path.exists, "does not exist: expected a file of `<receive ns> <json>` lines"),
        (lambda path: path.mkdir(), "is a folder without tables: expected"),
        (lambda path: path.write_bytes(b""), "is empty: expected"),
        (lambda path: path.write_bytes(gzip.compress(b"")), "is empty: expected"),
        (lambda path: path.write_bytes(b"\x1f\x8b"), "cannot be read (Compressed file ended"),
        (lambda path: path.write_bytes(b"\x1f\x8b" + b"nonsense" * 9), "cannot be read ("),
        (lambda path: path.write_bytes(b"PAR1 and so on"), "is one table: name the folder it stands in"),
    ],
)
def test_a_path_that_cannot_be_opened_is_one_sentence(tmp_path, opener, make, says):
    path = tmp_path / "binance_usdm_testusdt"
    make(path)
    with pytest.raises(SourceError) as told:
        opener(path)
    assert str(told.value).startswith(f"{path} {says}")
    assert "\n" not in str(told.value)


def test_the_format_that_was_asked_for_is_held_to(tmp_path):
    path = write_raw(tmp_path / "some.txt", make_market(n_diffs=2).sent)
    with pytest.raises(SourceError, match="is a file: expected a folder with any of trades"):
        open_tape(SYMBOL, TEST, [path], "binance_usdm", fmt="tables")
    with pytest.raises(SourceError, match="is a folder: expected a file of"):
        open_tape(SYMBOL, TEST, [tmp_path], "binance_usdm", fmt="raw")


def test_a_tape_plays_exactly_one_path(tmp_path):
    path = write_raw(tmp_path / "some.txt", make_market(n_diffs=2).sent)
    with pytest.raises(SourceError, match=f"{SYMBOL}: expected exactly one file, or one folder of tables"):
        open_tape(SYMBOL, TEST, [path, path], "binance_usdm")
    with pytest.raises(SourceError, match="received none"):
        open_tape(SYMBOL, TEST, [], "binance_usdm")


def test_spot_messages_without_times_happen_when_they_were_received(tmp_path):
    bare = without(best(), "e", "E", "T")
    lines = [line(trade(T=MS + 300)), line(bare), line(without(snapshot(), "E", "T"), recv=RECV + 1000)]
    lines += [line(without(diff(U=5, u=11), "T", "pu"), recv=RECV + 2000)]
    _, rows, found = play_lines(tmp_path, *lines, market="binance_spot")
    assert found == []
    ahead = 300 * 10**6
    assert rows["kind"].tolist() == [TRADE, BEST, BEST, CLEAR, LEVEL, LEVEL, LEVEL, LEVEL]
    assert (rows["ts_recv"] - RECV - ahead).tolist() == [0, 0, 0, 1000, 1000, 1000, 2000, 2000]
    assert (rows["ts_event"] - RECV).tolist() == [ahead, ahead, ahead, *[ahead + 1000] * 3, 0, 0]


def test_a_stamp_that_jumps_with_nothing_to_confirm_it_is_refused(tmp_path):
    bare = without(best(), "e", "E", "T")
    lines = [line(bare), line(bare | {"u": 11}, recv=RECV + 2 * 86_400 * 10**9), line(bare | {"u": 12})]
    _, rows, found = play_lines(tmp_path, *lines, market="binance_spot")
    assert [one.reason for one in found] == ["bad_receive_time"]
    assert rows["id"].tolist() == [10, 10, 12, 12]


def test_a_coarse_grid_holds_too(tmp_path):
    coarse = Instrument(SYMBOL, Decimal(5), Decimal(10))
    lines = [
        line(trade(p="105", q="30")),
        line(trade(t=2, p="107", q="30")),
        line(trade(t=3, p="105", q="35")),
    ]
    _, rows, found = play_lines(tmp_path, *lines, instrument=coarse)
    assert [one.reason for one in found] == ["off_grid", "off_grid"]
    assert (rows["price_ticks"].tolist(), rows["size_lots"].tolist()) == ([21], [3])


def test_reading_on_after_the_end_says_that_it_ended(tmp_path):
    tape = open_tape(
        SYMBOL, TEST, [write_raw(tmp_path / "some.txt", make_market(n_diffs=2).sent)], "binance_usdm"
    )
    read_all(tape)
    assert tape.read() is None
