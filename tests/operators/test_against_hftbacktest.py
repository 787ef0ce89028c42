import importlib
from types import ModuleType

import pytest

REFERENCE = {10: (2863, -0.01, 351.7228), 100: (1796, 0.0, 220.6635), 1000: (933, -0.03, 114.6432)}
"""Fills, position and fees that hftbacktest 2.4.4 reports for this maker on the tiled capture."""


@pytest.fixture(scope="module")
def peer() -> ModuleType:
    pytest.importorskip("hftbacktest", reason="hftbacktest could not be installed")
    return importlib.import_module("tests.oracles.hftbacktest_peer")


@pytest.fixture(scope="module")
def events(peer, data):
    return peer.tiled_events(data / "raw" / "binance_usdm_btcusdt_20240808.gz")


@pytest.mark.parametrize("requote_ms", [10, 100, 1000])
def test_whole_order_fills_equal_those_of_hftbacktest(peer, events, requote_ms):
    theirs = peer.run_hftbacktest(events, requote_ms)
    ours = peer.run_phoenix(peer.Feed(events), requote_ms)
    assert (theirs[0], round(theirs[1], 6), round(theirs[2], 4)) == REFERENCE[requote_ms]
    assert ours[0] == theirs[0]
    # Theirs are sums of floats, ours integers: they differ by rounding alone.
    assert ours[1:] == pytest.approx(theirs[1:], rel=1e-9, abs=1e-6)
