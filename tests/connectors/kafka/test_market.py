"""A topic is a tape: the same rows in the same order, from wherever reading begins or goes on."""

import random
from typing import Any

import numpy as np
import pytest

from connectors.kafka.connection import Place
from connectors.kafka.market import Start, open_market
from operators.errors import CheckpointRefused, ConfigError, SourceError
from operators.rows import LAST
from tests.oracles.broker import free_port
from tests.oracles.synthetic_market import a_tape, chunks_of
from tests.oracles.topics import heard, interleaved, market_rows, next_chunk, spoken

BTC, ETH, DOGE = "BTCUSDC", "ETHUSDC", "DOGEUSDC"


@pytest.mark.parametrize("partitions", [1, 4])
def test_symbols_that_share_a_topic_are_told_apart_in_either_order(broker, opened, partitions):
    topic = broker.topic(partitions)
    rows = {symbol: market_rows(symbol) for symbol in (BTC, ETH, DOGE)}
    broker.send(topic, *interleaved(*(spoken(rows[symbol], symbol) for symbol in rows)))
    for symbol, tape in zip(rows, opened(topic, *rows), strict=True):
        desk, venue, letters = heard(tape)
        assert desk.tobytes() == rows[symbol].tobytes()
        written = np.concatenate(
            [np.asarray(chunk.venue) for chunk in chunks_of(a_tape(symbol, duration_s=20.0))]
        )
        assert venue.tobytes() == written.tobytes()
        assert letters == []


def test_a_tape_goes_on_in_another_process_wherever_it_was_left(broker, opened):
    rows, topic, chance = market_rows(BTC), broker.topic(2), random.Random(5)
    broker.send(topic, *interleaved(spoken(rows, BTC), spoken(market_rows(ETH), ETH)))
    whole, venue, _ = heard(opened(topic, BTC, ETH, chunk_rows=64)[0])
    assert whole.tobytes() == rows.tobytes()
    for _ in range(5):
        (first, _) = opened(topic, BTC, ETH, chunk_rows=64)
        chunks = [next_chunk(first) for _ in range(chance.randrange(1, 12))]
        state = first.snapshot()
        (second, _) = opened(topic, BTC, ETH, chunk_rows=64)
        second.restore(state)
        desk, after, _ = heard(second)
        before = [np.asarray(chunk.desk) for chunk in chunks], [np.asarray(chunk.venue) for chunk in chunks]
        assert np.concatenate([*before[0], desk]).tobytes() == rows.tobytes()
        assert np.concatenate([*before[1], after]).tobytes() == venue.tobytes()


def test_messages_that_come_later_are_read_when_they_come(broker, opened):
    rows, topic = market_rows(BTC), broker.topic()
    sent = spoken(rows, BTC)
    (tape,) = opened(topic, BTC)
    assert len(tape.read().desk) == 0
    broker.send(topic, *sent[:100])
    early = np.asarray(next_chunk(tape).desk)
    broker.send(topic, *sent[100:])
    late, _, _ = heard(tape)
    assert np.concatenate([early, late]).tobytes() == rows.tobytes()


def test_what_comes_again_is_dropped_and_what_is_missing_breaks_the_book(broker, opened):
    rows, topic = market_rows(BTC), broker.topic()
    sent = spoken(rows, BTC)
    broker.send(topic, *sent[:50], *sent[20:80], *sent[83:])
    (tape,) = opened(topic, BTC)
    desk, _, letters = heard(tape)
    gap = [i for i, row in enumerate(desk) if row["kind"] == 5]
    assert len(gap) == 1
    assert np.delete(desk, gap).tobytes() == (
        np.concatenate([rows[: gap[0]], rows[len(rows) - (len(desk) - gap[0] - 1) :]]).tobytes()
    )
    assert [(each.reason, each.text, each.where) for each in letters] == [
        ("lost", "3 messages before number 84", f"{topic}[0]@110")
    ]
    assert (tape.quality["repeated"], tape.quality["lost"]) == (30, 3)


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        (Start("earliest"), 0),
        (Start("latest"), 300),
        (Start("timestamp", time_ms=1_735_689_600_200), 200),
        (Start("timestamp", time_ms=1_900_000_000_000), 300),
        (Start("offsets", offsets={0: 120}), 120),
    ],
)
def test_a_run_begins_where_it_is_told_to(broker, opened, start, expected, request):
    if start.at == "timestamp":
        request.getfixturevalue("real_broker")
    topic = broker.topic()
    sent = spoken(market_rows(BTC), BTC)
    from confluent_kafka import Producer  # noqa: PLC0415

    producer = Producer({"bootstrap.servers": broker.bootstrap})
    for n, (key, value) in enumerate(sent[:300]):
        producer.produce(topic, value, key, 0, timestamp=1_735_689_600_000 + n)
    assert producer.flush(30) == 0
    (tape,) = opened(topic, BTC, start=start)
    broker.send(topic, *sent[300:])
    desk, _, letters = heard(tape)
    whole = spoken(market_rows(BTC), BTC)[expected:]
    assert letters == []
    assert spoken(desk, BTC, after=expected) == whole


POISON = [
    (b"BTCUSDC", b'{"type":"trade","v":1,"symbol":"BTCU', "malformed_json"),
    (b"BTCUSDC", b"\x80\x04\x95garbage\xff", "not_text"),
    (b"BTCUSDC", b'{"v":2,"type":"trade","symbol":"BTCUSDC"}', "unknown_version"),
    (
        b"BTCUSDC",
        b'{"v":1,"type":"trade","symbol":"ETHUSDC","ts_event":5,"price":"1","size":"1"}',
        "wrong_key",
    ),
    (b"BTCUSDC", b"", "malformed_json"),
    (b"BTCUSDC", b'"' + b"x" * 999_000, "malformed_json"),
    (
        b"BTCUSDC",
        b'{"v":1,"type":"trade","symbol":"BTCUSDC","ts_event":5,"price":"1.23","size":"1"}',
        "off_grid",
    ),
    (None, b"no key", "wrong_key"),
    (b"\xff\x00", b"no name", "wrong_key"),
]


def test_poison_becomes_dead_letters_with_their_place_and_the_rest_is_as_if_there_were_none(broker, opened):
    rows, topic, chance = market_rows(BTC), broker.topic(), random.Random(3)
    sent: list[Any] = [(key, value, None) for key, value in spoken(rows, BTC)]
    for each in POISON * 3:
        sent.insert(chance.randrange(len(sent) - 1), each)
    broker.send(topic, *((key, value) for key, value, _ in sent))
    (tape,) = opened(topic, BTC)
    desk, _, letters = heard(tape)
    assert desk.tobytes() == rows.tobytes()
    expected = [(f"{topic}[0]@{at}", reason) for at, (_, _, reason) in enumerate(sent) if reason]
    assert [(each.where, each.reason) for each in letters] == expected
    assert {each.symbol for each in letters} == {BTC}
    assert sum(tape.quality[reason] for reason in {reason for _, _, reason in POISON}) == len(letters)


@pytest.mark.parametrize("crowd", [False, True])
def test_what_belongs_to_nobody_is_told_once_whoever_stops_and_goes_on(broker, opened, crowd):
    topic = broker.topic()
    markets = {symbol: spoken(market_rows(symbol, duration_s=1.0), symbol) for symbol in (BTC, ETH)}
    sent = []
    for n, each in enumerate(interleaved(*markets.values())):
        sent += [each] if n % 7 else [(None, b"nobody's %d" % n), each]
    sent[40:40] = [(b"", b"of a crowd: %d" % n) for n in range(2500 if crowd else 0)]
    broker.send(topic, *sent)
    told = []
    states = {BTC: None, ETH: None}
    while states:
        tapes = dict(zip((BTC, ETH), opened(topic, BTC, ETH, chunk_rows=64), strict=True))
        for symbol in list(states):
            tape = tapes[symbol]
            if states[symbol] is not None:
                tape.restore(states[symbol])
            chunk = next_chunk(tape)
            states[symbol] = tape.snapshot()
            if chunk is None:
                del states[symbol]
            else:
                told += [letter.text for letter in chunk.letters]
        for tape in tapes.values():
            tape.close()
    wanted = [value.decode() for key, value in sent if not key]
    assert sorted(told) == sorted(wanted)


def test_where_no_message_has_a_key_few_wait_to_be_told(broker, opened):
    topic = broker.topic()
    broker.send(topic, *((None, b"no key %d" % n) for n in range(5000)))
    (tape,) = opened(topic, BTC)
    told: list[str] = []
    while len(told) < 4096:  # The last multiple of a block.
        chunk = next_chunk(tape)
        assert len(chunk.desk) == 0
        told += [letter.text for letter in chunk.letters]
    assert told == [f"no key {n}" for n in range(4096)]


def test_ten_thousand_bad_messages_in_a_row_are_counted_and_what_follows_is_read(broker, opened):
    rows, topic = market_rows(BTC), broker.topic()
    sent = spoken(rows, BTC)
    broker.send(topic, *sent[:200], *[(b"BTCUSDC", b"bad %d" % n) for n in range(10_000)], *sent[200:])
    (tape,) = opened(topic, BTC)
    desk, _, letters = heard(tape)
    assert desk.tobytes() == rows.tobytes()
    assert [each.text for each in letters] == [f"bad {n}" for n in range(10_000)]


def test_a_symbol_that_nobody_reads_holds_up_no_other(broker, opened, monkeypatch):
    monkeypatch.setattr("connectors.kafka.inbox.MOST_MESSAGES", 50)
    topic = broker.topic()
    rows = {symbol: market_rows(symbol) for symbol in (BTC, ETH)}
    broker.send(topic, *interleaved(*(spoken(rows[symbol], symbol) for symbol in rows)))
    btc, eth = opened(topic, *rows)
    got: dict[str, list[Any]] = {BTC: [], ETH: []}
    while got:
        for symbol, tape in ((BTC, btc), (ETH, eth)):
            if symbol in got:
                chunk = next_chunk(tape)
                if chunk is None:
                    assert np.concatenate(got.pop(symbol)).tobytes() == rows[symbol].tobytes()
                else:
                    got[symbol].append(np.asarray(chunk.desk))


@pytest.mark.parametrize("nobodys", [0, 40])
def test_a_symbol_starves_behind_no_other_that_nobody_reads(broker, opened, monkeypatch, nobodys):
    monkeypatch.setattr("connectors.kafka.inbox.MOST_MESSAGES", 300)
    topic, rows = broker.topic(), {symbol: market_rows(symbol) for symbol in (BTC, ETH)}
    btc_s, eth_s = (spoken(rows[symbol], symbol) for symbol in (BTC, ETH))
    strays = [(b"", b"nobody's %d" % n) for n in range(nobodys)]
    broker.send(topic, *btc_s[:300], *strays, *btc_s[300:], *eth_s[:-5])
    btc, eth = opened(topic, *rows)
    first = next_chunk(btc)
    read = 0
    while read < len(eth_s) - 5:  # Where the one waits, everything of the other comes.
        chunk = next_chunk(eth)
        read += sum(each["marks"] & LAST != 0 for each in np.asarray(chunk.desk))
    broker.send(topic, *eth_s[-5:])
    heard(eth)
    rest, _, letters = heard(btc)
    assert np.concatenate([np.asarray(first.desk), rest]).tobytes() == rows[BTC].tobytes()
    assert [each.text for each in (*first.letters, *letters)] == [value.decode() for _, value in strays]


def test_a_position_that_the_broker_no_longer_has_ends_the_run_with_a_sentence(broker, opened):
    topic = broker.topic()
    broker.send(topic, *spoken(market_rows(BTC), BTC))
    (tape,) = opened(topic, BTC)
    state = list(tape.snapshot())
    feed = list(state[-1])
    feed[1] = ((0, 10**9),)
    tape.restore((*state[:-1], tuple(feed)))
    with pytest.raises(SourceError, match="was made anew"):
        heard(tape)


def test_a_checkpoint_of_another_version_is_refused(broker, opened):
    topic = broker.topic()
    (tape,) = opened(topic, BTC)
    state = tape.snapshot()
    with pytest.raises(CheckpointRefused):
        tape.restore((*state[:-1], ("kafka 0",)))


def test_no_broker_is_one_sentence():
    address = f"127.0.0.1:{free_port()}"
    with pytest.raises(SourceError, match=f"kafka.bootstrap: no broker answers at {address} .*refused"):
        open_market(Place(address, "market", {}), Start("earliest"), [BTC], print)


def test_no_topic_is_one_sentence(broker):
    with pytest.raises(SourceError, match=r"kafka.topic: there is no topic nothing-here at"):
        open_market(Place(broker.bootstrap, "nothing-here", {}), Start("earliest"), [BTC], print)


@pytest.mark.parametrize(
    ("offsets", "said"),
    [({3: 0}, "has partitions 0 to 0, and no 3"), ({0: 99}, "begins at 0 and ends at 0, was 99")],
)
def test_offsets_that_are_not_there_are_refused(broker, offsets, said):
    topic = broker.topic()
    with pytest.raises(SourceError, match=said):
        open_market(Place(broker.bootstrap, topic, {}), Start("offsets", offsets=offsets), [BTC], print)


def test_an_option_that_librdkafka_does_not_know_is_named(broker):
    with pytest.raises(ConfigError, match=r"kafka.options: .*flight.speed"):
        open_market(Place(broker.bootstrap, "any", {"flight.speed": "9"}), Start("earliest"), [BTC], print)
