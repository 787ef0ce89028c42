"""The venue's order: sorted by when things happened, messages whole, nothing held longer than it must be."""

import random

import numpy as np
import pytest

from connectors.recorded.blocks import block, join
from connectors.recorded.quality import no_quality
from connectors.recorded.reorder import Reorder
from operators.rows import BEST, GAP, LAST, LEVEL, MARK, NEVER, TRADE

HORIZON = 1000


def message(ts_event, ts_recv, kind=TRADE, n=1, update_id=0):
    rows = block(n, ts_event=ts_event, ts_recv=ts_recv, kind=kind, id=update_id)
    rows["marks"][-1] = LAST
    return rows


def reorder():
    quality = no_quality()
    return Reorder(quality, HORIZON), quality


def test_rows_leave_in_venue_order_once_nothing_can_precede_them():
    order, _ = reorder()
    out, until = order.push(join([message(5000, 5100), message(4900, 5200, BEST), message(5150, 5200)]), 5200)
    assert (out["ts_event"].tolist(), until, len(order)) == ([], 4200, 3)
    out, until = order.push(message(5950, 6000, MARK), 6000)
    assert (out["ts_event"].tolist(), until) == ([4900], 5000)
    out, until = order.push(message(6900, 6999), NEVER)
    assert (out["ts_event"].tolist(), until) == ([5000, 5150, 5950, 6900], NEVER)
    assert len(order) == 0


def test_at_one_instant_the_order_of_arrival_stays():
    order, _ = reorder()
    arrived = [
        message(50, 60 + n, kind, update_id=n) for n, kind in enumerate((TRADE, BEST, LEVEL, TRADE, BEST))
    ]
    out, _ = order.push(join(arrived), NEVER)
    assert out["id"].tolist() == [0, 1, 2, 3, 4]


def test_a_message_under_way_for_too_long_takes_the_earliest_place_left():
    order, quality = reorder()
    order.push(message(9000, 9000), 9000)
    late = message(7000, 9100, BEST, n=2)
    out, _ = order.push(join([late, message(8150, 9100)]), NEVER)
    assert out["ts_event"].tolist() == [8100, 8100, 9000, 9000]
    assert quality["late_at_venue"] == 2


def test_a_channel_is_not_turned_around():
    order, quality = reorder()
    diffs = [message(500, 600, LEVEL, update_id=1), message(400, 610, GAP, update_id=2)]
    out, _ = order.push(join([*diffs, message(450, 620, TRADE, update_id=3)]), NEVER)
    assert out["id"].tolist() == [3, 1, 2]
    assert out["ts_event"].tolist() == [450, 500, 500]
    assert quality["late_at_venue"] == 1


def test_what_it_was_given_is_left_alone():
    order, _ = reorder()
    order.push(message(9000, 9000), 9000)
    desk = message(1, 9100, BEST)
    before = desk.tobytes()
    order.push(desk, 9100)
    assert desk.tobytes() == before


@pytest.mark.parametrize("seed", range(5))
def test_any_cut_gives_the_one_sorted_order(seed):
    rng = random.Random(seed)
    recv, messages = 10_000, []
    for n in range(400):
        recv += rng.randint(0, 40)
        late = rng.random() < 0.02
        ts_event = recv - rng.randint(0, 3 * HORIZON if late else HORIZON)
        messages.append(message(ts_event, recv, rng.choice((LEVEL, BEST, TRADE)), rng.randint(1, 4), n))
    whole, whole_quality = reorder()
    expected, _ = whole.push(join(messages), NEVER)
    order, quality = reorder()
    pieces, last = [], 0
    while messages:
        n = rng.randint(1, 30)
        part, messages = join(messages[:n]), messages[n:]
        resumed, resumed_quality = reorder()
        resumed.restore(order.snapshot())
        resumed_quality.update(quality)
        order, quality = resumed, resumed_quality
        out, until = order.push(part, int(part["ts_recv"][-1]) if messages else NEVER)
        assert (out["ts_event"] >= last).all()
        assert (out["ts_event"] < until).all()
        pieces.append(out)
        last = until
    assert join(pieces).tobytes() == expected.tobytes()
    assert quality == whole_quality
    assert (np.diff(expected["ts_event"]) >= 0).all()
