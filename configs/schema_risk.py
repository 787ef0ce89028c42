"""Keys of orders, and of what may be risked with them."""

from decimal import Decimal
from typing import Final, Literal

from configs.keys import BPS, MS, QUOTE, Section, key
from configs.scalars import Amount, AmountOrNull, Number, Whole


class Orders(Section):
    """How working orders follow wanted quotes."""

    replace: Literal["amend", "cancel"] = key(
        "amend", "Move an order by one amend, or cancel it and place another."
    )
    unknown_after_ms: Number = key(
        2000.0, "A request without an answer for so long is asked after.", MS, ge=1, le=3_600_000
    )
    confirm_after_s: Number = key(
        60.0,
        "An order that nothing was heard of for so long is asked after; 0 is never.",
        "s",
        ge=0,
        le=86_400,
    )
    life_s: Number = key(
        0.0,
        "How long an order lives at the venue, should nobody cancel it; 0 is for ever.",
        "s",
        ge=0,
        le=2_000_000,
    )


class Limits(Section):
    """What a symbol may risk besides its budget."""

    weight: Amount = key(
        Decimal(1), "Share of what explicit budgets leave of total_notional.", gt=0, le=1_000_000
    )
    max_order_notional: Amount = key(Decimal(100_000), "Largest order.", QUOTE, gt=0)
    price_band_bps: Number = key(
        500.0, "Orders stand no further than this from the mid.", BPS, gt=0, le=10_000
    )
    max_lag_ms: Number = key(
        0.0,
        "No orders while the newest book is older than this by the venue's clock; 0 is never.",
        MS,
        ge=0,
        le=86_400_000,
    )
    orders_per_s: Number = key(
        0.0, "Orders and amends in the long run, cancels not counted; 0 is no limit.", "1/s", ge=0, le=100_000
    )
    order_burst: Whole = key(10, "Orders that may be sent at once.", "orders", ge=1, le=100_000)
    on_loss: Literal["halt", "reduce"] = key(
        "halt", "What a loss beyond daily_loss or drawdown makes of trading, until it is resumed."
    )


class Risk(Limits):
    """A cap on exposure that holds because every symbol has its own part of it."""

    total_notional: Amount = key(
        Decimal(4_000_000), "Exposure of all symbols together, at worst.", QUOTE, gt=0
    )
    budget_notional: AmountOrNull = key(
        None, "Exposure of one symbol, at worst; null is its share by weight.", QUOTE, gt=0
    )
    total_daily_loss: AmountOrNull = key(
        None, "Loss of all symbols together in a day (UTC); shared out as exposure is.", QUOTE, gt=0
    )
    total_drawdown: AmountOrNull = key(
        None, "Fall of all symbols' equity from its peaks; shared out as exposure is.", QUOTE, gt=0
    )
    daily_loss: AmountOrNull = key(
        None,
        "Loss of one symbol in a day (UTC); null is its share of total_daily_loss, if there is one.",
        QUOTE,
        gt=0,
    )
    drawdown: AmountOrNull = key(
        None, "Fall of one symbol's equity from its peak; null is its share likewise.", QUOTE, gt=0
    )


class SymbolRisk(Limits):
    """The part of the cap that one symbol got."""

    budget_notional: Amount = key(..., "Exposure of the symbol, at worst.", QUOTE, gt=0)
    daily_loss: AmountOrNull = key(None, "Loss of the symbol in a day (UTC).", QUOTE, gt=0)
    drawdown: AmountOrNull = key(None, "Fall of the symbol's equity from its peak.", QUOTE, gt=0)


TOTALS: Final = ("total_notional", "total_daily_loss", "total_drawdown")
"""Keys of `risk` that hold for all symbols together."""
