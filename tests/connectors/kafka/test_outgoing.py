"""Orders that are written out are what encoding them gives."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.kafka.messages import encode
from connectors.kafka.outgoing import Order, OrderText
from operators.rows import AMEND, CANCEL, PLACE, QUERY, Fact

NAMES = st.text(min_size=1, max_size=20)
OPS: dict[int, Any] = {PLACE: "place", AMEND: "amend", CANCEL: "cancel", QUERY: "query"}


@pytest.mark.parametrize("kind", OPS)
@given(
    st.tuples(NAMES, NAMES, NAMES),
    st.tuples(st.integers(1, 1 << 62), st.integers(1, 1 << 62), st.integers(1, 1 << 40)),
    st.sampled_from([0, 1, 5000]),
    st.sampled_from([-1, 1]),
)
def test_a_written_order_is_the_encoded_one(kind, names, numbers, lives, side):
    (run, symbol, prefix), (n, ts, number) = names, numbers
    row = Fact(ts, ts, number, 3, 4, lives, kind, side, 0, 0)
    expected = Order(
        v=1,
        run=run,
        symbol=symbol,
        n=n,
        ts=ts,
        op=OPS[kind],
        id=f"{prefix}{number}",
        side="buy" if side > 0 else "sell",
        price="0.3",
        size="4",
        lives_ms=lives if kind == PLACE else 0,
    )
    assert OrderText(run, symbol, prefix).written(n, row, OPS[kind], "0.3", "4") == encode(expected)
