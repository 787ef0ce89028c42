"""The chain of depth updates: it waits, bridges, follows, and never calls a wrong book valid."""

import gzip
import json
import random
from collections import Counter
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from connectors.recorded.blocks import block, load_block
from connectors.recorded.quality import no_quality
from connectors.recorded.sync import (
    FUTURES,
    MOST_DIFFS,
    MOST_ROWS,
    SPOT,
    BookSync,
    Diff,
    Gap,
    Snapshot,
    unchecked,
)
from operators.rows import BUY, CLEAR
from tests.oracles.raw_market import Book, level_columns, make_market, number, venue_ns

NOTHING = load_block(b"")
CHAINS = {"binance_usdm": FUTURES, "binance_spot": SPOT}


def diff(first, last, previous=-1, rows=NOTHING, usable=True):
    return Diff(first, last, previous, 0, rows, usable)


def snapshot(last):
    return Snapshot(last, 0, NOTHING)


def told(events):
    return [(type(event).__name__, event.last) for event in events]


def futures():
    quality = no_quality()
    return BookSync(FUTURES, quality), quality


def spot():
    quality = no_quality()
    return BookSync(SPOT, quality), quality


def test_diffs_wait_for_a_snapshot_and_those_it_contains_are_dropped():
    sync, quality = futures()
    waiting = [diff(90, 95, 89), diff(96, 99, 95), diff(100, 104, 99), diff(105, 108, 104)]
    assert [sync.on_diff(one) for one in waiting] == [[], [], [], []]
    assert told(sync.on_snapshot(snapshot(102))) == [("Snapshot", 102), ("Diff", 104), ("Diff", 108)]
    assert (quality["diffs_before_snapshot"], quality["diffs_stale"], sync.buffered) == (4, 2, 0)


@pytest.mark.parametrize(
    ("first", "last", "previous", "bridges"),
    [
        (100, 104, 99, True),
        (102, 104, 99, True),
        (98, 102, 97, True),  # ends exactly where the snapshot does
        (103, 104, 102, True),  # begins later, but says that it follows the snapshot
        (103, 104, 101, False),
        (104, 109, 103, False),
    ],
)
def test_the_first_diff_on_futures_bridges_the_snapshot(first, last, previous, bridges):
    sync, _ = futures()
    sync.on_snapshot(snapshot(102))
    kind = "Diff" if bridges else "Gap"
    assert told(sync.on_diff(diff(first, last, previous))) == [(kind, last)]


@pytest.mark.parametrize(
    ("first", "last", "bridges"), [(103, 103, True), (100, 103, True), (103, 110, True), (104, 110, False)]
)
def test_the_first_diff_on_spot_bridges_the_snapshot(first, last, bridges):
    sync, _ = spot()
    sync.on_snapshot(snapshot(102))
    kind = "Diff" if bridges else "Gap"
    assert told(sync.on_diff(diff(first, last))) == [(kind, last)]


def test_a_diff_that_ends_with_the_snapshot_is_contained_on_spot():
    sync, quality = spot()
    sync.on_snapshot(snapshot(102))
    assert sync.on_diff(diff(100, 102)) == []
    assert quality["diffs_stale"] == 1


def test_each_diff_on_futures_follows_the_previous_one_whatever_it_begins_with():
    sync, _ = futures()
    sync.on_snapshot(snapshot(102))
    assert told(sync.on_diff(diff(100, 104, 99))) == [("Diff", 104)]
    assert told(sync.on_diff(diff(107, 110, 104))) == [("Diff", 110)]
    assert told(sync.on_diff(diff(111, 115, 109))) == [("Gap", 115)]


def test_each_diff_on_spot_begins_one_after_the_previous():
    sync, _ = spot()
    sync.on_snapshot(snapshot(102))
    assert told(sync.on_diff(diff(101, 104))) == [("Diff", 104)]
    assert told(sync.on_diff(diff(105, 110))) == [("Diff", 110)]
    assert told(sync.on_diff(diff(112, 115))) == [("Gap", 115)]


def test_a_repeated_diff_is_dropped_and_is_no_gap():
    sync, quality = futures()
    sync.on_snapshot(snapshot(102))
    chain = [diff(100, 104, 99), diff(105, 108, 104), diff(109, 112, 108)]
    for one in chain:
        assert told(sync.on_diff(one)) == [("Diff", one.last)]
    assert [sync.on_diff(one) for one in chain] == [[], [], []]
    assert (quality["duplicate_diff"], quality["gaps"]) == (3, 0)


def test_an_id_within_the_last_link_is_no_repetition_but_a_contradiction():
    sync, quality = futures()
    sync.on_snapshot(snapshot(102))
    sync.on_diff(diff(100, 104, 99))
    sync.on_diff(diff(105, 9_999_999, 104))  # damaged: nothing later could ever be newer
    assert told(sync.on_diff(diff(109, 112, 108))) == [("Gap", 112)]
    assert quality["duplicate_diff"] == 0


def test_a_snapshot_older_than_all_that_waits_is_rejected_and_the_next_one_taken():
    sync, quality = futures()
    sync.on_diff(diff(110, 114, 109))
    sync.on_diff(diff(115, 119, 114))
    assert sync.on_snapshot(snapshot(102)) == []
    assert quality["snapshots_rejected"] == 1
    assert told(sync.on_snapshot(snapshot(116))) == [("Snapshot", 116), ("Diff", 119)]


def test_after_a_gap_diffs_wait_for_the_next_snapshot():
    sync, quality = futures()
    sync.on_snapshot(snapshot(102))
    sync.on_diff(diff(100, 104, 99))
    assert told(sync.on_diff(diff(110, 114, 109))) == [("Gap", 114)]
    assert sync.on_diff(diff(115, 119, 114)) == []
    assert told(sync.on_snapshot(snapshot(112))) == [("Snapshot", 112), ("Diff", 114), ("Diff", 119)]
    assert (quality["gaps"], quality["diffs_before_snapshot"]) == (1, 1)


def test_a_chain_broken_while_it_waited_breaks_where_it_broke():
    sync, quality = futures()
    for one in (diff(100, 104, 99), diff(110, 114, 109), diff(115, 119, 114)):
        sync.on_diff(one)
    assert told(sync.on_snapshot(snapshot(102))) == [("Snapshot", 102), ("Diff", 104), ("Gap", 114)]
    assert told(sync.on_snapshot(snapshot(113))) == [("Snapshot", 113), ("Diff", 114), ("Diff", 119)]
    assert quality["gaps"] == 1


def test_diffs_that_waited_out_of_order_are_put_in_order():
    sync, quality = futures()
    for one in (diff(110, 114, 109), diff(100, 104, 99), diff(105, 109, 104)):
        sync.on_diff(one)
    assert told(sync.on_snapshot(snapshot(102)))[1:] == [("Diff", 104), ("Diff", 109), ("Diff", 114)]
    assert quality["gaps"] == 0


def test_a_snapshot_no_newer_than_an_intact_book_is_ignored():
    sync, quality = futures()
    sync.on_snapshot(snapshot(102))
    sync.on_diff(diff(100, 104, 99))
    assert sync.on_snapshot(snapshot(103)) == []
    assert sync.on_snapshot(snapshot(104)) == []
    assert quality["snapshots_ignored"] == 2
    assert told(sync.on_diff(diff(105, 108, 104))) == [("Diff", 108)]


def test_a_newer_snapshot_is_held_and_mends_the_gap_that_it_was_fetched_for():
    sync, quality = futures()
    sync.on_snapshot(snapshot(102))
    sync.on_diff(diff(100, 104, 99))
    # The connection was lost and made anew; the snapshot came before the first diff.
    assert sync.on_snapshot(snapshot(205)) == []
    assert told(sync.on_diff(diff(203, 207, 202))) == [("Gap", 207), ("Snapshot", 205), ("Diff", 207)]
    assert told(sync.on_diff(diff(208, 209, 207))) == [("Diff", 209)]
    assert (quality["snapshots_held"], quality["gaps"]) == (1, 1)


def test_a_diff_without_levels_carries_the_chain_on():
    sync, _ = futures()
    sync.on_snapshot(snapshot(102))
    (event,) = sync.on_diff(diff(100, 104, 99))
    assert len(event.rows) == 0
    assert told(sync.on_diff(diff(105, 108, 104))) == [("Diff", 108)]


def test_a_diff_that_cannot_be_trusted_is_a_gap_until_a_snapshot_contains_it():
    sync, quality = futures()
    sync.on_snapshot(snapshot(102))
    sync.on_diff(diff(100, 104, 99))
    assert told(sync.on_diff(diff(105, 108, 104, usable=False))) == [("Gap", 108)]
    assert sync.on_diff(diff(109, 112, 108)) == []
    assert sync.on_snapshot(snapshot(106)) == []
    assert quality["snapshots_rejected"] == 1
    assert told(sync.on_snapshot(snapshot(108))) == [("Snapshot", 108), ("Diff", 112)]


def test_an_untrusted_repetition_is_still_a_repetition():
    sync, quality = futures()
    sync.on_snapshot(snapshot(102))
    sync.on_diff(diff(100, 104, 99))
    assert sync.on_diff(diff(100, 104, 99, usable=False)) == []
    assert (quality["gaps"], quality["duplicate_diff"]) == (0, 1)


def test_without_a_snapshot_what_waits_stays_bounded():
    sync, quality = futures()
    for n in range(5_000):
        assert sync.on_diff(diff(n * 10, n * 10 + 9, n * 10 - 1)) == []
    assert sync.buffered == MOST_DIFFS
    assert quality["diffs_forgotten"] == 4_000
    assert told(sync.on_snapshot(snapshot(49_985)))[:2] == [("Snapshot", 49_985), ("Diff", 49_989)]


def test_what_waits_is_bounded_in_rows_too():
    sync, _ = futures()
    huge = block(MOST_ROWS // 3)
    for n in range(9):
        sync.on_diff(diff(n * 10, n * 10 + 9, n * 10 - 1, huge))
        assert sync.buffered <= 3
    sync.on_diff(diff(90, 99, 89, block(2 * MOST_ROWS)))
    assert sync.buffered == 1


def test_where_no_chain_is_kept_any_later_id_follows_and_a_newer_snapshot_is_taken():
    quality = no_quality()
    sync = BookSync(unchecked(FUTURES), quality)
    sync.on_snapshot(snapshot(102))
    assert told(sync.on_diff(diff(0, 110))) == [("Diff", 110)]
    assert told(sync.on_diff(diff(0, 250))) == [("Diff", 250)]
    assert told(sync.on_snapshot(snapshot(400))) == [("Snapshot", 400)]
    assert sync.on_snapshot(snapshot(390)) == []


def test_what_was_lost_while_waiting_is_only_made_up_by_a_snapshot_of_the_next_diff():
    sync = BookSync(unchecked(FUTURES), no_quality())
    sync.on_diff(diff(0, 110))
    assert sync.on_loss(0) == []
    sync.on_diff(diff(0, 130))
    sync.on_diff(diff(0, 140))
    assert told(sync.on_snapshot(snapshot(105))) == [("Snapshot", 105), ("Diff", 110), ("Gap", 130)]
    assert told(sync.on_snapshot(snapshot(130))) == [("Snapshot", 130), ("Diff", 140)]
    assert told(sync.on_loss(7)) == [("Gap", 140)]


@pytest.mark.parametrize("market", sorted(CHAINS))
def test_it_goes_on_from_a_snapshot_of_itself_at_any_moment(market):
    made = make_market(market, seed=5, n_diffs=30, snapshots=(4, 20))
    messages = [one for one in as_depth(made) if random.Random(3).random() < 0.99]
    del messages[11]
    whole, expected = BookSync(CHAINS[market], no_quality()), []
    states = []
    for message in messages:
        states.append(whole.snapshot())
        expected.append(told(feed(whole, message)))
    assert ["Gap" in dict(events) for events in expected].count(True) >= 1
    for n, state in enumerate(states):
        resumed = BookSync(CHAINS[market], no_quality())
        resumed.restore(state)
        assert resumed.snapshot() == state
        assert [told(feed(resumed, message)) for message in messages[n:]] == expected[n:]


def feed(sync, message):
    return sync.on_snapshot(message) if isinstance(message, Snapshot) else sync.on_diff(message)


def as_depth(made):
    """Return the depth messages of a made-up market, with their levels as rows."""
    messages: list[Any] = []
    for sent in made.sent:
        if sent.kind not in ("diff", "snapshot"):
            continue
        levels, data = level_columns(sent), sent.data
        whole = sent.kind == "snapshot"
        rows = block(len(levels) + whole)
        rows["kind"] = 2
        if whole:
            rows["kind"][0] = CLEAR
        rows["side"][whole:] = [one["side"] for one in levels]
        rows["price_ticks"][whole:] = [round(number(one["price"]) * 10) for one in levels]
        rows["size_lots"][whole:] = [round(number(one["qty"]) * 1000) for one in levels]
        if whole:
            messages.append(Snapshot(data["lastUpdateId"], venue_ns(sent), rows))
        else:
            ids = (data["U"], data["u"], data.get("pu", -1))
            messages.append(Diff(*ids, venue_ns(sent), rows))
    return messages


def plain(messages):
    """Spell rows out once: the same levels are played thousands of times."""
    return [
        (
            message,
            list(zip(*(message.rows[n].tolist() for n in ("side", "price_ticks", "size_lots")), strict=True)),
        )
        for message in messages
    ]


class Played:
    """A book kept from events, in dictionaries, checked against the truth after each one."""

    def __init__(self, truth):
        self.truth, self.valid, self.checked = truth, False, 0
        self.sides: Book = ({}, {})

    def on(self, event, levels):
        if isinstance(event, Gap):
            self.valid = False
            return
        if isinstance(event, Snapshot):
            self.valid, self.sides = True, ({}, {})
            levels = levels[1:]
        for side, ticks, lots in levels:
            book = self.sides[0 if side == BUY else 1]
            book.pop(ticks, None)
            if lots:
                book[ticks] = lots
        assert self.valid
        assert self.sides == self.truth[event.last]
        self.checked += 1


def injure(rng, messages):
    """Drop, repeat or displace some messages."""
    messages = list(messages)
    for _ in range(rng.randint(1, 3)):
        i = rng.randrange(len(messages))
        how = rng.choice(("gap", "duplicate", "reorder"))
        if how == "gap":
            del messages[i : i + rng.randint(1, 3)]
        elif how == "duplicate":
            messages.insert(rng.randint(i, len(messages)), messages[i])
        else:
            messages.insert(rng.randrange(len(messages)), messages.pop(i))
        if not messages:
            break
    return messages


@pytest.mark.parametrize("market", sorted(CHAINS))
def test_thousands_of_gaps_repetitions_and_disorders_never_leave_a_wrong_book_that_is_called_valid(market):
    rng = random.Random(11)
    seen: Counter[str] = Counter()
    bases = []
    for seed in range(25):
        made = make_market(market, seed, n_diffs=14, snapshots=(2, 8), late_by=seed % 3)
        bases.append((plain(as_depth(made)), made.truth))
    for n in range(5_000):
        base, truth = bases[n % len(bases)]
        quality = no_quality()
        sync, played = BookSync(CHAINS[market], quality), Played(truth)
        hurt = injure(rng, base)
        levels = {id(message): spelled for message, spelled in hurt}
        by_id = {(type(message), message.last): levels[id(message)] for message, _ in hurt}
        for message, _ in hurt:
            for event in feed(sync, message):
                played.on(event, by_id.get((type(event), event.last), []))
        seen["checked"] += played.checked
        seen["gaps"] += quality["gaps"]
        seen["ended valid"] += played.valid
        seen["mended"] += quality["gaps"] > 0 and played.valid
    # The test means something only if books were compared, broken and mended.
    assert seen["checked"] > 25_000
    assert min(seen["gaps"], seen["ended valid"], seen["mended"]) > 500


def first_gap_after_dropping(chain, anchor, diffs, dropped):
    """Return which diff shows that one is missing."""
    sync = BookSync(chain, no_quality())
    sync.on_snapshot(anchor)
    for n, one in enumerate(diffs):
        if n != dropped and any(isinstance(event, Gap) for event in sync.on_diff(one)):
            return n
    return None


@pytest.mark.parametrize("market", sorted(CHAINS))
def test_dropping_any_one_diff_is_noticed_at_the_next_one(market):
    messages = as_depth(make_market(market, seed=2, n_diffs=80, snapshots=(5,), late_by=0))
    (at,) = [i for i, message in enumerate(messages) if isinstance(message, Snapshot)]
    anchor = messages[at]
    diffs = [one for one in [*messages[:at], *messages[at + 1 :]] if one.last > anchor.last]
    found = [first_gap_after_dropping(CHAINS[market], anchor, diffs, n) for n in range(len(diffs))]
    assert found == [*range(1, len(diffs)), None]


@pytest.mark.parametrize("symbol", ["btcusdt", "ethusdt"])
def test_dropping_any_one_diff_of_a_capture_is_noticed_at_the_next_one(data, symbol):
    diffs: list[Diff] = []
    with gzip.open(data / f"raw/binance_usdm_{symbol}_20240808.gz") as file:
        for line in file:
            if b'"U":' in line:
                message = json.loads(line.split(b" ", 1)[1])["data"]
                diffs.append(diff(message["U"], message["u"], message["pu"]))
            elif b"lastUpdateId" in line:
                anchor = snapshot(json.loads(line.split(b" ", 1)[1])["lastUpdateId"])
    # One that ends with the snapshot is contained in it, and may be missing.
    diffs = [one for one in diffs if one.last > anchor.last]
    assert len(diffs) > 6_500
    # The chain is walked once; from each link a copy skips one diff and must object to the next.
    sync = BookSync(FUTURES, no_quality())
    sync.on_snapshot(anchor)
    unnoticed = 0
    for one, following in pairwise(diffs):
        skipping = BookSync(FUTURES, no_quality())
        skipping.restore(sync.snapshot())
        unnoticed += told(skipping.on_diff(following)) != [("Gap", following.last)]
        assert told(sync.on_diff(one)) == [("Diff", one.last)]
    assert unnoticed == 0
    assert told(sync.on_diff(diffs[-1])) == [("Diff", diffs[-1].last)]
    assert np.all(np.diff([one.last for one in diffs]) > 0)
