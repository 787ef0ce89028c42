"""The fused driver beside hftbacktest: the same events, the same simple maker, in one process in turn.

Partial fills and VPIN are on with us; hftbacktest fills whole orders. Needs the BTCUSDT capture and
hftbacktest.
"""

import contextlib
import io
import statistics
import time
from collections.abc import Iterator

from benchmarks.figures import Figure, Skipped, capture


def measure(*, quick: bool) -> Iterator[Figure]:
    source = capture()
    try:
        from tests.oracles import hftbacktest_peer as peer  # noqa: PLC0415 - it may be absent
    except ImportError as error:
        raise Skipped(f"hftbacktest cannot be imported ({error})") from None
    with contextlib.redirect_stdout(io.StringIO()):
        events = peer.tiled_events(source)
    theirs, ours = [], []
    for run in range(3 if quick else 8):
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
    said = (
        f"{len(events) / b / 1e6:.2f} M rows/s, hftbacktest {len(events) / a / 1e6:.2f} M: ratio {a / b:.2f}"
    )
    yield Figure("research_against_hftbacktest", said, a / b, 2.5)
