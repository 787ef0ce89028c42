import math

import numpy as np
import pytest

from operators.funding import Funding, FundingParams, bias_ticks, nearness, on_mark, pays
from operators.kernel import Cell, kernel
from operators.rows import Row, Rows

SECOND = 1_000_000_000
SETTLES = 10_000 * SECOND
USUAL = {"bias": 1.0, "horizon_s": 100.0, "max_fraction": 0.5}


@kernel
def _bias(cell: Cell[Funding], setup: Cell[FundingParams], ts_ns: int, fair: float, half: float) -> float:
    return bias_ticks(cell[0], setup[0], nearness(cell[0], setup[0], ts_ns), fair, half)


@kernel
def _hear(cell: Cell[Funding], rows: Rows) -> None:
    on_mark(cell[0], rows[0])


@kernel
def _pays(cell: Cell[Funding], lots: int) -> bool:
    return pays(cell[0], lots)


def heard(rate_e8, ts_ns, next_ns=SETTLES):
    cell, rows = Funding.cell(), Row.table(1)
    rows[0].size_lots, rows[0].id, rows[0].ts_recv, rows[0].price_ticks = rate_e8, next_ns, ts_ns, 617_240
    _hear(cell, rows)
    return cell


def bias(rate_e8=10_000, before_s=50, fair=617_240.0, half=1e9, silent_s=0, next_ns=SETTLES, **changes):
    ts_ns = SETTLES - int(before_s * SECOND)
    cell = heard(rate_e8, ts_ns - int(silent_s * SECOND), next_ns)
    return _bias(cell, FundingParams.cell(**{**USUAL, **changes}), ts_ns, fair, half)


def test_at_the_settlement_one_basis_point_is_62_ticks_of_bitcoin():
    assert bias(before_s=1e-9) == pytest.approx(-61.724, rel=1e-9)
    assert bias(before_s=50) == pytest.approx(-61.724 * math.exp(-0.5), rel=1e-12)
    assert bias(before_s=50, bias=0.25) == pytest.approx(-0.25 * 61.724 * math.exp(-0.5), rel=1e-12)


def test_where_the_long_pay_both_quotes_go_down_and_where_the_short_pay_up():
    assert bias(10_000) < 0 < bias(-10_000)
    assert bias(-10_000) == -bias(10_000)
    assert bias(0) == 0


def test_the_nearer_the_settlement_the_further():
    moved = [abs(bias(before_s=seconds)) for seconds in (28_000, 3600, 600, 60, 1, 0.001)]
    assert np.diff(moved).min() > 0
    assert moved[0] < 1e-9


def test_it_is_at_most_a_part_of_the_half_spread():
    assert bias(before_s=1, half=40.0) == -20.0
    assert bias(-1_000_000_000_000, before_s=1, half=40.0, max_fraction=0.1) == 4.0
    assert bias(before_s=1, half=40.0, max_fraction=0.0) == 0.0


def test_a_silent_stream_an_unknown_settlement_and_one_that_is_over_move_nothing():
    assert bias(silent_s=10) < 0
    assert bias(silent_s=10.001) == 0
    assert bias(next_ns=0) == 0
    assert bias(before_s=0) == 0
    assert bias(before_s=-1) == 0
    assert _bias(Funding.cell(), FundingParams.cell(**USUAL), SETTLES, 617_240.0, 40.0) == 0


def test_without_bias_or_horizon_nothing_moves():
    assert bias(bias=0.0) == 0
    assert bias(horizon_s=0.0) == 0


@pytest.mark.parametrize(
    ("rate", "lots", "expected"),
    [(1, 5, True), (1, -5, False), (-1, -5, True), (-1, 5, False), (1, 0, False)],
)
def test_the_long_pay_where_the_rate_is_positive_and_the_short_where_it_is_negative(rate, lots, expected):
    assert _pays(heard(rate, 0), lots) == expected
