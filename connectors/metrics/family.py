"""What a metric is: its name, its kind, what it means, and how it is read from one symbol's view."""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from connectors.metrics.view import View

GAUGE: Final = "gauge"
COUNTER: Final = "counter"
UNKNOWN: Final = "unknown"
"""Of a name that must be kept, and reads like part of a histogram."""

Values = float | Mapping[str, float] | None
"""One value, or one for each value of the second label; None where there is nothing to tell."""


class Family(NamedTuple):
    """A metric of every symbol."""

    name: str
    kind: str
    meaning: str
    """What it is, in which unit, and what its sign says."""
    of: Callable[[View], Values]
    label: str = ""
    """Beside `symbol`."""
    early: bool = False
    """Whether there is something to tell before the first row of the market."""


def one_of(names: tuple[str, ...], holds: int) -> Mapping[str, float]:
    """Return 1 for the name that holds, and 0 for the others."""
    return {name: float(n == holds) for n, name in enumerate(names)}


def share(part: float, whole: float) -> float | None:
    """Return a share, or None of nothing."""
    return part / whole if whole else None
