"""A venue that answers late, twice, in disorder or not at all: either driver lives through the same."""

import pytest

from tests.oracles.runs import fused, graphed, lines, lively, logs, made

LATE = (
    "venue.entry_latency_table_ms=[2, 3, 5, 40]",
    "venue.response_latency_table_ms=[1, 2, 2, 30]",
)
FAULTS = (
    "venue.lose_share=0.05",
    "venue.repeat_share=0.1",
    "venue.swap_share=0.1",
    "venue.reject_share=0.05",
    "venue.outage_every_s=3",
    "venue.outage_for_s=0.2",
    "venue.max_requests=200",
    "venue.rate_window_s=1",
)


@pytest.mark.parametrize("clock", [True, False])
@pytest.mark.parametrize("how", [LATE, FAULTS, (*LATE, *FAULTS)], ids=["late", "faults", "both"])
def test_both_drivers_live_through_the_same(tmp_path, how, clock):
    options = (*lively("BTCUSDC", seconds=8, clock=clock), *how)
    graph, fuse = (made(tmp_path / name, *options) for name in ("graph", "fused"))
    assert logs(graphed(graph)) == logs(fused(fuse))
    assert len(lines(tmp_path / "graph" / "fills.jsonl")) > 3
