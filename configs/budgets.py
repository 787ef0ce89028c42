"""Divide the cap on exposure among the symbols, so that no symbol need ask another."""

from collections.abc import Mapping
from decimal import ROUND_FLOOR, Context, Decimal
from fractions import Fraction
from typing import Final

from configs.schema_risk import Risk

LOSSES: Final = ("daily_loss", "drawdown")
EXACT: Final = Context(prec=15, rounding=ROUND_FLOOR)


class OverCap(ValueError):
    """Budgets that the cap does not cover; the text completes `risk.total_notional …`."""


def shares(total: Decimal, risks: Mapping[str, Risk]) -> dict[str, Decimal]:
    """Return every symbol's budget: explicit ones as they are, the rest by weight, in whole cents.

    >>> risks = {"A": Risk(budget_notional=Decimal(40)), "B": Risk(), "C": Risk(weight=Decimal(2))}
    >>> shares(Decimal(100), risks)
    {'A': Decimal('40'), 'B': Decimal('20'), 'C': Decimal('40')}

    Raises:
        OverCap: explicit budgets exceed the cap, or leave too little for the others.
    """
    budgets = {symbol: risk.budget_notional for symbol, risk in risks.items()}
    explicit = sum((Fraction(budget) for budget in budgets.values() if budget is not None), Fraction(0))
    if explicit > total:
        raise OverCap(f"must be at least {float(explicit):.15g}, the sum of the symbols' budgets")
    weights = sum(
        (Fraction(risks[symbol].weight) for symbol in budgets if budgets[symbol] is None), Fraction(0)
    )
    rest = Fraction(total) - explicit
    filled = {
        symbol: _cents(rest * Fraction(risks[symbol].weight) / weights) if budget is None else budget
        for symbol, budget in budgets.items()
    }
    without = [symbol for symbol, budget in filled.items() if not budget]
    if without:
        raise OverCap(f"leaves no budget for {', '.join(without)}: raise it or lower the others")
    return filled


def _cents(share: Fraction) -> Decimal:
    whole, cents = divmod(int(share * 100), 100)
    return Decimal(f"{whole}.{cents:02d}") if cents else Decimal(whole)


def loss_limit(
    field: str, risk: Risk, budget: Decimal, totals: Mapping[str, Decimal | None]
) -> Decimal | None:
    """Return a symbol's limit on losses: its own, or the part of the total that its budget is of the cap.

    >>> totals = {"total_notional": Decimal(100), "total_daily_loss": Decimal(10)}
    >>> loss_limit("daily_loss", Risk(), Decimal(25), totals)
    Decimal('2.5')
    """
    own: Decimal | None = getattr(risk, field)
    total, cap = totals[f"total_{field}"], totals["total_notional"]
    if own is not None or total is None or cap is None:
        return own
    return EXACT.divide(EXACT.multiply(total, budget), cap).normalize()
