"""A market that is too old to be quoted is said to be, once, until it is fresh."""

import json

from connectors.kafka.ages import Ages
from connectors.kafka.stream import Habits
from tests.oracles.letterbox import CLOCK_NS, MS, SYMBOL, WALL, Desk, Log

TRADE = {"type": "trade", "v": 1, "symbol": SYMBOL, "ts_event": 5, "price": "62000.0", "size": "0.001"}

OLD = (
    "kafka: what comes of market is {} s old ({}), more than kafka.max_age_s, 5 s: "
    "nothing is quoted until it is fresh"
)
FRESH = "kafka: what comes of market is fresh again"


def test_it_is_said_once_for_all_symbols_until_all_are_fresh():
    said, now = list[str](), [100.0]
    ages = Ages("market", 5, said.append, lambda: now[0])
    ages.note("BTCUSDC", 1, is_old=False)
    ages.note("ETHUSDC", 3600.4, is_old=True)
    ages.note("BTCUSDC", 6, is_old=True)
    ages.note("ETHUSDC", 3600.4, is_old=True)
    assert said == [OLD.format("3,600", "ETHUSDC")]
    ages.note("ETHUSDC", 1, is_old=False)
    assert len(said) == 1, "one is still old"
    ages.note("BTCUSDC", 1, is_old=False)
    ages.note("BTCUSDC", 1, is_old=False)
    assert said[1:] == [FRESH]


def test_who_lags_by_about_as_much_as_is_allowed_is_told_of_now_and_then():
    said, now = list[str](), [100.0]
    ages = Ages("market", 5, said.append, lambda: now[0])
    for _ in range(100):
        ages.note("BTCUSDC", 5.1, is_old=True)
        ages.note("BTCUSDC", 4.9, is_old=False)
        now[0] += 0.5
    assert said == [OLD.format("5", "BTCUSDC"), FRESH] * 5
    ages.note("BTCUSDC", 6, is_old=True)
    now[0] += 10
    ages.note("BTCUSDC", 7, is_old=True)
    assert said[-1] in {OLD.format("6", "BTCUSDC"), OLD.format("7", "BTCUSDC")}
    assert len(said) == 11


def test_a_stream_tells_how_old_its_frames_are(tmp_path):
    said = list[str]()
    market, reports = Log("market"), Log("reports")
    ages = Ages("market", 5, said.append)
    desk = Desk(tmp_path, [market, reports], Habits(CLOCK_NS, 5000 * MS, lambda: WALL, ages))
    desk.stream.incoming.join()
    for age_s, told in ((2, []), (7, [OLD.format("7", "BTCUSDC")]), (2, [OLD.format("7", "BTCUSDC"), FRESH])):
        market.append(json.dumps(TRADE).encode(), WALL // MS - age_s * 1000)
        for reader in desk.readers:
            reader.hand_on()
        desk.take()
        assert said == told
