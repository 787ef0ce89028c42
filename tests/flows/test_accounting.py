"""What the summary of a whole run says of its account, held against its logs and against itself."""

import json
from decimal import Decimal
from fractions import Fraction
from functools import reduce

import numpy as np
import pytest

from connectors.fields import FIELDS, paths
from connectors.whole import joined
from flows.closing import show
from operators.book import BookParams, book_on_frame, open_book
from operators.own import Own
from operators.ring import Book
from operators.rows import CLOCK, FILLED, LAST, plain
from operators.touch import VALID, Top
from tests.oracles.plain_accounts import Books, Event
from tests.oracles.runs import (
    QUIET,
    REPLAY,
    capture,
    eavesdrop,
    first_rows,
    fused,
    graphed,
    lines,
    lively,
    logs,
    made,
    replaying,
)

SECONDS = 45
SYMBOLS = ("BTCUSDC", "DOGEUSDC", "ETHUSDC")
FEES = ("venue.maker_fee_bps=1.37",)


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    folder = tmp_path_factory.mktemp("accounting")
    return fused(made(folder / "run", *lively(*SYMBOLS, seconds=SECONDS), *FEES))


@pytest.fixture(scope="module")
def whole(out):
    return json.loads((out / "summary.json").read_text())


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_the_parts_of_profit_add_up_to_the_last_digit(whole, symbol):
    figures = whole["symbols"][symbol]
    assert figures["fills"] > 5
    parts = {name: Decimal(part) for name, part in figures["pnl"].items()}
    assert sum(parts.values()) == Decimal(figures["pnl_after_fees"]) != 0
    earned = Decimal(figures["realised"]) + Decimal(figures["unrealised"])
    paid = Decimal(figures["fees"]) + Decimal(figures["funding"])
    assert earned - paid == Decimal(figures["pnl_after_fees"])
    assert parts["spread_capture"] > 0
    assert parts["fees"] == -Decimal(figures["fees"]) < 0


def test_the_total_is_the_sum_of_its_symbols(whole):
    for name in ("pnl_after_fees", "fees", "realised", "unrealised", "traded"):
        told = sum(Decimal(figures[name]) for figures in whole["symbols"].values())
        assert Decimal(whole["total"][name]) == told
    assert whole["total"]["quote"] == "USDC"


def test_every_field_is_documented_and_every_documented_field_appears(whole, tmp_path):
    found = set(paths({name: part for name, part in whole.items() if name not in ("symbols", "total")}))
    seen = [whole]
    path = capture(tmp_path / "testusdt.gz", n_diffs=300)
    short = fused(made(tmp_path / "run", *replaying(path, *FEES), config=REPLAY))
    seen.append(json.loads((short / "summary.json").read_text()))
    for each in seen:
        for figures in each["symbols"].values():
            found |= set(paths(figures))
        found |= set(paths({name: part for name, part in each["total"].items() if name != "quote"}))
    found |= {"symbols.*", "total", "total.quote"}
    found = {path for path in found if not path.startswith("fields.")} | {"fields"}
    # What only runs that went otherwise have: stopped, without a ratio, with denials and faults.
    rare = {"stopped", "denied.*", "faults.*", "dead_letter_reasons.*"}
    bare = {name.partition(".")[0] for name in rare} | {"sharpe"}
    assert found - bare <= set(FIELDS), "nothing appears that is not documented"
    assert set(FIELDS) - found <= rare, "nothing is documented that does not appear"


def test_shares_of_time_add_up(whole):
    for figures in whole["symbols"].values():
        assert sum(figures["time"].values()) == pytest.approx(1.0, abs=1e-5)
        assert 0 < figures["uptime"]["both"] <= min(figures["uptime"]["bid"], figures["uptime"]["ask"])
        assert figures["time"]["paused"] > 0
        above = list(figures["vpin_above"].values())
        assert above == sorted(above, reverse=True)
        assert figures["observed_s"] == pytest.approx(SECONDS, abs=1)
        assert figures["sharpe"]["changes"] == pytest.approx(SECONDS - 2, abs=1)


def events_of(rows):
    """Return what the slow books look at: of each instant without fills, the last row is enough."""
    book, tops = Book.cell(), Top.table(len(rows))
    open_book(book)
    book_on_frame(book, Own.cell(), BookParams.cell(), rows, tops)
    events = []
    for row, top in zip(plain(rows), np.asarray(tops), strict=True):
        if row.kind >= CLOCK or row.marks & LAST:
            touch = (int(top["bid_ticks"]), int(top["ask_ticks"])) if top["state"] == VALID else None
            events.append(Event(row.ts_recv, row.kind, row.side, row.price_ticks, row.size_lots, touch=touch))
    return [one for one, after in zip(events, [*events[1:], None], strict=True) if counts(one, after)]


def counts(event, after):
    return after is None or FILLED in (event.kind, after.kind) or event.ts_ns != after.ts_ns


def test_markouts_and_attribution_are_rebuilt_from_what_the_desk_was_told(tmp_path):
    job = made(tmp_path / "run", *lively("BTCUSDC", seconds=8), *FEES)
    told = reduce(joined, eavesdrop(job)["BTCUSDC"])
    figures = json.loads((tmp_path / "run" / "summary.json").read_text())["symbols"]["BTCUSDC"]
    books = Books(events_of(told), maker_fee=Fraction(137, 10**6))
    tick_lot = job.settings.symbols["BTCUSDC"].instrument.tick_lot
    for name, part in zip(figures["pnl"], books.parts(), strict=True):
        assert Fraction(Decimal(figures["pnl"][name])) == part * Fraction(tick_lot), name
    for label, ns in (("0.1s", 10**8), ("1s", 10**9), ("5s", 5 * 10**9)):
        aged = books.markouts(ns)
        gains = [f.side * f.lots * (mid - f.ticks) for f, mid in aged]
        said = figures["markouts"][label]
        assert (said["fills"], said["negative"]) == (len(aged), sum(gain < 0 for gain in gains))
        assert Fraction(Decimal(said["pnl"])) == sum(gains) * Fraction(tick_lot)
    assert figures["markouts"]["1s"]["fills"] > 5


def test_both_drivers_say_the_same_of_a_run_long_enough_for_every_figure(out, tmp_path):
    graph = graphed(made(tmp_path / "run", *lively(*SYMBOLS, seconds=SECONDS), *FEES))
    assert logs(graph) == logs(out)


def test_the_closing_table_fits_a_hundred_columns_and_says_what_a_simulation_cannot(out, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    show(out)
    printed = capsys.readouterr().out.splitlines()
    assert max(len(line) for line in printed[: 1 + len(SYMBOLS) + 1]) <= 100
    assert " ".join(printed[0].split()) == (
        "symbol PnL fees fills rate adverse 1s bps up position VPIN pauses dead worst"
    )
    assert [line.split()[0] for line in printed[1:5]] == [*SYMBOLS, "total"]
    assert sum("do not move" in line for line in printed) == 1


def test_fills_of_the_log_are_those_of_the_account(out, whole):
    for symbol in SYMBOLS:
        mine = [line for line in lines(out / "fills.jsonl") if line["symbol"] == symbol]
        traded = sum(Decimal(line["price"]) * Decimal(line["size"]) for line in mine)
        assert traded == Decimal(whole["symbols"][symbol]["traded"])
        assert len({line["id"] for line in mine}) == whole["symbols"][symbol]["filled"]


@pytest.mark.parametrize(
    ("lean", "side"), [("signals.trade_lean_ticks=0", -1), ("signals.trade_lean_ticks=60", 1)]
)
def test_the_settlement_of_a_recording_is_booked_for_what_was_held_at_midnight(data, tmp_path, lean, side):
    """At 2023-04-05 00:00 the long paid 0.00276 % of 28,155.1; who follows trades is long by then."""
    folder = first_rows(data / "tables" / "binance_usdm_btcusdt_20230405", tmp_path, 125)
    near = ("quoting.min_half_spread_bps=0.1", lean)
    out = fused(made(tmp_path / "run", QUIET, f"source.path={folder}", *near, config=REPLAY))
    figures = json.loads((out / "summary.json").read_text())["symbols"]["BTCUSDT"]
    midnight = 1_680_652_800 * 10**9
    held = [Decimal(line["position"]) for line in lines(out / "fills.jsonl") if line["ts"] < midnight][-1]
    assert held * side > 0
    paid = held * Decimal("28155.1") * Decimal("0.0000276")
    assert (figures["settlements"], Decimal(figures["funding"])) == (1, paid)
    assert Decimal(figures["pnl"]["funding"]) == -paid
