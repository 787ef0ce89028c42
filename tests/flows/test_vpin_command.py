import csv
import gzip
import os
import re
import subprocess
from decimal import Decimal
from fractions import Fraction

import numpy as np
import polars as pl
import pytest

from configs.schema_quoting import Vpin
from connectors.trades import opening, text
from flows.vpin import VPINCalculator, command
from flows.vpin.command import app, spelled
from flows.vpin.shares import TimeAbove
from flows.vpin.summary import chance_level
from operators.errors import ConfigError, SourceError
from operators.toxicity import OK
from tests.oracles.command import CLI, ROOT, phoenix
from tests.oracles.raw_market import SYMBOL, TEST, make_market, write_raw, write_tables
from tests.oracles.trade_files import BAD, exact_readings, made_up, write_csv, write_parquet

GRID = ("--tick-size", "0.01", "--lot-size", "0.001")
FOUR = ("ts_ns", "price", "qty", "side")


def vpin(*options):
    app(args=[str(option) for option in options], prog_name="phoenix vpin", standalone_mode=False)


def table(tape, *options, out=None):
    """Return the rows that are written, as text."""
    out = out or tape.with_name("out.csv")
    vpin(tape, *GRID, "--out", out, *options)
    with out.open() as file:
        return list(csv.DictReader(file))


@pytest.fixture(autouse=True)
def compiled(monkeypatch):
    """Let no test hear of rules that another is compiling."""
    monkeypatch.setattr(command, "is_cold", lambda: False)


def summary(capsys, tape, *options):
    """Return the lines that are printed, by their name; those without one go on with the last."""
    capsys.readouterr()
    vpin(tape, *options)
    lines: dict[str, str] = {}
    name = ""
    for line in capsys.readouterr().out.splitlines():
        name = line[:13].strip() or name
        lines[name] = f"{lines[name]} | {line[13:]}" if name in lines else line[13:]
    return lines


def trade(i, side, qty="0.1", price="100.00"):
    return {"ts_ns": str(i), "price": price, "qty": qty, "side": side}


@pytest.fixture
def ten(tmp_path):
    """Eight buys, then two sells: one bucket of 1."""
    entries = [trade(i, "buy") for i in range(8)] + [trade(i, "sell") for i in (8, 9)]
    return write_csv(tmp_path / "tape.csv", entries, FOUR)


def test_it_runs_as_a_command_and_writes_a_row_for_each_row(ten, tmp_path):
    out = tmp_path / "out.csv"
    options = "--bucket-size 0.40 --bucket-unit base --n-buckets 50 --min-buckets 1 --estimator mean_abs"
    done = phoenix("vpin", ten, *GRID, *options.split(), "--classifier", "aggressor", "--out", out)
    assert (done.returncode, done.stdout) == (0, "")
    lines = out.read_text().splitlines()
    assert lines[0].startswith("i,vpin,buckets_closed,status,net_imbalance,")
    assert [line.split(",")[:5] for line in lines[1:5]] == [
        *([str(i), "0.5", "0", "warming", "0.0"] for i in range(3)),
        ["3", "1.0", "1", "ok", "1.0"],
    ]
    assert [line.split(",")[1:3] for line in lines[8:]] == [["1.0", "2"]] * 3
    assert not list(tmp_path.glob("*.part"))


def test_eight_buys_then_two_sells_are_six_tenths(ten):
    rows = table(ten, "--bucket-size", 1)
    assert [row["vpin"] for row in rows] == ["0.5"] * 9 + ["0.6"]
    last = rows[-1]
    assert (last["i"], last["buckets_closed"], last["status"]) == ("9", "1", "ok")
    assert (last["net_imbalance"], last["dominant_share"], last["bucket_imbalance"]) == ("0.6", "0.8", "0.6")
    assert (last["side"], last["ts_ns"]) == ("-1", "9")


def test_there_is_an_option_for_every_setting():
    done = phoenix("vpin", "--help")
    assert done.returncode == 0
    offered = set(re.findall(r"--[a-z][a-z-]*", done.stdout))
    assert {spelled(name) for name in Vpin.model_fields} <= offered
    assert "phoenix vpin tape.csv --tick-size 0.01 --lot-size 0.001 --bucket-size 0.40" in done.stdout
    assert "Exit codes: 0 " in done.stdout
    assert {"--out", "--plot", "--suggest", "--share", "--symbol", "--tick-size", "--lot-size"} <= offered


CHOICES = [
    (),
    ("--estimator", "net", "--partial", "weighted"),
    ("--classifier", "lee_ready", "--mid-tie", "hash"),
    ("--classifier", "lee_ready", "--quote-lag-ms", "500"),
    ("--classifier", "tick", "--vol-threshold", "30"),
    ("--classifier", "bvc", "--bvc-bar-s", "2", "--bvc-decay", "0.5"),
    ("--bucket-unit", "quote", "--bucket-size", "500"),
    ("--bucket-mode", "adv", "--adv-halflife-h", "0.5", "--buckets-per-day", "100000"),
    ("--bucket-mode", "vol_regime", "--min-buckets", "3"),
    ("--threshold-mode", "cdf", "--cdf-min", "5", "--cdf-window", "20"),
    ("--enabled", "true", "--fallback", "0.25", "--min-buckets", "4"),
]


def middle(entry):
    return (Decimal(entry["bid"]) + Decimal(entry["ask"])) / 2 if entry["bid"] else None


@pytest.mark.parametrize("options", CHOICES, ids=" ".join)
def test_it_says_what_the_calculator_says_after_every_trade(options, tmp_path):
    entries = made_up(11, 400)
    rows = table(write_csv(tmp_path / "tape.csv", entries), "--bucket-size", 5, "--n-buckets", 7, *options)
    names = [name[2:].replace("-", "_") for name in options[::2]]
    config = {"bucket_size": 5, "n_buckets": 7, **dict(zip(names, options[1::2], strict=True))}
    calculator = VPINCalculator({"tick_size": "0.01", "lot_size": "0.001", **config})
    assert len(rows) == len(entries)
    for entry, row in zip(entries, rows, strict=True):
        given = {
            "ts_ns": int(entry["ts_ns"]),
            "price": float(entry["price"]),
            "qty": Decimal(entry["qty"]),
            "side": entry["side"],
            "trade_id": int(entry["trade_id"]),
        }
        calculator.update_trade(given, middle(entry))
        reading = calculator.reading()
        assert float(row["vpin"]) == reading.vpin
        assert float(row["level"]) == reading.level
        assert float(row["net_imbalance"]) == reading.net_imbalance
        assert float(row["bucket_imbalance"]) == reading.bucket_imbalance
        assert int(row["buckets_closed"]) == reading.buckets_closed
        assert row["status"] == reading.status
    assert calculator.reading().buckets_closed > 10
    assert calculator.unusable == {}


def test_both_find_the_same_fault_in_the_same_trade(tmp_path):
    entries = made_up(13, 600, bad=0.4)
    rows = table(write_csv(tmp_path / "tape.csv", entries), "--bucket-size", 5)
    calculator = VPINCalculator({"tick_size": "0.01", "lot_size": "0.001", "bucket_size": 5})
    for entry, row in zip(entries, rows, strict=True):
        before = calculator.unusable.copy()
        calculator.update_trade({name: meant(text) for name, text in entry.items()}, middle(entry))
        found = list(calculator.unusable - before) or [calculator.reading().status]
        assert [row["status"]] == found
        assert float(row["vpin"]) == calculator.get_vpin()
    assert len(calculator.unusable) == len({reason for _, reason in BAD})


def meant(text):
    """Return what a reader of CSV would hand over: the number that a text is, or the text."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text or None


@pytest.mark.parametrize("estimator", ["mean_abs", "net"])
def test_it_equals_fractions_after_every_row(estimator, tmp_path):
    rng = np.random.default_rng(5)
    trades = [
        (int(side), int(lots))
        for side, lots in zip(rng.choice((1, -1), 200), rng.integers(1, 90, 200), strict=True)
    ]
    entries = [trade(i, str(side), f"{lots / 1000:.3f}") for i, (side, lots) in enumerate(trades)]
    tape = write_csv(tmp_path / "tape.csv", entries, FOUR)
    rows = table(tape, "--bucket-size", "0.037", "--n-buckets", 6, "--estimator", estimator)
    for row, (n_closed, mean, signed) in zip(rows, exact_readings(trades, 37, 6), strict=True):
        value = mean if estimator == "mean_abs" else abs(signed)
        assert float(row["vpin"]) == float(value if n_closed else Fraction(1, 2))
        assert float(row["net_imbalance"]) == float(signed)
        assert int(row["buckets_closed"]) == n_closed


def test_the_same_trades_read_the_same_however_they_are_kept(tmp_path):
    entries = made_up(3, 300)
    files = [
        write_csv(tmp_path / "tape.csv", entries),
        write_csv(tmp_path / "tape.csv.gz", entries),
        write_csv(
            tmp_path / "turned.csv", entries, ("trade_id", "ask", "side", "bid", "qty", "price", "ts_ns")
        ),
        write_parquet(tmp_path / "tape.parquet", entries),
        tmp_path / "quoted.csv",
        tmp_path / "windows.csv",
        tmp_path / "gaps.csv",
        tmp_path / "times.parquet",
    ]
    plain = files[0].read_text()
    (tmp_path / "quoted.csv").write_text(re.sub(r"([^,\n]+)", r'"\1"', plain).replace('"buy"', '" Buy "'))
    (tmp_path / "windows.csv").write_bytes(b"\xef\xbb\xbf" + plain.replace("\n", "\r\n").upper().encode())
    (tmp_path / "gaps.csv").write_text(plain.replace("\n", "\n\n").removesuffix("\n\n"))
    frame = pl.read_parquet(files[3]).with_columns(
        pl.col("ts_ns").cast(pl.Datetime("ns")),
        pl.col("side").cast(pl.Categorical),
        pl.col("price").cast(pl.Decimal(18, 2)),
        pl.col("trade_id").cast(pl.Float64),
        venue=pl.lit("passed over"),
    )
    frame.write_parquet(tmp_path / "times.parquet")
    written = set()
    for n, file in enumerate(files):
        out = tmp_path / f"{n}.out.csv"
        vpin(file, *GRID, "--bucket-size", 5, "--classifier", "lee_ready", "--out", out)
        written.add(out.read_bytes())
    assert len(written) == 1
    vpin(files[0], *GRID, "--bucket-size", 5, "--classifier", "lee_ready", "--out", tmp_path / "out.parquet")
    assert pl.read_parquet(tmp_path / "out.parquet").write_csv().encode() in written


@pytest.mark.parametrize(("changes", "reason"), BAD, ids=str)
def test_a_bad_row_repeats_the_value_and_says_why(changes, reason, tmp_path):
    entries = [trade(i, "sell" if i % 3 else "buy", "0.7") | {"trade_id": str(i + 1)} for i in range(20)]
    names = (*FOUR, "trade_id")
    spoilt = [*entries[:10], {**entries[0], "trade_id": "11", **changes}, *entries[10:]]
    for k in range(10, 20):
        entries[k]["trade_id"] = str(k + 100)
    clean = table(write_csv(tmp_path / "clean.csv", entries, names), "--bucket-size", 1)
    rows = table(write_csv(tmp_path / "spoilt.csv", spoilt, names), "--bucket-size", 1)
    bad = rows.pop(10)
    assert [{**row, "i": ""} for row in rows] == [{**row, "i": ""} for row in clean]
    assert {**rows[9], "i": "10", "status": reason, "side": "", "ts_ns": ""} == bad


def test_lines_of_another_length_are_bad_rows(tmp_path, capsys):
    tape = tmp_path / "tape.csv"
    tape.write_bytes(
        b"ts_ns,price,qty,side\n1,100,1,buy\n2,100\n3,100,1,sell,5\n\xff\xfe,100,1,buy\n,,,\n5,100,1,sell"
    )
    rows = table(tape, "--bucket-size", 1)
    told = [row["status"] for row in rows]
    assert told == ["ok", "missing_field", "too_many_fields", "wrong_type", "missing_field", "ok"]
    assert [row["buckets_closed"] for row in rows] == ["1"] * 5 + ["2"]
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "set aside: 2 missing_field, 1 too_many_fields, 1 wrong_type"
    assert said[1].startswith("6 rows are in ")


def test_a_quote_that_cannot_be_used_is_counted_and_its_trade_is_not_lost(tmp_path, capsys):
    touches = [
        ("99.99", "100.01"),
        ("100.01", "99.99"),
        ("100", "100"),
        ("nan", "101"),
        ("99", ""),
        ("x", "y"),
        ("99.999", "101"),
        ("0", "1"),
        ("", ""),
    ]
    names = (*FOUR, "bid", "ask")
    entries = [trade(i, "", "1") | {"bid": bid, "ask": ask} for i, (bid, ask) in enumerate(touches)]
    rows = table(write_csv(tmp_path / "tape.csv", entries, names), "--bucket-size", 1)
    assert [row["buckets_closed"] for row in rows] == [str(i + 1) for i in range(9)]
    assert capsys.readouterr().err.splitlines()[0] == "set aside: 7 bad_quote"


@pytest.mark.parametrize("n", [1, 7, 64])
def test_where_a_file_is_cut_changes_nothing(n, tmp_path, monkeypatch, capsys):
    tape = write_csv(tmp_path / "tape.csv", made_up(9, 300, bad=0.1))
    options = ("--bucket-size", 3, "--classifier", "lee_ready")
    whole, told = table(tape, *options), summary(capsys, tape, *GRID, *options)
    monkeypatch.setattr(opening, "STRETCH", n)
    pieces = text.TextFrames.__init__
    monkeypatch.setattr(text.TextFrames, "__init__", lambda self, path: pieces(self, path, 13 * n))
    assert table(tape, *options) == whole
    assert summary(capsys, tape, *GRID, *options) == told


def raw_trades(market):
    """Return a made up market's trades as entries."""
    for sent in market.sent:
        if sent.kind == "trade":
            data = sent.data
            side = "sell" if data["m"] else "buy"
            yield {
                "ts_ns": str(int(data["T"]) * 10**6),
                "price": data["p"],
                "qty": data["q"],
                "side": side,
                "trade_id": str(data["t"]),
            }


@pytest.mark.parametrize("form", ["raw", "raw.gz", "tables"])
def test_a_capture_reads_as_its_trades_do(form, tmp_path):
    market = make_market(seed=4, n_diffs=150)
    folder = tmp_path / "binance_usdm_testusdt"
    tape = (
        write_tables(folder, market)
        if form == "tables"
        else write_raw(tmp_path / f"tape.{form}", market.sent, form == "raw.gz")
    )
    options = ("--tick-size", TEST.tick, "--lot-size", TEST.lot, "--bucket-size", "0.05", "--n-buckets", 5)
    vpin(tape, *options, "--out", tmp_path / "one.csv")
    entries = list(raw_trades(market))
    plain = write_csv(tmp_path / "plain.csv", entries, (*FOUR, "trade_id"))
    vpin(plain, *options, "--out", tmp_path / "other.csv")
    one, other = (pl.read_csv(tmp_path / name) for name in ("one.csv", "other.csv"))
    assert len(one) == len(entries) > 100
    assert one.drop("ts_ns").equals(other.drop("ts_ns"))
    assert one["buckets_closed"][-1] > 20


def test_a_capture_of_several_symbols_must_be_told_which(tmp_path):
    market = make_market(seed=4, n_diffs=30)
    other = [
        line.line().replace(SYMBOL.encode(), b"OTHERUSDT").replace(SYMBOL.lower().encode(), b"otherusdt")
        for line in market.sent
    ]
    tape = tmp_path / "both.raw"
    tape.write_bytes(
        b"".join(b for pair in zip((s.line() for s in market.sent), other, strict=True) for b in pair)
    )
    options = ("--tick-size", TEST.tick, "--lot-size", TEST.lot, "--bucket-size", "0.05")
    with pytest.raises(ConfigError, match=r"--symbol must be given: .* holds OTHERUSDT, TESTUSDT"):
        vpin(tape, *options)
    with pytest.raises(ConfigError, match=r"--symbol must be of .*, was BTCUSDT"):
        vpin(tape, *options, "--symbol", "BTCUSDT")
    vpin(tape, *options, "--symbol", SYMBOL, "--out", tmp_path / "out.csv")
    assert len(pl.read_csv(tmp_path / "out.csv")) == len(market.of("trade"))


def test_everything_wrong_with_the_options_is_told_at_once(ten):
    options = ("--lot-size", "0", "--bucket-size", "many", "--estimator", "median", "--min-buckets", "60")
    done = phoenix("vpin", ten, *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [
        "--lot-size must be positive, was 0",
        '--estimator must be mean_abs or net, was "median"',
        '--bucket-size must be a positive number, was "many"',
        "--tick-size must be given, or a symbol that configs/instruments.yaml lists",
        "--min-buckets must be at most n_buckets, which is 50, was 60",
    ]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--out", "x.txt"), "--out must end in .csv or .parquet, was x.txt"),
        (("--plot", "x.gif"), "--plot must end in .png or .svg, was x.gif"),
        (("--share", "1"), "--share must be a number from 0 to below 1, was 1"),
        (("--seed", "-1"), "--seed must be a whole number, at least 0, was -1"),
        (("--enabled", "no"), "--enabled must be true: nothing is measured otherwise"),
        (("--measure", "other:make"), "--measure must be left out: VPIN itself is what is measured here"),
        (("--suggest", "--bucket-mode", "adv"), "--suggest needs a --bucket-mode of fixed or vol_regime"),
        (("--symbol", "NOSUCH", "--tick-size", "1e-30"), "--tick-size must have at most 18 decimals"),
    ],
)
def test_a_wrong_option_is_a_sentence(ten, options, sentence):
    with pytest.raises(ConfigError, match=re.escape(sentence)):
        vpin(ten, *GRID, *options)


def test_a_symbol_that_is_not_listed_needs_its_grid(ten):
    with pytest.raises(ConfigError) as refused:
        vpin(ten, "--symbol", "NOSUCH", "--lot-size", "0.1")
    assert refused.value.problems == [
        '--tick-size must be given: configs/instruments.yaml does not list "NOSUCH"'
    ]


def test_the_tape_is_never_written_over(ten):
    before = ten.read_bytes()
    with pytest.raises(ConfigError, match="--out must not be the file that is read"):
        vpin(ten, *GRID, "--out", ten)
    assert ten.read_bytes() == before


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("missing.csv", None, "does not exist: expected a CSV or Parquet file of trades"),
        ("empty.csv", b"", "is empty, or damaged from its first byte"),
        ("empty.csv.gz", gzip.compress(b"", mtime=0), "is empty, or damaged from its first byte"),
        ("bad.csv.gz", b"\x1f\x8b\x00nonsense", "is empty, or damaged from its first byte"),
        ("names.csv", b"ts_ns,price,qty,side\n", "holds no trades"),
        ("bare.csv", b"1,100,1,buy\n2,100,1,sell\n", "has no column ts_ns, price, qty, side"),
        ("few.csv", b"ts_ns,price,side\n1,2,buy\n", "has no column qty: a file of trades names"),
        ("twice.csv", b"ts_ns,price,qty,side,PRICE\n1,2,3,buy,4\n", "names price twice"),
        ("half.csv", b"ts_ns,price,qty,side,bid\n1,2,3,buy,4\n", "has one of the columns bid and ask"),
        ("bad.parquet", b"PAR1nonsense", "cannot be read as Parquet"),
        ("random.csv", bytes(range(256)) * 40, "has no column ts_ns"),
        (
            "bad.csv",
            b"ts_ns,price,qty,side\nx,y,z,w\n",
            "holds no trade that can be used; set aside: 1 wrong_type",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_a_sentence(name, content, sentence, tmp_path):
    tape = tmp_path / name
    if content is not None:
        tape.write_bytes(content)
    with pytest.raises(SourceError, match=re.escape(sentence)) as refused:
        vpin(tape, *GRID)
    assert str(tape) in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_parquet_column_of_another_kind_is_a_sentence(tmp_path):
    tape = tmp_path / "tape.parquet"
    frame = pl.DataFrame({"ts_ns": [1], "price": [[1.0]], "qty": [1.0], "side": [1]})
    frame.write_parquet(tape)
    with pytest.raises(SourceError, match="column price must hold numbers, holds "):
        vpin(tape, *GRID)


def test_exit_codes_tell_the_file_from_the_command(ten, tmp_path):
    assert phoenix("vpin", tmp_path / "none.csv", *GRID).returncode == 1
    assert phoenix("vpin", ten, *GRID, "--out", tmp_path / "no" / "out.csv").returncode == 1
    assert phoenix("vpin", ten, *GRID, "--no-such-option").returncode == 2


def test_a_cut_off_gzip_is_used_as_far_as_it_goes(tmp_path, capsys):
    entries = made_up(2, 5000)
    tape = write_csv(tmp_path / "tape.csv.gz", entries)
    whole = table(tape, "--bucket-size", 5)
    tape.write_bytes(tape.read_bytes()[:-5000])
    rows = table(tape, "--bucket-size", 5)
    assert 100 < len(rows) < 5000
    assert rows[:-1] == whole[: len(rows) - 1]
    assert "1 truncated" in capsys.readouterr().err


def test_a_terminal_sees_how_far_it_is(ten, tmp_path):
    terminal, end = os.openpty()
    command = [*CLI, "vpin", str(ten), *GRID, "--out", str(tmp_path / "out.csv")]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=end, stdout=end) as process:
        assert process.wait(60) == 0
    os.close(end)
    shown = os.read(terminal, 1 << 16).decode()
    os.close(terminal)
    assert "writing" in shown
    assert shown.rstrip().endswith(f"10 rows are in {tmp_path / 'out.csv'}")


def test_nothing_half_written_has_the_name_of_a_result(tmp_path):
    tape = tmp_path / "tape.csv"
    tape.write_bytes(b"ts_ns,price,qty,side\n1,100,1,buy\n" + b"9" * (9 << 20))
    with pytest.raises(SourceError, match="has a line of more than"):
        vpin(tape, *GRID, "--out", tmp_path / "out.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["tape.csv"]


def test_the_summary_says_what_a_small_tape_shows(tmp_path, capsys):
    seconds = [0, 10, 50, 80, 110]
    sides = ["buy", "buy", "sell", "buy", "sell"]
    sizes = ["0.5", "0.5", "2", "0.1", "0.9"]
    entries = [
        trade(s * 10**9 + 10**18, side, qty) for s, side, qty in zip(seconds, sides, sizes, strict=True)
    ]
    tape = write_csv(tmp_path / "tape.csv", entries, FOUR)
    options = (*GRID, "--bucket-size", 1, "--n-buckets", 2, "--estimator", "net")
    told = summary(capsys, tape, *options)
    assert told["trades"] == "5 in 110.000 s, from 2001-09-09 01:46:40"
    assert told["volume"] == "4 base"
    assert told["buckets"] == "4 closed, 1.2 trades each, 3,141.8 a day"
    # Imbalances in the window at each close: (1), (1, -1), (-1, -1), (-1, -0.8).
    assert told["VPIN"] == "mean 0.72500, highest 1.000000, of 4 values at closed buckets"
    assert told["deciles"].split(" | ")[0] == "0.000  0.000  0.900  0.900  0.900  1.000  1.000  1.000  1.000"
    assert told["of the time"].split() == ["100.00%"] * 3
    assert told["of closes"].split() == ["75.00%", "75.00%", "50.00%"]
    assert told["agreement"] == "with the venue's flag: tick 0.6000, lee_ready: no mid is known"
    assert told["run of buys"] == "2 trades, 1.00 × bucket_size, in 10.000 s from 2001-09-09 01:46:40"
    assert told["run of sells"].startswith("1 trades, 2.00 × bucket_size, in 0.000 s")
    assert "Fewer than 50 trades a bucket" in told["meaningful?"]
    assert "alerts of nothing" in told["meaningful?"]


def test_time_is_counted_while_there_is_a_value():
    points = np.zeros(4, [("level", float), ("status", int)])
    points["level"], points["status"] = [0.5, 0.8, 0.9, 0.1], [1, OK, OK, OK]
    times = np.array([100, 110, 140, 150])
    whole = TimeAbove((0.7, 0.85))
    whole.on(times, points)
    assert (whole.ready_ns, whole.above_ns, whole.shares) == (40, [40, 10], [1.0, 0.25])
    cut = TimeAbove((0.7, 0.85))
    for k in range(4):
        cut.on(times[k : k + 1], points[k : k + 1])
    assert (cut.ready_ns, cut.above_ns) == (whole.ready_ns, whole.above_ns)
    assert TimeAbove((0.7,)).shares is None


def test_coin_flips_have_the_level_that_the_formula_and_the_shuffle_say(tmp_path, capsys):
    rng = np.random.default_rng(1)
    entries = [trade(i, side) for i, side in enumerate(rng.choice(("buy", "sell"), 20_000))]
    tape = write_csv(tmp_path / "tape.csv", entries, FOUR)
    told = summary(capsys, tape, *GRID, "--bucket-size", "10", "--n-buckets", 200)
    formula, shuffled = map(float, re.findall(r": (?:mean )?(0\.\d+)", told["chance"]))
    assert formula == pytest.approx(chance_level(100), abs=1e-4)
    assert shuffled == pytest.approx(formula, rel=0.1)
    assert float(re.findall(r"mean ([\d.]+)", told["VPIN"])[0]) == pytest.approx(formula, rel=0.1)
    assert "Hardly above what shuffled sides give." in told["meaningful?"]


def test_a_shuffle_is_the_same_again_and_another_with_another_seed(tmp_path, capsys):
    options = (write_csv(tmp_path / "tape.csv", made_up(1, 500)), *GRID, "--bucket-size", "20")
    first = summary(capsys, *options)["chance"]
    assert summary(capsys, *options)["chance"] == first
    assert summary(capsys, *options, "--seed", 8)["chance"] != first


def test_a_suggestion_keeps_its_word(tmp_path, capsys):
    tape = write_csv(tmp_path / "tape.csv", made_up(21, 6000))
    told = summary(capsys, tape, *GRID, "--suggest", "--share", "0.1")
    size, share = re.findall(r"--bucket-size (\S+): above .* for ([\d.]+)%", told["suggestion"])[0]
    assert float(share) <= 10.0
    assert summary(capsys, tape, *GRID, "--bucket-size", size)["of the time"].split()[0] == f"{share}%"
    smaller = summary(capsys, tape, *GRID, "--bucket-size", f"{float(size) * 0.4:.3f}")
    assert float(smaller["of the time"].split("%")[0]) > 10.0


def test_without_a_size_that_is_large_enough_it_says_so(tmp_path, capsys):
    entries = [trade(i * 10**9, "buy", "1") for i in range(500)]
    told = summary(capsys, write_csv(tmp_path / "tape.csv", entries, FOUR), *GRID, "--suggest")
    assert told["suggestion"].startswith("none: even with the largest buckets, the threshold 0.7")


@pytest.mark.parametrize(("name", "magic"), [("vpin.png", b"\x89PNG\r\n"), ("vpin.svg", b"<?xml")])
def test_a_picture_is_drawn(name, magic, tmp_path, capsys):
    tape, picture = write_csv(tmp_path / "tape.csv", made_up(1, 2000)), tmp_path / name
    told = summary(capsys, tape, *GRID, "--bucket-size", 5, "--plot", picture)
    assert "VPIN" in told
    drawn = picture.read_bytes()
    assert drawn.startswith(magic)
    vpin(tape, *GRID, "--bucket-size", 5, "--plot", picture, "--out", tmp_path / "out.csv")
    assert picture.read_bytes() == drawn, "the same tape makes the same picture"


def test_there_is_no_picture_without_a_bucket(ten, tmp_path):
    with pytest.raises(SourceError, match="is not drawn: no bucket closed"):
        vpin(ten, *GRID, "--bucket-size", 100, "--plot", tmp_path / "vpin.png")


@pytest.mark.parametrize("part", ["", "trades.parquet"])
def test_the_recorded_sweep_has_its_known_figures(data, part, capsys, tmp_path):
    tape = data / "tables" / "binance_spot_nexousdt_20240723" / part
    if not tape.exists():
        pytest.skip(f"no such recording: {tape}")
    # A 500th of the tape's lots, floored.
    options = ("--symbol", "NEXOUSDT", "--bucket-size", "2616.73", "--min-buckets", 50)
    told = summary(capsys, tape, *options)
    assert told["VPIN"] == "mean 0.58438, highest 0.903227, of 451 values at closed buckets"
    assert told["of closes"].split() == ["17.96%", "11.31%", "0.44%"]
    vpin(tape, *options, "--out", tmp_path / "out.parquet")
    rows = pl.read_parquet(tmp_path / "out.parquet")
    assert (len(rows), rows["buckets_closed"][-1]) == (18_817, 500)
    assert rows["vpin"].max() == pytest.approx(0.903227, abs=1e-6)


def test_the_recorded_burst_has_its_known_figures(data, capsys):
    tape = data / "raw" / "binance_usdm_btcusdt_20240808.gz"
    if not tape.exists():
        pytest.skip(f"no such recording: {tape}")
    told = summary(capsys, tape, "--bucket-unit", "quote", "--bucket-size", "2e6", "--min-buckets", 5)
    assert told["trades"].startswith("21,313 in 5.7 min, from 2024-08-08 23:54")
    assert told["VPIN"].endswith("highest 0.740054, of 70 values at closed buckets")
    assert told["of closes"].split() == ["18.57%", "0.00%", "0.00%"]
    assert "set aside" not in told["trades"]


def test_a_flag_that_contradicts_the_prices_is_told_from_its_thousandth_trade(tmp_path):
    entries = [trade(i, "sell", "1", f"{100 + i % 2}.00") for i in range(1200)]
    rows = table(write_csv(tmp_path / "tape.csv", entries, FOUR), "--bucket-size", 10)
    assert [row["status"] for row in rows].index("invalid_flag") == 999
    assert {row["status"] for row in rows[999:]} == {"invalid_flag"}
    assert float(rows[998]["vpin"]) == 1.0 > float(rows[-1]["vpin"])
