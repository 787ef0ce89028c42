"""The whole of `summary.json`: every symbol's figures, what they add up to, and what was aimed at."""

from collections.abc import Mapping
from decimal import Decimal, localcontext
from typing import Any, Final

from connectors.fields import FIELDS, NOTE

Figures = Mapping[str, Any]
QUOTES: Final = ("FDUSD", "USDT", "USDC", "BUSD", "TUSD", "USD", "EUR", "TRY", "BTC", "ETH", "BNB")
"""Assets that symbols are known to end with."""
COUNTS: Final = (
    *("orders", "accepted", "filled", "amends", "cancels", "rejected", "fills", "maker_fills"),
    *("settlements", "pauses", "vpin_alerts", "dead_letters"),
)
MONEY: Final = ("traded", "fees", "funding", "realised", "unrealised", "pnl_after_fees")
PARTS: Final = ("spread_capture", "adverse_selection", "inventory", "fees", "funding")
TARGETS: Final = {
    "fill_rate": "> 0.35",
    "adverse_selection_rate": "< 0.40",
    "toxic_share": "< 0.20",
    "sharpe": "better by 0.2 to 0.4 than without toxicity",
}
DIGITS: Final = 60


def run_summary(symbols: Mapping[str, Figures], *, stopped: bool) -> dict[str, Any]:
    """Return what `summary.json` holds."""
    summed = total(symbols)
    return {
        **({"stopped": True} if stopped else {}),
        "note": NOTE,
        "symbols": symbols,
        "total": summed,
        "targets": {name: _target(name, symbols, summed) for name in TARGETS},
        "fields": FIELDS,
    }


def quote_of(symbol: str) -> str | None:
    """Return the asset that a symbol is traded against, by its name.

    >>> quote_of("ETHUSDC"), quote_of("BTCUSDT_240927"), quote_of("GOLD")
    ('USDC', 'USDT', None)
    """
    name, _, _ = symbol.partition("_")
    return next((quote for quote in QUOTES if name.endswith(quote)), None)


def total(symbols: Mapping[str, Figures]) -> dict[str, object]:
    """Return what adds up over symbols; those that saw nothing of their market count nothing."""
    some = [figures for figures in symbols.values() if "pnl" in figures]
    counts: dict[str, object] = {name: sum(figures.get(name, 0) for figures in some) for name in COUNTS}
    aged = [figures["markouts"]["1s"] for figures in some]
    shares = {
        "fill_rate": _share(sum(f["filled"] for f in some), sum(f["accepted"] for f in some)),
        "adverse_selection_rate": _share(
            sum(one["negative"] for one in aged), sum(one["fills"] for one in aged)
        ),
    }
    quotes = {quote_of(symbol) for symbol in symbols}
    if not some or len(quotes) > 1 or (None in quotes and len(symbols) > 1):
        return counts | shares
    money = {name: _sum([figures[name] for figures in some]) for name in MONEY}
    parts = {name: _sum([figures["pnl"][name] for figures in some]) for name in PARTS}
    return {"quote": quotes.pop()} | counts | shares | money | {"pnl": parts}


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 6) if whole else None


def _sum(amounts: list[str]) -> str:
    with localcontext() as context:
        context.prec = DIGITS
        return f"{sum(map(Decimal, amounts), Decimal(0)):f}"


def _target(name: str, symbols: Mapping[str, Figures], summed: Figures) -> dict[str, object]:
    found = {symbol: figures.get(name) for symbol, figures in symbols.items()}
    measured = {
        symbol: value["yearly"] if isinstance(value, Mapping) else value for symbol, value in found.items()
    }
    return {
        "wanted": TARGETS[name],
        "measured": measured | ({"total": summed[name]} if name in summed else {}),
    }
