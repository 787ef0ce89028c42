"""Expressions that several panels ask in the same way."""

from collections.abc import Mapping
from typing import Final

CHOSEN: Final = 'symbol=~"$symbol"'
"""The symbols that the reader chose at the top of the dashboard."""
STATES: Final = {"active": 0, "reducing": 1, "halted": 2}
"""Trading states, the more restricted the higher."""
STATUSES: Final = {"disabled": 0, "warming": 1, "low_volume": 2, "ok": 3, "stale": 4, "invalid_flag": 5}
"""Whether a reading of VPIN may be acted on."""

MINUTE: Final = "65s"
"""One scrape of 5 s more than a minute: between the first and the last in it lies a whole one."""


def of(metric: str, **labels: str) -> str:
    """Select a metric of the chosen symbols with these labels: one value each, or several with | between.

    >>> of("mm_quotes_live", side="bid")
    'mm_quotes_live{symbol=~"$symbol",side="bid"}'
    """
    told = [_matcher(name, value) for name, value in labels.items()]
    return f"{metric}{{{','.join([CHOSEN, *told])}}}"


def counted(metric: str) -> str:
    """Select what is said of VPIN where its reading counts: until then a stand-in is served, and no reading.

    >>> counted("mm_vpin_current")
    'mm_vpin_current{symbol=~"$symbol"} \
and on (job, instance, symbol) (mm_vpin_status{symbol=~"$symbol",status=~"ok|invalid_flag"} == 1)'
    """
    counts = of("mm_vpin_status", status="ok|invalid_flag")
    return f"{of(metric)} and on (job, instance, symbol) ({counts} == 1)"


def grown(metric: str, window: str, by: str = "symbol") -> str:
    """Return what a counter grew by within a window, taken from its least value there.

    Not increase(): a run that goes on after a kill counts from its checkpoint, a little less than before,
    and increase() would take its whole past for new.

    >>> grown("mm_frames_total", "1h")
    'sum by (symbol) (mm_frames_total{symbol=~"$symbol"} \
- min_over_time(mm_frames_total{symbol=~"$symbol"}[1h]))'
    """
    return f"sum by ({by}) ({of(metric)} - min_over_time({of(metric)}[{window}]))"


def per_minute(metric: str, by: str = "symbol") -> str:
    """Return how often something was counted within the last minute."""
    return grown(metric, MINUTE, by)


def ranked(metric: str, label: str, ranks: Mapping[str, int]) -> str:
    """Return a number for the one of several states that holds, where each state is a series of 0 or 1.

    >>> ranked("mm_trading_state", "state", {"active": 0, "halted": 2})
    'sum by (symbol) (0 * mm_trading_state{symbol=~"$symbol",state="active"} \
or 2 * mm_trading_state{symbol=~"$symbol",state="halted"})'
    """
    told = [f"{rank} * {of(metric, **{label: name})}" for name, rank in ranks.items()]
    return f"sum by (symbol) ({' or '.join(told)})"


def _matcher(name: str, value: str) -> str:
    return f'{name}{"=~" if "|" in value else "="}"{value}"'
