from decimal import Decimal

import numpy as np
import pytest

from flows.reporting.series import Grid, series_of, unfolded
from operators.kpis import BID_LIVE, PAUSED, SIDES
from operators.samples import Sample
from operators.toxicity import OK, WARMING

SECOND = 1_000_000_000
GRID = Grid(Decimal("0.1"), Decimal("0.001"), Decimal("0.0001"), SECOND)


def samples(*rows):
    table = np.zeros(len(rows), Sample.dtype)
    for k, row in enumerate(rows):
        table["n_intervals"][k] = 1
        for name, value in row.items():
            table[name][k] = value
    return table


def test_a_sample_in_units_that_a_person_reads():
    found = series_of(
        samples(
            {
                "ts_ns": 5 * SECOND,
                "twice_mid_ticks": 1_240_001,
                "low_twice_mid": 1_239_990,
                "touch_bid_ticks": 620_000,
                "touch_ask_ticks": 620_001,
                "bid_ticks": 619_990,
                "position_lots": -2500,
                "twice_equity": 30_001,
                "less_micro": 500_000,
                "captured_twice": 10_000,
                "adverse_twice": -4_000,
                "fees_micro": 500_000,
                "traded_tick_lots": 70_000,
                "mode": BID_LIVE | PAUSED,
                "status": OK,
                "value": 0.5,
                "level": 0.6,
                "top_level": 0.9,
                "widening": 1.1,
            }
        ),
        GRID,
    )
    one = {name: column[0] for name, column in found.items()}
    assert one["mid"] == pytest.approx(62_000.05)
    assert one["low_mid"] == pytest.approx(61_999.5)
    assert one["bid"] == pytest.approx(61_999.0)
    assert np.isnan(one["ask"])
    assert one["market_half_spread_bps"] == pytest.approx(0.05 / 62_000.05 * 1e4)
    assert one["position"] == pytest.approx(-2.5)
    assert one["pnl_after_fees"] == pytest.approx(1.5)
    assert one["spread_capture"] == pytest.approx(0.5)
    assert one["adverse_selection"] == pytest.approx(-0.2)
    assert one["fees"] == pytest.approx(-0.00005)
    assert one["inventory"] == pytest.approx(1.5 - 0.5 + 0.2 + 0.00005)
    assert one["traded"] == pytest.approx(7.0)
    assert (one["vpin"], one["level"], one["top_level"], one["multiplier"]) == (0.5, 0.6, 0.9, 1.1)
    assert (one["bid_live"], one["ask_live"], one["both_live"], one["paused"]) == (1, 0, 0, 1)


def test_what_does_not_count_yet_is_drawn_apart():
    found = series_of(samples({"status": WARMING, "value": 0.5, "level": 0.5, "mode": SIDES}), GRID)
    assert np.isnan(found["vpin"][0])
    assert np.isnan(found["top_level"][0])
    assert found["fallback"][0] == 0.5
    assert found["both_live"][0] == 1


def test_a_silence_is_written_out_from_its_beginning():
    rows = samples(
        {"ts_ns": 1 * SECOND, "position_lots": 1},
        {"ts_ns": 6 * SECOND, "n_intervals": 5, "position_lots": 2},
        {"ts_ns": 7 * SECOND, "position_lots": 3},
    )
    found = unfolded(rows, SECOND)
    assert (found["ts_ns"] // SECOND).tolist() == [1, 2, 6, 7]
    assert found["position_lots"].tolist() == [1, 2, 2, 3]
    assert found["n_intervals"].tolist() == [1, 1, 4, 1]
    assert rows["ts_ns"][1] == 6 * SECOND, "what was read is not changed"


def test_the_first_sample_has_no_silence_before_it():
    found = unfolded(samples({"ts_ns": 9 * SECOND, "n_intervals": 4}), SECOND)
    assert (found["ts_ns"] // SECOND).tolist() == [9]


def test_the_grid_is_read_from_settings_as_they_are_written():
    instrument = {"tick": "0.00001", "lot": "10", "multiplier": "1"}
    grid = Grid.of({"instrument": instrument, "kpis": {"sample_s": 5}})
    assert (grid.tick_lot, grid.sample_ns) == (Decimal("0.0001"), 5 * SECOND)
    assert (grid.price_digits, grid.size_digits) == (6, 0)
