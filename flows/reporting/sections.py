"""The parts of a report that stand above and around its figures."""

from collections.abc import Iterator
from html import escape
from typing import Final

from connectors.run_summary import TARGETS, quote_of
from connectors.sentences import silence
from flows.reporting.drawing import Figure
from flows.reporting.numbers import duration, number
from flows.reporting.page import figures_html
from flows.reporting.quality import utc
from flows.reporting.reading import Run, SymbolRun
from flows.reporting.tables import bullets, by_symbol, cards, pairs, table
from flows.reporting.words import ALL, DETAILS, MONEY_COLUMNS, ONE, QUALITY_COLUMNS

FEW: Final = 10
"""Symbols that are named where there are not more."""
SECOND: Final = 1_000_000_000


def head(run: Run) -> Iterator[str]:
    """Yield the title, what was not as it should be, and the numbers in large type."""
    profile = str(run.config.get("profile", run.path.name))
    yield f"<header><h1>{escape(profile)}: what the run came to</h1>"
    yield f'<p class="sub">{escape(_when(run))}</p></header>'
    said = ["The run was stopped before the end of its market: all of this is of the part before."]
    said = said if run.summary.get("stopped") else []
    said += [f"{each}: what needs it is left out." for each in run.troubles]
    said += [each for name, symbol in run.symbols.items() for each in silence(name, symbol.figures)]
    if said:
        yield f'<div class="banner">{"".join(f"<p>{escape(each)}</p>" for each in said)}</div>'
    one = next(iter(run.symbols)) if len(run.symbols) == 1 else None
    where, numbers = (("total",), ALL) if one is None else (("symbols", one), ONE)
    unit = quote_of(one) if one else run.summary.get("total", {}).get("quote")
    yield cards(run.summary, where, numbers, str(unit or ""))


def _when(run: Run) -> str:
    traded = [symbol.figures for symbol in run.symbols.values() if symbol.traded]
    if not traded:
        return f"{run.path.name}: no symbol saw anything of its market."
    first, last = min(each["first_ns"] for each in traded), max(each["last_ns"] for each in traded)
    source = run.config.get("source", {}).get("kind", "unknown")
    market = {"synthetic": "a synthetic market", "recorded": "a recorded market"}.get(source, "a market")
    names = ", ".join(run.symbols) if len(run.symbols) <= FEW else f"{len(run.symbols)} symbols"
    span = f"{utc(first)} to {utc(last)} UTC, {duration((last - first) / SECOND)} of {market}"
    driver = run.timing.get("driver", "unknown")
    return f"{names}. {span}, simulated venue, {driver} driver. Directory {run.path.name}."


def above(run: Run, figures: list[Figure]) -> Iterator[str]:
    """Yield what is of all symbols: targets, money, quality, latency."""
    wide = [figure for figure in figures if figure.wide]
    aims = [figure for figure in figures if not figure.wide and figure.key != "all-latency"]
    yield f"<h2>Against the targets</h2>{_targets(run)}{figures_html(aims, 'three')}"
    yield "<h2>Profit and loss</h2><p>In the quote asset. Spread capture, adverse selection, inventory, fees "
    yield "and funding add up to the PnL exactly.</p>"
    yield by_symbol(run.summary, MONEY_COLUMNS) + figures_html(wide[:1])
    yield f"<h2>Quoting and toxicity</h2>{by_symbol(run.summary, QUALITY_COLUMNS)}{figures_html(wide[1:])}"
    yield "<h2>Latency</h2>" + figures_html([figures[-1]._replace(wide=True)]) + _timing(run)


def _targets(run: Run) -> str:
    names = {
        "fill_rate": "fill rate",
        "adverse_selection_rate": "adverse selection",
        "toxic_share": "toxic share",
        "sharpe": "yearly Sharpe",
    }
    wanted = ["wanted"]
    for name in TARGETS:
        said = run.summary.get("targets", {}).get(name, {}).get("wanted", TARGETS[name])
        wanted.append(escape(str(said)))
    rows = [wanted]
    for symbol in [*run.symbols, *(["total"] if len(run.symbols) > 1 else [])]:
        paths = {name: ("targets", name, "measured", symbol) for name in TARGETS}
        measured = [
            number(run.summary, path, "bps" if name == "sharpe" else "share") for name, path in paths.items()
        ]
        rows.append([escape(symbol), *measured])
    return table(["", *(names[name] for name in TARGETS)], rows)


def symbol_section(run: Run, symbol: SymbolRun, figures: list[Figure]) -> str:
    """Return all that is shown of one symbol."""
    if not symbol.traded:
        return "<p>It saw nothing of its market: there is nothing to show.</p>"
    where = ("symbols", symbol.name)
    headline = cards(run.summary, where, ONE, quote_of(symbol.name) or "") if len(run.symbols) > 1 else ""
    denied = [
        f"risk kept back {n:,} wanted orders: {name}" for name, n in symbol.figures.get("denied", {}).items()
    ]
    return (
        headline
        + figures_html(figures)
        + pairs(run.summary, where, DETAILS)
        + (bullets(denied) if denied else "")
    )


def _timing(run: Run) -> str:
    if not run.timing:
        return ""
    kinds = {
        "frames": "frames",
        "rows": "rows",
        "p50_us": "p50, µs",
        "p99_us": "p99, µs",
        "worst_us": "worst, µs",
    }
    kinds |= {"mean_us": "mean, µs", "first_us": "first, µs"}

    def cell(value: object) -> str:
        return f"{value:,}" if isinstance(value, int | float) else "–"

    rows = [
        [escape(name), *(cell(each.get(kind)) for kind in kinds)]
        for name, each in run.timing.get("symbols", {}).items()
    ]
    speed = f"{cell(run.timing.get('rows'))} rows in {cell(run.timing.get('wall_s'))} s by the wall clock."
    return f"<p>{speed}</p>{table(['symbol', *kinds.values()], rows)}"
