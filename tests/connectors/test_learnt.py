from connectors.learnt import NOTHING, Learnt, Side, learnt, loaded
from operators.calibration import FITTED
from operators.quotes import Asmm

FIT = Learnt(7, FITTED, 80.5, Side(0.5, 0.025, 0.99), Side(0.6, 0.026, 0.98), 2)


def test_what_was_fitted_is_read_off_the_quoter():
    cell = Asmm.cell(n_refused=2)
    fit = cell[0].calibration
    fit.n_refits, fit.status, fit.sigma = 7, FITTED, 80.5
    for side, told in ((fit.bid, FIT.bid), (fit.ask, FIT.ask)):
        side.a_per_s, side.k_per_tick, side.r2 = told
    assert learnt(cell) == FIT
    assert learnt(Asmm.cell()) == NOTHING


def test_it_survives_a_checkpoint_as_plain_numbers():
    assert FIT.dump() == (7, FITTED, 80.5, (0.5, 0.025, 0.99), (0.6, 0.026, 0.98), 2)
    assert type(FIT.dump()[3]) is tuple
    assert loaded(FIT.dump()) == FIT


def test_numbers_that_nothing_was_fitted_for_are_null():
    side = {"a_per_s": None, "k_per_tick": None, "r2": None}
    assert NOTHING.figures() == {
        "refits": 0,
        "status": "warming",
        "sigma_ticks": None,
        "bid": side,
        "ask": side,
        "model_refused": 0,
    }
    assert FIT.figures()["bid"] == {"a_per_s": 0.5, "k_per_tick": 0.025, "r2": 0.99}
