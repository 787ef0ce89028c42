"""Load a settings file: one call, every problem at once, nothing left to interpret."""

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple, cast

from configs.budgets import LOSSES, OverCap, loss_limit, shares
from configs.coherence import kafka_clashes, outgoing_clashes, source_clashes
from configs.document import Malformed, Tree, read_document
from configs.instruments import MARKETS, market_of
from configs.overrides import apply
from configs.problems import Problems
from configs.schema import PER_SYMBOL, SHARED, Metrics, Run, Top
from configs.schema_kafka import Kafka
from configs.schema_market import Source
from configs.schema_risk import TOTALS, Limits, SymbolRisk
from configs.sections import Checked, check, keys_of, report
from configs.settings import Common, Settings, SymbolSettings
from configs.shards import label, place, share
from configs.symbols import Context, Resolved, resolve
from operators.errors import ConfigError
from operators.instruments import Instrument

MOST_SYMBOLS: Final = 64
NAMED: Final = {"synthetic": "a synthetic market", "kafka": "a market in Kafka"}
"""Sources that cannot say what there is."""
LONGEST_NAME: Final = 64
UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")


def load(
    path: Path,
    overrides: Sequence[str] = (),
    *,
    symbols: Sequence[str] | None = None,
    market: str | None = None,
) -> Settings:
    """Read, override, check and resolve a settings file.

    `symbols` and `market` are what recordings turned out to hold: they are taken
    where the file names no symbol and leaves `source.market` at auto.

    Raises:
        ConfigError: something is wrong; it lists all of it.
    """
    problems = Problems(path)
    tree = _read(path, overrides, problems)
    return _resolve(path, tree, symbols or (), market, problems)


class Home(NamedTuple):
    """Where the runs of a settings file are, and what it says of recordings, before those are looked into."""

    directory: Path
    name: str
    """Of the profile, and of the share that is run of it."""
    names_recordings: bool
    market: str


def home(path: Path, overrides: Sequence[str] = ()) -> Home:
    """Read from a settings file only where its runs are, and of which market its recordings.

    Raises:
        ConfigError: the file cannot be read, or this part of it is wrong.
    """
    problems = Problems(path)
    tree = _read(path, overrides, problems)
    profile = _profile(path, tree, problems)
    run = check(problems, ("run",), Run, keys_of(problems, ("run",), tree.get("run")))
    source = keys_of(problems, ("source",), tree.get("source"))
    if problems.sentences:
        raise ConfigError(problems.sentences)
    market = str(source.get("market") or "auto")
    return Home(Path(run.value.directory), name_of(profile, run.value), bool(source.get("path")), market)


def name_of(profile: str, run: Run) -> str:
    """Return what runs are named after."""
    return f"{profile}-{label(run)}".removesuffix("-")


def _read(path: Path, overrides: Sequence[str], problems: Problems) -> Tree:
    tree: Tree = {}
    try:
        tree = read_document(path)
        unread = False
    except Malformed as error:
        unread = True
        for problem in error.problems:
            problems.file(problem)
    apply(tree, overrides, problems)
    if unread:
        raise ConfigError(problems.sentences)
    return tree


def _resolve(
    path: Path, tree: Tree, discovered: Sequence[str], market: str | None, problems: Problems
) -> Settings:
    _refuse_strangers(tree, problems)
    profile = _profile(path, tree, problems)
    run = check(problems, ("run",), Run, keys_of(problems, ("run",), tree.get("run")))
    metrics = check(problems, ("metrics",), Metrics, keys_of(problems, ("metrics",), tree.get("metrics")))
    source = _source(tree, problems)
    kafka = _kafka(tree, _sure(source, "kind"), problems)
    table = _symbols(tree, _sure(source, "kind"), discovered, problems)
    source = _placed(source, market, table)
    _share(run, table, problems)
    given = {name: keys_of(problems, (name,), tree.get(name)) for name in PER_SYMBOL}
    common = {name: check(problems, (name,), model, given[name]) for name, model in PER_SYMBOL.items()}
    known_market = None if source.value.market == "auto" else _sure(source, "market")
    context = Context(problems, given, _sure(source, "kind"), known_market)
    resolved = {name: resolve(context, name, node) for name, node in table.items()}
    totals = {total: _sure(common["risk"], total) for total in TOTALS}
    budgets = _budgets(totals["total_notional"], resolved, problems)
    if not problems.sentences:
        _hold_losses(totals, resolved, budgets, problems)
    if problems.sentences:
        raise ConfigError(problems.sentences)
    return Settings(
        profile=profile,
        run=run.value,
        source=source.value,
        kafka=kafka.value,
        metrics=metrics.value,
        common=Common(**{name: cast("Any", section.value) for name, section in common.items()}),
        symbols={name: _settled(symbol, budgets[name], totals) for name, symbol in resolved.items()},
    )


def _refuse_strangers(tree: Tree, problems: Problems) -> None:
    sections = {**SHARED, **PER_SYMBOL}
    known = ["profile", *sections, "symbols"]
    below = [f"{name}.{field}" for name, model in sections.items() for field in model.model_fields]
    for name in tree:
        if name not in known:
            problems.unknown((name,), known, below)


def _profile(path: Path, tree: Tree, problems: Problems) -> str:
    stem = UNSAFE.sub("-", path.stem).strip("-._")[:LONGEST_NAME] or "phoenix"
    return check(problems, (), Top, {"profile": tree.get("profile", stem)}).value.profile


def _source(tree: Tree, problems: Problems) -> Checked[Source]:
    own = keys_of(problems, ("source",), tree.get("source"))
    source = check(problems, ("source",), Source, own)
    report(problems, source_clashes(source.value), source.refused, ("source",), own)
    return source


def _kafka(tree: Tree, kind: str | None, problems: Problems) -> Checked[Kafka]:
    own = keys_of(problems, ("kafka",), tree.get("kafka"))
    kafka = check(problems, ("kafka",), Kafka, own)
    report(problems, outgoing_clashes(kafka.value), kafka.refused, ("kafka",), own)
    if kind == "kafka":
        report(problems, kafka_clashes(kafka.value), kafka.refused, ("kafka",), own)
    return kafka


def _symbols(tree: Tree, kind: str | None, discovered: Iterable[str], problems: Problems) -> Tree:
    expected = "a list of symbols, or a mapping from symbol to overrides"
    named = keys_of(problems, ("symbols",), tree.get("symbols"), expected)
    table = named or dict.fromkeys(discovered)
    if not table and kind in NAMED:
        problems.key(("symbols",), f"must name the symbols of {NAMED[kind]}")
    if len(table) > MOST_SYMBOLS:
        problems.key(("symbols",), f"must name at most {MOST_SYMBOLS} symbols", str(len(table)))
    return dict(islice(table.items(), MOST_SYMBOLS))


def _share(run: Checked[Run], table: Tree, problems: Problems) -> None:
    """Refuse a share of nothing; recordings that were not looked into yet may hold anything."""
    if not table:
        return
    strangers = sorted(run.value.symbols - set(table))
    for symbol in strangers:
        problems.key(("run", "symbols"), "must name symbols of the configuration", symbol)
    if not strangers and not share(run.value, table):
        _, n = place(run.value.shard or "1/1")
        text = f"leaves nothing to run: {len(table)} symbols are dealt to {n} shards"
        problems.key(("run", "shard"), text, run.value.shard)


def _placed(source: Checked[Source], market: str | None, table: Tree) -> Checked[Source]:
    """Settle an `auto` market: what the files are, or what lists the symbols, as far as is known."""
    if source.value.market != "auto" or not source.refused.isdisjoint({"kind", "market"}):
        return source
    if source.value.kind == "synthetic":
        settled = MARKETS[0]
    else:
        settled = market or (market_of(_unplaced(table)) if table else "auto")
    return Checked(source.value.model_copy(update={"market": settled}), source.refused)


def _unplaced(table: Tree) -> list[str]:
    """Return the symbols whose instrument is left to the table."""
    return [name for name, own in table.items() if not (isinstance(own, dict) and own.get("instrument"))]


def _sure(checked: Checked[Any], field: str) -> Any:  # noqa: ANN401 - the field's own type
    """Return a key's value unless it was refused."""
    return None if field in checked.refused else getattr(checked.value, field)


def _budgets(cap: Decimal | None, resolved: Mapping[str, Resolved], problems: Problems) -> dict[str, Decimal]:
    risks = {name: symbol.sections["risk"] for name, symbol in resolved.items()}
    if cap is None or any(risk.refused for risk in risks.values()):
        return {}
    try:
        return shares(cap, {name: risk.value for name, risk in risks.items()})
    except OverCap as error:
        problems.key(("risk", "total_notional"), str(error), cap)
        return {}


def _hold_losses(
    totals: Mapping[str, Decimal | None],
    resolved: Mapping[str, Resolved],
    budgets: Mapping[str, Decimal],
    problems: Problems,
) -> None:
    """Refuse limits of symbols that exceed the limit of all together."""
    for field in LOSSES:
        total = totals[f"total_{field}"]
        risks = {name: symbol.sections["risk"].value for name, symbol in resolved.items()}
        limits = [loss_limit(field, risk, budgets[name], totals) for name, risk in risks.items()]
        told = sum((limit for limit in limits if limit is not None), Decimal(0))
        if total is not None and told > total:
            text = f"must be at least {told:f}, the sum of the symbols' limits"
            problems.key(("risk", f"total_{field}"), text, total)


def _settled(symbol: Resolved, budget: Decimal, totals: Mapping[str, Decimal | None]) -> SymbolSettings:
    sections: dict[str, Any] = {name: section.value for name, section in symbol.sections.items()}
    limits = sections["risk"].model_dump(include=set(Limits.model_fields))
    losses: dict[str, Any] = {field: loss_limit(field, sections["risk"], budget, totals) for field in LOSSES}
    sections["risk"] = SymbolRisk(budget_notional=budget, **losses, **limits)
    return SymbolSettings(instrument=cast("Instrument", symbol.instrument), **sections)
