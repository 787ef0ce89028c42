from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from configs.budgets import OverCap, shares
from configs.schema_risk import Risk

CENTS = st.decimals("0.01", 10_000_000, places=2)
RISKS = st.builds(
    Risk,
    weight=st.decimals("0.001", 1000, places=3),
    budget_notional=st.none() | CENTS,
)


def risk(budget=None, weight=1):
    return Risk(budget_notional=budget, weight=weight)


def test_equal_weights_get_equal_shares():
    symbols = [f"S{i}" for i in range(8)]
    budgets = shares(Decimal(4_000_000), {symbol: risk() for symbol in symbols})
    assert budgets == dict.fromkeys(symbols, Decimal(500_000))


def test_shares_are_rounded_down_to_cents():
    budgets = shares(Decimal(100), {"A": risk(), "B": risk(), "C": risk()})
    assert set(budgets.values()) == {Decimal("33.33")}


def test_explicit_budgets_come_first():
    budgets = shares(Decimal(1000), {"A": risk(budget=400), "B": risk(weight=1), "C": risk(weight=5)})
    assert budgets == {"A": Decimal(400), "B": Decimal(100), "C": Decimal(500)}


def test_explicit_budgets_may_use_the_cap_up_to_the_last_cent():
    assert shares(Decimal(1), {"A": risk(budget="0.99"), "B": risk(budget="0.01")})["B"] == Decimal("0.01")


def test_explicit_budgets_above_the_cap_are_refused():
    with pytest.raises(OverCap, match=r"must be at least 1000\.5, the sum of the symbols' budgets"):
        shares(Decimal(1000), {"A": risk(budget=600), "B": risk(budget="400.5")})


def test_a_symbol_without_a_budget_is_refused():
    with pytest.raises(OverCap, match="leaves no budget for B, C"):
        shares(Decimal(1000), {"A": risk(budget=1000), "B": risk(), "C": risk()})


def test_no_symbols_no_budgets():
    assert shares(Decimal(1000), {}) == {}


@settings(derandomize=True, max_examples=300)
@given(CENTS, st.lists(RISKS, min_size=1, max_size=10))
def test_budgets_never_exceed_the_cap_and_waste_less_than_a_cent_each(total, risks):
    named = {f"S{i}": each for i, each in enumerate(risks)}
    explicit = sum((each.budget_notional for each in risks if each.budget_notional is not None), Decimal(0))
    try:
        budgets = shares(total, named)
    except OverCap:
        assert explicit > total or any(each.budget_notional is None for each in risks)
        return
    spent = sum(Fraction(budget) for budget in budgets.values())
    assert spent <= total
    assert all(budget > 0 for budget in budgets.values())
    assert all(each.budget_notional in (None, budgets[name]) for name, each in named.items())
    if any(each.budget_notional is None for each in risks):
        assert Fraction(total) - spent < Fraction(len(risks), 100)


LOSSES = """
source: {kind: synthetic}
synthetic: {price: 100}
risk: {total_notional: 1000, total_daily_loss: 100, total_drawdown: 30}
symbols:
  ETHUSDC: {risk: {budget_notional: 600}}
  BTCUSDC: {risk: {drawdown: 12}}
"""


def test_limits_on_losses_are_shared_out_as_exposure_is(loaded):
    symbols = loaded(LOSSES).symbols
    assert {name: (each.risk.daily_loss, each.risk.drawdown) for name, each in symbols.items()} == {
        "ETHUSDC": (Decimal(60), Decimal(18)),
        "BTCUSDC": (Decimal(40), Decimal(12)),
    }


def test_without_a_total_a_symbol_has_a_limit_only_of_its_own(loaded):
    text = LOSSES.replace("total_daily_loss: 100, total_drawdown: 30", "max_order_notional: 10")
    symbols = loaded(text).symbols
    assert [each.risk.daily_loss for each in symbols.values()] == [None, None]
    assert [each.risk.drawdown for each in symbols.values()] == [None, Decimal(12)]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            ("drawdown: 12}", "drawdown: 12.6}"),
            "risk.total_drawdown must be at least 30.6, the sum of the symbols' limits, was 30",
        ),
        (
            ("{drawdown: 12}", "{total_drawdown: 5}"),
            (
                "symbols.BTCUSDC.risk.total_drawdown is the cap of all symbols together; "
                "set risk.total_drawdown, or drawdown here"
            ),
        ),
    ],
)
def test_limits_of_symbols_that_exceed_the_total_are_refused(problems, change, told):
    assert problems(LOSSES.replace(*change)) == [f"x.yaml: {told}"]
