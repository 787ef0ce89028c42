"""Resolve one symbol: the common sections, its overrides, and its instrument."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from configs import instruments
from configs.coherence import (
    Clash,
    calibration_clashes,
    orders_clashes,
    quoting_clashes,
    risk_clashes,
    synthetic_clashes,
    venue_clashes,
    vpin_clashes,
)
from configs.document import Node, Tree
from configs.problems import Problems
from configs.schema import PER_SYMBOL, SHARED
from configs.schema_market import Grid
from configs.schema_risk import TOTALS
from configs.sections import Checked, check, complete, keys_of, report
from operators.errors import InstrumentUnknown
from operators.instruments import Instrument

NAME: Final = re.compile(r"[A-Z0-9]{2,30}(?:_[0-9]{6})?")


@dataclass(frozen=True)
class Context:
    """What holds for every symbol while it is resolved."""

    problems: Problems
    given: Mapping[str, Tree]
    """The common sections, as written."""
    kind: str | None
    """Of the source; None if it is not known."""
    market: str | None
    """Section of the instrument table; None if it is not known."""


@dataclass(frozen=True)
class Resolved:
    """One symbol, merged; what was refused in it holds defaults."""

    instrument: Instrument | None
    sections: Mapping[str, Checked[Any]]


def resolve(context: Context, symbol: str, node: Node) -> Resolved:
    """Merge and check everything said about one symbol."""
    problems, place = context.problems, ("symbols", symbol)
    own = keys_of(problems, place, node)
    _refuse_strangers(problems, symbol, own)
    given = {name: keys_of(problems, (*place, name), own.get(name)) for name in PER_SYMBOL}
    checked = {name: _section(context, symbol, name, given[name]) for name in PER_SYMBOL}
    grid = keys_of(problems, (*place, "instrument"), own.get("instrument"))
    instrument = _instrument(context, symbol, grid) if _is_symbol(problems, symbol) else None
    for name, clashes in _clashes(context, checked, instrument):
        report(problems, clashes, checked[name].refused, (*place, name), given[name])
    return Resolved(instrument, checked)


def _is_symbol(problems: Problems, symbol: str) -> bool:
    if NAME.fullmatch(symbol):
        return True
    hint = f"; did you mean {symbol.upper()}?" if NAME.fullmatch(symbol.upper()) else ""
    problems.key(("symbols", symbol), f"is not a symbol (capital letters and digits, such as BTCUSDT){hint}")
    return False


def _refuse_strangers(problems: Problems, symbol: str, own: Tree) -> None:
    for name in own:
        if name in SHARED:
            problems.key(
                ("symbols", symbol, name), f"cannot differ between symbols; set {name} at the top level"
            )
        elif name not in PER_SYMBOL and name != "instrument":
            problems.unknown(("symbols", symbol, name), ["instrument", *PER_SYMBOL])
    risk = own.get("risk")
    for total in TOTALS:
        if isinstance(risk, dict) and total in risk:
            here = "budget_notional" if total == TOTALS[0] else total.removeprefix("total_")
            text = f"is the cap of all symbols together; set risk.{total}, or {here} here"
            problems.key(("symbols", symbol, "risk", total), text)


def _section(context: Context, symbol: str, name: str, own: Tree) -> Checked[Any]:
    merged = {**context.given[name], **own}
    mine = [field for field in own if name != "risk" or field not in TOTALS]
    return check(context.problems, ("symbols", symbol, name), PER_SYMBOL[name], merged, mine)


def _instrument(context: Context, symbol: str, own: Tree) -> Instrument | None:
    if context.market is None:
        return None
    listed = instruments.listed(context.market, symbol)
    if listed is None and not own:
        context.problems.say(str(InstrumentUnknown(context.market, symbol, str(instruments.NAME))))
        return None
    _check_listed(context, symbol, listed)
    place = ("symbols", symbol, "instrument")
    grid = complete(context.problems, place, Grid, {**(listed or {}), **own}, own)
    return (
        None if grid is None else Instrument(symbol, grid.tick, grid.lot, grid.min_notional, grid.multiplier)
    )


def _check_listed(context: Context, symbol: str, listed: Tree | None) -> None:
    table = Problems(instruments.NAME)
    if listed is not None:
        complete(table, (str(context.market), symbol), Grid, listed, listed)
    for sentence in table.sentences:
        context.problems.say(sentence)


def _clashes(
    context: Context, checked: Mapping[str, Checked[Any]], instrument: Instrument | None
) -> Iterator[tuple[str, Iterator[Clash]]]:
    yield "vpin", vpin_clashes(checked["vpin"].value, instrument)
    yield "venue", venue_clashes(checked["venue"].value)
    yield "orders", orders_clashes(checked["orders"].value, checked["venue"].value)
    yield "quoting", quoting_clashes(checked["quoting"].value)
    yield "calibration", calibration_clashes(checked["calibration"].value)
    yield "risk", risk_clashes(checked["risk"].value, instrument)
    if context.kind == "synthetic":
        yield "synthetic", synthetic_clashes(checked["synthetic"].value, instrument)
