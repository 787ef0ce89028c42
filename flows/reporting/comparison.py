"""What several runs differ by: figures side by side, with how sure each difference is, and settings."""

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple

import numpy as np
import yaml

from connectors.equity import YEAR_S
from flows.reporting.logs import Tree
from flows.reporting.numbers import NONE, at
from flows.reporting.reading import Run
from flows.reporting.resampling import Statistic, Sums, Sure, compared
from flows.reporting.series import Floats
from flows.reporting.shared_time import SUMS, Shared
from flows.reporting.words import (
    ADVERSE,
    FILL_RATE,
    FILLS,
    MARKOUT,
    PAUSES,
    PNL,
    SHARPE,
    TOXIC,
    TRADED,
    UPTIME,
    Said,
)

NORMAL_95: Final = 1.96
PARTS: Final = tuple(
    Said(("pnl", name), name.replace("_", " "), "money")
    for name in ("spread_capture", "adverse_selection", "inventory", "fees", "funding")
)
ROWS: Final = (PNL, *PARTS, TRADED, FILLS, FILL_RATE, ADVERSE, MARKOUT, UPTIME, TOXIC, PAUSES, SHARPE)
BY_FILLS: Final = (ADVERSE.path, MARKOUT.path)
"""What is known of whole runs only, and there fill by fill: as if fills were independent."""


class Row(NamedTuple):
    """One figure of every run, and what the others differ by from the first."""

    said: Said
    differences: list[Sure | None]
    exact: list[str | None]
    """Differences of the summaries themselves, where runs are of the same time."""


def ratio(part: str, whole: str) -> Statistic:
    """Return the statistic that divides one sum by another."""

    def of(sums: Sums) -> Floats:
        found: Floats = sums[part] / sums[whole]
        return found

    return of


def _sum(name: str) -> Statistic:
    return lambda sums: sums[name]


def _sharpe(sample_s: float) -> Statistic:
    root = math.sqrt(YEAR_S / sample_s)

    def of(sums: Sums) -> Floats:
        mean = sums["pnl_after_fees"] / sums["instants"]
        found: Floats = root * mean / np.sqrt(sums["squares"] / sums["instants"] - mean * mean)
        return found

    return of


def statistics(sample_s: float) -> dict[tuple[str, ...], Statistic]:
    """Return what is resampled, by where the summary has it."""
    sums = {path: _sum(name) for name, path in SUMS.items()}
    return {
        **sums,
        FILL_RATE.path: ratio("filled", "accepted"),
        UPTIME.path: ratio("both_live", "watched"),
        TOXIC.path: ratio("toxic", "counted"),
        SHARPE.path: _sharpe(sample_s),
    }


def side_by_side(figures: Sequence[Tree], common: Shared | None) -> list[Row]:
    """Return the figures of several runs, the first of which the others are compared with."""
    resampled: list[Mapping[tuple[str, ...], Sure | None]] = [{} for _ in figures[1:]]
    if common is not None:
        wanted = statistics(common.sample_s)
        resampled = [compared(common.sums[0], other, wanted) for other in common.sums[1:]]
    rows = []
    for said in ROWS:
        values = [at(each, said.path) for each in figures]
        sure = [each.get(said.path) for each in resampled]
        if said.path in BY_FILLS and (common is None or common.whole):
            sure = [_by_fills(said, figures[0], other) for other in figures[1:]]
        if any(value is not None for value in (*values, *sure)):
            rows.append(Row(said, sure, [_exact(values[0], value) for value in values[1:]]))
    return rows


def _exact(first: Any, other: Any) -> str | None:  # noqa: ANN401 - as summaries have them
    if first is None or other is None:
        return None
    return f"{Decimal(str(other)) - Decimal(str(first)):f}"


def _by_fills(said: Said, first: Tree, other: Tree) -> Sure | None:
    pair = [_mean_and_error(said, each) for each in (first, other)]
    if pair[0] is None or pair[1] is None:
        return None
    difference = pair[1][0] - pair[0][0]
    reach = NORMAL_95 * math.hypot(pair[0][1], pair[1][1])
    return Sure(difference, difference - reach, difference + reach)


def _mean_and_error(said: Said, figures: Tree) -> tuple[float, float] | None:
    """The total of several symbols tells a rate, but not of how many fills it is."""
    markout = at(figures, ("markouts", "1s"))
    if markout is None or not markout["ci95_bps"]:
        return None
    if said.path == MARKOUT.path:
        return markout["mean_bps"], (markout["ci95_bps"][1] - markout["ci95_bps"][0]) / 2 / NORMAL_95
    share = markout["negative"] / markout["fills"]
    return share, math.sqrt(share * (1 - share) / markout["fills"])


def changed_settings(runs: Sequence[Run]) -> list[tuple[str, str, list[str]]]:
    """Return which settings differ: key, of which symbols that all runs have, and each run's value."""
    flat = [dict(_flat(run.config)) for run in runs]
    symbols = set.intersection(*(set(run.symbols) for run in runs))
    keys = [
        key
        for key in dict.fromkeys(key for each in flat for key in each)
        if key[0] not in ("run", "profile") and (key[0] != "symbols" or key[1] in symbols)
    ]
    found: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for key in keys:
        values = tuple(_written(each[key]) if key in each else NONE for each in flat)
        if len(set(values)) > 1:
            of, rest = (key[1], key[2:]) if key[0] == "symbols" else ("", key)
            found.setdefault((".".join(rest), values), []).append(of)
    return [
        (key, "all" if "" in of or symbols <= set(of) else ", ".join(of), list(values))
        for (key, values), of in found.items()
    ]


def _written(value: object) -> str:
    """Write a setting as its file does.

    >>> _written(True), _written(None), _written(0.5), _written("clock"), _written(["a", 1])
    ('true', 'null', '0.5', 'clock', '[a, 1]')
    """
    text: str = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=math.inf)
    return text.removesuffix("\n").removesuffix("\n...")


def _flat(tree: Tree, before: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], object]]:
    found: list[tuple[tuple[str, ...], object]] = []
    for key, value in tree.items():
        if isinstance(value, Mapping):
            found += _flat(value, (*before, str(key)))
        else:
            found.append(((*before, str(key)), value))
    return found
