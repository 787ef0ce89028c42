"""What the shipped profiles come to when they are run whole: what their comments promise."""

import json
from decimal import Decimal

import pytest

from operators.kernel import COMPILED
from tests.oracles.runs import PROFILE, QUIET, ROOT, fused, made

pytestmark = pytest.mark.skipif(not COMPILED, reason="interpreted, ten minutes of eight markets take an hour")
TOXIC = "DOGEUSDC"


def run_whole(profile, folder):
    """Return what the summary says of each symbol, and its settings."""
    job = made(folder / "run", QUIET, config=profile)
    figures = json.loads((fused(job) / "summary.json").read_text())["symbols"]
    return figures, job.settings.symbols


def most_orders(said, symbol):
    """Return the largest inventory in orders."""
    return Decimal(said["inventory"]["most"]) / (symbol.quoting.order_lots * symbol.instrument.lot)


def test_the_default_profile_trades_all_eight_by_what_is_learnt_and_pauses_where_flow_is_toxic(tmp_path):
    figures, symbols = run_whole(PROFILE, tmp_path)
    assert len(figures) == 8
    for name, said in figures.items():
        symbol = symbols[name]
        assert said["fills"] > 200
        assert said["maker_fills"] == said["fills"], "a market maker rests"
        assert said["calibration"]["status"] == "fitted"
        limit = symbol.quoting.max_inventory_lots / symbol.quoting.order_lots
        assert 3 < most_orders(said, symbol) < 0.7 * limit, "the lean alone keeps it off the limit"
        assert said["uptime"]["both"] > 0.8
        assert (said["pauses"] > 0) == (name == TOXIC)
        assert said["time"]["running"] + said["time"]["paused"] == pytest.approx(1.0, abs=1e-5)
        assert said["faults"] == {}


def test_the_profile_of_the_requirements_trades_all_eight_within_their_limits(tmp_path):
    figures, symbols = run_whole(ROOT / "configs" / "requirements.yaml", tmp_path)
    assert len(figures) == 8
    for name, said in figures.items():
        symbol = symbols[name]
        assert said["fills"] > 200
        assert most_orders(said, symbol) <= symbol.quoting.max_inventory_lots / symbol.quoting.order_lots
        assert said["faults"] == {}
