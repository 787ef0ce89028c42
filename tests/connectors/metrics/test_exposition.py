from decimal import Decimal

import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from connectors.board import Board, Facts, Now
from connectors.metrics.declared import BOUNDS, DECLARED, HISTOGRAM, counted, written
from connectors.metrics.exposition import Exposition
from connectors.metrics.running import LOST
from connectors.standing import Standing
from connectors.tape import Tally
from connectors.timing import Times, Timing
from operators.kpis import Kpis
from operators.ledger import Ledger
from operators.limits import DENIALS
from operators.markouts import Markouts
from operators.orders import WORKING, Orders
from operators.risk import Risk

FACTS = Facts(
    Decimal("0.01"), Decimal("0.001"), Decimal("0.00001"), Decimal(5000), True, 0.7, 0.9, n_buckets=50
)
ODD = 'a "b" \\ c\nd'


def board(*symbols, profile="p"):
    return Board(profile, "0123", dict.fromkeys(symbols, FACTS), Timing())


def standing(**cells):
    names = {"orders": Orders, "risk": Risk, "ledger": Ledger, "markouts": Markouts, "kpis": Kpis}
    block = b"".join(cells.get(name, kind.cell()).tobytes() for name, kind in names.items())
    return Standing(block, 0)


def samples(text):
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def served(made):
    return samples(Exposition(made).page().decode())


def lively():
    """Return a board on which every kind of value stands."""
    made = board("ETHUSDC", "BTCUSDC", profile=ODD)
    orders = Orders.cell(n_slots=1, n_placed=7, n_illegal=1)
    order = orders[0].slots[0]
    order.stage, order.side, order.leaves_lots, order.price_ticks = WORKING, 1, 30, 99_990
    kpis = Kpis.cell(since_ns=1, value=0.25)
    ledger = Ledger.cell(position_lots=10, twice_mid_ticks=200_001, last_ns=1_700_000_000_123_456_789)
    risk = Risk.cell(position_lots=10)
    risk[0].denied[:] = range(len(risk[0].denied))
    post = made.posts["ETHUSDC"]
    post.now = Now(5, standing(orders=orders, kpis=kpis, ledger=ledger, risk=risk), Tally({}, 3), 1, 2)
    post.letters = {ODD: 4}
    for ns in (20_000, 3, 70_000_000_000):
        post.times.note(ns)
    made.reloading.n_applied += 2
    made.timing.note_checkpoint()
    return made


def test_the_page_says_what_the_registry_says():
    exposition = Exposition(lively())
    quick = samples(exposition.page().decode())
    slow = samples(generate_latest(exposition.registry).decode())
    assert quick.keys() == slow.keys()
    moving = ("process_", "python_gc", "mm_checkpoint_age", "mm_last_frame")
    assert {key: quick[key] for key in quick if not key[0].startswith(moving)} == {
        key: slow[key] for key in slow if not key[0].startswith(moving)
    }


def test_help_and_kind_are_the_same_by_either_way():
    exposition = Exposition(lively())
    heads = [
        {line for line in text.decode().splitlines() if line.startswith("#") and " mm_" in line}
        for text in (exposition.page(), generate_latest(exposition.registry))
    ]
    assert heads[0] == heads[1]
    assert len(heads[0]) == 2 * len(DECLARED)


def test_labels_are_escaped():
    found = served(lively())
    assert found["mm_dead_letters_total", ("reason", ODD), ("symbol", "ETHUSDC")] == 4
    assert found["mm_run_info", ("config", "0123"), ("profile", ODD), ("shard", "all")] == 1
    assert written({}) == ""


def test_before_the_first_row_only_settings_are_told():
    found = served(board("ETHUSDC"))
    told = {name for name, *labels in found if ("symbol", "ETHUSDC") in labels}
    assert told >= {"mm_vpin_threshold", "mm_budget_notional", "mm_config_version", "mm_frames_total"}
    assert not told & {"mm_mid_price", "mm_vpin_current", "mm_pnl", "mm_book_valid", "mm_event_lag_seconds"}
    assert ("mm_checkpoint_age_seconds",) not in found


def test_dead_letters_have_a_series_to_rise_from():
    made = board("ETHUSDC")
    key = "mm_dead_letters_total", ("reason", "none"), ("symbol", "ETHUSDC")
    assert served(made)[key] == 0
    made.posts["ETHUSDC"].letters = {"off_grid": 2}
    found = served(made)
    assert (found[key], found["mm_dead_letters_total", ("reason", "off_grid"), key[2]]) == (0, 2)


def test_what_was_denied_is_told_by_its_own_code():
    found = served(lively())
    for code, name in DENIALS.items():
        assert found["mm_denied_orders_total", ("code", name), ("symbol", "ETHUSDC")] == code


def test_exposure_counts_all_that_may_fill_at_the_dearest_price():
    found, symbol = served(lively()), ("symbol", "ETHUSDC")
    # 10 held and 30 more that may be bought, at the mid of 100,000.5 ticks rounded up: dearer than the order.
    worth = 40 * 100_001 / 100_000
    assert found["mm_exposure_notional", symbol] == pytest.approx(worth, rel=1e-15)
    assert found["mm_exposure_ratio", symbol] == pytest.approx(worth / 5000, rel=1e-15)
    assert found["mm_quotes_live", ("side", "bid"), symbol] == 1
    assert found["mm_quotes_live", ("side", "ask"), symbol] == 0
    assert found["mm_position_notional", symbol] == 10 * 200_001 / 200_000


def test_faults_of_the_orders_and_of_the_venue_are_told():
    found, symbol = served(lively()), ("symbol", "ETHUSDC")
    (family,) = [family for family in LOST if family.name == "mm_faults_total"]
    assert found[family.name, ("rule", "illegal_order_transition"), symbol] == 1
    assert found[family.name, ("rule", "requests_lost_on_the_wire"), symbol] == 3


def test_reloads_are_counted_by_what_became_of_them():
    found = served(lively())
    assert found["mm_config_reloads_total", ("outcome", "applied")] == 2
    assert found["mm_config_reloads_total", ("outcome", "refused")] == 0


def test_a_bucket_holds_every_duration_up_to_its_bound_and_no_other():
    ends = [round(float(bound) * 1e9) for bound in BOUNDS[:-1]]
    for at, end in enumerate(ends):
        for ns, bucket in ((end, at), (end + 1, at + 1)):
            times = Times()
            times.note(ns)
            assert counted(times) == (1, ns, [0] * bucket + [1] * (len(BOUNDS) - bucket))
    assert ends[0] == 2**14 - 1
    assert ends[-1] == 2**30 - 1


def test_durations_beyond_every_bound_are_counted_too():
    times = Times()
    for ns in (0, 1, 2**40, 2**62):
        times.note(ns)
    frames, total_ns, counts = counted(times)
    assert (frames, total_ns) == (4, 1 + 2**40 + 2**62)
    assert (counts[0], counts[-2], counts[-1]) == (2, 2, 4)
    assert BOUNDS[-1] == "+Inf"
    assert HISTOGRAM.endswith("_seconds")
