"""The fused driver beside hftbacktest: the same events, the same simple maker, in one process in turn.

Needs the BTCUSDT capture (PHOENIX_DATA, or ../shared/data beside the checkout) and hftbacktest.
"""

import os
import statistics
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RUNS = 5


def main() -> None:
    data = Path(os.environ.get("PHOENIX_DATA", ROOT.parent / "shared" / "data"))
    capture = data / "raw" / "binance_usdm_btcusdt_20240808.gz"
    if not capture.is_file():
        print(f"skipped: {capture} is absent")
        return
    try:
        from tests.oracles import hftbacktest_peer as peer  # noqa: PLC0415 - it may be absent
    except ImportError as error:
        print(f"skipped: hftbacktest cannot be imported ({error})")
        return
    events = peer.tiled_events(capture)
    theirs, ours = [], []
    for run in range(RUNS + 1):
        began = time.perf_counter()
        peer.run_hftbacktest(events, 100)
        middle = time.perf_counter()
        feed = peer.Feed(events)
        loaded = time.perf_counter()
        peer.run_phoenix(feed, 100, partial=True, vpin=True)
        ended = time.perf_counter()
        if run > 0:
            theirs.append(middle - began)
            ours.append(ended - loaded)
    a, b = statistics.median(theirs), statistics.median(ours)
    print(
        f"{len(events)} rows; hftbacktest {len(events) / a / 1e6:.2f} M rows/s, "
        f"phoenix {len(events) / b / 1e6:.2f} M rows/s, ratio {a / b:.2f}"
    )
