"""Rows become messages and rows again, the very same: of every tape, and of whatever a row may hold."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.kafka.messages import decode, encode
from connectors.kafka.rows import Grid, messages_of, rows_of
from connectors.recorded import discover, open_tape
from connectors.recorded.blocks import block, join
from connectors.recorded.letters import Unusable
from operators.instruments import Instrument
from operators.rows import BEST, BUY, CLEAR, CLOCK, GAP, LAST, LEVEL, LIMIT, MARK, SELL, TRADE, Row
from tests.oracles.raw_market import SYMBOL, TEST, make_market, write_raw
from tests.oracles.synthetic_market import GRIDS, a_tape, grid

ODD = Instrument("ODD", Decimal("0.25"), Decimal("0.00001"))


def there_and_back(rows, instrument):
    """Return what rows are after they went through the bytes of their messages, and how many those were."""
    one, other = Grid(instrument), Grid(instrument)
    sent = [encode(message) for message in messages_of(rows, instrument.symbol, one, 0)]
    messages = [decode(raw) for raw in sent]
    assert [message.n for message in messages] == list(range(1, len(sent) + 1))
    made = b"".join(rows_of(message, other, message.ts_recv or 0) for message in messages)
    return np.frombuffer(made, Row.dtype), len(sent)


def desk_rows(tape):
    """Return all that a tape tells the desk."""
    chunks = []
    while (chunk := tape.read()) is not None:
        chunks.append(np.asarray(chunk.desk))
    tape.close()
    return np.concatenate(chunks)


@pytest.mark.parametrize("symbol", sorted(GRIDS))
def test_a_synthetic_market_is_the_same_rows(symbol):
    rows = desk_rows(a_tape(symbol, duration_s=20.0))
    back, n = there_and_back(rows, grid(symbol))
    assert n > 500
    assert back.tobytes() == rows.tobytes()


def test_a_recording_with_gaps_and_marks_is_the_same_rows(tmp_path):
    made = make_market(n_diffs=400, snapshots=(5, 200), keep_truth=False)
    del made.sent[150:170]
    path = write_raw(tmp_path / "test.txt", made.sent)
    rows = desk_rows(open_tape(SYMBOL, TEST, [path], "binance_usdm"))
    assert {TRADE, BEST, LEVEL, CLEAR, GAP} <= set(rows["kind"].tolist())
    back, _ = there_and_back(rows, TEST)
    assert back.tobytes() == rows.tobytes()


@pytest.mark.parametrize(
    ("name", "grid"),
    [
        ("raw/binance_usdm_btcusdt_20240808.gz", ("0.1", "0.001")),
        ("tables/binance_usdm_ethusdt_20240808", ("0.01", "0.001")),
        ("tables/binance_spot_nexousdt_20240723", ("0.001", "0.01")),
    ],
)
def test_a_recorded_capture_is_the_same_rows(data, name, grid):
    (found,) = discover([data / name])
    instrument = Instrument(found.symbol, *map(Decimal, grid))
    tape = open_tape(found.symbol, instrument, [found.path], found.market)
    for _ in range(3):
        chunk = tape.read()
        assert chunk is not None
        rows = np.asarray(chunk.desk)
        back, n = there_and_back(rows, instrument)
        assert n > 100
        assert back.tobytes() == rows.tobytes()
    tape.close()


BTC = Instrument("BTCUSDT", Decimal("0.1"), Decimal("0.001"))


def a_row(kind, **fields):
    return block(1, kind=kind, **fields)


TIMES = st.integers(1, (1 << 63) - 2)
IDS = st.integers(0, (1 << 63) - 1)
SMALL = st.integers(1, 1 << 29)
LEVELS = st.tuples(st.sampled_from([BUY, SELL]), st.integers(1, LIMIT - 1), st.integers(0, LIMIT - 1))


@st.composite
def messages(draw):
    """Make the rows of any message."""
    head = {"ts_event": draw(TIMES), "ts_recv": draw(TIMES), "id": draw(IDS)}
    kind = draw(st.sampled_from([TRADE, BEST, LEVEL, CLEAR, GAP, MARK]))
    if kind in (LEVEL, CLEAR):
        levels = draw(st.lists(LEVELS, min_size=1, max_size=6))
        rows = [a_row(LEVEL, side=s, price_ticks=p, size_lots=z, **head) for s, p, z in levels]
        rows = [a_row(CLEAR, **head), *rows] if kind == CLEAR else rows
    elif kind == TRADE:
        side = draw(st.sampled_from([BUY, SELL, 0]))
        rows = [a_row(TRADE, side=side, price_ticks=draw(SMALL), size_lots=draw(SMALL), **head)]
    elif kind == BEST:
        bid = draw(SMALL)
        prices = ((BUY, bid), (SELL, bid + draw(SMALL)))
        rows = [a_row(BEST, side=s, price_ticks=p, size_lots=draw(SMALL), **head) for s, p in prices]
    elif kind == MARK:
        rate = draw(st.integers(-(10**9), 10**9))
        rows = [a_row(MARK, price_ticks=draw(st.integers(1, LIMIT - 1)), size_lots=rate, **head)]
    else:
        rows = [a_row(GAP, **head)]
    rows[-1]["marks"] = LAST
    return join(rows)


@given(st.lists(messages(), min_size=1, max_size=5), st.sampled_from([BTC, ODD]))
def test_whatever_a_market_may_say_is_the_same_rows(parts, instrument):
    rows = join(parts)
    back, n = there_and_back(rows, instrument)
    assert n == len(parts)
    assert back.tobytes() == rows.tobytes()


@pytest.mark.parametrize(
    ("price", "size", "expected"),
    [
        ("100.05", "1", "off_grid"),
        ("100.0000000000000000001", "1", "off_grid"),
        ("900719925474099.1000000000001", "1", "off_grid"),
        ("100", "0.0005", "off_grid"),
        ("0", "1", "zero_price"),
        ("100", "0.000", "zero_size"),
        ("1e3", "1", "wrong_type"),
        ("-1", "1", "wrong_type"),
        ("NaN", "1", "wrong_type"),
        ("1/3", "1", "wrong_type"),
        (" 100", "1", "wrong_type"),
        ("٣", "1", "wrong_type"),
        ("99999999999999999999", "1", "overflow"),
        ("90071992547409", "90071992547", "overflow"),
    ],
)
def test_a_price_or_a_size_that_no_row_can_hold_is_refused(price, size, expected):
    raw = b'{"type":"trade","v":1,"symbol":"BTCUSDT","ts_event":5,"price":"%s","size":"%s"}'
    with pytest.raises(Unusable) as caught:
        rows_of(decode(raw % (price.encode(), size.encode())), Grid(BTC), 5)
    assert caught.value.reason.value == expected


def test_a_crossed_best_is_refused():
    raw = b'{"type":"best","v":1,"symbol":"BTCUSDT","ts_event":5,"id":1,"bid":["100","1"],"ask":["100","1"]}'
    with pytest.raises(Unusable, match="crossed_best"):
        rows_of(decode(raw), Grid(BTC), 5)


@pytest.mark.parametrize("change", [{"kind": CLOCK}, {"lag_us": 3}, {"reason": 1}])
def test_rows_that_are_not_the_market_s_are_not_sent(change):
    fields = {"kind": TRADE, "ts_event": 5, "id": 1, "price_ticks": 10, "size_lots": 1, "marks": LAST}
    row = block(1, **(fields | change))
    with pytest.raises(ValueError, match="no message of a market"):
        list(messages_of(row, "BTCUSDT", Grid(BTC), 0))


def test_a_message_that_has_no_end_is_not_sent():
    row = a_row(LEVEL, ts_event=5, ts_recv=6, id=1, price_ticks=10, size_lots=1, side=BUY)
    with pytest.raises(ValueError, match="no whole message"):
        list(messages_of(row, "BTCUSDT", Grid(BTC), 0))
