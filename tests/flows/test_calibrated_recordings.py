"""What is learnt of the recorded BTCUSDT perpetual, beside what is known of it."""

from decimal import Decimal

import numpy as np
import pytest

from connectors.recorded import discover, open_tape
from operators.book import BookParams, book_on_frame, open_book
from operators.calibration import FITTED
from operators.instruments import Instrument
from operators.own import Own
from operators.ring import Book
from operators.rows import LAST, TRADE
from operators.touch import VALID, Top
from tests.oracles.fill_flow import STEP, learn, setup
from tests.oracles.raw_market import desk, read_all

RAW = "raw/binance_usdm_btcusdt_20240808.gz"


@pytest.fixture(scope="module")
def capture(data):
    """All rows of the capture, and the touch after each."""
    (found,) = discover([data / RAW])
    instrument = Instrument(found.symbol, Decimal("0.1"), Decimal("0.001"))
    rows = desk(read_all(open_tape(found.symbol, instrument, [found.path], found.market)))
    book, tops = Book.cell(), Top.table(len(rows))
    open_book(book)
    book_on_frame(book, Own.cell(), BookParams.cell(), rows, tops)
    return rows, tops


def learnt(capture, far=1.6, halflife_s=1e6):
    changes = {"from_bps": 0.08, "to_bps": far, "keep": 0.5 ** (0.1 / halflife_s), "refit_ns": STEP}
    rows, tops = capture
    return learn(rows, tops, setup(**changes))[0].calibration


def test_volatility_and_fill_intensity_are_as_known(capture):
    """Known: σ of 80 to 81 ticks/√s; per side A of 0.56 to 0.59 and k of 0.025 to 0.026 without weights.

    A counts several prints of a step (3 %) and begins where quotes can stand (1 %): a little more.
    """
    cal = learnt(capture)
    assert cal.status == FITTED
    assert (cal.nearest, cal.nearest + (cal.n_bins - 1) * cal.width) == (10, 198)
    assert cal.sigma == pytest.approx(80.6, abs=0.2)
    assert (cal.bid.a_per_s, cal.ask.a_per_s) == pytest.approx((0.595, 0.600), abs=0.002)
    assert (cal.bid.k_per_tick, cal.ask.k_per_tick) == pytest.approx((0.0263, 0.0257), abs=0.0001)
    assert min(cal.bid.r2, cal.ask.r2) > 0.99
    assert (cal.bid.n_prints, cal.ask.n_prints) == (169, 166)


def test_the_range_moves_the_fit_less_for_its_weights(capture):
    """To 200 ticks, without weights, A is 0.39 and 0.37 and k 0.0187 and 0.0168."""
    cal = learnt(capture, far=3.24)
    assert (cal.bid.a_per_s, cal.ask.a_per_s) == pytest.approx((0.520, 0.503), abs=0.002)
    assert (cal.bid.k_per_tick, cal.ask.k_per_tick) == pytest.approx((0.0219, 0.0201), abs=0.0001)


def test_recent_changes_weigh_more(capture):
    """The capture ends livelier than it was on the whole."""
    assert learnt(capture, halflife_s=120).sigma == pytest.approx(92, abs=2)


def test_the_window_holds_the_deepest_print_of_every_step(capture):
    """The same once more, with whole arrays."""
    rows, tops = (np.asarray(each) for each in capture)
    cal = learnt(capture)
    valid = (tops["state"] == VALID) & (tops["updated_ns"] > 0)
    ts, twice = rows["ts_recv"], tops["bid_ticks"] + tops["ask_ticks"]
    first = ts[valid][0] // STEP + 1
    edges = np.arange(first, int(ts[-1]) // STEP + 1) * STEP
    told = (ts >= edges[0]) & (rows["marks"] & LAST != 0)
    assert valid[told].all(), "every step counts"
    mid = twice[valid][np.searchsorted(ts[valid], edges) - 1]
    n = len(edges) - 1
    prints = rows[rows["kind"] == TRADE]
    step = np.searchsorted(edges, prints["ts_recv"], "right") - 1
    known = np.asarray(cal.deepest)[: cal.n_steps]
    assert cal.n_steps == n
    for column, side in enumerate((-1, 1)):
        mine = prints[(prints["side"] == side) & (step >= 0) & (step < n)]
        at = step[(prints["side"] == side) & (step >= 0) & (step < n)]
        deepest = np.zeros(n, np.int64)
        np.maximum.at(deepest, at, side * (2 * mine["price_ticks"] - mid[at]))
        assert np.array_equal(np.maximum(known[:, column], 0), deepest)
