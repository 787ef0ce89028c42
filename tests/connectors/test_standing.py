from connectors.learnt import Learnt, Side
from connectors.standing import Standing, denied, faults
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
