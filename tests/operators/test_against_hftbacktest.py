"""Every fill of the same maker on the same events, here and in hftbacktest 2.4.4."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = {
    "btcusdt": {10: (2863, -0.01, 351.7228), 100: (1796, 0.0, 220.6635), 1000: (933, -0.03, 114.6432)},
    "ethusdt": {10: (3244, 0.1, 17.3933), 100: (2068, 0.08, 11.0879), 1000: (1104, 0.02, 5.9194)},
}
"""Fills, position and fees that hftbacktest 2.4.4 reports for this maker on the tiled captures."""
ONE_RUN = """
import json, pathlib, sys
from tests.oracles import hftbacktest_peer as peer
tick = peer.TICKS[sys.argv[2]]
events = peer.tiled_events(pathlib.Path(sys.argv[1]), tick)
def both(ms):
    runs = peer.hftbacktest_fills(events, ms, tick), peer.phoenix_fills(peer.Feed(events, tick), ms, tick)
    return [(figures, fills.tolist()) for figures, fills in runs]
print(json.dumps({ms: both(ms) for ms in (10, 100, 1000)}))
"""


@pytest.fixture(scope="module", params=REFERENCE)
def runs(request, data):
    """Both engines' figures and fills, without bounds checks: hftbacktest's converter fails them."""
    pytest.importorskip("hftbacktest", reason="hftbacktest could not be installed")
    if os.environ.get("NUMBA_DISABLE_JIT") == "1":
        pytest.skip("two million rows are too many to interpret")
    capture = data / "raw" / f"binance_usdm_{request.param}_20240808.gz"
    command = [sys.executable, "-c", ONE_RUN, str(capture), request.param]
    environment = {**os.environ, "NUMBA_BOUNDSCHECK": "0"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=False, timeout=280)
    assert done.returncode == 0, done.stderr.decode()
    return request.param, json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("requote_ms", [10, 100, 1000])
def test_every_fill_equals_that_of_hftbacktest(runs, requote_ms):
    symbol, told = runs
    (theirs, their_fills), (ours, our_fills) = told[str(requote_ms)]
    assert (theirs[0], round(theirs[1], 6), round(theirs[2], 4)) == REFERENCE[symbol][requote_ms]
    assert len(our_fills) == ours[0] == theirs[0]
    assert our_fills == their_fills, "time at the venue, side, price and size"
    # Theirs are sums of floats, ours integers: they differ by rounding alone.
    assert ours[1:] == pytest.approx(theirs[1:], rel=1e-9, abs=1e-6)
