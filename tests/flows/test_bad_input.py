"""Whatever a recording holds: `phoenix run` uses what it can, keeps the rest as dead letters, and says so."""

import gzip
import json
import random
import signal
import sys
from collections import Counter

import pytest

from flows.cli import main
from operators.rows import BEST, CLEAR, GAP, plain
from tests.oracles.raw_market import SYMBOL, make_market, write_raw, write_tables
from tests.oracles.runs import REPLAY, fused, lines, logs, made, replaying

MARKET = make_market(seed=4, n_diffs=120, snapshots=(3, 80), keep_truth=False)
CLEAN = [one.line() for one in MARKET.sent]
MIDDLE = 150
"""A line between the two snapshots, well after the first orders."""


@pytest.fixture(autouse=True)
def own_signals():
    """Give back the signals that a run takes for itself."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


@pytest.fixture
def phoenix(monkeypatch, capsys):
    """The command line: what it was left with, and what it said."""

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["phoenix", *map(str, words)])
        with pytest.raises(SystemExit) as left:
            main()
        said = capsys.readouterr()
        assert "Traceback" not in said.out + said.err
        return left.value.code, said.out, said.err

    return call


@pytest.fixture
def run(phoenix, tmp_path):
    """Run a recording by both drivers, which agree; return where the logs are."""

    def both(path, *more):
        for driver in ("graph", "research"):
            options = [word for each in (*replaying(path), *more) for word in ("--set", each)]
            out = tmp_path / driver
            code, table, said = phoenix("run", "--config", REPLAY, "--driver", driver, "--out", out, *options)
            assert code == 0, said
            assert str(out) in table
        assert logs(tmp_path / "graph") == logs(tmp_path / "research")
        return tmp_path / "graph"

    return both


def written(tmp_path, made):
    path = tmp_path / "testusdt.txt"
    path.write_bytes(b"".join(made))
    return path


def insert(*texts):
    """Return the recording with lines put into its middle."""
    return [*CLEAN[:MIDDLE], *(text.rstrip(b"\n") + b"\n" for text in texts), *CLEAN[MIDDLE:]]


def spoiled(kind, **changes):
    """Return a message of a kind, received in the middle, with other fields; None drops one."""
    at = int(CLEAN[MIDDLE].split(b" ")[0])
    sent = next(one for one in MARKET.sent[MIDDLE:] if one.kind == kind)
    data = {name: value for name, value in (sent.data | changes).items() if value is not None}
    body = {"stream": sent.stream, "data": data} if sent.stream else data
    return f"{at} {json.dumps(body)}\n".encode()


def crossed_snapshot():
    book = {"bids": [["100.0", "1"], ["100.3", "1"]], "asks": [["100.1", "1"]]}
    return spoiled("snapshot", **book)


ONE_LETTER = {
    "malformed JSON": ("malformed_json", spoiled("trade")[:60]),
    "text that is no message": ("bad_receive_time", b"hello world"),
    "binary garbage": ("not_text", b"\x00\xff\xfe\x80 \x9f\x01"),
    "an unknown stream": (
        "unknown_stream",
        spoiled("trade", e="forceOrder").replace(b"@trade", b"@forceOrder"),
    ),
    "another symbol": ("unknown_symbol", spoiled("trade", s="OTHERUSDT")),
    "a missing price": ("missing_field", spoiled("trade", p=None)),
    "a missing size": ("missing_field", spoiled("best", B=None)),
    "a missing chain": ("missing_field", spoiled("diff", pu=None)),
    "NaN": ("not_finite", spoiled("trade", p="NaN")),
    "infinity": ("not_finite", spoiled("best", A="Infinity")),
    "minus infinity in a level": ("not_finite", spoiled("diff", b=[["-inf", "1"]])),
    "a negative price": ("negative", spoiled("trade", p="-100.0")),
    "a negative size": ("negative", spoiled("diff", a=[["100.4", "-1"]])),
    "a zero price": ("zero_price", spoiled("trade", p="0")),
    "a zero size": ("zero_size", spoiled("trade", q="0.000")),
    "a price off the grid": ("off_grid", spoiled("trade", p="100.05")),
    "a size off the grid": ("off_grid", spoiled("best", B="0.0005")),
    "a price too large": ("overflow", spoiled("trade", p="1e300")),
    "a size too large": ("overflow", spoiled("trade", q="99999999999999999999")),
    "an id too large": ("overflow", spoiled("diff", u=10**30)),
    "a time of another age": ("bad_time", spoiled("trade", T=17)),
    "no receive time": ("bad_receive_time", b"soon " + spoiled("trade").split(b" ", 1)[1]),
    "a crossed snapshot": ("crossed_snapshot", crossed_snapshot()),
    "a crossed best": ("crossed_best", spoiled("best", b="100.4", a="100.2")),
}


@pytest.mark.parametrize("name", ONE_LETTER)
def test_a_bad_message_is_one_dead_letter_and_trading_goes_on(run, tmp_path, name):
    reason, bad = ONE_LETTER[name]
    out = run(written(tmp_path, insert(bad)))
    (letter,) = lines(out / "dead_letters.jsonl")
    assert (letter["reason"], letter["symbol"]) == (reason, SYMBOL)
    assert letter["where"] == f"testusdt.txt:{MIDDLE + 1}"
    text = bad.rstrip(b"\n").decode("utf-8", "backslashreplace")
    assert letter["text"] == text
    assert json.loads((out / "summary.json").read_text())["symbols"][SYMBOL]["dead_letters"] == 1
    asked = [line["ts"] for line in lines(out / "orders.jsonl")]
    assert sum(at < letter["ts"] for at in asked) > 10
    assert sum(at > letter["ts"] for at in asked) > 10


def told(out):
    """Return orders and fills without the names of orders, which begin with the configuration's."""
    return [
        [{key: value for key, value in line.items() if key != "id"} for line in lines(out / name)]
        for name in ("orders.jsonl", "fills.jsonl")
    ]


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    """What the recording comes to before anything is wrong with it."""
    folder = tmp_path_factory.mktemp("clean")
    return told(fused(made(folder / "run", *replaying(written(folder, CLEAN)), config=REPLAY)))


def test_the_recording_is_traded_before_and_after_its_middle(clean):
    orders, fills = clean
    assert len(orders) > 50
    assert len(fills) > 5


def twice(text):
    return [each for one in text for each in (one, one)]


def with_more(text):
    return [one.replace(b'"s":', b'"unheard_of":{"deep":[1,2]},"s":') for one in text]


def foreign_ends(text):
    return [each for one in text for each in (one.replace(b"\n", b"\r\n"), b"\n")]


@pytest.mark.parametrize("change", [twice, with_more, foreign_ends])
def test_repeated_messages_extra_fields_and_blank_lines_change_nothing(run, tmp_path, clean, change):
    out = run(written(tmp_path, change(CLEAN)))
    assert (out / "dead_letters.jsonl").read_bytes() == b""
    assert told(out) == clean


def test_time_that_goes_back_is_lifted(run, tmp_path):
    chance = random.Random(2)
    text = [
        b"%d %s" % (int(stamp) - chance.choice((0, 0, 5 * 10**9)), rest)
        for stamp, rest in (one.split(b" ", 1) for one in CLEAN)
    ]
    out = run(written(tmp_path, text))
    assert (out / "dead_letters.jsonl").read_bytes() == b""
    asked = [line["ts"] for line in lines(out / "orders.jsonl")]
    assert asked == sorted(asked)
    assert len(asked) > 50


def test_without_any_snapshot_the_best_prices_are_traded(run, tmp_path):
    text = [one.line() for one in MARKET.sent if one.kind != "snapshot"]
    out = run(written(tmp_path, text))
    assert (out / "dead_letters.jsonl").read_bytes() == b""
    assert len(lines(out / "orders.jsonl")) > 10


def test_with_neither_snapshot_nor_best_prices_nothing_is_asked_for(run, tmp_path):
    text = [one.line() for one in MARKET.sent if one.kind in ("diff", "trade")]
    out = run(written(tmp_path, text))
    assert (out / "orders.jsonl").read_bytes() == b""


@pytest.mark.parametrize("decide", ["every_message", "clock"])
def test_after_a_lost_diff_all_is_withdrawn_until_the_next_snapshot_whatever_best_prices_say(
    run, tmp_path, decide
):
    lost = MARKET.of("diff")[20]
    path = written(tmp_path, [one.line() for n, one in enumerate(MARKET.sent) if n != lost])
    tape = made(tmp_path / "unplayed", *replaying(path), config=REPLAY).tape(SYMBOL)
    rows = [row for chunk in iter(tape.read, None) for row in plain(chunk.desk)]
    (gap,) = (row.ts_recv for row in rows if row.kind == GAP)
    healed = next(row.ts_recv for row in rows if row.kind == CLEAR and row.ts_recv > gap)
    out = run(path, f"quoting.decide={decide}")
    orders, fills = lines(out / "orders.jsonl"), lines(out / "fills.jsonl")
    # What was on its way is withdrawn once it has arrived, on the clock at its next row.
    since = gap + 230_000_000
    assert len([row for row in rows if row.kind == BEST and since < row.ts_recv < healed]) > 10
    assert {line["op"] for line in orders if gap < line["ts"] < healed} == {"cancel"}
    assert [line for line in orders + fills if since < line["ts"] < healed] == []
    assert any(line["op"] == "place" for line in orders if line["ts"] >= healed)


def test_a_file_cut_off_is_used_up_to_there(run, tmp_path):
    packed = gzip.compress(b"".join(CLEAN), 1)
    path = tmp_path / "testusdt.gz"
    path.write_bytes(packed[: len(packed) * 2 // 3])
    out = run(path)
    assert [letter["reason"] for letter in lines(out / "dead_letters.jsonl")] == ["truncated"]
    assert len(lines(out / "orders.jsonl")) > 10


def test_a_file_damaged_within_is_used_up_to_there(run, tmp_path):
    packed = bytearray(gzip.compress(b"".join(CLEAN), 1))
    packed[len(packed) // 2 : len(packed) // 2 + 40] = bytes(range(40))
    path = tmp_path / "testusdt.gz"
    path.write_bytes(packed)
    out = run(path)
    reasons = Counter(letter["reason"] for letter in lines(out / "dead_letters.jsonl"))
    assert reasons["corrupt"] == 1
    assert len(lines(out / "orders.jsonl")) > 5


def test_much_at_once_is_counted_by_reason_in_the_order_of_the_file(run, tmp_path):
    chance, text = random.Random(8), list(CLEAN)
    for n, (_, bad) in enumerate(ONE_LETTER.values()):
        text.insert(60 + 9 * n + chance.randrange(5), bad.rstrip(b"\n") + b"\n")
    out = run(written(tmp_path, text))
    letters = lines(out / "dead_letters.jsonl")
    places = [int(letter["where"].rsplit(":", 1)[1]) for letter in letters]
    assert places == sorted(places)
    assert len(lines(out / "orders.jsonl")) > 20
    # A message that is not believed may leave others, received later or naming a time, in doubt.
    assert Counter(reason for reason, _ in ONE_LETTER.values()) == Counter(x["reason"] for x in letters)


def refused(phoenix, tmp_path, path, *options):
    told = []
    for driver in ("graph", "research"):
        changes = [word for each in (*replaying(path), *options) for word in ("--set", each)]
        out = tmp_path / f"out-{driver}"
        told.append(phoenix("run", "--config", REPLAY, "--driver", driver, "--out", out, *changes))
        assert not out.exists()
    assert told[0] == told[1]
    return told[0]


def empty(path):
    path.write_bytes(b"")


def empty_gz(path):
    path.write_bytes(gzip.compress(b""))


def missing(_path):
    pass


def garbage(path):
    path.write_bytes(random.Random(1).randbytes(20_000))


def garbage_that_says_gz(path):
    path.write_bytes(b"\x1f\x8b" + random.Random(1).randbytes(20_000))


def empty_folder(path):
    path.mkdir()


def folder_of_lines(path):
    path.mkdir()
    write_raw(path / "testusdt.txt", MARKET.sent)


def words(path):
    path.write_text("these are words\n" * 100)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (empty, "is empty"),
        (empty_gz, "is empty"),
        (missing, "does not exist"),
        (garbage, "does not say what it is a recording of"),
        (garbage_that_says_gz, "cannot be read"),
        (empty_folder, "is a folder without tables"),
        (folder_of_lines, "is a folder without tables"),
        (words, "does not say what it is a recording of"),
    ],
)
def test_what_cannot_be_used_at_all_is_one_sentence_and_leaves_nothing_behind(phoenix, tmp_path, make, says):
    path = tmp_path / "testusdt"
    make(path)
    code, out, said = refused(phoenix, tmp_path, path)
    assert (code, out) == (1, "")
    assert says in said
    assert str(path) in said
    assert len(said.splitlines()) == 1


def test_a_folder_of_tables_is_traded(run, tmp_path):
    folder = write_tables(tmp_path / "binance_usdm_testusdt_20231114", MARKET)
    out = run(folder)
    assert len(lines(out / "orders.jsonl")) > 50


def test_a_symbol_that_no_table_lists_is_told_where_to_add_it(phoenix, tmp_path):
    path = written(tmp_path, CLEAN)
    code, _, said = phoenix(
        "run", "--config", REPLAY, "--set", f"source.path={path}", "--out", tmp_path / "o"
    )
    assert code == 2
    assert "TESTUSDT is not in the instrument table: add it to configs/instruments.yaml" in said
    assert not (tmp_path / "o").exists()


def test_of_a_file_with_two_symbols_the_one_that_is_configured_is_traded(run, tmp_path, clean):
    other = [one.replace(b"TESTUSDT", b"OTHERUSDT").replace(b"testusdt", b"otherusdt") for one in CLEAN]
    pairs = zip(CLEAN, other, strict=True)
    mixed = [each for one, two in pairs for each in ((one,) if b"lastUpdateId" in one else (one, two))]
    out = run(written(tmp_path, mixed))
    letters = lines(out / "dead_letters.jsonl")
    assert told(out) == clean
    assert {letter["reason"] for letter in letters} == {"unknown_symbol"}
    assert len(letters) == len(mixed) - len(CLEAN)
