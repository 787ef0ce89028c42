"""A change of a symbol's settings on its way to the rules, and who knows of it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple, Protocol

from operators.desk import Rules

Changes = Mapping[str, tuple[str, str]]
"""What a setting was, and is now: `{"vpin.threshold": ("0.7", "0.8")}`."""


NO_CHANGES: Final[Changes] = MappingProxyType({})


class Reload(NamedTuple):
    """New parameters of one symbol; they hold from the first row of a frame on."""

    version: int
    changes: Changes
    rules: Rules
    new_window: bool = False
    """VPIN's buckets begin anew."""
    new_fit: bool = False
    """What takers' reach was learnt from begins anew."""


class Reloads(Protocol):
    """Knows what the settings of each symbol were at first, and what they are to be."""

    def begin(self, version: int) -> None:
        """Take in the highest version that was recorded: newer ones are higher."""

    def initial(self, symbol: str) -> Mapping[str, str]:
        """Return every setting that the run began with."""

    def wanted(self, symbol: str, version: int, current: Mapping[str, str]) -> Reload | None:
        """Return what is newer than a version and differs from the settings now, if anything is."""

    def recorded(self, symbol: str, version: int, current: Mapping[str, str], changes: Changes) -> Reload:
        """Return a change that was recorded, made to the settings now."""


class Unchanged:
    """For runs whose settings stay as they are."""

    def begin(self, version: int) -> None:
        """Do nothing."""

    def initial(self, symbol: str) -> Mapping[str, str]:  # noqa: ARG002 - as the protocol has it
        """Return nothing."""
        return {}

    def wanted(self, symbol: str, version: int, current: Mapping[str, str]) -> None:
        """Return nothing."""

    def recorded(self, symbol: str, version: int, current: Mapping[str, str], changes: Changes) -> Reload:
        """Refuse: nothing is known that could be changed.

        Raises:
            LookupError: always.
        """
        raise LookupError(f"{symbol}: version {version} of {len(current)} settings changes {len(changes)}")
