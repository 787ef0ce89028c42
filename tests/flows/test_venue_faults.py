"""A venue that answers late, twice, in disorder or not at all: either driver lives through the same."""

from decimal import Decimal
from functools import reduce

import numpy as np
import pytest

from connectors.whole import joined
from operators.rows import ACCEPTED, AMENDED
from tests.oracles.runs import eavesdrop, fused, graphed, lines, lively, logs, made

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


def test_each_symbol_has_its_own_latency_and_fees(tmp_path):
    own = (
        "symbols.BTCUSDC.venue={response_latency_ms: 3, maker_fee_bps: 1.5}",
        "symbols.ETHUSDC.venue={response_latency_ms: 21, maker_fee_bps: -0.5}",
    )
    heard = eavesdrop(made(tmp_path / "run", *lively("BTCUSDC", "ETHUSDC", seconds=8), *own))
    for symbol, ms, bps in (("BTCUSDC", 3, "1.5"), ("ETHUSDC", 21, "-0.5")):
        rows = np.asarray(reduce(joined, heard[symbol]))
        answers = rows[np.isin(rows["kind"], (ACCEPTED, AMENDED))]
        assert set((answers["ts_recv"] - answers["ts_event"]).tolist()) == {ms * 1_000_000}
        fills = [line for line in lines(tmp_path / "run" / "fills.jsonl") if line["symbol"] == symbol]
        assert len(fills) > 3
        for line in fills:
            traded = Decimal(line["price"]) * Decimal(line["size"])
            assert Decimal(line["fee"]) == pytest.approx(traded * Decimal(bps) / 10_000, abs=Decimal("1e-6"))
