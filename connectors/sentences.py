"""What the end of a run says of a symbol in sentences, from its figures."""

from collections.abc import Mapping
from typing import Final, cast

LOSSES: Final = (
    "duplicate_diff",
    "duplicate_trade",
    "stale_best",
    "diffs_forgotten",
    "snapshots_rejected",
    "time_backwards",
    "late_at_venue",
)
"""Counters of a source that a user is told of; the others are part of every good recording."""


def losses(symbol: str, figures: Mapping[str, object]) -> list[str]:
    """Say in a line what of a symbol's market was lost; nothing if all of it was used.

    >>> losses("BTCUSDT", {"dead_letters": 3, "dead_letter_reasons": {"off_grid": 1, "truncated": 2}})
    ['BTCUSDT: 3 messages set aside (truncated 2, off_grid 1): see dead_letters.jsonl']
    >>> losses("BTCUSDT", {"dead_letters": 0, "dead_letter_reasons": {}, "book_gaps": 0})
    []
    """
    reasons, source = _counts(figures, "dead_letter_reasons"), _counts(figures, "source")
    told = [f"{_many(sum(reasons.values()), 'message')} set aside ({_listed(reasons)})"] if reasons else []
    for what in ("gap", "crossing"):
        n = _count(figures, f"book_{what}s")
        told += [_many(n, f"book {what}")] if n else []
    if source.get("diffs", 0) and not source.get("snapshots", 0):
        told.append("no snapshot for its diffs to begin from")
    left_out = {name: source[name] for name in LOSSES if source.get(name, 0)}
    told += [f"left out or moved: {_listed(left_out)}"] if left_out else []
    flags = _count(figures, "vpin_invalid_flag")
    told += [f"the venue's flag of aggressors found broken {flags:,} times"] if flags else []
    broken = _counts(figures, "faults")
    told += [f"broken invariants: {_listed(broken)}"] if broken else []
    return [f"{symbol}: {', '.join(told)}{': see dead_letters.jsonl' if reasons else ''}"] if told else []


def refusals(symbol: str, figures: Mapping[str, object]) -> list[str]:
    """Say what the venue refused, if anything.

    >>> refusals("BTCUSDT", {"rejected": 1200, "orders": 4000})
    ['BTCUSDT: the venue refused 1,200 requests']
    >>> refusals("BTCUSDT", {"rejected": 0})
    []
    """
    n = _count(figures, "rejected")
    return [f"{symbol}: the venue refused {_many(n, 'request')}"] if n else []


def silence(symbol: str, figures: Mapping[str, object]) -> list[str]:
    """Say why a symbol was never quoted: nothing was heard of its market, or risk kept every order back.

    >>> silence("NEXOUSDT", {"orders": 0, "denied": {"too_small": 1200}})
    ['NEXOUSDT: never quoted, as risk denied every order (too_small 1,200): see quoting.order_lots and risk']
    >>> silence("BTCUSDT", {"orders": 9, "denied": {"over_budget": 3}})
    []
    >>> silence("BTCUSDT", {"dead_letters": 0, "dead_letter_reasons": {}})
    ['BTCUSDT: never quoted, as nothing came of its market']
    """
    if "orders" not in figures or figures.get("last_ns") == 0:
        return [f"{symbol}: never quoted, as nothing came of its market"]
    found = _counts(figures, "denied")
    if _count(figures, "orders") or not found:
        return []
    where = "see quoting.order_lots and risk"
    return [f"{symbol}: never quoted, as risk denied every order ({_listed(found)}): {where}"]


def _count(figures: Mapping[str, object], name: str) -> int:
    value = figures.get(name, 0)
    return value if isinstance(value, int) else 0


def _counts(figures: Mapping[str, object], name: str) -> dict[str, int]:
    return cast("dict[str, int]", figures.get(name) or {})


def _many(n: int, what: str) -> str:
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def _listed(counts: Mapping[str, int]) -> str:
    """The most frequent first."""
    return ", ".join(
        f"{name} {counts[name]:,}" for name in sorted(counts, key=lambda name: (-counts[name], name))
    )
