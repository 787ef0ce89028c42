"""Toxicity moves quotes: from a trade through the whole graph to the order log."""

import json
import random

import pytest

from operators.rows import BUY, SELL
from tests.oracles.exact_vpin import Best, Trade
from tests.oracles.raw_market import make_market
from tests.oracles.runs import REPLAY, capture, fused, graphed, lines, logs, made, replaying
from tests.oracles.told import asked, told
from tests.oracles.toxic_tapes import SECOND, START

MS = SECOND // 1000
BID, ASK = 99_990, 100_010
"""The mid is 100,000 ticks of 0.1, a tenth of a percent of which is 100."""
PLAIN = [(0, "place", "buy", 9990.0), (0, "place", "sell", 10010.0)]


def market(seconds, *trades, lag_us=0):
    """A touch that is told twice a second and stands still, and (second, side, lots) at its middle."""
    best = [Best(START + k * SECOND // 2, BID, ASK, lag_us) for k in range(2 * seconds)]
    prints = [Trade(START + int(at * SECOND), side, 100_000, lots) for at, side, lots in trades]
    return sorted([*best, *prints], key=lambda event: event.ts)


def since(requests):
    """Requests with seconds since the market's start."""
    return [((ts - START) / SECOND, *what) for ts, *what in requests]


def bucket(at, bought=9, sold=1):
    """One bucket of ten lots, by default of VPIN 0.8."""
    return [(at, side, lots) for side, lots in ((BUY, bought), (SELL, sold)) if lots]


def test_a_vpin_of_eight_tenths_quotes_116_hundredths_of_the_least_half_spread(tmp_path):
    requests = since(asked(told(tmp_path / "run", market(3, *bucket(1)))))
    assert requests == [*PLAIN, (1, "amend", "buy", 9988.4), (1, "amend", "sell", 10011.6)]


@pytest.mark.parametrize(("mode", "bid", "ask"), [("step", 9988.0, 10012.0), ("ramp", 9989.3, 10010.7)])
def test_each_mode_of_widening_reaches_the_orders(tmp_path, mode, bid, ask):
    """At 0.8: 1 + 0.2, and 1 + 0.2 / 3, of which the order is rounded outwards."""
    requests = since(asked(told(tmp_path / "run", market(3, *bucket(1)), f"vpin.widen_mode={mode}")))
    assert requests[2:] == [(1, "amend", "buy", bid), (1, "amend", "sell", ask)]


def test_above_nine_tenths_there_are_no_quotes_for_five_seconds_and_then_there_are_again(tmp_path):
    """Still at 1.0, they come back wider, because no bucket has closed since."""
    out = told(tmp_path / "run", market(9, *bucket(1, bought=10, sold=0)))
    withdrawn = [(1, "cancel", "buy", 9990.0), (1, "cancel", "sell", 10010.0)]
    back = [(6, "place", "buy", 9988.0), (6, "place", "sell", 10012.0)]
    assert since(asked(out)) == [*PLAIN, *withdrawn, *back]
    assert json.loads((out / "summary.json").read_text())["symbols"]["BTCUSDC"]["pauses"] == 1


def test_at_nine_tenths_exactly_nothing_pauses(tmp_path):
    setting = "vpin.bucket_size=0.02"
    requests = since(asked(told(tmp_path / "run", market(3, *bucket(1, bought=19, sold=1)), setting)))
    assert requests[2:] == [(1, "amend", "buy", 9988.2), (1, "amend", "sell", 10011.8)]


def test_flow_that_is_still_toxic_pauses_again_when_a_bucket_has_closed(tmp_path):
    flow = [*bucket(1, bought=10, sold=0), *bucket(3, bought=10, sold=0)]
    out = told(tmp_path / "run", market(14, *flow))
    assert since(asked(out))[4:] == [(11, "place", "buy", 9988.0), (11, "place", "sell", 10012.0)]
    assert json.loads((out / "summary.json").read_text())["symbols"]["BTCUSDC"]["pauses"] == 2


def test_a_pause_ends_in_silence(tmp_path):
    """Nothing but clock rows lie between the trade and the market's last touch, at 5 s."""
    flow = market(2, *bucket(1, bought=10, sold=0))
    flow.append(Best(START + 5 * SECOND, BID, ASK))
    requests = since(asked(told(tmp_path / "run", flow, "vpin.pause_seconds=2.3")))
    assert requests[4:] == [(3.3, "place", "buy", 9988.0), (3.3, "place", "sell", 10012.0)]


@pytest.mark.parametrize(
    "plain",
    [
        ("vpin.vol_threshold=0.031",),
        ("vpin.min_buckets=4", "vpin.n_buckets=4"),
        ("vpin.enabled=false",),
        ("vpin.bucket_size=1",),
    ],
)
def test_too_little_volume_or_no_measure_quotes_as_if_there_were_no_toxicity(tmp_path, plain):
    flow = [*bucket(1), *bucket(2, bought=10, sold=0), *bucket(3)]
    requests = since(asked(told(tmp_path / "run", market(5, *flow), *plain)))
    assert requests == PLAIN


def test_enough_volume_counts_from_the_trade_that_reaches_it(tmp_path):
    flow = [*bucket(1), *bucket(2), (3, BUY, 1)]
    requests = since(asked(told(tmp_path / "run", market(5, *flow), "vpin.vol_threshold=0.021")))
    assert requests[2:] == [(3, "amend", "buy", 9988.4), (3, "amend", "sell", 10011.6)]


def test_data_that_comes_too_late_quotes_plainly_until_it_comes_in_time(tmp_path):
    in_time = market(9, *bucket(1))
    late = [
        Best(event.ts, event.bid, event.ask, 100_001)
        if isinstance(event, Best) and 3 * SECOND <= event.ts - START < 6 * SECOND
        else event
        for event in in_time
    ]
    requests = since(asked(told(tmp_path / "run", late)))
    assert requests[2:4] == [(1, "amend", "buy", 9988.4), (1, "amend", "sell", 10011.6)]
    assert requests[4:6] == [(3, "amend", "buy", 9990.0), (3, "amend", "sell", 10010.0)]
    assert requests[6:] == [(6, "amend", "buy", 9988.4), (6, "amend", "sell", 10011.6)]
    patient = since(asked(told(tmp_path / "patient", late, "vpin.max_lag_ms=0")))
    assert patient == requests[:4]


def test_late_toxicity_does_not_pause(tmp_path):
    late = market(9, *bucket(1, bought=10, sold=0))
    late = [Trade(e.ts, e.side, e.price, e.lots, 0, 10**6) if isinstance(e, Trade) else e for e in late]
    assert since(asked(told(tmp_path / "run", late)))[2][0] == 1.5, "at the next touch, which is in time"


@pytest.mark.parametrize(("lean", "bid", "ask"), [("off", 9984.4, 10007.6), ("skew", 9980.4, 10003.6)])
def test_toxic_flow_leans_the_reservation_price_to_flat_only_if_asked(tmp_path, lean, bid, ask):
    """Long 20 lots at 2 ticks each: 40 ticks lower, and 40 more; half spread 116 ticks at 0.8."""
    events = market(3, (1, BUY, 1))
    events.insert(2, Trade(START + SECOND - 1, SELL, 99_800, 9))
    out = told(tmp_path / "run", events, f"vpin.toxic_reduce={lean}")
    (fill,) = lines(out / "fills.jsonl")
    assert (fill["side"], fill["position"]) == ("buy", "0.020")
    last = {side: price for _, _, side, price in asked(out)}
    assert (last["buy"], last["sell"]) == (bid, ask)


def test_a_pause_may_leave_the_quote_that_reduces(tmp_path):
    events = market(4, (1, SELL, 1))
    events.insert(2, Trade(START + SECOND - 1, SELL, 99_800, 9))
    out = told(tmp_path / "run", events, "vpin.pause_keeps_reducing=true")
    assert [what for _, *what in since(asked(out))[2:]] == [
        ["cancel", "buy", 9990.0],
        ["cancel", "sell", 10010.0],
        ["place", "sell", 10008.0],
    ]
    assert lines(out / "fills.jsonl")[-1]["position"] == "0.020"


def test_levels_may_be_ranks(tmp_path):
    """The value 0.2 is the highest of three, so its rank is 2.5 / 3."""
    ranks = ("vpin.threshold_mode=cdf", "vpin.cdf_min=2", "vpin.cdf_window=20", "vpin.pause_threshold=0.8")
    flow = [*bucket(1, 5, 5), *bucket(2, 5, 5), *bucket(3, 6, 4)]
    requests = since(asked(told(tmp_path / "run", market(5, *flow), *ranks)))
    assert [what for ts, what, *_ in requests if ts >= 3] == ["cancel", "cancel"]
    raw = since(asked(told(tmp_path / "raw", market(5, *flow))))
    assert [what for ts, what, *_ in raw if ts >= 3] == ["amend", "amend"]


def test_trades_that_cannot_be_change_no_order(tmp_path):
    """Of every kind, all over a recording; each is set aside and counted."""
    toxic = ("vpin.min_buckets=1", "vpin.threshold=0.3", "vpin.pause_threshold=0.6", "vpin.pause_seconds=0.3")
    clean = capture(tmp_path / "testusdt.gz", n_diffs=300)
    rng = random.Random(9)
    spoiled: list[bytes] = []
    bad: list[dict[str, object]] = [
        {"p": "NaN"},
        {"p": "-1.0"},
        {"q": "0"},
        {"q": "inf"},
        {"p": "100.05"},
        {"p": "x"},
        {"q": []},
    ]
    for sent in make_market(seed=3, n_diffs=300, keep_truth=False).sent:
        spoiled.append(sent.line())
        if sent.kind == "trade" and rng.random() < 0.3:
            wrong = {**sent.data, **rng.choice(bad), "t": int(str(sent.data["t"])) + 1000}
            body = {"stream": sent.stream, "data": wrong}
            spoiled.append(f"{sent.recv} {json.dumps(body)}\n".encode())
    garbage = tmp_path / "garbage.txt"
    garbage.write_bytes(b"".join(spoiled))

    def run(path):
        return graphed(made(tmp_path / path.stem, *replaying(path, *toxic), config=REPLAY))

    one, other = run(clean), run(garbage)
    assert asked(other) == asked(one)
    figures = [json.loads((out / "summary.json").read_text())["symbols"]["TESTUSDT"] for out in (one, other)]
    assert figures[1]["dead_letters"] > 20
    for name in ("pauses", "vpin_mean", "vpin_max", "fills", "pnl_after_fees"):
        assert figures[1][name] == figures[0][name]
    assert figures[0]["pauses"] > 0


@pytest.mark.parametrize(
    "options",
    [
        ("classifier=lee_ready", "mid_tie=hash", "partial=weighted", "bucket_mode=adv"),
        ("classifier=lee_ready", "quote_lag_ms=5", "estimator=net", "toxic_reduce=skew"),
        ("classifier=bvc", "bvc_bar_s=0.2", "threshold_mode=cdf", "cdf_min=5"),
        (
            "classifier=tick",
            "bucket_mode=vol_regime",
            "widen_mode=ramp",
            "bucket_unit=quote",
            "bucket_size=2",
        ),
    ],
)
def test_whatever_the_options_graph_and_fused_driver_write_the_same(tmp_path, options):
    common = replaying(capture(tmp_path / "testusdt.gz", n_diffs=300))
    toxic = ("vpin.bucket_size=0.03", "vpin.min_buckets=1", "vpin.threshold=0.3", "vpin.pause_threshold=0.5")
    chosen = (*common, *toxic, "vpin.pause_seconds=0.3", *(f"vpin.{option}" for option in options))
    graph = graphed(made(tmp_path / "graph", *chosen, config=REPLAY))
    assert logs(fused(made(tmp_path / "fused", *chosen, config=REPLAY))) == logs(graph)
    figures = json.loads((graph / "summary.json").read_text())["symbols"]["TESTUSDT"]
    assert figures["pauses"] > 0
    plain = graphed(made(tmp_path / "plain", *common, *toxic, "vpin.pause_seconds=0.3", config=REPLAY))
    assert asked(plain) != asked(graph)
