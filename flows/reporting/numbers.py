"""Numbers as a page shows them: rounded for the eye, and beside that exactly as `summary.json` has them."""

import json
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from html import escape
from typing import Any, Final

NONE: Final = "–"
CENT: Final = Decimal("0.01")
LARGE: Final = 100_000
"""From here on cents are noise."""
BY_KIND: Final = {
    "share": "{:.1%}",
    "bps": "{:,.2f}",
    "ratio": "{:,.3f}",
    "count": "{:,}",
    "seconds": "{:,.0f}",
}


def number(tree: Mapping[str, Any], path: Sequence[str], kind: str) -> str:
    """Return the HTML of the number at a path, with the path and its exact value, or a dash without one."""
    value = at(tree, path)
    if value is None:
        return NONE
    exact, where = str(value), json.dumps(list(path), ensure_ascii=False)
    return f'<data value="{escape(exact)}" data-path="{escape(where)}">{escape(shown(value, kind))}</data>'


def at(tree: Mapping[str, Any], path: Sequence[str]) -> Any:  # noqa: ANN401 - as summaries have it
    """Return what stands at a path, None where nothing does."""
    found: Any = tree
    for key in path:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


def shown(value: object, kind: str) -> str:
    """Write a number for the eye.

    >>> shown("1234.5678", "money"), shown("-0.004567", "money"), shown(0.987, "share"), shown(1200, "count")
    ('1,234.57', '−0.0046', '98.7%', '1,200')
    >>> shown("0.3195250", "plain"), shown("active", "plain"), shown(-0.5, "bps")
    ('0.3195250', 'active', '−0.50')
    """
    if kind == "money":
        text = _money(Decimal(str(value)))
    elif kind in BY_KIND:
        text = BY_KIND[kind].format(value)
    else:
        text = str(value)
    return text.replace("-", "−", 1) if text.startswith("-") else text


def _money(amount: Decimal) -> str:
    if abs(amount) >= LARGE:
        return f"{amount.quantize(Decimal(1), ROUND_HALF_EVEN):,f}"
    small = amount and abs(amount) < 1
    return f"{amount.quantize(CENT / 100 if small else CENT, ROUND_HALF_EVEN):,f}"


def many(n: int, what: str) -> str:
    """Count things.

    >>> many(1, "fill"), many(2000, "fill")
    ('1 fill', '2,000 fills')
    """
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def duration(seconds: float) -> str:
    """Say how long something is.

    >>> duration(42.4), duration(600), duration(86_400), duration(200_000)
    ('42 s', '10 minutes', '24 hours', '2.31 days')
    """
    for unit, size, least in (("days", 86_400, 1.5), ("hours", 3600, 2), ("minutes", 60, 1.5)):
        if seconds >= least * size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.0f} s"
