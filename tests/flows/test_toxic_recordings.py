"""Toxicity of recorded markets: known figures, a guard that real sweeps do not trip, thresholds that act."""

import json
from bisect import bisect_right
from decimal import Decimal

import numpy as np
import pytest

from connectors.recorded import discover, open_tape
from operators.instruments import Instrument
from operators.rows import TRADE
from operators.toxicity import Reading, Vpin
from operators.vpin import vpin_on_frame
from tests.oracles.exact_vpin import Setup
from tests.oracles.raw_market import desk, read_all
from tests.oracles.runs import QUIET, REPLAY, fused, lines, made
from tests.oracles.toxic_tapes import SECOND, params_of

NEXO = "tables/binance_spot_nexousdt_20240723"
BUCKET = 261_673
"""Lots: a 500th of the tape."""
QUOTING = ("quoting.order_lots=1000", "quoting.max_inventory_lots=10000", "quoting.requote_ticks=0")
LEANING = (
    "quoting.model=fixed",
    "quoting.skew_ticks_per_lot=0.0005",
    f"vpin.bucket_size={BUCKET / 100}",
    "vpin.bucket_unit=base",
)


def recorded(path, tick, lot):
    """Return all rows of a recording, in the order of arrival."""
    (found,) = discover([path])
    instrument = Instrument(found.symbol, Decimal(tick), Decimal(lot))
    return desk(read_all(open_tape(found.symbol, instrument, [found.path], found.market)))


def measured(rows, **settings):
    state, readings = Vpin.cell(), Reading.table(len(rows))
    vpin_on_frame(state, params_of(Setup(**settings)), rows, readings)
    return state[0], readings


@pytest.fixture(scope="module")
def nexo(data):
    return recorded(data / NEXO, "0.001", "0.01")


def test_a_500th_of_the_nexousdt_tape_a_bucket_gives_the_known_figures(nexo):
    """Each close is asked for its value: some trades close several buckets, and show the last only."""
    lots = nexo["size_lots"][nexo["kind"] == TRADE]
    assert int(lots.sum()) // 500 == BUCKET
    state, readings = measured(
        nexo, bucket=BUCKET, n_buckets=50, min_buckets=50, cdf=True, cdf_window=500, cdf_min=500
    )
    closes = state.values[49:500]
    assert (state.n_closed, len(closes)) == (500, 451)
    assert closes.mean() == pytest.approx(0.58438, abs=5e-6)
    assert np.mean(closes > 0.7) == pytest.approx(0.1796, abs=5e-5)
    assert closes.max() == pytest.approx(0.903227, abs=5e-7)
    assert np.mean(closes > 0.9) == pytest.approx(0.004435, abs=5e-7)
    assert np.unique(np.asarray(readings)["n_closed"]).max() == 500


@pytest.mark.parametrize(
    "name",
    [
        "raw/binance_usdm_btcusdt_20240808.gz",
        "raw/binance_usdm_ethusdt_20240808.gz",
        "tables/binance_usdm_btcusdt_20230405",
    ],
)
def test_genuine_sweeps_do_not_trip_the_guard(data, name):
    rows = recorded(data / name, "0.01", "0.001")
    state, _ = measured(rows, bucket=20_000, n_buckets=50)
    assert state.n_guarded > 10_000
    assert (state.n_broken, state.broken) == (0, 0)


def one_sided_windows(flags):
    """How many thousands of trades in a row have more than 990 flags on a side."""
    sums = np.convolve(flags, np.ones(1000, np.int64), "valid")
    return int(np.sum(np.abs(sums) > 980))


def test_the_btcusdt_recording_has_sweeps_that_the_guard_has_to_tell_from_a_broken_flag(data):
    rows = recorded(data / "raw/binance_usdm_btcusdt_20240808.gz", "0.1", "0.001")
    assert one_sided_windows(rows["side"][rows["kind"] == TRADE].astype(np.int64)) == 112


def test_a_recording_whose_every_flag_says_sell_is_found_out_and_measured_by_the_tick_rule(data):
    rows = recorded(data / "tables/binance_usdm_btcusdt_20230405", "0.1", "0.001")
    settings = {"bucket": 20_000, "n_buckets": 10}
    trades = rows["kind"] == TRADE
    rows["side"][trades] = -1
    state, readings = measured(rows, **settings)
    values = np.asarray(readings)["value"][trades]
    assert (state.n_broken, state.broken) == (1, 1)
    assert values[990] == 1.0
    by_ticks = np.asarray(measured(rows, **settings, classifier="tick")[1])["value"][trades]
    assert values[-1] == by_ticks[-1] < 0.9


def agreement(rows, **settings):
    """The share of trades that are given the side of the venue's flag."""
    state, params = Vpin.cell(), params_of(Setup(bucket=1 << 40, **settings))
    readings, begun, agreed = Reading.table(len(rows)), 0, 0
    trades = np.flatnonzero(rows["kind"] == TRADE)
    for i in trades:
        vpin_on_frame(state, params, rows[begun : i + 1], readings[begun : i + 1])
        agreed += int(state[0].last_side == rows["side"][i])
        begun = i + 1
    return agreed / len(trades)


@pytest.mark.parametrize(
    ("name", "tick"),
    [
        ("raw/binance_usdm_btcusdt_20240808.gz", "0.1"),
        ("raw/binance_usdm_ethusdt_20240808.gz", "0.01"),
    ],
)
def test_quotes_that_are_five_milliseconds_old_judge_trades_better_than_the_newest(data, name, tick):
    """The book after a trade often arrives before the trade itself."""
    rows = recorded(data / name, tick, "0.001")
    assert 0.80 < agreement(rows, classifier="lee_ready") < 0.92
    assert 0.93 < agreement(rows, classifier="lee_ready", quote_lag_ns=SECOND // 200) < 1.0


@pytest.fixture(scope="module")
def runs(data, tmp_path_factory):
    """The whole tape, with and without the lean."""
    folder = tmp_path_factory.mktemp("nexo")
    common = (QUIET, f"source.path={data / NEXO}", *QUOTING, *LEANING, "vpin.min_buckets=50")
    return [
        fused(made(folder / lean, *common, f"vpin.toxic_reduce={lean}", config=REPLAY))
        for lean in ("off", "skew")
    ]


@pytest.fixture(scope="module")
def toxicity(nexo):
    """When VPIN changed, and to what, after each trade."""
    trades = nexo["kind"] == TRADE
    readings = measured(nexo, bucket=BUCKET, n_buckets=50, min_buckets=50)[1]
    return nexo["ts_recv"][trades].tolist(), np.asarray(readings)["value"][trades].tolist()


def requests(out):
    return [[line[k] for k in ("ts", "op", "side", "price", "size")] for line in lines(out / "orders.jsonl")]


def test_above_nine_tenths_the_whole_run_asks_for_nothing_for_five_seconds(runs, toxicity):
    times, values = toxicity
    crossings = [
        now
        for now, before, after in zip(times[1:], values, values[1:], strict=False)
        if before <= 0.9 < after
    ]
    assert crossings
    for out in runs:
        figures = json.loads((out / "summary.json").read_text())["symbols"]["NEXOUSDT"]
        assert figures["pauses"] >= len(crossings)
        assert figures["vpin_max"] == 0.903227
        asked = requests(out)
        for begun in crossings:
            during = [op for ts, op, *_ in asked if begun <= ts < begun + 5 * SECOND]
            assert set(during) == {"cancel"}
            assert any(ts < begun for ts, *_ in asked)
            assert any(
                op == "place" and begun + 5 * SECOND <= ts < begun + 60 * SECOND for ts, op, *_ in asked
            )


def test_above_seven_tenths_the_whole_run_leans_and_not_before(runs, toxicity):
    times, values = toxicity
    off, skew = (requests(out) for out in runs)
    same = next(n for n, (one, other) in enumerate(zip(off, skew, strict=False)) if one != other)
    parted = min(off[same][0], skew[same][0])
    first = next(now for now, value in zip(times, values, strict=True) if value > 0.7)
    assert values[bisect_right(times, parted) - 1] > 0.7
    assert parted >= first
    assert same > 1000
