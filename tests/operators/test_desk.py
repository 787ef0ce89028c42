"""The rules in one pass over the rows give what the steps of the graph give, frame by frame."""

from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from configs.load import load
from configs.rules import rules_for
from connectors.playback import Playback
from connectors.synthetic import SyntheticMarket, open_tape
from operators.desk import Rules, open_desk, open_exchange
from operators.kernel import ROOT
from operators.ledger import Fill
from operators.rows import HALT, REDUCE, RESUME, Row
from tests.oracles.passes import by_steps, in_one_pass

SECONDS = 15


WISHES = {60: REDUCE, 70: HALT, 80: RESUME}
"""By the number of the window that begins with it."""


def a_run(play, rules: Rules, symbol: str, instrument):
    """Play a synthetic market through a desk; return what it asked, what was filled, and its records."""
    market = SyntheticMarket(Decimal(95_000), informed_share=0.4, trades_per_s=20.0)
    tape = open_tape(symbol, instrument, market, seed=3, start_ns=10**18, duration_s=SECONDS)
    playback, desk = Playback(tape, rules, open_exchange()), open_desk()
    asked, filled, requests, number = [], [], Row.table(0), 1
    while (rows := playback.play(requests)) is not None:
        requests, fills = play(desk, rules, rows)
        asked.append(requests.tobytes())
        filled.append(fills)
        number += 1
        if number in WISHES:
            playback.control(WISHES[number], number)
    assert desk.risk[0].n_transitions >= len(WISHES)
    return b"".join(asked), b"".join(filled), [cell.tobytes() for cell in desk]


@pytest.mark.parametrize("more", ["quoting.levels=1", "book.shows_own_orders=true"])
@pytest.mark.parametrize("decide", ["clock", "every_message"])
def test_one_pass_over_the_rows_equals_the_steps_of_the_graph(decide, more):
    settings = load(
        ROOT / Path("configs/phoenix.yaml"), [f"quoting.decide={decide}", "vpin.bucket_size=20000", more]
    )
    symbol = settings.symbols["BTCUSDC"]
    rules = rules_for(symbol, settings.source)
    steps = a_run(by_steps, rules, "BTCUSDC", symbol.instrument)
    fused = a_run(in_one_pass, rules, "BTCUSDC", symbol.instrument)
    assert fused == steps
    asked, filled, _ = steps
    assert len(asked) > 40 * Row.dtype.itemsize
    assert len(filled) > 10 * Fill.dtype.itemsize
    assert np.frombuffer(filled, Fill.dtype)["position_lots"].any()
