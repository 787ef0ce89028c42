"""When a change of each key takes hold."""

import pytest

from configs.load import load
from configs.reloads import AT_ONCE, AT_RESTART, NEW_FIT, NEW_WINDOW, differing, takes_hold, values
from configs.schema import PER_SYMBOL, SHARED
from tests.oracles.runs import PROFILE

ASKED_FOR = ("vpin.threshold", "vpin.multiplier", "vpin.pause_threshold", "vpin.pause_seconds")
LIMITS = ("risk.max_order_notional", "risk.price_band_bps", "risk.orders_per_s", "quoting.max_inventory_lots")
SPREADS = ("quoting.min_half_spread_bps", "quoting.half_spread_ticks", "quoting.risk_aversion")


@pytest.mark.parametrize("key", [*ASKED_FOR, *LIMITS, *SPREADS, "vpin.enabled", "signals.ofi_lean_ticks"])
def test_thresholds_multipliers_limits_and_spreads_change_at_once(key):
    assert takes_hold(key) == AT_ONCE


@pytest.mark.parametrize("key", ["vpin.bucket_size", "vpin.n_buckets", "vpin.classifier", "vpin.bucket_unit"])
def test_what_cuts_buckets_restarts_the_window(key):
    assert takes_hold(key) == NEW_WINDOW
    assert takes_hold(key, own_measure=True) == AT_RESTART


@pytest.mark.parametrize("section", ["risk.total_notional", "risk.budget_notional", "risk.weight"])
def test_budgets_change_only_at_a_restart(section):
    assert takes_hold(section) == AT_RESTART


@pytest.mark.parametrize("section", ["venue", "synthetic", "book", "kpis", "source", "run"])
def test_the_venue_the_market_and_the_run_change_only_at_a_restart(section):
    fields = {**PER_SYMBOL, **SHARED}[section].model_fields
    assert {takes_hold(f"{section}.{name}") for name in fields} == {AT_RESTART}


def test_every_key_of_a_symbol_has_its_time():
    known = {AT_ONCE, NEW_WINDOW, NEW_FIT, AT_RESTART}
    found = {key: takes_hold(key) for key in values(load(PROFILE).symbols["ETHUSDC"])}
    assert set(found.values()) == known
    assert len(found) > 100


def test_a_key_that_is_not_known_changes_only_at_a_restart():
    assert takes_hold("vpni.threshold") == takes_hold("instrument.tick") == AT_RESTART


def test_values_are_written_as_they_are_set():
    told = values(load(PROFILE).symbols["ETHUSDC"])
    assert told["vpin.threshold"] == "0.7"
    again = load(PROFILE, [f"symbols.ETHUSDC.{key}={value}" for key, value in told.items()])
    assert values(again.symbols["ETHUSDC"]) == told
    assert differing(told, values(again.symbols["ETHUSDC"])) == {}
