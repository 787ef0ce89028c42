"""What stands before single symbols."""

import re
from types import SimpleNamespace
from typing import Any

import numpy as np

from flows.reporting.overview import _highest
from flows.reporting.reading import read_run
from flows.reporting.sections import _targets
from tests.oracles.runs import QUIET, fused, lively, made

SECOND = 1_000_000_000
NONE = float("nan")


def test_a_stretch_without_a_sample_is_as_the_last_one_before_it_left_it():
    series = {
        "ts_ns": np.array([20, 30, 40, 80]) * SECOND,
        "level": np.array([0.5, 0.6, 0.4, NONE]),
        "top_level": np.array([0.5, 0.7, 0.8, NONE]),
    }
    edges = np.arange(0, 111, 10) * SECOND
    run: Any = SimpleNamespace(series=series)
    drawn = _highest(run, edges)
    np.testing.assert_array_equal(drawn, [NONE, NONE, 0.5, 0.7, 0.8, 0.4, 0.4, 0.4, NONE, NONE, NONE])


def test_targets_of_many_symbols_stand_in_lines_that_fit_on_paper(tmp_path):
    run = read_run(fused(made(tmp_path / "run", QUIET, *lively("BTCUSDC", "DOGEUSDC", seconds=3))))
    (first, *lines) = re.findall(r"<tr>(.*?)</tr>", _targets(run))
    assert re.findall("<th>(.*?)</th>", first) == [
        *("", "fill rate", "adverse selection", "toxic share", "yearly Sharpe"),
    ]
    assert [re.findall("<td>(.*?)</td>", each)[0] for each in lines] == [
        *("wanted", "BTCUSDC", "DOGEUSDC", "total"),
    ]
