"""What is read many at once is what is read one by one: the same rows, counters and letters."""

import json
import re
from decimal import Decimal
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from connectors.kafka.canonical import step_of
from connectors.kafka.digits import NOT, steps, text_of, whole
from connectors.kafka.feed import KafkaFeed, no_quality
from connectors.kafka.inbox import Inbox, Item
from connectors.kafka.messages import LATEST_NS, decode, encode
from connectors.kafka.plausible import DAY_NS
from connectors.kafka.rows import Grid, messages_of
from connectors.recorded.letters import Reason, Unusable
from operators.instruments import Instrument
from operators.rows import LAST
from tests.oracles.synthetic_market import a_tape, all_rows, grid

SYMBOL = "BTCUSDC"
TAPE = all_rows(a_tape(SYMBOL, duration_s=6.0))
PLAIN = [encode(message) for message in messages_of(TAPE, SYMBOL, Grid(grid(SYMBOL)), 0)]
GRIDS = [
    Instrument("S", Decimal(tick), Decimal(lot))
    for tick, lot in [("0.1", "0.001"), ("0.25", "0.00001"), ("1E+1", "1"), ("0.05", "3"), ("1E-25", "7E+30")]
]
ODD = [
    *("1.", ".5", "1e5", "+1", "-1", "007.50", "0", "0.000", "00", " 1", "1 ", "1.0.0", "٣", "1_0", "NaN"),
    *(
        "9" * 15,
        "9" * 19,
        "9" * 20,
        "9" * 21,
        "0" * 20 + "1",
        "0" * 19 + "1",
        "1." + "0" * 20,
        "1." + "0" * 21,
    ),
    *("9223372036854775806", "9223372036854775807", "9223372036854775808", "922337203685477580.7"),
    *(
        "9007199254740991",
        "9007199254740992",
        "900719925474099.1",
        "900719925474099.2",
        "1152921504606846976",
    ),
    *("62000.05", "62000.1000", "62000.1001", "1.5", '1\\u0030"', '1","2'),
]
SENT_MS = [0, 1_700_000_000_000, 1_800_000_000_000]
"""Not said by the broker, before the market was, and after."""
NUMBER = re.compile(rb"(?<=[\":])[0-9]+(?:\.[0-9]+)?(?=[\",}])")


class Desk:
    """A feed, and the inbox it reads."""

    def __init__(self) -> None:
        self.inbox, self.quality = Inbox({0: 0, 1: 0}), no_quality()
        self.feed = KafkaFeed(grid(SYMBOL), self, {0: 0, 1: 0}, self.quality)  # type: ignore[arg-type]
        self.place = SimpleNamespace(topic="t")
        self.left = False

    def join(self, _symbol, _position):
        return self.inbox

    def leave(self, _symbol):
        self.left = True

    def fill(self, n_rows):
        """Return all that a call of `fill` leaves behind."""
        rows, letters, ended = self.feed.fill(n_rows)
        state = self.feed.snapshot(), self.inbox.full, self.inbox.starved, self.inbox.taken.copy(), self.left
        return rows.tobytes(), letters, ended, self.quality.copy(), state


def told(items, n_rows, batch, stretch):
    """Return what a feed tells of items that come in batches, and are asked for by so many rows."""
    desk, told = Desk(), []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("connectors.kafka.feed.MOST", stretch)
        for k in range(0, len(items), batch):
            for item in items[k : k + batch]:
                if item.raw is None:
                    desk.inbox.pass_by(item.partition, item.offset)
                else:
                    desk.inbox.post(item)
            told.append(desk.fill(n_rows))
        while desk.inbox._items and not desk.left:
            told.append(desk.fill(n_rows))
    return told


def replaced(raw, at, new):
    """Put another number in the place of one."""
    found = list(NUMBER.finditer(raw))
    if not found:
        return raw
    one = found[at % len(found)]
    return raw[: one.start()] + new.encode() + raw[one.end() :]


def shuffled(raw, seed):
    """Put the fields in another order."""
    fields = list(json.loads(raw).items())
    return json.dumps(
        dict(fields[seed % len(fields) :] + fields[: seed % len(fields)]), separators=(",", ":")
    )


MUTATIONS = {
    "flipped": lambda raw, at, _: (
        raw[: at % len(raw)] + bytes([raw[at % len(raw)] ^ 1 << at % 8]) + raw[at % len(raw) + 1 :]
    ),
    "cut": lambda raw, at, _: raw[: at % len(raw)],
    "longer": lambda raw, _, odd: raw + odd.encode(),
    "spaced": lambda raw, at, _: raw[: at % len(raw)] + b" " + raw[at % len(raw) :],
    "not text": lambda raw, at, _: raw[: at % len(raw)] + b"\xff" + raw[at % len(raw) :],
    "number": replaced,
    "order": lambda raw, at, _: shuffled(raw, at).encode(),
    "twice": lambda raw, at, odd: raw[:-1] + b',"%b":%b}' % ([b"n", b"id", b"price"][at % 3], odd.encode()),
    "more": lambda raw, at, _: raw[:-1] + b',"more":%d}' % at,
    "gone": lambda raw, at, _: re.sub(
        rb',"(?:%b)":[0-9]+' % [b"n", b"id", b"ts_recv", b"v"][at % 4], b"", raw
    ),
    "null": lambda raw, _, __: re.sub(rb'"ts_recv":[0-9]+', b'"ts_recv":null', raw),
    "late": lambda raw, at, _: re.sub(
        rb'"%b":[0-9]+' % [b"ts_recv", b"ts_event"][at % 2],
        b'"%b":%d' % ([b"ts_recv", b"ts_event"][at % 2], LATEST_NS + at % 3),
        raw,
    ),
    "ahead": lambda raw, at, _: re.sub(
        rb'"%b":[0-9]+' % [b"ts_recv", b"ts_event"][at % 2],
        b'"%b":%d' % ([b"ts_recv", b"ts_event"][at % 2], TAPE[0].ts_recv + DAY_NS * (1 + at % 5) // 2),
        raw,
    ),
    "far": lambda raw, at, _: re.sub(rb'"n":[0-9]+', b'"n":%d' % (10 ** (5 + at % 14)), raw),
    "earlier": lambda raw, _, __: re.sub(rb'"ts_recv":[0-9]+', b'"ts_recv":5', raw),
    "symbol": lambda raw, _, __: raw.replace(SYMBOL.encode(), b"ETHUSDC"),
    "side": lambda raw, _, __: raw.replace(b'"buy"', b'"bid"').replace(b'"sell"', b'"unknown"'),
    "empty": lambda _, __, ___: b"",
    "end": lambda _, at, __: (
        b'{"type":"end","v":1,"symbol":"%b","n":%d,"ts_event":5}' % (SYMBOL.encode(), at)
    ),
    "mark": lambda _, at, odd: (
        b'{"type":"mark","v":1,"symbol":"%b","n":%d,"ts_event":5,"price":"%b"}'
        % (SYMBOL.encode(), at, odd.encode())
    ),
}


@st.composite
def items(draw):
    """Make what an inbox may hold: mostly plain messages, one after the other."""
    at, made, offset = draw(st.integers(0, 40)), [], 0
    for _ in range(draw(st.integers(1, 40))):
        raw, reason = PLAIN[at], None
        what = draw(st.sampled_from(["plain"] * 20 + [*MUTATIONS, "reason", "passed", "repeated", "skipped"]))
        if what in MUTATIONS:
            raw = MUTATIONS[what](raw, draw(st.integers(0, 400)), draw(st.sampled_from(ODD)))
        at += {"repeated": -3, "skipped": 4}.get(what, 1)
        at = max(0, at)
        offset += draw(st.integers(1, 3))
        if what == "reason":
            reason = Reason.WRONG_KEY
        made.append(Item(0, offset, draw(st.sampled_from(SENT_MS)), raw, reason))
        if what == "passed":
            made.append(Item(1, offset))
    return made


@settings(max_examples=600)
@given(items(), st.integers(1, 120), st.integers(1, 50), st.integers(1, 12))
def test_many_at_once_are_what_they_are_one_by_one(made, n_rows, batch, stretch):
    assert told(made, n_rows, batch, stretch) == told(made, n_rows, batch, 0)


@pytest.mark.parametrize("name", sorted(MUTATIONS))
@pytest.mark.parametrize("place", [0, 1, 2, 17, 33, 34, 60, 61, 90, 130, 150, 163, 180])
def test_a_change_in_the_midst_of_plain_messages_is_seen(name, place):
    odd = ODD[place % len(ODD)]
    made = [
        Item(0, k, 0, MUTATIONS[name](raw, place, odd) if k % 3 == 1 else raw)
        for k, raw in enumerate(PLAIN[:60])
    ]
    assert told(made, 1000, 1000, 1000) == told(made, 1000, 1000, 0)


@pytest.mark.parametrize(("ticks", "lots"), [(1 << 30, 1 << 30), ((1 << 53) - 1, 1 << 7), (1, (1 << 53) - 1)])
@pytest.mark.parametrize("less", [0, 1])
@pytest.mark.parametrize("kind", ["trade", "best"])
def test_the_largest_notional_is_the_same_at_once_and_one_by_one(kind, less, ticks, lots):
    made, one = [Item(0, k, 0, raw) for k, raw in enumerate(PLAIN[:60])], Grid(grid(SYMBOL))
    at = next(k for k in range(20, 60) if json.loads(PLAIN[k])["type"] == kind)
    told_of, level = json.loads(PLAIN[at]), [one.price(ticks), one.size(lots - less)]
    if kind == "trade":
        told_of["price"], told_of["size"] = level
    else:
        told_of["ask"] = level
    made[at] = Item(0, at, 0, json.dumps(told_of, separators=(",", ":")).encode())
    assert told(made, 1000, 1000, 1000) == told(made, 1000, 1000, 0)


@pytest.mark.parametrize("sent_ms", SENT_MS)
@pytest.mark.parametrize("by", [-1, 0, DAY_NS - 1, DAY_NS, DAY_NS + 1])
def test_a_day_ahead_and_a_moment_back_are_the_same_at_once_and_one_by_one(by, sent_ms):
    before = json.loads(PLAIN[19])
    told_of = json.loads(PLAIN[20]) | {"ts_recv": before["ts_recv"] + by}
    made = [Item(0, k, sent_ms, raw) for k, raw in enumerate(PLAIN[:60])]
    made[20] = Item(0, 20, sent_ms, json.dumps(told_of, separators=(",", ":")).encode())
    assert told(made, 1000, 1000, 1000) == told(made, 1000, 1000, 0)


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("place", range(11))
def test_an_odd_number_in_the_midst_of_plain_messages_is_seen(odd, place):
    made = [
        Item(0, k, 0, replaced(raw, place, odd) if k % 4 == 2 else raw) for k, raw in enumerate(PLAIN[:60])
    ]
    assert told(made, 1000, 1000, 1000) == told(made, 1000, 1000, 0)


def test_a_market_as_it_is_published_is_read_at_once(monkeypatch):
    def refuse(raw):
        assert b'"n":1,' in raw, "read one by one"
        return decode(raw)

    monkeypatch.setattr("connectors.kafka.feed.decode", refuse)
    desk = Desk()
    for k, raw in enumerate(PLAIN):
        desk.inbox.post(Item(0, k, 0, raw))
    rows, letters, *_ = desk.fill(1 << 20)
    assert rows == TAPE.tobytes()
    assert letters == ()
    kinds = [type(decode(raw)).__name__ for raw in PLAIN]
    assert desk.quality["trades"] == kinds.count("Trade") > 20
    assert desk.quality["bests"] == kinds.count("Best") > 20
    assert desk.quality["snapshots"] == 1
    assert desk.quality["diffs"] == kinds.count("Depth") - 1


@pytest.mark.parametrize("stretch", [0, 1000])
def test_a_time_from_which_none_could_go_on_is_refused(stretch):
    best = next(raw for raw in PLAIN if b'"best"' in raw)
    late = [
        re.sub(rb'"ts_recv":[0-9]+', b'"ts_recv":%d' % (LATEST_NS + 1), best),
        re.sub(rb'"ts_event":[0-9]+', b'"ts_event":%d' % (LATEST_NS + 1), best),
        re.sub(rb',"ts_recv":[0-9]+', b"", best),
    ]
    made = [Item(0, k, 1 << 55, raw) for k, raw in enumerate([*late, *PLAIN])]
    ((rows, letters, *_),) = told(made, 1 << 20, 1 << 20, stretch)
    assert [each.reason for each in letters] == ["bad_time"] * 3
    assert rows == TAPE.tobytes()


def test_a_book_with_more_levels_than_there_is_room_for_is_read_one_by_one():
    levels = ",".join(f'["buy","{60000 - k}","1"]' for k in range(3000))
    raw = (
        f'{{"type":"depth","v":1,"symbol":"{SYMBOL}","n":1,"ts_event":5,"ts_recv":6,"id":7,'
        f'"snapshot":true,"levels":[{levels}]}}'
    ).encode()
    made = [Item(0, 0, 0, raw), Item(0, 1, 0, raw.replace(b'"n":1', b'"n":2'))]
    found = told(made, 10, 10, 10)
    assert found == told(made, 10, 10, 0)
    assert [len(rows) // 48 for rows, *_ in found] == [3001, 3001]
    assert found[0][0][46] == 0
    assert found[0][0][-2] == LAST


def one_by_one(amount, instrument):
    """Return the whole steps that an amount has, None where it has none."""
    try:
        return Grid(instrument).ticks(amount)
    except Unusable:
        return None


AMOUNTS = st.one_of(
    st.sampled_from(ODD),
    st.from_regex(re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?", re.ASCII), fullmatch=True),
    st.from_regex(re.compile(r"[0-9]{1,21}(\.[0-9]{1,21})?", re.ASCII), fullmatch=True),
    st.tuples(st.sampled_from(GRIDS), st.integers(0, 1 << 55)).map(lambda made: made[0].price(made[1])),
)


@settings(max_examples=1500)
@given(AMOUNTS, st.sampled_from(GRIDS))
@example("0.00000000000000000001", GRIDS[4])
def test_an_amount_has_the_steps_that_it_has_or_is_left_alone(amount, instrument):
    at, found = steps(text_of(f'"{amount}"'.encode()), 1, *step_of(instrument.tick))
    if at == NOT or not amount.isascii() or at != len(amount) + 1:
        return
    assert found == one_by_one(amount, instrument)


@given(st.integers(0, 1 << 40), st.sampled_from(GRIDS[:4]))
def test_an_amount_of_a_market_is_not_left_alone(n, instrument):
    text = instrument.price(n).encode() + b'"'
    assert steps(text_of(text), 0, *step_of(instrument.tick)) == (len(text) - 1, n)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"0,", (1, 0)),
        (b"17}", (2, 17)),
        (b"9223372036854775799,", (19, 9223372036854775799)),
        (b"9223372036854775807,", (NOT, 0)),
        (b"99999999999999999999,", (NOT, 0)),
        (b"00,", (NOT, 0)),
        (b"07,", (NOT, 0)),
        (b"-7,", (NOT, 0)),
        (b",", (NOT, 0)),
        (b"5", (1, 5)),
    ],
)
def test_a_whole_number_is_read_as_json_has_it(text, expected):
    assert whole(text_of(text), 0) == expected


def test_no_number_is_read_where_the_text_is_over():
    assert whole(text_of(b"17"), 2) == (NOT, 0)
    assert whole(text_of(b"17"), NOT) == (NOT, 0)
    assert np.array_equal(text_of(b"17"), [49, 55])
