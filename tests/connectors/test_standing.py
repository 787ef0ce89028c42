from connectors.learnt import Learnt, Side
from connectors.standing import Standing, denied, faults, losses
from connectors.tape import Tally
from operators.calibration import FITTED
from operators.kpis import Kpis
from operators.ledger import Ledger
from operators.limits import OVER_BUDGET, TOO_SMALL
from operators.markouts import Markouts
from operators.orders import Orders
from operators.risk import Risk


def standing_of(**cells):
    names = {"orders": Orders, "risk": Risk, "ledger": Ledger, "markouts": Markouts, "kpis": Kpis}
    return Standing(b"".join(cells.get(name, record.cell()).tobytes() for name, record in names.items()), 0)


def test_a_standing_survives_its_checkpoint():
    account = {"ledger": Ledger.cell(n_fills=4, last_ns=11), "orders": Orders.cell(n_placed=9)}
    kpis = {"markouts": Markouts.cell(n_fills=7), "kpis": Kpis.cell(most_lots=8)}
    block = standing_of(**account, risk=Risk.cell(n_denied=5), **kpis).block
    fit = Learnt(7, FITTED, 80.5, Side(0.5, 0.025, 0.99), Side(0.6, 0.026, 0.98), 2)
    standing = Standing(block, 1, 2, 3, 4, 5, 6, 7, fit)
    again = Standing.load(standing.dump())
    assert again == standing
    assert again.learnt.figures() == {
        "refits": 7,
        "status": "fitted",
        "sigma_ticks": 80.5,
        "bid": {"a_per_s": 0.5, "k_per_tick": 0.025, "r2": 0.99},
        "ask": {"a_per_s": 0.6, "k_per_tick": 0.026, "r2": 0.98},
        "model_refused": 2,
    }
    found = again.ledger[0], again.orders[0], again.risk[0], again.markouts[0], again.kpis[0]
    assert [int(n) for n in (found[0].n_fills, found[1].n_placed, found[2].n_denied)] == [4, 9, 5]
    assert [int(n) for n in (found[3].n_fills, found[4].most_lots, again.reached_ns())] == [7, 8, 11]
    assert (again.n_pauses, again.n_gaps, again.n_crossed, again.n_faults) == (1, 2, 3, 4)
    assert (again.n_alerts, again.n_invalid_flag, again.n_resyncs) == (5, 6, 7)
    assert int(again.ledger[0].n_fills) == 4
    assert int(again.risk[0].n_denied) == 5
    assert (int(again.markouts[0].n_fills), int(again.kpis[0].most_lots)) == (7, 8)


def test_a_good_market_loses_nothing():
    assert losses("A", {"dead_letters": 0, "book_gaps": 0, "source": {"diffs": 9, "snapshots": 1}}) == []


def test_everything_that_was_lost_is_named_the_most_frequent_first():
    figures = {
        "dead_letter_reasons": {"malformed_json": 2, "off_grid": 1200},
        "book_gaps": 1,
        "book_crossings": 2,
        "faults": {"no_order_slot": 1},
        "vpin_invalid_flag": 2,
        "source": {"diffs": 5, "snapshots": 0, "duplicate_trade": 3, "diffs_stale": 4},
    }
    (sentence,) = losses("A", figures)
    assert sentence == (
        "A: 1,202 messages set aside (off_grid 1,200, malformed_json 2), 1 book gap, 2 book crossings, "
        "no snapshot for its diffs to begin from, left out or moved: duplicate_trade 3, "
        "the venue's flag of aggressors found broken 2 times, broken invariants: no_order_slot 1: "
        "see dead_letters.jsonl"
    )


def test_every_fault_that_a_rule_can_set_is_counted_by_name():
    standing = standing_of(orders=Orders.cell(n_illegal=2, fault=1))
    assert faults(standing, Tally({}, 1)) == {
        "illegal_order_transition": 2,
        "no_order_slot": 1,
        "requests_lost_on_the_wire": 1,
    }
    assert faults(standing_of(), None) == {}


def test_what_risk_denied_is_counted_by_limit():
    risk = Risk.cell()
    risk[0].denied[TOO_SMALL] = 7
    risk[0].denied[OVER_BUDGET] = 2
    assert denied(standing_of(risk=risk)) == {"over_budget": 2, "too_small": 7}
