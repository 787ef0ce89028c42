from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.asmm import asmm_on_frame
from operators.kernel import Cell
from operators.quotes import LINEAR, RAMP, STEP, Asmm, AsmmParams, Quotes
from operators.rows import ACCEPTED, AMEND, BEST, BUY, CLOCK, FILLED, LAST, PLACE, SELL, TRADE, Row
from operators.touch import EMPTY, INVALID, UNFINISHED, VALID, Top
from operators.toxicity import DISABLED, INVALID_FLAG, LOW_VOLUME, OK, STALE, WARMING, Reading

SECOND = 1_000_000_000
USUAL = {
    "half_spread_ticks": 5.0,
    "skew_ticks_per_lot": 0.5,
    "order_lots": 10,
    "max_inventory_lots": 40,
    "max_improve_ticks": 100,
    "stale_after_ns": SECOND,
    "widen_mode": LINEAR,
    "threshold": 0.7,
    "multiplier": 0.2,
    "pause_threshold": 0.9,
    "pause_ns": 5 * SECOND,
}


@dataclass
class Desk:
    """A quoter that is shown one row at a time."""

    setup: Cell[AsmmParams]
    state: Cell[Asmm] = field(default_factory=Asmm.cell)

    def sees(self, ts_ns=0, kind=BEST, marks=LAST, side=0, size_lots=0, top=None, reading=None):
        """Return the decision after a row, or None where there is none."""
        rows, tops, readings, out = Row.table(1), Top.table(1), Reading.table(1), Quotes.table(1)
        row = rows[0]
        row.ts_recv, row.kind, row.marks, row.side, row.size_lots = ts_ns, kind, marks, side, size_lots
        usual = {"bid_ticks": 1000, "ask_ticks": 1002, "bid_lots": 4, "ask_lots": 4, "state": VALID}
        for name, value in {**usual, "updated_ns": ts_ns, **(top or {})}.items():
            setattr(tops[0], name, value)
        for name, value in (reading or {}).items():
            setattr(readings[0], name, value)
        n = asmm_on_frame(self.state, self.setup, rows, tops, readings, out)
        return out[0] if n else None

    def holds(self, lots):
        self.state[0].inventory_lots = lots
        return self


def desk(**changes: float) -> Desk:
    return Desk(AsmmParams.cell(**{**USUAL, **changes}))


def toxic(value: float, n_closed: int = 1, status: int = OK) -> dict[str, float]:
    return {"value": value, "level": value, "n_closed": n_closed, "status": status}


def prices(quotes):
    return quotes.bid_ticks, quotes.ask_ticks


def sizes(quotes):
    return quotes.bid_lots, quotes.ask_lots


def test_flat_it_quotes_the_half_spread_around_the_mid():
    quotes = desk().sees(ts_ns=7)
    assert (quotes.mid_ticks, quotes.reservation_ticks, quotes.half_spread_ticks) == (1001, 1001, 5)
    assert (prices(quotes), sizes(quotes)) == ((996, 1006), (10, 10))
    assert (quotes.row, quotes.ts_ns, quotes.widening) == (0, 7, 1)


def test_a_long_inventory_quotes_lower_and_a_short_one_higher():
    assert prices(desk().holds(4).sees()) == (994, 1004)
    assert prices(desk().holds(-4).sees()) == (998, 1008)


def test_prices_are_rounded_away_from_the_market():
    quotes = desk().holds(1).sees()
    assert quotes.reservation_ticks == 1000.5
    assert prices(quotes) == (995, 1006)


def test_the_microprice_leans_to_the_thinner_side():
    quotes = desk(microprice=1).sees(top={"bid_lots": 3, "ask_lots": 1})
    assert (quotes.mid_ticks, quotes.reservation_ticks) == (1001, 1001.5)
    assert desk(microprice=1).sees(top={"bid_lots": 0, "ask_lots": 0}).reservation_ticks == 1001


def test_the_half_spread_has_a_minimum_in_basis_points():
    quotes = desk(min_half_spread_bps=100.0).sees()
    assert quotes.half_spread_ticks == pytest.approx(10.01, rel=1e-12)
    assert prices(quotes) == (990, 1012)


def test_at_a_vpin_of_eight_tenths_the_half_spread_is_116_hundredths():
    quotes = desk(half_spread_ticks=100.0).sees(reading=toxic(0.8))
    assert quotes.widening == pytest.approx(1.16, rel=1e-12)
    assert quotes.half_spread_ticks == pytest.approx(116.0, rel=1e-12)
    assert prices(quotes) == (885, 1117)


@pytest.mark.parametrize(
    ("mode", "value", "expected"),
    [
        (LINEAR, 0.0, 1.0),
        (LINEAR, 0.5, 1.1),
        (STEP, 0.7, 1.0),
        (STEP, 0.71, 1.2),
        (RAMP, 0.6, 1.0),
        (RAMP, 0.7, 1.0),
        (RAMP, 0.85, 1.1),
    ],
)
def test_each_mode_widens_in_its_way(mode, value, expected):
    quotes = desk(widen_mode=mode).sees(reading=toxic(value))
    assert quotes.widening == pytest.approx(expected, rel=1e-12)


def test_a_ramp_that_starts_at_one_never_widens():
    assert desk(widen_mode=RAMP, threshold=1.0).sees(reading=toxic(0.9)).widening == 1.0


@pytest.mark.parametrize("status", [DISABLED, WARMING, LOW_VOLUME, STALE])
def test_a_reading_that_is_not_ready_neither_widens_nor_pauses(status):
    quotes = desk().sees(reading=toxic(1.0, status=status))
    assert (quotes.widening, sizes(quotes)) == (1.0, (10, 10))


def test_an_alert_is_counted_where_the_level_rises_above_the_threshold():
    d = desk()
    for value in (0.7, 0.71, 0.8, 0.6, 0.75):
        d.sees(reading=toxic(value))
    assert (d.state[0].n_alerts, d.state[0].toxic) == (2, 1)
    d.sees(reading=toxic(0.99, status=STALE))
    assert (d.state[0].n_alerts, d.state[0].toxic) == (2, 0)


def test_levels_are_compared_with_the_rank_and_the_spread_follows_the_value():
    ranked = {"value": 0.3, "level": 0.95, "n_closed": 1, "status": OK}
    d = desk(widen_mode=STEP)
    assert sizes(d.sees(reading=ranked | {"level": 0.8})) == (10, 10)
    assert (d.state[0].toxic, d.sees(reading=ranked | {"level": 0.8}).widening) == (1, 1.0)
    assert sizes(d.sees(reading=ranked)) == (0, 0)


@pytest.mark.parametrize(("status", "counting"), [(OK, True), (INVALID_FLAG, True), (STALE, False)])
def test_a_stale_reading_counts_for_nothing_and_one_by_the_tick_rule_does(status, counting):
    d = desk(toxic_skew=1.0).holds(4)
    quotes = d.sees(reading=toxic(0.8, status=status))
    assert quotes.widening == pytest.approx(1.16 if counting else 1.0, rel=1e-12)
    assert quotes.reservation_ticks == 1001 - 2 * (2 if counting else 1)


@pytest.mark.parametrize(("level", "extra"), [(0.7, 0.0), (0.71, 1.5), (0.89, 1.5)])
@pytest.mark.parametrize("inventory", [-4, 0, 4])
def test_while_flow_is_toxic_the_reservation_price_leans_further_towards_flat(level, extra, inventory):
    """Half a tick a lot, and 1.5 of that more."""
    quotes = desk(toxic_skew=1.5).holds(inventory).sees(reading=toxic(level))
    assert quotes.reservation_ticks == 1001 - 0.5 * inventory * (1 + extra)
    assert desk().holds(inventory).sees(reading=toxic(level)).reservation_ticks == 1001 - 0.5 * inventory


def test_a_pause_withdraws_both_quotes_for_five_seconds_of_event_time():
    d = desk()
    assert sizes(d.sees(ts_ns=SECOND, reading=toxic(0.9))) == (10, 10)
    assert sizes(d.sees(ts_ns=2 * SECOND, reading=toxic(0.95))) == (0, 0)
    assert sizes(d.sees(ts_ns=7 * SECOND - 1, reading=toxic(0.1, n_closed=9))) == (0, 0)
    assert sizes(d.sees(ts_ns=7 * SECOND, reading=toxic(0.1, n_closed=9))) == (10, 10)
    assert (d.state[0].n_pauses, d.state[0].paused) == (1, 0)


def test_after_a_pause_the_same_reading_starts_no_other():
    d = desk()
    d.sees(reading=toxic(0.95, n_closed=3))
    assert sizes(d.sees(ts_ns=5 * SECOND, reading=toxic(0.95, n_closed=3))) == (10, 10)
    assert sizes(d.sees(ts_ns=6 * SECOND, reading=toxic(0.95, n_closed=4))) == (0, 0)
    assert (d.state[0].n_pauses, d.state[0].pause_until_ns) == (2, 11 * SECOND)


def test_flow_that_is_still_toxic_in_a_newer_bucket_extends_the_pause_where_it_ends():
    d = desk()
    d.sees(reading=toxic(0.95, n_closed=3))
    d.sees(ts_ns=SECOND, reading=toxic(0.99, n_closed=5))
    assert d.state[0].pause_until_ns == 5 * SECOND
    assert sizes(d.sees(ts_ns=5 * SECOND, reading=toxic(0.99, n_closed=5))) == (0, 0)
    assert (d.state[0].n_pauses, d.state[0].pause_until_ns) == (2, 10 * SECOND)


def test_a_pause_begins_even_while_there_is_no_touch_to_quote():
    d = desk()
    d.sees(top={"state": INVALID}, reading=toxic(0.95))
    assert sizes(d.sees(ts_ns=SECOND, reading=toxic(0.1, n_closed=2))) == (0, 0)


@pytest.mark.parametrize(
    ("inventory", "keeps", "expected"),
    [
        (30, 0, (0, 0)),
        (-30, 0, (0, 0)),
        (0, 1, (0, 0)),
        (30, 1, (0, 10)),
        (-30, 1, (10, 0)),
        (3, 1, (0, 3)),
        (-3, 1, (3, 0)),
    ],
)
def test_a_pause_may_keep_the_side_that_reduces_and_no_more_than_is_held(inventory, keeps, expected):
    d = desk(pause_keeps_reducing=keeps).holds(inventory)
    assert sizes(d.sees(reading=toxic(0.95))) == expected


@pytest.mark.parametrize(
    ("inventory", "expected"), [(39, (10, 10)), (40, (0, 10)), (41, (0, 10)), (-40, (10, 0))]
)
def test_at_the_inventory_limit_it_quotes_one_side(inventory, expected):
    assert sizes(desk().holds(inventory).sees()) == expected


def test_a_bid_at_or_below_zero_is_not_wanted():
    quotes = desk(half_spread_ticks=1001.0).sees()
    assert (quotes.bid_ticks, sizes(quotes)) == (0, (0, 10))


def test_however_far_it_leans_a_quote_never_crosses():
    d = desk(max_inventory_lots=10_000, max_improve_ticks=10_000)
    assert d.holds(-900).sees().bid_ticks == 1001
    assert d.holds(900).sees().ask_ticks == 1001


@pytest.mark.parametrize(("improve", "bid", "ask"), [(0, 1000, 1020), (3, 1003, 1017), (50, 1009, 1011)])
def test_a_quote_improves_the_touch_by_no_more_than_allowed(improve, bid, ask):
    quotes = desk(half_spread_ticks=1.0, max_improve_ticks=improve).sees(top={"ask_ticks": 1020})
    assert prices(quotes) == (bid, ask)


@pytest.mark.parametrize("state", [INVALID, EMPTY])
def test_without_a_touch_the_decision_is_to_withdraw(state):
    quotes = desk().sees(top={"state": state})
    assert (prices(quotes), sizes(quotes)) == ((0, 0), (0, 0))
    assert (quotes.mid_ticks, quotes.half_spread_ticks, quotes.widening) == (0, 0, 1)


def test_a_touch_that_is_too_old_withdraws():
    assert sizes(desk().sees(ts_ns=SECOND, top={"updated_ns": 0})) == (10, 10)
    assert sizes(desk().sees(ts_ns=SECOND + 1, top={"updated_ns": 0})) == (0, 0)


def test_inside_a_message_nothing_is_decided():
    assert desk().sees(marks=0) is None
    assert desk().sees(kind=TRADE, top={"state": UNFINISHED}) is None
    assert desk().sees(kind=CLOCK, marks=0, top={"state": UNFINISHED}) is None


@pytest.mark.parametrize(
    ("kind", "always", "on_clock"),
    [
        (BEST, True, False),
        (TRADE, True, False),
        (CLOCK, True, True),
        (PLACE, False, False),
        (AMEND, False, False),
        (ACCEPTED, True, False),
        (FILLED, True, False),
    ],
)
def test_every_message_or_only_the_clock_calls_for_a_decision(kind, always, on_clock):
    assert (desk().sees(kind=kind) is not None) == always
    assert (desk(on_clock_only=1).sees(kind=kind) is not None) == on_clock


def test_fills_are_the_inventory_even_where_nothing_is_decided():
    d = desk(on_clock_only=1)
    d.sees(kind=FILLED, side=BUY, size_lots=9)
    d.sees(kind=FILLED, side=SELL, size_lots=2)
    d.sees(kind=ACCEPTED, side=SELL, size_lots=5)
    assert d.state[0].inventory_lots == 7
    assert d.sees(kind=CLOCK).reservation_ticks == 1001 - 3.5


def test_a_frame_numbers_its_decisions_by_their_rows():
    rows, tops, readings, out = Row.table(4), Top.table(4), Reading.table(4), Quotes.table(4)
    for i, kind in enumerate([BEST, CLOCK, PLACE, TRADE]):
        rows[i].kind, rows[i].marks, rows[i].ts_recv = kind, LAST * (i > 0), i
    n = asmm_on_frame(Asmm.cell(), desk().setup, rows, tops, readings, out)
    assert [(out[i].row, out[i].ts_ns) for i in range(n)] == [(1, 1), (3, 3)]


MARKETS = st.tuples(st.integers(500, 600), st.integers(1, 30), st.integers(0, 9), st.integers(0, 9))


@given(
    MARKETS,
    st.integers(-60, 60),
    st.sampled_from([0.0, 0.5, 0.8, 0.95]),
    st.integers(0, 5),
    st.booleans(),
    st.booleans(),
)
def test_a_mirrored_market_gets_mirrored_quotes_that_never_cross(
    market, inventory, value, improve, micro, keeps
):
    bid, spread, bid_lots, ask_lots = market
    flip = 2000
    changes = {"max_improve_ticks": improve, "microprice": micro, "pause_keeps_reducing": keeps}
    top = {"bid_ticks": bid, "ask_ticks": bid + spread, "bid_lots": bid_lots, "ask_lots": ask_lots}
    image = {
        "bid_ticks": flip - bid - spread,
        "ask_ticks": flip - bid,
        "bid_lots": ask_lots,
        "ask_lots": bid_lots,
    }
    quotes = desk(**changes).holds(inventory).sees(top=top, reading=toxic(value))
    mirror = desk(**changes).holds(-inventory).sees(top=image, reading=toxic(value))
    assert sizes(mirror) == sizes(quotes)[::-1]
    assert mirror.half_spread_ticks == quotes.half_spread_ticks
    assert mirror.reservation_ticks == pytest.approx(flip - quotes.reservation_ticks, abs=1e-9)
    assert np.abs(np.array(prices(mirror)) - flip + np.array(prices(quotes)[::-1])).max() <= 1
    assert bid - 1000 < quotes.bid_ticks <= bid + min(improve, spread - 1)
    assert quotes.ask_ticks >= bid + spread - min(improve, spread - 1)


@pytest.mark.parametrize(
    ("weight", "signal"),
    [
        ("ofi_lean_ticks", "ofi_lots"),
        ("queue_lean_ticks", "queue_imbalance"),
        ("microprice_lean", "microprice_ticks"),
        ("trade_lean_ticks", "trade_imbalance"),
    ],
)
def test_signed_flow_leans_the_reservation_price_where_it_presses_and_only_if_asked(weight, signal):
    plain = desk().sees(reading={signal: 0.5}).reservation_ticks
    assert plain == desk().sees().reservation_ticks
    assert desk(**{weight: 4.0}).sees(reading={signal: 0.5}).reservation_ticks == plain + 2.0
    assert desk(**{weight: 4.0}).sees(reading={signal: -0.5}).reservation_ticks == plain - 2.0


@pytest.mark.parametrize("flow", [1e16, -1e16])
def test_signed_flow_beyond_all_bounds_leans_by_the_price_at_most_and_crosses_nothing(flow):
    """A million ticks a lot: what cannot be counted in ticks could not be rounded to one."""
    quotes = desk(ofi_lean_ticks=1e6, max_improve_ticks=1 << 40).sees(reading={"ofi_lots": flow})
    assert quotes.reservation_ticks == (2002 if flow > 0 else 0)
    assert prices(quotes) == ((1001, 2007) if flow > 0 else (-5, 1001))
    assert sizes(quotes) == (10 if flow > 0 else 0, 10)


@pytest.mark.parametrize("held", [30, -30, 0])
def test_toxic_flow_leans_further_towards_flat_above_the_threshold_if_asked(held):
    usual = {"skew_ticks_per_lot": 0.1, "threshold": 0.7}
    plain = desk(**usual).holds(held).sees(reading=toxic(0.8)).reservation_ticks
    leaning = desk(**usual, toxic_skew=2.0).holds(held)
    assert leaning.sees(reading=toxic(0.8)).reservation_ticks == pytest.approx(plain - 2.0 * 0.1 * held)
    assert leaning.sees(reading=toxic(0.7)).reservation_ticks == plain
    assert leaning.sees(reading=toxic(0.8, status=WARMING)).reservation_ticks == plain
