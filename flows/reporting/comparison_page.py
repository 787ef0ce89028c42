"""Several runs on one page: what they differ in, what that came to, and how sure it is."""

from collections.abc import Iterator, Sequence
from html import escape
from typing import Final

from connectors.run_summary import quote_of
from flows.reporting.compared_figures import compared_figures
from flows.reporting.comparison import Row, changed_settings, side_by_side
from flows.reporting.drawing import Clock, Figure
from flows.reporting.logs import DAMAGE
from flows.reporting.numbers import NONE, duration, number, shown
from flows.reporting.page import figures_html, page, tabbed
from flows.reporting.quality import utc
from flows.reporting.reading import Run
from flows.reporting.resampling import Sure, blocks
from flows.reporting.shared_time import Shared, shared
from flows.reporting.tables import bullets, table
from operators.errors import PhoenixError, RunDirectoryError

ALL: Final = ""
"""Stands for all symbols together."""


def comparison(runs: Sequence[Run]) -> str:
    """Return a page on which every run stands beside the first.

    Raises:
        RunDirectoryError: they have no symbol in common, or what one of them left is damaged.
    """
    names = [name for name in runs[0].symbols if all(traded(run, name) for run in runs)]
    paths = ", ".join(str(run.path) for run in runs)
    if not names:
        raise RunDirectoryError(f"{paths} have traded no symbol in common: there is nothing to compare")
    try:
        return _page(runs, names)
    except PhoenixError:
        raise
    except DAMAGE as error:
        what = f"{type(error).__name__}: {error}"
        raise RunDirectoryError(f"one of {paths} does not hold what a run writes ({what})") from error


def traded(run: Run, name: str) -> bool:
    """Say whether a run saw anything of a symbol's market."""
    return name in run.symbols and run.symbols[name].traded


def _page(runs: Sequence[Run], names: list[str]) -> str:
    began_ns = min(run.began_ns for run in runs)
    groups = {name: [name] for name in names}
    if len(names) > 1 and all(set(run.symbols) == set(names) for run in runs):
        groups = {ALL: names} | groups
    common = {
        name: shared([[run.symbols[each] for each in of] for run in runs]) for name, of in groups.items()
    }
    figures = {
        name: compared_figures(runs, of, Clock(began_ns), f"c{n}")
        for n, (name, of) in enumerate(groups.items())
    }
    sections = {name or "All symbols": _section(runs, name, common[name], figures[name]) for name in groups}
    body = "".join((*_head(runs, names, common), *_settings(runs), tabbed("Side by side", sections)))
    return page(
        "Phoenix: runs compared", body, [each for some in figures.values() for each in some], began_ns
    )


def _head(runs: Sequence[Run], names: list[str], common: dict[str, Shared | None]) -> Iterator[str]:
    yield "<header><h1>Runs compared</h1>"
    of = escape(", ".join(names))
    yield f'<p class="sub">{len(runs)} runs of {of}. The others stand beside the first.</p></header>'
    rows = [[_letter(n), escape(str(run.path)), *_span(run)] for n, run in enumerate(runs)]
    yield table(["run", "directory", "from, UTC", "to, UTC", "market time"], rows, texts=[1, 2, 3, 4])
    told = "".join(f"<p>{escape(each)}</p>" for each in _warnings(runs, names, common))
    yield f'<div class="banner">{told}</div>'


def _letter(n: int) -> str:
    """The first runs are A, B, C; nobody compares more."""
    return chr(ord("A") + n) if n < 26 else str(n + 1)  # noqa: PLR2004 - the alphabet


def _span(run: Run) -> list[str]:
    some = [symbol.figures for symbol in run.symbols.values() if symbol.traded]
    first, last = min(each["first_ns"] for each in some), max(each["last_ns"] for each in some)
    return [utc(first), utc(last), duration((last - first) / 1e9)]


def _warnings(runs: Sequence[Run], names: list[str], common: dict[str, Shared | None]) -> Iterator[str]:
    """Say plainly what these runs have in common, and so what their differences mean."""
    unlike = [
        f"{_letter(n)} trades other symbols than A"
        for n, run in enumerate(runs)
        if set(run.symbols) != set(names)
    ]
    yield from (
        f"{each}: only {', '.join(names)} can be compared, and nothing is added up." for each in unlike[:1]
    )
    some = [each for name, each in common.items() if name and each is not None]
    if len(some) < len(names):
        yield "Some runs hold no samples, or share no time: where that is so, differences have no intervals."
        yield from _unlike_lengths(runs, names)
    if not some:
        return
    same = min(each.same_mid for each in some)
    if same == 1.0:
        yield "The same tape: at every shared instant the market was where it was in A. What differs is ours."
    else:
        yield (
            f"Not the same tape: the market was elsewhere at {1 - same:.1%} of the shared instants, so a "
            "difference is one of markets as well as of settings."
        )
    if not all(each.whole for each in some):
        length = max(len(each.ts_ns) * each.sample_s for each in some)
        yield f"Not the same length: differences and intervals are of the shared {duration(length)} alone."


def _unlike_lengths(runs: Sequence[Run], names: list[str]) -> Iterator[str]:
    """Without samples nothing can be cut to the same time."""
    times = {
        tuple(run.symbols[name].figures.get(key) for key in ("first_ns", "last_ns") for name in names)
        for run in runs
    }
    if len(times) > 1:
        yield "Not the same time: without samples, whole runs stand side by side, longer and shorter ones."


def _settings(runs: Sequence[Run]) -> Iterator[str]:
    changes = changed_settings(runs)
    yield "<h2>What differs in the settings</h2>"
    if not changes:
        yield "<p>Nothing: these runs were made with the same settings.</p>"
        return
    rows = [[escape(key), escape(of), *map(escape, values)] for key, of, values in changes]
    letters = [_letter(n) for n in range(len(runs))]
    yield table(["setting", "symbols", *letters], rows, texts=range(1, 2 + len(runs)))


def _section(runs: Sequence[Run], name: str, common: Shared | None, figures: list[Figure]) -> str:
    where = ("symbols", name) if name else ("total",)
    tree = {str(n): run.summary for n, run in enumerate(runs)}
    trees = [run.symbols[name].figures if name else run.summary["total"] for run in runs]
    rows = side_by_side(trees, common)
    headings = ["", "A", *(text for n in range(1, len(runs)) for text in _headings(_letter(n)))]
    lines = []
    for row in rows:
        values = [number(tree, (str(n), *where, *row.said.path), row.said.kind) for n in range(len(runs))]
        cells = [values[0]]
        for value, sure, exact in zip(values[1:], row.differences, row.exact, strict=True):
            cells += [value, _difference(row, sure, exact, common), _interval(row, sure)]
        lines.append([escape(row.said.name), *cells])
    unit = quote_of(name) if name else runs[0].summary["total"].get("quote")
    return table(headings, lines) + bullets(_how(common, unit)) + figures_html(figures)


def _headings(letter: str) -> tuple[str, str, str]:
    return letter, f"{letter} − A", "95% interval"


def _difference(row: Row, sure: Sure | None, exact: str | None, common: Shared | None) -> str:
    partly = common is not None and not common.whole
    resampled = None if sure is None else str(sure.difference)
    value = resampled if partly else exact or resampled
    if value is None:
        return NONE
    kind = row.said.kind
    said = shown(value if kind in ("money", "plain") else float(value), "money" if kind == "count" else kind)
    if kind == "count":
        said = shown(round(float(value)), kind)
    return f'<data value="{escape(value)}" class="difference">{escape(_points(said, kind))}</data>'


def _interval(row: Row, sure: Sure | None) -> str:
    if sure is None:
        return NONE
    kind = row.said.kind
    ends = [shown(round(end), kind) if kind == "count" else shown(end, kind) for end in (sure.low, sure.high)]
    text = escape(" to ".join(_points(end, kind) for end in ends))
    return f"<b>{text}</b>" if sure.clear else text


def _points(said: str, kind: str) -> str:
    """What shares differ by is no share of anything."""
    return said.replace("%", " points") if kind == "share" else said


def _how(common: Shared | None, unit: object) -> Iterator[str]:
    yield f"Money is in {unit or 'the quote asset'}."
    if common is None or common.whole:
        yield "Differences are those of the summaries, exact."
        yield "Intervals of adverse selection and markout take fills as independent, so they are too narrow."
    else:
        yield "Adverse selection, markout and pauses are known of whole runs only: no difference is stated."
    if common is not None:
        n = len(common.sums[0]["instants"])
        yield (
            f"Intervals come from 1,000 circular block bootstraps: blocks of {blocks(n)} of the {n:,} shared "
            f"instants ({common.sample_s:g} s apart), the same of both runs in each draw. "
            "Those in bold leave out zero."
        )
    yield "Many figures are compared: of twenty that do not differ, one interval leaves out zero by chance."
