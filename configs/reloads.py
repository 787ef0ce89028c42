"""When a change of a setting takes hold: at the next event, with a new window, or at a restart."""

from collections.abc import Iterator, Mapping
from typing import Final

from configs.keys import Section
from configs.schema import PER_SYMBOL
from configs.settings import SymbolSettings
from configs.write import scalar

AT_ONCE: Final = "at once"
NEW_WINDOW: Final = "restarts the window"
NEW_FIT: Final = "restarts the fit"
AT_RESTART: Final = "at a restart"

QUOTED: Final = frozenset(
    {"threshold", "multiplier", "widen_mode", "pause_threshold", "pause_seconds", "pause_keeps_reducing"}
    | {"toxic_reduce", "toxic_skew"}
)
"""Keys of `vpin` that quotes go by, whatever measures toxicity."""
READ: Final = frozenset({"enabled", "min_buckets", "vol_threshold", "fallback", "max_lag_ms", "cdf_min"})
"""Keys of `vpin` that say whether and how the window is read."""
FITTED: Final = frozenset({"window_s", "fit_from_bps", "fit_to_bps"})
BUDGETS: Final = frozenset(
    {"total_notional", "budget_notional", "weight", "total_daily_loss", "total_drawdown"}
    | {"daily_loss", "drawdown"}
)
GRID: Final = frozenset({"decide", "clock_ms"})
"""Keys of `quoting` that the clock of a run is made by."""


def takes_hold(key: str, *, own_measure: bool = False) -> str:
    """Say when a change of a key, such as `vpin.threshold`, takes hold.

    `own_measure` is that another measure stands in VPIN's place, which has read its settings.

    >>> takes_hold("vpin.threshold"), takes_hold("vpin.bucket_size"), takes_hold("risk.budget_notional")
    ('at once', 'restarts the window', 'at a restart')
    """
    section, _, name = key.partition(".")
    if section == "vpin":
        return _vpin(name, own_measure)
    if section == "calibration":
        return NEW_FIT if name in FITTED else AT_ONCE
    later = {"quoting": GRID, "risk": BUDGETS, "orders": frozenset[str](), "signals": frozenset[str]()}
    return AT_ONCE if section in later and name not in later[section] else AT_RESTART


def _vpin(name: str, own_measure: bool) -> str:
    if name in QUOTED:
        return AT_ONCE
    if name == "measure" or own_measure:
        return AT_RESTART
    return AT_ONCE if name in READ else NEW_WINDOW


def values(symbol: SymbolSettings) -> dict[str, str]:
    """Return every setting of a symbol as `--set` writes it: `{"vpin.threshold": "0.7", …}`."""
    return dict(_values(symbol))


def _values(symbol: SymbolSettings) -> Iterator[tuple[str, str]]:
    for name in PER_SYMBOL:
        section: Section = getattr(symbol, name)
        for field in type(section).model_fields:
            yield f"{name}.{field}", scalar(getattr(section, field))


def differing(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Return the settings that are not what they were, each with both values.

    >>> differing({"vpin.threshold": "0.7", "vpin.enabled": "true"}, {"vpin.threshold": "0.8"})
    {'vpin.threshold': ('0.7', '0.8'), 'vpin.enabled': ('true', '')}
    """
    keys = [*before, *(key for key in after if key not in before)]
    both = {key: (before.get(key, ""), after.get(key, "")) for key in keys}
    return {key: pair for key, pair in both.items() if pair[0] != pair[1]}
